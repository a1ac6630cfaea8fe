/** The interface of the library is whole and explained, as `scripts/api.mjs` finds it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('every name of the interface can be named, and has its explanation', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-interface-'));
  t.after(() => rmSync(folder, { recursive: true }));
  // Ends with 1, and a line for each, when something is missing.
  await promisify(execFile)(process.execPath, ['scripts/api.mjs', '--into', folder], { cwd: ROOT });
  const page = readFileSync(join(folder, 'client.api.md'), 'utf8');
  for (const name of ['class DualpingMember', 'class DualpingSession', 'function registerDualpingResolver'])
    assert.ok(page.includes(name), name);
});
