/** A start uses an index only if it fits exactly the bytes of its file, and works without one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { position } from '@dualping/core';
import { fill, install, oldCopy, openOn, payload, texts } from './journal.fixture.js';
import type { Journal } from './journal.js';
import { MemoryDisk } from './memory-disk.fixture.js';
import { indexPath } from './segment-index.js';

const SMALL = { segmentBytes: 120, tailCacheBytes: 0 };
const ENTRIES = 20;
const POSTS = [1, 7, 8, 50, 99];

const open = (disk: MemoryDisk): Promise<Journal> => openOn(disk, SMALL);
const named = (disk: MemoryDisk, part: string): string[] =>
  disk
    .paths()
    .filter((path) => path.includes(part))
    .sort();
const indexes = (disk: MemoryDisk): string[] => named(disk, '/index-');

async function closed(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const journal = await open(disk);
  await fill(journal, ENTRIES);
  await journal.close();
  return disk;
}

async function closedAfterInstalling(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const journal = await open(disk);
  await install(journal, oldCopy(['state'], POSTS));
  await fill(journal, 100 + ENTRIES);
  await journal.close();
  return disk;
}

async function assertWhole(disk: MemoryDisk): Promise<void> {
  const journal = await open(disk);
  const expected = Array.from({ length: ENTRIES }, (_, i) => String(payload(journal.first + i)));
  assert.deepEqual(texts(journal), expected);
  if (journal.first > 1)
    assert.deepEqual(
      journal.readMany(POSTS.map(position)).map(String),
      POSTS.map((at) => `post ${at}`),
    );
  await journal.close();
}

test('each file that is written to its end has an index, and the last of a journal has none', async () => {
  const disk = await closedAfterInstalling();
  const files = [...named(disk, '/history-'), ...named(disk, '/journal-').slice(0, -1)];
  assert.ok(files.length > 4);
  assert.deepEqual(indexes(disk), files.map(indexPath).sort());
});

test('without indexes, with torn ones, and with those of other files a start finds the same, and mends them', async () => {
  for (const disk of [await closed(), await closedAfterInstalling()]) {
    const before = new Map(indexes(disk).map((path) => [path, disk.content(path)]));
    const paths = [...before.keys()];
    const whole = (path: string): Buffer => before.get(path) ?? Buffer.alloc(0);
    const other = (path: string): Buffer => whole(paths.find((each) => each !== path) ?? path);
    const spoil: ((copy: MemoryDisk, path: string) => void)[] = [
      (copy, path) => copy.lose(path),
      (copy, path) => copy.overwrite(path, other(path)),
      ...[0, 1, 25, 26, 30].map((bytes) => (copy: MemoryDisk, path: string) => {
        copy.overwrite(path, whole(path).subarray(0, bytes));
      }),
      (copy, path) => copy.overwrite(path, Buffer.concat([whole(path), Buffer.alloc(4)])),
      (copy, path) => copy.overwrite(path, Buffer.alloc(whole(path).length)),
    ];
    for (const act of spoil) {
      const copy = disk.copy();
      for (const path of paths) act(copy, path);
      await assertWhole(copy);
      for (const path of paths) assert.deepEqual(copy.content(path), whole(path), path);
    }
  }
});

test('a flipped bit in an index makes no difference', async () => {
  for (const disk of [await closed(), await closedAfterInstalling()])
    for (const path of indexes(disk)) {
      const whole = disk.content(path);
      for (let at = 0; at < whole.length; at += 1) {
        const copy = disk.copy();
        const bent = Buffer.from(whole);
        bent[at] = (bent[at] ?? 0) ^ (1 << (at % 8));
        copy.overwrite(path, bent);
        await assertWhole(copy);
        assert.deepEqual(copy.content(path), whole);
      }
    }
});

test('an index of cut entries, which is there again after a failure, is ignored', async () => {
  const disk = await closed();
  const old = new Map(indexes(disk).map((path) => [path, disk.content(path)]));
  const journal = await open(disk);
  await journal.truncateAfter(position(3));
  await fill(journal, ENTRIES, 'later');
  await journal.close();
  const expected = Array.from({ length: ENTRIES }, (_, i) =>
    String(payload(i + 1, i < 3 ? 'entry' : 'later')),
  );
  for (const [path, content] of old) disk.overwriteOrMake(path, content);
  const again = await open(disk);
  assert.deepEqual(texts(again), expected);
  await again.close();
});

test('a segment that was cut while it waited to be sealed gets no index of what it was', async () => {
  const disk = new MemoryDisk();
  const journal = await open(disk);
  await fill(journal, 2);
  disk.holdSyncs();
  // Sealed in memory, and cut again, while nothing gets to the disk.
  for (let at = 3; at <= 8; at += 1) journal.append(position(at), payload(at));
  const cut = journal.truncateAfter(position(2));
  for (let at = 3; at <= 8; at += 1) journal.append(position(at), payload(at, 'other'));
  disk.letSyncsGo();
  await cut;
  await journal.whenDurable(position(8));
  await journal.close();
  const expected = Array.from({ length: 8 }, (_, i) => String(payload(i + 1, i < 2 ? 'entry' : 'other')));
  assert.deepEqual(texts(await open(disk)), expected);
});

test('with an index a file is verified as a whole, and its frames when they are read', async () => {
  const disk = await closed();
  const path = named(disk, '/journal-')[0] ?? '';
  const bent = disk.content(path);
  bent[60] = (bent[60] ?? 0) ^ 1;
  disk.overwrite(path, bent);
  const index = disk.content(indexPath(path));
  index.writeUInt32LE(crc32(bent), 18);
  index.writeUInt32LE(crc32(index.subarray(0, -4)), index.length - 4);
  disk.overwrite(indexPath(path), index);
  const journal = await open(disk);
  assert.throws(() => journal.readOne(position(2)), /is damaged at byte 49 \(position 2\)/);
  assert.equal(String(journal.readOne(position(3))), 'entry 3');
});

test('borrowed payloads are the requested ones, in order, across files and the cache', async () => {
  const disk = await closedAfterInstalling();
  const journal = await openOn(disk, { ...SMALL, tailCacheBytes: 60 });
  await fill(journal, 130);
  const wanted = [1, 7, 8, 50, 99, 101, 102, 104, 110, 111, 119, 120, 128, 130, 129, 3 * 40, 101, 7];
  assert.deepEqual(
    journal.borrowMany(wanted.map(position)).map(String),
    wanted.map((at) => String(payload(at, at < 100 ? 'post' : 'entry'))),
  );
  assert.deepEqual(journal.borrowMany([]), []);
});

test('more than the lent buffer can hold is read too', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk, { tailCacheBytes: 0 });
  const long = (at: number): Buffer => Buffer.alloc(60_000, at);
  for (let at = 1; at <= 60; at += 1) journal.append(position(at), long(at));
  await journal.whenDurable(position(60));
  const all = Array.from({ length: 60 }, (_, i) => position(i + 1));
  assert.deepEqual(journal.borrowMany(all), all.map(long));
});
