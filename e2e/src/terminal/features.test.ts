/**
 * Features that work with other programs: a browser, an editor, a clipboard.
 */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../eventually.js';
import { frameProblem } from './frame.js';
import { ME, Stage } from './stage.js';
import type { Terminal } from './terminal.js';

const URL = `https://charts.example/${'takeover-'.repeat(14)}end`;

describe('around the client', () => {
  let stage: Stage;
  let terminal: Terminal;
  const folder = mkdtempSync(join(tmpdir(), 'dualping-tools-'));
  const tool = (name: string, script: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  before(async () => {
    stage = await Stage.open();
    await stage.person('bo').list();
    await stage.person(ME).follow('bo');
    await stage.person('bo').post(`charts: ${URL} have a look`);
    stage.leaves(ME);
    mkdirSync(join(stage.stateFolder, '..', 'config', 'dualping'), { recursive: true });
    writeFileSync(
      join(stage.stateFolder, '..', 'config', 'dualping', 'settings.json'),
      JSON.stringify({ keys: { 'open-user': 'enter', search: ['ctrl-s', '/'], fly: 'x' } }),
    );
    const BROWSER = tool('browser', `printf %s "$1" > '${join(folder, 'opened')}'`);
    const EDITOR = `${tool('editor', 'printf " and more\\n" >> "$2"; cat "$2" > "$0.seen"; printf "editing> "; read answer')} --wait`;
    terminal = stage.client({ env: { BROWSER, EDITOR, VISUAL: undefined } });
    await terminal.shows('have a look');
  });
  after(async () => {
    await stage.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('configured keys work, and an invalid one is reported', async () => {
    await terminal.shows('keys: there is no action "fly"');
    terminal.press('ctrl-s');
    terminal.type('charts\n');
    await terminal.shows('o link');
  });

  test('a long link is one link over its rows, is opened, and is copied', async () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what it is about
    const ids = [...terminal.transcript.matchAll(/\x1b\]8;id=([^;]+);([^\x1b]+)\x1b/g)];
    assert.ok(ids.length >= URL.length, 'every cell of it');
    assert.deepEqual(new Set(ids.map(([, id, url]) => `${id} ${url}`)).size, 1);
    assert.equal(ids[0]?.[2], URL);
    terminal.press('o');
    await eventually(
      'the browser has it',
      () => existsSync(join(folder, 'opened')) && readFileSync(join(folder, 'opened'), 'utf8') === URL,
    );
    terminal.press('Y');
    await terminal.eventually(
      (seen) => seen.transcript.includes(`\x1b]52;c;${Buffer.from(URL).toString('base64')}\x07`),
      'the clipboard has it',
    );
    terminal.press('y');
    await terminal.shows('the post went to the clipboard');
    terminal.press('escape');
    await terminal.hides('n older');
    assert.equal(frameProblem(terminal), undefined, terminal.describe());
  });

  test('the bare view has nothing beside the posts, and leaves the mouse to the terminal', async () => {
    terminal.press('alt-l');
    await terminal.hides('Timelines');
    await terminal.eventually((seen) => seen.mouseMode === 'none', 'the mouse is the terminal’s');
    terminal.press('alt-l');
    await terminal.shows('Timelines');
    await terminal.eventually((seen) => seen.mouseMode === 'drag', 'the mouse is back');
  });

  test('a draft is edited in $EDITOR, which owns the terminal meanwhile, also Ctrl-C', async () => {
    terminal.type('ihalf a thought');
    await terminal.shows('› half a thought');
    terminal.press('ctrl-x');
    terminal.press('ctrl-e');
    await terminal.shows('editing>');
    assert.ok(!terminal.alternate && terminal.mouseMode === 'none');
    await stage.person('bo').post('meanwhile');
    terminal.type('done\n');
    await terminal.shows('› half a thought');
    await terminal.shows('and more');
    await terminal.shows('meanwhile');
    terminal.press('ctrl-x');
    terminal.press('ctrl-e');
    await terminal.eventually((seen) => seen.screen().split('editing>').length === 3, 'it edits once more');
    terminal.press('ctrl-c');
    await terminal.shows('the draft is as it was');
    assert.ok(terminal.alternate, 'the client goes on');
    terminal.click(3, 21);
    terminal.type('>');
    await terminal.shows('› >half a thought');
    terminal.press('ctrl-c');
    assert.equal((await terminal.exit).code, 0);
  });
});
