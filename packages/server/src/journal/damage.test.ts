import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError, position } from '@dualping/core';
import {
  fill,
  install,
  markArrives,
  oldCopy,
  openOn,
  payload,
  snapshotAt,
  texts,
} from './journal.fixture.js';
import type { Journal } from './journal.js';
import { MemoryDisk, nothing } from './memory-disk.fixture.js';
import { WHAT_TO_DO } from './storage-errors.js';

const SMALL = { segmentBytes: 120 };
const ENTRIES = 9;
const MARK = 'durable-mark';

/** A closed journal of several segments, all of it durable. */
async function closedJournal(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const journal = await openOn(disk, SMALL);
  await fill(journal, ENTRIES);
  await journal.close();
  return disk;
}

const pathOf = (disk: MemoryDisk, part: string): string =>
  disk
    .paths()
    .filter((path) => path.includes(part))
    .sort()
    .at(-1) ?? '';
const loseMark = (disk: MemoryDisk): void => disk.lose(pathOf(disk, MARK));

/** The journal, or why it was refused; anything but `storage-failed` is a failure of the test. */
async function openOrRefusal(disk: MemoryDisk): Promise<Journal | string> {
  try {
    return await openOn(disk, SMALL);
  } catch (error) {
    assert.ok(error instanceof DualpingError && error.reason === 'storage-failed', String(error));
    return error.detail;
  }
}

function* bentCopies(
  disk: MemoryDisk,
  part: string,
): Generator<{ copy: MemoryDisk; path: string; at: number }> {
  for (const path of disk.paths().filter((name) => name.includes(part))) {
    const whole = disk.content(path);
    for (let at = 0; at < whole.length; at += 1) {
      const bent = Buffer.from(whole);
      bent[at] = (bent[at] ?? 0) ^ (1 << (at % 8));
      const copy = disk.copy();
      copy.overwrite(path, bent);
      yield { copy, path, at };
    }
  }
}

test('a flipped bit anywhere in durable entries is refused, with file and byte', async () => {
  const disk = await closedJournal();
  let tried = 0;
  for (const { copy, path, at } of bentCopies(disk, '/journal-')) {
    const refusal = await openOrRefusal(copy);
    assert.ok(typeof refusal === 'string', `${path} byte ${at} was believed`);
    const [, file, offset] = /^(\S+) is damaged at byte (\d+)/.exec(refusal) ?? [];
    assert.equal(file, path);
    assert.ok(Number(offset) <= at, `${refusal} names a byte after ${at}`);
    // A person who repairs it must find all other files unchanged.
    for (const other of disk.paths().filter((name) => name !== path))
      assert.deepEqual(copy.content(other), disk.content(other));
    assert.equal(copy.content(path).length, disk.content(path).length);
    tried += 1;
  }
  assert.ok(tried > 250);
});

test('without the mark a flipped bit is refused too, except in the last record, which may be incomplete', async () => {
  const disk = await closedJournal();
  loseMark(disk);
  const lastPath = pathOf(disk, '/journal-');
  let cut = 0;
  for (const { copy, path } of bentCopies(disk, '/journal-')) {
    const opened = await openOrRefusal(copy);
    if (typeof opened === 'string') continue;
    assert.equal(path, lastPath);
    assert.equal(opened.cutTail?.position, ENTRIES);
    assert.equal(opened.last, ENTRIES - 1);
    cut += 1;
  }
  assert.equal(cut, 18 + payload(ENTRIES).length, 'all bytes of the last record, and no others');
});

test('a flipped bit in a small file is refused, or makes no difference', async () => {
  const disk = await closedJournal();
  let refused = 0;
  for (const part of ['.json', MARK])
    for (const { copy } of bentCopies(disk, part)) {
      const opened = await openOrRefusal(copy);
      if (typeof opened === 'string') refused += 1;
      else {
        assert.equal(texts(opened).length, ENTRIES);
        assert.deepEqual([opened.identity.journalId, opened.identity.incarnation], ['journal-a', 2]);
      }
    }
  assert.ok(refused > 100);
});

