/** The command that users are asked to paste starts this program. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownCommand } from './own-command.js';

test('the command as a shell in the same folder finds it', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-own-command-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const script = join(folder, 'dualping.js');
  const bin = join(folder, 'bin');
  const npxBin = join(folder, 'node_modules', '.bin');
  for (const each of [bin, npxBin]) mkdirSync(each, { recursive: true });
  writeFileSync(script, '');
  chmodSync(script, 0o755);
  for (const each of [bin, npxBin]) symlinkSync(script, join(each, 'dualping'));
  const as = (env: NodeJS.ProcessEnv, from = folder) => ownCommand({ env, script, folder: from });
  assert.equal(as({ PATH: `/nowhere:${bin}` }), 'dualping', 'installed');
  assert.equal(as({ PATH: npxBin, npm_command: 'exec' }), 'npx dualping', 'by npx');
  assert.equal(as({ PATH: npxBin, npm_command: 'run-script' }), 'node dualping.js', 'by npm start');
  assert.equal(as({ PATH: '/nowhere' }, '/'), `node ${script.slice(1)}`);
  assert.equal(as({ PATH: '/nowhere' }, join(folder, 'bin')), `node ${script}`, 'elsewhere');
  const odd = join(folder, "it's here.js");
  assert.equal(ownCommand({ env: {}, script: odd, folder }), `node 'it'\\''s here.js'`);
});

test('another dualping earlier on the path is not mistaken for this one', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-own-command-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const [script, other] = [join(folder, 'dualping.js'), join(folder, 'dualping')];
  for (const each of [script, other]) writeFileSync(each, '');
  assert.equal(ownCommand({ env: { PATH: folder }, script, folder }), 'node dualping.js');
});
