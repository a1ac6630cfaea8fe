import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countUpTo, Largest } from './selection.js';

test('the largest numbers are chosen, in any order of input', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer()), fc.nat(10), (values, limit) => {
      const chosen = new Largest(limit);
      for (const value of values) chosen.offer(value);
      const sorted = [...values].sort((a, b) => a - b);
      assert.deepEqual(chosen.ascending(), sorted.slice(Math.max(0, sorted.length - limit)));
      assert.equal(chosen.rejected, values.length > limit);
    }),
  );
});

test('an ascending list is counted up to a bound', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.nat(20), (values, bound) => {
      const sorted = [...values].sort((a, b) => a - b);
      assert.equal(countUpTo(sorted, bound), sorted.filter((value) => value <= bound).length);
    }),
  );
});
