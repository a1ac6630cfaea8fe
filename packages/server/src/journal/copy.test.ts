/** Copies of a journal for a standby: complete, verified, and resumed after a break. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError, type HeldCopy, position } from '@dualping/core';
import {
  coming,
  copyFrom,
  fill,
  install,
  oldCopy,
  openOn,
  payload,
  snapshotAt,
  texts,
  type WholeCopy,
} from './journal.fixture.js';
import type { CopyPiece, Journal } from './journal.js';
import { MemoryDisk, nothing } from './memory-disk.fixture.js';

const SMALL = { segmentBytes: 120, tailCacheBytes: 0 };
const ENTRIES = 20;
const STATE_AT = 12;

async function primary(): Promise<{ disk: MemoryDisk; journal: Journal }> {
  const disk = new MemoryDisk();
  const journal = await openOn(disk, SMALL);
  await fill(journal, ENTRIES);
  await journal.saveSnapshot(snapshotAt(journal, STATE_AT, 'one', 'two'));
  return { disk, journal };
}

const standby = async (entries = 0): Promise<{ disk: MemoryDisk; journal: Journal }> => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk, SMALL);
  if (entries > 0) await fill(journal, entries, 'own');
  return { disk, journal };
};

const expected = (to: number): string[] => Array.from({ length: to }, (_, i) => String(payload(i + 1)));

/** Each frame in a piece of its own: to break off anywhere. */
function frameByFrame({ content, all }: WholeCopy): WholeCopy {
  const split = ({ kind, bytes }: CopyPiece): CopyPiece[] => {
    if (kind === 'state') return [...bytes].map((_, at) => ({ kind, bytes: bytes.subarray(at, at + 1) }));
    const pieces: CopyPiece[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = at + 18 + bytes.readUInt32LE(at + 8);
      pieces.push({ kind, bytes: bytes.subarray(at, end) });
      at = end;
    }
    return pieces;
  };
  return { content, all: all.flatMap(split) };
}

test('a copy takes the place of the journal, equal to the last byte, with the state that was kept', async () => {
  const from = await primary();
  const to = await standby(5);
  await install(to.journal, copyFrom(from.journal));
  const check = (copied: Journal): void => {
    assert.deepEqual([copied.first, copied.last, copied.durable], [1, ENTRIES, ENTRIES]);
    assert.deepEqual(texts(copied), expected(ENTRIES));
    assert.equal(copied.durableChecksum, from.journal.durableChecksum);
    assert.deepEqual(copied.readSnapshot(), from.journal.readSnapshot());
  };
  check(to.journal);
  await fill(to.journal, ENTRIES + 1);
  await fill(from.journal, ENTRIES + 1);
  assert.equal(to.journal.durableChecksum, from.journal.durableChecksum, 'it goes on alike');
  to.disk.cutPower(nothing);
  const again = await openOn(to.disk, SMALL);
  assert.equal(again.durableChecksum, from.journal.durableChecksum);
  assert.ok(to.disk.paths().every((path) => !path.includes('generation-1')));
  const third = await standby();
  await install(third.journal, copyFrom(again));
  assert.equal(third.journal.durableChecksum, from.journal.durableChecksum, 'a copy can be copied');
});

test('a copy ends where it is asked to, in the middle of a file too, and brings no state from beyond', async () => {
  const from = await primary();
  for (let through = 0; through <= ENTRIES; through += 1) {
    const to = await standby();
    await install(to.journal, copyFrom(from.journal, position(through)));
    assert.deepEqual(texts(to.journal), expected(through));
    assert.equal(to.journal.durableChecksum, from.journal.checksumAt(position(through)));
    assert.equal(to.journal.readSnapshot()?.position, through >= STATE_AT ? STATE_AT : undefined);
  }
});

test('a copy that breaks off anywhere changes nothing, and the next one goes on where it stood', async () => {
  const from = await primary();
  const whole = frameByFrame(copyFrom(from.journal));
  const state = whole.all.filter(({ kind }) => kind === 'state').length;
  for (let came = 0; came <= whole.all.length; came += 1) {
    const to = await standby(5);
    await assert.rejects(install(to.journal, whole, coming(whole.all, came)), /broke off/);
    assert.deepEqual(texts(to.journal).length, 5, 'as it was');
    const held = to.journal.heldCopy;
    assert.equal(held?.end.position, came > state ? came - state : undefined);
    const rest = copyFrom(from.journal, position(ENTRIES), held);
    const records = rest.all.filter(({ kind }) => kind === 'records');
    if (came > state) assert.ok(rest.content.bytes < whole.content.bytes || came === state);
    assert.equal(records.length === 0, held?.end.position === ENTRIES);
    await install(to.journal, rest);
    assert.deepEqual(texts(to.journal), expected(ENTRIES));
    assert.equal(to.journal.readSnapshot()?.position, STATE_AT);
    assert.equal(to.journal.heldCopy, undefined);
    await fill(to.journal, ENTRIES + 1);
    to.disk.cutPower(nothing);
    assert.deepEqual(texts(await openOn(to.disk, SMALL)), expected(ENTRIES + 1));
  }
});

test('what is held of another journal is not gone on with', async () => {
  const from = await primary();
  const other = await standby(ENTRIES);
  const to = await standby();
  const { content, all } = copyFrom(other.journal);
  await assert.rejects(install(to.journal, { content, all }, coming(all, all.length - 1)), /broke off/);
  const held = to.journal.heldCopy as HeldCopy;
  assert.ok(held.end.position > 0);
  const copy = copyFrom(from.journal, position(ENTRIES), held);
  assert.deepEqual(copy.content.after, copy.content.base);
  await install(to.journal, copy);
  assert.deepEqual(texts(to.journal), expected(ENTRIES));
});

