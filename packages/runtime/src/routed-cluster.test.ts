/** Memberships together with the real registry. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RoutedCluster } from './routed-cluster.fixture.js';

test('killed, frozen, leaving and handing over: the next member in the order of registration is primary', () => {
  const cluster = new RoutedCluster(3);
  cluster.pass(100);
  cluster.kill(1);
  cluster.pass(5);
  assert.deepEqual(cluster.primaries, ['s2']);
  cluster.freeze(2);
  cluster.pass(700);
  assert.deepEqual(cluster.primaries, ['s3']);
  cluster.thaw(2);
  cluster.pass(100);
  cluster.leave(3);
  cluster.pass(5);
  assert.deepEqual(cluster.primaries, ['s2']);
  cluster.start(1);
  cluster.pass(100);
  cluster.handOver();
  cluster.pass(10);
  assert.deepEqual(cluster.primaries, ['s1']);
  assert.deepEqual(cluster.reigns, [
    's1 in epoch 1',
    's2 in epoch 2',
    's3 in epoch 3',
    's2 in epoch 4',
    's1 in epoch 5',
  ]);
  assert.deepEqual(cluster.conflicts, []);
});

test('a restarted router keeps the primary', () => {
  const cluster = new RoutedCluster(2);
  cluster.pass(100);
  cluster.killRouter();
  cluster.pass(50);
  assert.deepEqual(cluster.primaries, []);
  cluster.startRouter();
  cluster.pass(3_000);
  assert.deepEqual(cluster.reigns, ['s1 in epoch 1']);
  assert.deepEqual(cluster.primaries, ['s1']);
});

test('a primary that runs again after a freeze and a restart of the router does not act on old answers', () => {
  const cluster = new RoutedCluster(2);
  cluster.pass(100);
  cluster.freeze(1);
  cluster.killRouter();
  cluster.startRouter();
  cluster.pass(3_000);
  assert.deepEqual(cluster.primaries, ['s2']);
  cluster.thaw(1);
  cluster.pass(1_000);
  assert.deepEqual([cluster.primaries, cluster.conflicts], [['s2'], []]);
});

/**
 * Members neither give up the router nor are dropped, even with a disk that is always slow (the second time).
 */
for (const syncMs of [1_900, 3_000])
  test(`a router whose disk takes ${syncMs} ms for a write loses no member, and the primary stays primary`, () => {
    const cluster = new RoutedCluster(3);
    cluster.pass(100);
    cluster.syncMs = syncMs;
    cluster.kill(3);
    cluster.pass(2 * syncMs);
    cluster.start(3);
    for (let ms = 0; ms < 5 * syncMs; ms += 100) {
      cluster.pass(100);
      assert.deepEqual(cluster.primaries, ['s1']);
    }
    cluster.kill(1);
    cluster.pass(syncMs + 100); // one write
    assert.deepEqual([cluster.primaries, cluster.reigns], [['s2'], ['s1 in epoch 1', 's2 in epoch 2']]);
  });

const MEMBERS = 3;
/** With the long one, answers are in the buffers of members that freeze. */
const LATENCIES_MS = [1, 40] as const;
/** How long the router's disk takes: with the long time, a decision is sent long after it was made. */
const SYNCS_MS = [0, 1_900] as const;
const FAULTS = ['kill', 'freeze', 'thaw', 'start', 'leave', 'killRouter', 'startRouter', 'handOver'] as const;

test('whatever dies, freezes and comes back, two members are never primary at once, and in the end one is', () => {
  const step = fc.record({
    fault: fc.constantFrom(...FAULTS),
    member: fc.integer({ min: 1, max: MEMBERS }),
    thenMs: fc.oneof(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 3_000 })),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 25, size: 'max' }),
      fc.constantFrom(...LATENCIES_MS),
      fc.constantFrom(...SYNCS_MS),
      (steps, latencyMs, syncMs) => {
        const cluster = new RoutedCluster(MEMBERS, latencyMs, syncMs);
        for (const { fault, member, thenMs } of steps) {
          cluster[fault](member);
          cluster.pass(thenMs);
        }
        cluster.startRouter();
        for (let id = 1; id <= MEMBERS; id += 1) {
          cluster.thaw(id);
          cluster.start(id);
        }
        cluster.pass(10_000 + 5 * syncMs);
        assert.deepEqual(cluster.conflicts, []);
        assert.equal(cluster.primaries.length, 1);
      },
    ),
    { numRuns: 200 },
  );
});
