import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BackOff } from './back-off.js';

const BOUNDS = { firstMs: 100, maxMs: 5_000 };

function after(failures: number): BackOff {
  let backOff = BackOff.start(BOUNDS);
  for (let i = 0; i < failures; i++) backOff = backOff.next();
  return backOff;
}

test('delays double up to the bound', () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 8].map((failures) => after(failures).delayMs(1));
  assert.deepEqual(delays, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
});

test('at least half of a delay is waited, never more than the bound, however often it failed', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failures, chance) => {
        const delayMs = after(failures).delayMs(chance);
        const full = after(failures).delayMs(1);
        assert.ok(delayMs >= full / 2 && delayMs <= full && full <= BOUNDS.maxMs);
      },
    ),
    { numRuns: 200 },
  );
});

test('a success resets it, and values are immutable', () => {
  const failed = after(3);
  assert.deepEqual([failed.reset().attempt, failed.attempt], [0, 3]);
});