test('a flipped bit in an installed snapshot or its posts is refused', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk, SMALL);
  await install(journal, oldCopy(['new', 'state'], [1, 7, 8, 50, 99]));
  await journal.close();
  for (const part of ['/history-', '/snapshot-'])
    for (const { copy, path, at } of bentCopies(disk, part))
      assert.equal(typeof (await openOrRefusal(copy)), 'string', `${path} byte ${at} was believed`);
  for (const part of ['/history-', '/snapshot-', '/journal-']) {
    const copy = disk.copy();
    copy.lose(pathOf(copy, part));
    assert.equal(typeof (await openOrRefusal(copy)), 'string', `${part} is gone and nobody noticed`);
  }
});

test('a write that is incomplete at any byte is cut, and durable entries before it stay', async () => {
  const frameBytes = 18 + payload(ENTRIES + 1).length;
  for (let kept = 0; kept < frameBytes; kept += 1) {
    const { disk, journal } = await opened();
    disk.holdSyncs();
    journal.append(position(ENTRIES + 1), payload(ENTRIES + 1));
    await written();
    let choices = 0;
    disk.cutPower((max) => {
      // Only that write is not synced: so many bytes of its first frame are there.
      if (max !== frameBytes) return 0;
      choices += 1;
      return kept;
    });
    assert.equal(choices, 1);
    const again = await openOn(disk);
    assert.equal(texts(again).length, ENTRIES);
    assert.equal(again.cutTail?.bytes, kept === 0 ? undefined : kept);
    await fill(again, ENTRIES + 3);
    disk.cutPower(nothing);
    assert.equal(texts(await openOn(disk)).length, ENTRIES + 3);
  }
});

test('a tail of zeros is cut, however long', async () => {
  for (const zeros of [1, 17, 18, 19, 100, 5_000]) {
    const { disk, journal } = await opened();
    await journal.close();
    const path = pathOf(disk, '/journal-');
    disk.overwrite(path, Buffer.concat([disk.content(path), Buffer.alloc(zeros)]));
    const again = await openOn(disk);
    assert.deepEqual([again.last, again.cutTail?.bytes], [ENTRIES, zeros]);
  }
});

test('a group whose middle is bad and whose end is good is refused: it may have been durable', async () => {
  const { disk, journal } = await opened();
  await journal.close();
  loseMark(disk);
  const path = pathOf(disk, '/journal-');
  const bytes = disk.content(path);
  bytes.fill(0, 60, 90);
  disk.overwrite(path, bytes);
  assert.match(String(await openOrRefusal(disk)), /a valid one of position \d follows at byte \d+/);
});

test('a missing segment is noticed, wherever it was', async () => {
  const disk = await closedJournal();
  const segments = disk.paths().filter((path) => path.includes('/journal-'));
  assert.ok(segments.length >= 3);
  for (const path of segments) {
    const copy = disk.copy();
    copy.lose(path);
    assert.equal(typeof (await openOrRefusal(copy)), 'string', `${path} is gone and nobody noticed`);
  }
});

const isAdvised = (refusal: Journal | string): boolean =>
  typeof refusal === 'string' && refusal.endsWith(WHAT_TO_DO);

test('when only the small files are of an earlier moment nothing is removed, and the refusal says what to do', async () => {
  const { disk, journal } = await opened();
  const current = pathOf(disk, 'current.json');
  const former = Buffer.from(disk.content(current));
  await install(journal, oldCopy(['new'], []));
  await fill(journal, 105);
  await journal.close();
  const [latest, paths] = [Buffer.from(disk.content(current)), disk.paths()];
  disk.overwrite(current, former);
  const refusal = await openOrRefusal(disk);
  assert.match(String(refusal), /current\.json is damaged at byte 0: it names generation-1, which is gone/);
  assert.ok(isAdvised(refusal));
  assert.deepEqual(disk.paths(), paths);
  disk.overwrite(current, latest);
  assert.equal((await openOn(disk)).last, 105);
});