test('a piece with a flipped bit, one too many, one too few, and one out of order are refused, and not written', async () => {
  const from = await primary();
  const { content, all } = frameByFrame(copyFrom(from.journal));
  const to = await standby(5);
  const refuses = async (pieces: readonly CopyPiece[], why: RegExp, what = content): Promise<void> => {
    await assert.rejects(install(to.journal, { content: what, all: pieces }), why);
    assert.equal(texts(to.journal).length, 5);
  };
  const records = all.findIndex(({ kind }) => kind === 'records');
  const at = records + 7;
  const bent = (bit: number): CopyPiece[] =>
    all.map((piece, index) => {
      if (index !== at) return piece;
      const bytes = Buffer.from(piece.bytes);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return { kind: piece.kind, bytes };
    });
  for (let bit = 0; bit < 8 * (all[at] as CopyPiece).bytes.length; bit += 1)
    await refuses(bent(bit), /invalid-argument: .*(match their checksums|can't follow)/);
  await refuses([...all.slice(0, at), ...all.slice(at + 1)], /can't follow/);
  await refuses([...all.slice(0, at + 1), ...all.slice(at)], /can't follow|announced/);
  await refuses(all.slice(0, -1), /ends at position 19 .* not at 20/);
  await refuses([...all, ...all.slice(0, 1)], /announced|follows/);
  await refuses([...all.slice(records), ...all.slice(0, records)], /state follows records/);
  await refuses(all, /was? ?announced|announced/, { ...content, bytes: content.bytes - 1 });
  await refuses(all, /can't follow|is to end at/, { ...content, through: content.after });
  await install(to.journal, { content, all });
  assert.deepEqual(texts(to.journal), expected(ENTRIES));
});

test('a primary notices its own damage before it sends it', async () => {
  const from = await primary();
  const path = from.disk.paths().filter((each) => each.includes('/journal-'))[1] as string;
  const bytes = from.disk.content(path);
  bytes[60] = (bytes[60] ?? 0) ^ 1;
  from.disk.overwrite(path, bytes);
  assert.throws(() => copyFrom(from.journal), /storage-failed: .*journal-\d+ is damaged at byte/);
});

test('posts from before the base of an old journal are copied with it', async () => {
  const old = await standby();
  const posts = Array.from({ length: 30 }, (_, index) => 3 * index + 2);
  await install(old.journal, oldCopy(['state'], posts));
  await fill(old.journal, 110);
  const whole = frameByFrame(copyFrom(old.journal));
  for (let came = 0; came < whole.all.length; came += 7) {
    const to = await standby();
    await assert.rejects(install(to.journal, whole, coming(whole.all, came)), /broke off/);
    await install(to.journal, copyFrom(old.journal, position(110), to.journal.heldCopy));
    assert.deepEqual([to.journal.first, to.journal.last], [101, 110]);
    assert.deepEqual(
      to.journal.readMany(posts.map(position)).map(String),
      posts.map((at) => `post ${at}`),
    );
  }
});

test('a history whose posts do not ascend, or lie beyond the base, is refused', async () => {
  const to = await standby(5);
  for (const posts of [[2, 1], [1, 1], [101]])
    await assert.rejects(install(to.journal, oldCopy(['new'], posts)), /invalid-argument/);
  assert.equal(texts(to.journal).length, 5);
});

test('when the disk fails under a copy nothing is held, and the journal is as it was', async () => {
  const from = await primary();
  const to = await standby(5);
  to.disk.before = (operation, path) => {
    if (operation === 'write' && path.includes('generation-2/journal-')) throw new Error('no space left');
  };
  await assert.rejects(install(to.journal, copyFrom(from.journal)), /storage-failed: .*no space left/);
  to.disk.before = () => {};
  assert.equal(to.journal.heldCopy, undefined);
  assert.ok(to.disk.paths().every((path) => !path.includes('generation-2')));
  await install(to.journal, copyFrom(from.journal));
  assert.deepEqual(texts(to.journal), expected(ENTRIES));
});

test('a copy of which no state can be made is not installed', async () => {
  const from = await primary();
  const to = await standby(5);
  const whole = copyFrom(from.journal);
  const made = install(to.journal, whole, coming(whole.all), async (copied) => {
    assert.deepEqual([copied.first, copied.last], [1, ENTRIES]);
    assert.equal(copied.readSnapshot()?.position, STATE_AT);
    assert.equal(String(copied.readOne(position(7))), String(payload(7)));
    throw new DualpingError('invalid-argument', 'the state is of kind 9');
  });
  await assert.rejects(made, /the state is of kind 9/);
  assert.equal(texts(to.journal).length, 5);
  assert.ok(to.disk.paths().every((path) => !path.includes('generation-2')));
  await fill(to.journal, 6, 'own');
});

test('a journal that goes on by itself lets go of a copy that broke off', async () => {
  const from = await primary();
  const to = await standby(5);
  const { content, all } = copyFrom(from.journal);
  await assert.rejects(install(to.journal, { content, all }, coming(all, all.length - 1)), /broke off/);
  assert.ok(to.disk.paths().some((path) => path.includes('generation-2')));
  await fill(to.journal, 6, 'own');
  await to.journal.close();
  assert.equal(to.journal.heldCopy, undefined);
  assert.ok(to.disk.paths().every((path) => !path.includes('generation-2')));
});
