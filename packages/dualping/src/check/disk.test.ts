import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkDisk } from './disk.js';

const folder = mkdtempSync(join(tmpdir(), 'dualping-check-'));
const LIMITS = { minFreePercent: 0, maxSyncMs: 60_000, timeoutMs: 60_000 };
after(() => rmSync(folder, { recursive: true }));

test('the disk of a folder is checked for space and the time of one sync, and no file is left', async () => {
  const { freePercent, freeBytes, syncMs, problems } = await checkDisk(folder, LIMITS);
  assert.deepEqual(problems, []);
  assert.ok(freePercent >= 0 && freePercent <= 100 && freeBytes >= 0);
  assert.ok(syncMs !== undefined && syncMs > 0);
  assert.deepEqual(readdirSync(folder), []);
});

test('too little free space, and a slow sync, are reported with their numbers', async () => {
  const { problems, freePercent } = await checkDisk(folder, { ...LIMITS, minFreePercent: 101, maxSyncMs: 0 });
  const [space, sync] = problems;
  assert.equal(space?.severity, freePercent < 101 / 4 ? 'critical' : 'warning');
  assert.match(space?.text ?? '', /has [\d.]+ % free \(\d+ MB\), less than 101 %$/);
  assert.equal(sync?.severity, 'warning');
  assert.match(sync?.text ?? '', /took \d+ ms to sync a small file, more than 0 ms$/);
});

test('a missing folder is reported', async () => {
  await assert.rejects(checkDisk(join(folder, 'none'), LIMITS), /data folder ".*none" does not exist/);
});
