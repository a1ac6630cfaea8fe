import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CopyHeader,
  type HeldCopy,
  headerOfCopy,
  JournalCopy,
  type JournalPlace,
  position,
} from '../index.js';

const place = (at: number, checksum: number): JournalPlace => ({ position: position(at), checksum });
const BASE = place(0, 0);
/** Each position has ten times itself as its checksum. */
const journal = { base: BASE, checksumAt: (at: number) => 10 * at };
const held = (at: number, checksum = 10 * at, base = BASE): HeldCopy => ({ base, end: place(at, checksum) });
const run = (first: number, last: number, previous = 10 * (first - 1)) => ({
  first: position(first),
  previous,
  end: place(last, 10 * last),
});

test('a copy goes on after what is held, if that is the beginning of this journal', () => {
  const afterOf = (what?: HeldCopy) => headerOfCopy(journal, position(50), what).after.position;
  assert.equal(afterOf(), 0);
  assert.equal(afterOf(held(30)), 30);
  assert.equal(afterOf(held(50)), 50);
  assert.equal(afterOf(held(30, 301)), 0, 'of another journal');
  assert.equal(afterOf(held(51)), 0, 'more than is committed here');
  assert.equal(afterOf(held(30, 300, place(5, 50))), 0, 'it begins elsewhere');
});

test('runs follow one another from where the copy begins to where it ends', () => {
  const copy = new JournalCopy(headerOfCopy(journal, position(50)));
  assert.throws(() => copy.take(run(2, 5)), /can't follow position 0/);
  copy.take(run(1, 20));
  assert.throws(() => copy.take(run(1, 20)), /can't follow position 20/);
  assert.throws(() => copy.take(run(21, 30, 7)), /entry 21 with checksum 7 before it can't follow/);
  assert.throws(() => copy.take(run(21, 51)), /has entry 51, and is to end at 50/);
  assert.throws(() => copy.assertWhole(), /ends at position 20 .* not at 50/);
  assert.deepEqual(copy.held, held(20));
  copy.take(run(21, 50));
  copy.assertWhole();
});

test('a copy ends with the checksum that was announced', () => {
  const copy = new JournalCopy({ base: BASE, after: BASE, through: place(50, 501) });
  copy.take(run(1, 50));
  assert.throws(() => copy.assertWhole(), /ends at position 50 with checksum 500, and not at 50 with 501/);
});

test('a standby keeps what it holds only when the copy goes on right there', () => {
  const header = (after: number, through = 50): CopyHeader => ({
    base: BASE,
    after: place(after, 10 * after),
    through: place(through, 10 * through),
  });
  assert.equal(new JournalCopy(header(30), held(30)).goesOn, true);
  assert.equal(new JournalCopy(header(0), held(30)).goesOn, false);
  assert.throws(() => new JournalCopy(header(30), held(20)), /after position 30, where nothing is held/);
  assert.throws(() => new JournalCopy(header(30)), /nothing is held/);
  assert.throws(() => new JournalCopy(header(30, 29), held(30)), /after position 30 and ends at 29/);
  const copy = new JournalCopy(header(30), held(30));
  copy.take(run(31, 50));
  copy.assertWhole();
});
