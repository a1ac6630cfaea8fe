import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Entry, epoch, MAX_EPOCH_STARTS, position } from '../index.js';
import { JournalOutline } from './journal-outline.js';
import { entryOf } from './replica-inputs.fixture.js';

/** A journal as the epochs of its entries. */
type Epochs = readonly number[];

const empty = (): JournalOutline => new JournalOutline(position(1), position(0), []);

function outlineOf(epochs: Epochs): JournalOutline {
  const outline = empty();
  for (const [at, each] of epochs.entries()) outline.append(entryOf(at + 1, each));
  return outline;
}

/**
 * Runs of entries, each in an epoch above the one before; the two sides take different epochs.
 */
const runs = (side: 0 | 1): fc.Arbitrary<(after: number) => number[]> =>
  fc
    .array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 4 })), { maxLength: 6 })
    .map((steps) => (after: number) => {
      let current = after;
      return steps.flatMap(([skip, length]) => {
        current += 1 + skip * 2;
        if (current % 2 !== side) current += 1;
        return new Array<number>(length).fill(current);
      });
    });

const forked: fc.Arbitrary<readonly [Epochs, Epochs]> = fc
  .tuple(runs(0), runs(0), runs(1))
  .map(([shared, ours, theirs]) => {
    const prefix = shared(0);
    const last = prefix.at(-1) ?? 0;
    return [
      [...prefix, ...ours(last)],
      [...prefix, ...theirs(last)],
    ];
  });

const commonOf = (ours: Epochs, theirs: Epochs): number => {
  const parting = ours.findIndex((each, at) => theirs[at] !== each);
  return parting < 0 ? ours.length : parting;
};

test('the point where two journals diverge is found by their epoch starts', () => {
  fc.assert(
    fc.property(forked, fc.nat(20), ([ours, theirs], cut) => {
      // One side may also be a prefix of the other, as after a crash.
      const their = theirs.slice(0, Math.max(0, theirs.length - cut));
      const outline = outlineOf(their);
      assert.equal(outlineOf(ours).commonWith(outline.last, outline.epochStarts), commonOf(ours, their));
    }),
  );
});

test('a journal that began with a snapshot knows no difference before the epochs in the snapshot', () => {
  const late = new JournalOutline(position(31), position(40), [
    { epoch: epoch(7), position: position(21) },
    { epoch: epoch(8), position: position(31) },
  ]);
  assert.equal(late.commonWith(position(12), [{ epoch: epoch(3), position: position(5) }]), 0);
  assert.equal(late.undisputedWith(position(12), epoch(3)), 12);
  assert.equal(late.undisputedWith(position(25), epoch(3)), 20, 'from 21 on there is another epoch');
  assert.equal(late.undisputedWith(position(25), epoch(7)), 0, 'what it knows commonWith has said');
  assert.equal(empty().undisputedWith(position(25), epoch(7)), 0);
});

test('a cut also removes the epochs that began after it', () => {
  fc.assert(
    fc.property(forked, fc.nat(30), ([ours], keep) => {
      const after = Math.min(keep, ours.length);
      const outline = outlineOf(ours);
      outline.durableThrough(position(ours.length));
      outline.truncateAfter(position(after));
      const fresh = outlineOf(ours.slice(0, after));
      assert.deepEqual(outline.epochStarts, fresh.epochStarts);
      assert.deepEqual([outline.last, outline.durable, outline.lastEpoch], [after, after, fresh.lastEpoch]);
    }),
  );
});

test('a journal that begins after a snapshot can be sent from its beginning, not from before', () => {
  const outline = new JournalOutline(position(11), position(12), [
    { epoch: epoch(1), position: position(1) },
  ]);
  assert.deepEqual(
    [9, 10, 11].map((at) => outline.canContinueAfter(position(at))),
    [false, true, true],
  );
});

test('a snapshot and a join carry only the latest epochs, as many as the wire allows', () => {
  const count = MAX_EPOCH_STARTS + 5;
  const outline = outlineOf(Array.from({ length: count }, (_, at) => at + 1));
  assert.equal(outline.epochStarts.length, MAX_EPOCH_STARTS);
  const through = outline.epochStartsThrough(position(count - 2));
  assert.equal(through.length, MAX_EPOCH_STARTS);
  assert.equal(through.at(-1)?.epoch, count - 2);
});

test('an entry out of order is a bug of ours, and stops the process', () => {
  const outline = outlineOf([2, 2]);
  const append = (entry: Entry) => () => outline.append(entry);
  assert.throws(append(entryOf(4, 2)), { invariant: 'journal-is-contiguous' });
  assert.throws(append(entryOf(3, 1)), { invariant: 'epochs-rise-along-journal' });
});
