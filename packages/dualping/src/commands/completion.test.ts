import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import type { Invocation } from '../command.js';
import { COMMANDS } from './index.js';

async function scriptFor(shell: string): Promise<string> {
  const lines: string[] = [];
  const io = { out: (line: string) => lines.push(line) } as unknown as Invocation['io'];
  const completion = COMMANDS.find(({ name }) => name === 'completion');
  const sources = { flags: {}, environment: {}, file: undefined };
  await completion?.run(sources, { args: [shell], io, isGiven: () => false, strengthOf: () => 0 });
  return lines.join('\n');
}

const has = (shell: string): boolean => spawnSync(shell, ['--version']).error === undefined;

test('bash completes commands, groups, options and files, but no values', async () => {
  const script = await scriptFor('bash');
  const completed = (line: string): string[] => {
    const words = line.split(' ').map((word) => `'${word}'`);
    const ask = `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _dualping; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', `${script}\n${ask}`], { encoding: 'utf8' });
    assert.equal(stderr, '');
    return stdout.split('\n').filter((word) => word !== '');
  };
  assert.deepEqual(completed('dualping ti'), ['timeline']);
  assert.deepEqual(completed('dualping admin ha'), ['handover']);
  assert.deepEqual(completed('dualping admin router '), ['handover']);
  assert.deepEqual(completed('dualping router --adv'), ['--advertise']);
  assert.deepEqual(completed('dualping timeline --fo'), ['--follow']);
  assert.deepEqual(completed('dualping timeline --limit 5 --js'), ['--json']);
  assert.deepEqual(completed('dualping admin status --wa'), ['--watch']);
  assert.deepEqual(completed('dualping status --wa'), []);
  assert.deepEqual(completed('dualping timeline --limit '), []);
  assert.deepEqual(completed('dualping up --data /et'), ['/etc']);
  for (const { name, group } of COMMANDS)
    assert.ok(completed(group === undefined ? 'dualping ' : `dualping ${group} `).includes(name), name);
});

for (const shell of ['zsh', 'fish'])
  test(`what ${shell} gets names every command and option, and ${shell} can read it`, async () => {
    const script = await scriptFor(shell);
    for (const command of COMMANDS) {
      assert.ok(script.includes(command.name));
      for (const { key } of Object.values(command.settings))
        assert.ok(script.includes(key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)), key);
    }
    if (has(shell))
      assert.equal(spawnSync(shell, ['-n', '/dev/stdin'], { input: script, encoding: 'utf8' }).stderr, '');
  });

test('another shell is refused by name', async () => {
  await assert.rejects(scriptFor('tcsh'), /"tcsh": there is bash, zsh, fish/);
});
