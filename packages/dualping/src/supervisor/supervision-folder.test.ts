import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { lockDataFolder, ownIdentity } from '@dualping/host';
import { SupervisionFolder } from './supervision-folder.js';

function folderFor(context: TestContext): SupervisionFolder {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-supervision-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return new SupervisionFolder(folder);
}

test('a recorded address counts only for exactly its process', (context) => {
  const folder = folderFor(context);
  const place = { ...ownIdentity(), address: '127.0.0.1:1', key: 'k', incarnation: 3 };
  assert.equal(folder.placeOf(ownIdentity()), undefined);
  folder.recordPlace(place);
  assert.deepEqual(folder.placeOf(ownIdentity()), place);
  assert.equal(folder.placeOf({ ...ownIdentity(), startTime: '1' }), undefined);
  assert.equal(folder.placeOf({ ...ownIdentity(), pid: 1 }), undefined);
  assert.equal(
    statSync(join(folder.path, 'server.json')).mode & 0o777,
    0o600,
    'the key is for its user only',
  );
});

test('the server is the process that holds the data folder, or was just started and still runs', (context) => {
  const folder = folderFor(context);
  const running = (): number | undefined => folder.server?.pid;
  assert.equal(running(), undefined);
  folder.recordProcess(ownIdentity());
  assert.equal(running(), process.pid);
  // A process id that was used again, with another start time: only Linux shows that.
  if (process.platform === 'linux') {
    folder.recordProcess({ pid: process.pid, startTime: '1' });
    assert.equal(running(), undefined);
  }
  const lock = lockDataFolder(folder.dataFolder, 'server s1');
  assert.equal(running(), process.pid);
  lock.release();
});

test('the supervisor is the process that holds its lock', (context) => {
  const folder = folderFor(context);
  assert.equal(folder.supervisor, undefined);
  const lock = lockDataFolder(folder.path, 'the supervisor of server s1');
  assert.deepEqual(folder.supervisor, { ...ownIdentity(), role: 'the supervisor of server s1' });
  lock.release();
  assert.equal(folder.supervisor, undefined);
});

test('broken or foreign files are ignored', (context) => {
  const folder = folderFor(context);
  folder.recordOutcome({ exitCode: 1, text: 'refused' });
  assert.deepEqual(folder.outcome, { exitCode: 1, text: 'refused' });
  for (const content of ['', '{', 'null', '[]', '{"exitCode":"1","text":"x"}', '{"pid":1.5}']) {
    for (const name of ['outcome.json', 'server.json', 'process.json'])
      writeFileSync(join(folder.path, name), content);
    assert.deepEqual(
      [folder.outcome, folder.lastPlace, folder.server],
      [undefined, undefined, undefined],
      content,
    );
  }
  folder.forgetOutcome();
  assert.equal(folder.outcome, undefined);
});
