import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ClusterRecord, DualpingError, epoch, position, serverId } from '@dualping/core';
import { AssignmentStore, LOG_NAME } from './assignment-store.js';

const HEADER = { networkId: 'n1', clusters: 3 };

async function folder(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'dualping-store-'));
  context.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

const open = (path: string) => AssignmentStore.open(path, () => HEADER);

const record = (cluster: number, at: number): ClusterRecord => ({
  cluster,
  mode: 'replicated',
  epoch: epoch(at),
  revision: 2 * at,
  primary: { serverId: serverId(1), incarnation: 4, journalId: 'j1', lifeId: 'l2' },
  inSync: [{ serverId: serverId(1), journalId: 'j1', lives: ['l2', 'l3'] }],
  lastUncleanEpoch: epoch(1),
  committed: position(7),
  orderlyEnd: { lastEpoch: epoch(1), durable: position(8), checksum: 9 },
  members: [
    {
      serverId: serverId(1),
      incarnation: 4,
      journalId: 'j1',
      lifeId: 'l2',
      end: { lastEpoch: epoch(1), durable: position(8), committed: position(7), checksum: 9 },
      address: '127.0.0.1:7001',
      liveness: 'stream',
      live: true,
      reached: true,
    },
  ],
});

/** A store with two records of cluster 1 and one of cluster 2, and its bytes. */
async function written(path: string): Promise<Buffer> {
  const store = await open(path);
  await store.append([record(1, 1), record(2, 1)]);
  await store.append([record(1, 2)]);
  store.close();
  return await readFile(join(path, LOG_NAME));
}

async function reopened(path: string, bytes: Buffer): Promise<AssignmentStore> {
  await writeFile(join(path, LOG_NAME), bytes);
  return await open(path);
}

test('appended records are there after a reopening', async (context) => {
  const path = await folder(context);
  await written(path);
  const store = await AssignmentStore.open(path, () => assert.fail('it is not made anew'));
  assert.deepEqual(store.header, HEADER);
  assert.equal(store.cutTail, undefined);
  assert.deepEqual(store.records, [record(1, 2), record(2, 1)]);
  await store.append([record(3, 9)]);
  store.close();
  const again = await open(path);
  assert.deepEqual(again.records, [record(1, 2), record(2, 1), record(3, 9)]);
  again.close();
});

test('a cluster that never had a primary is restored unchanged', async (context) => {
  const path = await folder(context);
  const store = await open(path);
  const fresh: ClusterRecord = {
    cluster: 1,
    mode: undefined,
    epoch: epoch(0),
    revision: 1,
    primary: undefined,
    inSync: [],
    lastUncleanEpoch: epoch(0),
    committed: position(0),
    orderlyEnd: undefined,
    members: [],
  };
  await store.append([fresh]);
  store.close();
  const again = await open(path);
  assert.deepEqual(again.records, [fresh]);
  again.close();
});

test('an older router reads the log until there is a service, and refuses it from then on', async (context) => {
  const path = await folder(context);
  const version = async () =>
    JSON.parse(/\{[^\n]*\}/.exec(`${await readFile(join(path, LOG_NAME))}`)?.[0] ?? '');
  const store = await open(path);
  await store.append([record(1, 1)]);
  assert.equal((await version()).dualpingRouter, 2);
  const service = { ...record(10_001, 1), service: 'orders' };
  await store.append([record(1, 2), service]);
  assert.equal((await version()).dualpingRouter, 3);
  await store.append([record(2, 1)]);
  store.close();
  const again = await open(path);
  assert.deepEqual(again.records, [record(1, 2), service, record(2, 1)]);
  assert.equal((await version()).dualpingRouter, 3);
  again.close();
});