test('entries without the small file that names their server are refused, with what to do', async () => {
  const disk = await closedJournal();
  for (const path of [pathOf(disk, 'identity.json'), pathOf(disk, 'current.json')]) {
    const copy = disk.copy();
    copy.lose(path);
    assert.ok(isAdvised(await openOrRefusal(copy)), path);
  }
});

test('a segment that was only begun is begun again', async () => {
  const disk = await closedJournal();
  const before = disk.content(pathOf(disk, '/journal-'));
  const next = pathOf(disk, '/journal-').replace(/\d+$/, String(ENTRIES + 1).padStart(16, '0'));
  for (const bytes of [0, 5, 23]) {
    const copy = disk.copy();
    copy.overwriteOrMake(next, before.subarray(0, bytes));
    const again = await openOn(copy, SMALL);
    assert.equal(again.last, ENTRIES);
    await fill(again, ENTRIES + 20);
    copy.cutPower(nothing);
    assert.equal((await openOn(copy, SMALL)).last, ENTRIES + 20);
  }
});

test('a bit that flips while the journal is open is noticed when it is read', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk, { tailCacheBytes: 0 });
  await fill(journal, ENTRIES);
  const path = pathOf(disk, '/journal-');
  const bytes = disk.content(path);
  bytes[60] = (bytes[60] ?? 0) ^ 1;
  disk.overwrite(path, bytes);
  const refused = /storage-failed: .*journal-\d+ is damaged at byte 49 \(position 2\)/;
  assert.throws(() => journal.read(position(1), position(ENTRIES), 1_000), refused);
  assert.throws(() => journal.readOne(position(2)), refused);
  assert.equal(journal.readOne(position(3)).toString(), 'entry 3');
});

test('after a death at any step of an installation either the old or the new journal is complete', async () => {
  const posts = [1, 7, 8, 50, 99];
  const outcomes = new Set<string>();
  for (const survival of ['process', 'nothing', 'everything'] as const)
    for (let step = 1, finished = false; !finished; step += 1) {
      const { disk, journal } = await opened();
      await journal.saveSnapshot(snapshotAt(journal, 5, 'old'));
      let steps = 0;
      disk.before = () => {
        steps += 1;
        if (steps >= step) throw new Error('dead');
      };
      finished = await install(journal, oldCopy(['new'], posts)).then(
        () => steps < step,
        () => false,
      );
      if (survival === 'process') disk.kill();
      else disk.cutPower((max) => (survival === 'nothing' ? 0 : max));
      const again = await openOn(disk);
      const isNew = again.first === 101;
      if (isNew)
        assert.deepEqual(
          again.readMany(posts.map(position)).map(String),
          posts.map((at) => `post ${at}`),
        );
      else assert.equal(texts(again).length, ENTRIES);
      assert.equal(again.readSnapshot()?.parts.join(), isNew ? 'new' : 'old');
      assert.ok(!finished || isNew);
      assert.ok(disk.paths().every((path) => !path.endsWith('.temporary')));
      assert.equal(
        new Set(disk.paths().map((path) => /generation-\d/.exec(path)?.[0])).size,
        2,
        'root and one',
      );
      await fill(again, again.last + 1);
      outcomes.add(`${survival} ${isNew ? 'new' : 'old'}`);
    }
  assert.equal(outcomes.size, 6);
});

async function opened(): Promise<{ disk: MemoryDisk; journal: Journal }> {
  const disk = new MemoryDisk();
  const journal = await openOn(disk);
  await fill(journal, ENTRIES);
  // The mark is written later, and without a sync; here it has arrived.
  await markArrives(disk, ENTRIES);
  return { disk, journal };
}

/** Lets everything run that can run without a disk. */
const written = () => new Promise((done) => setImmediate(done));
