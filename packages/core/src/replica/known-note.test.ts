import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epoch, type Position, position } from '../ids.js';
import { judgeNote, type KnownNote } from './known-note.js';

const NOTE: KnownNote = {
  committed: position(8),
  epoch: epoch(2),
  revision: 5,
  checksum: 108,
  generation: 3,
};
/** With checksum 100 + position everywhere, unless another `line` is given. */
const journal = (last: number, generation = 3, line = 100) => ({
  generation,
  last: position(last),
  checksumAt: (at: Position) => (at <= last ? line + at : undefined),
});
const judged = (note: KnownNote, of: ReturnType<typeof journal>) => {
  const { known, olderThan } = judgeNote(note, of);
  assert.deepEqual([known.epoch, known.revision], [2, 5], 'true of whatever journal');
  return [known.committed, olderThan];
};

test('a note counts for the journal that it was written for', () => {
  assert.deepEqual(judged(NOTE, journal(8)), [8, undefined]);
  assert.deepEqual(judged(NOTE, journal(20)), [8, undefined]);
});

test('a journal that ends before what was committed, or has other entries there, is an older copy', () => {
  assert.deepEqual(judged(NOTE, journal(7)), [0, 8]);
  assert.deepEqual(judged(NOTE, journal(0)), [0, 8]);
  assert.deepEqual(judged(NOTE, journal(20, 3, 900)), [0, 8]);
});

test('an earlier generation than the note is one too, whatever it has', () => {
  assert.deepEqual(judged(NOTE, journal(20, 2)), [0, 8]);
  assert.deepEqual(judged(NOTE, journal(4, 2)), [0, 8]);
});

test('a later generation may have replaced the entries, before the server could note anything', () => {
  assert.deepEqual(judged(NOTE, journal(4, 4)), [0, undefined]);
  assert.deepEqual(judged(NOTE, journal(20, 4, 900)), [0, undefined]);
  assert.deepEqual(judged(NOTE, journal(20, 4)), [8, undefined]);
});

test('nothing committed is no evidence', () => {
  assert.deepEqual(judged({ ...NOTE, committed: position(0), checksum: 0 }, journal(0, 3, 0)), [
    0,
    undefined,
  ]);
});

test('an entry that can not be read says nothing: whoever needs it reports that', () => {
  assert.deepEqual(judged(NOTE, { ...journal(20), checksumAt: () => undefined }), [0, undefined]);
});

test('a note of a former release shows no older copy: it does not say of which generation it was', () => {
  const former = { ...NOTE, generation: undefined };
  assert.deepEqual(judged(former, journal(20)), [8, undefined]);
  assert.deepEqual(judged(former, journal(7)), [0, undefined]);
  assert.deepEqual(judged({ ...former, checksum: undefined }, journal(20, 3, 900)), [8, undefined]);
});
