/** What `bin/dualping.js` does before the program is built. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../bin/', import.meta.url));

/** Runs the launcher in a package with the given result of a build. */
function launch(context: TestContext, main: string | undefined): { status: number | null; stderr: string } {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-launcher-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  mkdirSync(join(folder, 'bin'));
  for (const file of ['dualping.js', 'bundled.js']) copyFileSync(join(BIN, file), join(folder, 'bin', file));
  if (main !== undefined) {
    mkdirSync(join(folder, 'dist'));
    writeFileSync(join(folder, 'dist', 'main.js'), main);
  }
  const { status, stderr } = spawnSync(process.execPath, [join(folder, 'bin', 'dualping.js'), 'up'], {
    encoding: 'utf8',
  });
  return { status, stderr };
}

test('a clone that is not built says how to build it', (context) => {
  const { status, stderr } = launch(context, undefined);
  assert.deepEqual([status, stderr], [1, 'dualping: not built yet: npm run build\n']);
});

test('a missing other module is reported as itself', (context) => {
  const { status, stderr } = launch(context, "import './elsewhere.js';");
  assert.notEqual(status, 0);
  assert.match(stderr, /ERR_MODULE_NOT_FOUND[\s\S]*elsewhere\.js|elsewhere\.js[\s\S]*ERR_MODULE_NOT_FOUND/);
});

test('the built command runs with its arguments', (context) => {
  const main = 'export const main = (argv) => { process.exitCode = argv[0] === "up" ? 7 : 1; };';
  assert.equal(launch(context, main).status, 7);
});
