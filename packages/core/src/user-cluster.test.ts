import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clusterOf, fnv1a32 } from './user-cluster.js';

test('the hash is FNV-1a', () => {
  // Test vectors of the authors, draft-eastlake-fnv.
  assert.equal(fnv1a32(''), 0x811c9dc5);
  assert.equal(fnv1a32('a'), 0xe40c292c);
  assert.equal(fnv1a32('foobar'), 0xbf9cf968);
});

test('numeric users are assigned to the clusters in turn', () => {
  assert.deepEqual(
    ['1', '2', '3', '4', '007', '0', '99999999999999999999999999999999'].map((user) => clusterOf(user, 3)),
    [1, 2, 3, 1, 1, 3, 3],
  );
});

test('every user has one cluster, within range', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/),
      fc.integer({ min: 1, max: 10_000 }),
      (user, clusters) => {
        const cluster = clusterOf(user, clusters);
        assert.ok(Number.isInteger(cluster) && cluster >= 1 && cluster <= clusters);
        assert.equal(clusterOf(user, clusters), cluster);
      },
    ),
  );
});