test('a pause and what happened are kept, and an older router refuses a log with a pause in it', async (context) => {
  const path = await folder(context);
  const store = await open(path);
  const happened = { timeMs: 5, epoch: epoch(1), detail: 'the first' };
  const paused: ClusterRecord = {
    ...record(1, 1),
    suspended: 'paused',
    history: [
      { what: 'promoted', serverId: serverId(1), ...happened },
      { what: 'paused', ...happened },
    ],
  };
  await store.append([paused]);
  store.close();
  const text = `${await readFile(join(path, LOG_NAME))}`;
  assert.match(text, /"dualpingRouter":4/);
  // Also where routers share a store, and each record is read by itself.
  assert.match(text, /\{"format":4,"cluster":1/);
  const again = await open(path);
  assert.deepEqual(again.records, [paused]);
  again.close();
});

test('an incomplete write is cut wherever it ends, and durable lines stay', async (context) => {
  const path = await folder(context);
  const bytes = await written(path);
  const lastLine = bytes.lastIndexOf('\n', bytes.length - 2) + 1;
  for (let cut = lastLine + 1; cut < bytes.length; cut += 7) {
    const store = await reopened(path, bytes.subarray(0, cut));
    assert.deepEqual(store.records, [record(1, 1), record(2, 1)]);
    assert.deepEqual(store.cutTail, {
      file: join(path, LOG_NAME),
      offset: lastLine,
      bytes: cut - lastLine,
    });
    await store.append([record(3, 1)]);
    store.close();
    const again = await open(path);
    assert.deepEqual(again.records, [record(1, 1), record(2, 1), record(3, 1)]);
    again.close();
  }
});

test('space that was never filled is cut', async (context) => {
  const path = await folder(context);
  const bytes = await written(path);
  const store = await reopened(path, Buffer.concat([bytes, Buffer.alloc(4096)]));
  assert.equal(store.cutTail?.bytes, 4096);
  assert.deepEqual(store.records, [record(1, 2), record(2, 1)]);
  store.close();
});

test('every flipped bit is found, and reported with its place', async (context) => {
  const path = await folder(context);
  const bytes = await written(path);
  for (let at = 0; at < bytes.length; at += 1) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
    const line = bytes.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
    await assert.rejects(
      reopened(path, damaged),
      (error) =>
        error instanceof DualpingError &&
        error.reason === 'storage-failed' &&
        error.detail.includes(`${LOG_NAME} is damaged at line ${line}`),
      `byte ${at}`,
    );
  }
});

test('a lost line is found', async (context) => {
  const path = await folder(context);
  const bytes = await written(path);
  const lines = bytes.toString().split('\n');
  lines.splice(1, 1);
  await assert.rejects(reopened(path, Buffer.from(lines.join('\n'))), /damaged at line 2/);
});

test('a mostly outdated log is replaced, and can be appended to', async (context) => {
  const path = await folder(context);
  const store = await open(path);
  const many = Array.from({ length: 500 }, (_, at) => record(1, at + 1));
  for (let round = 0; round < 12; round += 1) await store.append(many);
  await store.append([record(2, 7)]);
  store.close();
  const { length } = await readFile(join(path, LOG_NAME));
  assert.ok(length < 1024 * 1024, `${length} bytes`);
  const again = await open(path);
  assert.deepEqual(again.records, [record(1, 500), record(2, 7)]);
  again.close();
});

test('a log of a later version is not changed', async (context) => {
  const path = await folder(context);
  const store = await AssignmentStore.open(path, () => ({ ...HEADER, dualpingRouter: 99 }));
  store.close();
  await assert.rejects(open(path), (error) => {
    assert.ok(error instanceof DualpingError);
    assert.equal(error.reason, 'invalid-argument');
    const says =
      /assignments.log is of format 99, from a later release: dualping [\d.]+ reads formats 2 to 4/;
    assert.match(error.detail, says);
    return true;
  });
});

test('content is written to disk again before it is used: a failed sync may have left it in memory only', async (context) => {
  const path = await folder(context);
  await written(path);
  const before = (await stat(join(path, LOG_NAME))).ino;
  const store = await open(path);
  assert.notEqual((await stat(join(path, LOG_NAME))).ino, before, 'it is a new file, synced by its maker');
  assert.deepEqual(store.records, [record(1, 2), record(2, 1)]);
  store.close();
});
