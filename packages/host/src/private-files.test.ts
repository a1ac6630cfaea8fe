import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { lockDataFolder } from './data-folder-lock.js';
import { mendFile, mendFolder } from './private-files.js';

function testFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-private-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('readable files are made private, once, and that is reported', (context) => {
  const folder = join(testFolder(context), 'data');
  const file = join(folder, 'key.pem');
  mkdirSync(folder);
  writeFileSync(file, 'secret');
  chmodSync(folder, 0o750);
  chmodSync(file, 0o604);
  assert.match(
    mendFolder(folder) ?? '',
    /folder ".*data" was open to others .* \(mode 0750\); it is 0700 now/,
  );
  assert.match(mendFile(file) ?? '', /file ".*key\.pem" was open to others .* \(mode 0604\); it is 0600 now/);
  assert.deepEqual([modeOf(folder), modeOf(file)], [0o700, 0o600]);
  assert.equal(mendFolder(folder), undefined);
  assert.equal(mendFile(file), undefined);
});

test('missing files are left alone', (context) => {
  assert.equal(mendFolder(join(testFolder(context), 'none')), undefined);
});

test('a data folder is made for its owner only, with all folders above it that were missing', (context) => {
  const above = join(testFolder(context), 'above');
  const folder = join(above, 'data');
  lockDataFolder(folder, 'a test').release();
  assert.deepEqual([modeOf(above), modeOf(folder)], [0o700, 0o700]);
});
