import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { command } from '../command.js';
import * as definitions from '../settings/definitions.js';
import { flagOf, variableOf } from '../settings/setting.js';
import { COMMANDS } from './index.js';
import { manualPage } from './man.js';

const page = manualPage(COMMANDS).join('\n');
const plain = page.replaceAll('\\-', '-');

test('the manual page has every command with every option and its variable', () => {
  for (const { group, name, summary, settings } of COMMANDS) {
    const title = group === undefined ? name : `${group} ${name}`;
    const from = plain.search(new RegExp(`^\\.SS\\n${title}(?: <.*)?$`, 'm'));
    assert.ok(from >= 0, title);
    const section = plain.slice(from, plain.indexOf('\n.S', from + 3));
    assert.ok(section.includes(summary.replaceAll('\\', '\\e')), title);
    for (const setting of Object.values(settings))
      for (const part of [flagOf(setting), variableOf(setting)])
        assert.ok(section.includes(part), `${title} ${part}`);
  }
  assert.match(plain, /\.TP\n3\nunavailable: /);
});

test('text that roff would take for a request or an escape is text', () => {
  const odd = command({
    name: 'odd',
    summary: ".TH \\n and 'so",
    settings: { json: definitions.json },
    run: async () => 0,
  });
  assert.ok(manualPage([odd]).includes("\\&.TH \\en and 'so"));
});

test('groff reports no problem', (t) => {
  const { error, stderr, stdout } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-z'], {
    input: page,
    encoding: 'utf8',
  });
  if (error !== undefined) {
    t.skip('groff is not here');
    return;
  }
  assert.deepEqual([stderr, stdout], ['', '']);
});
