import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Allowances } from './allowance.js';

const MANY = 1_000;

test('a burst may be taken at once, then as much as the rate allows', () => {
  const posts = new Allowances<string>({ burst: 3, perSecond: 10 }, MANY);
  for (let i = 0; i < 3; i += 1) {
    assert.equal(posts.waitMs('ann', 0), 0);
    posts.take('ann', 0);
  }
  assert.equal(posts.waitMs('ann', 0), 100);
  assert.equal(posts.waitMs('ann', 40), 60);
  assert.equal(posts.waitMs('ann', 100), 0);
  assert.equal(posts.waitMs('bob', 0), 0, 'another has a bucket of its own');
  posts.take('ann', 100);
  assert.equal(posts.waitMs('ann', 100), 100);
});

test('an amount larger than the bucket is taken from a full one, and later callers wait for it', () => {
  const bytes = new Allowances<string>({ burst: 1_000, perSecond: 100 }, MANY);
  assert.equal(bytes.waitMs('ann', 0, 5_000), 0);
  bytes.take('ann', 0, 5_000);
  assert.equal(bytes.waitMs('ann', 0, 1), 40_010);
});

test('full buckets are forgotten, and the number of buckets stays within its limit', () => {
  const posts = new Allowances<number>({ burst: 1, perSecond: 1 }, 100);
  for (let user = 0; user < 1_000; user += 1) posts.take(user, 0);
  assert.equal(posts.size, 100);
  assert.equal(posts.waitMs(999, 0), 1_000);
  assert.equal(posts.waitMs(0, 0), 0, 'forgotten: a full bucket');
  posts.take(0, 5_000);
  assert.equal(posts.size, 1);
});

test('in any period at most a burst plus the rate is taken, whatever the requests', () => {
  const asks = fc.array(fc.tuple(fc.nat({ max: 2_000 }), fc.integer({ min: 1, max: 4 })), { maxLength: 80 });
  const allowance = fc.record({
    burst: fc.integer({ min: 4, max: 20 }),
    perSecond: fc.integer({ min: 1, max: 50 }),
  });
  fc.assert(
    fc.property(asks, allowance, (given, { burst, perSecond }) => {
      const allowances = new Allowances<string>({ burst, perSecond }, MANY);
      const taken: { at: number; amount: number }[] = [];
      let now = 0;
      for (const [pause, amount] of given) {
        now += pause;
        const waitMs = allowances.waitMs('ann', now, amount);
        assert.equal(allowances.waitMs('ann', now + waitMs, amount), 0, 'after the wait it may be taken');
        if (waitMs > 0) continue;
        allowances.take('ann', now, amount);
        taken.push({ at: now, amount });
      }
      for (const [first, { at: from }] of taken.entries()) {
        let sum = 0;
        for (const { at, amount } of taken.slice(first)) {
          sum += amount;
          const most = burst + ((at - from) * perSecond) / 1_000;
          assert.ok(sum <= most + 1e-6, `${sum} in ${at - from} ms, at most ${most}`);
        }
      }
    }),
  );
});
