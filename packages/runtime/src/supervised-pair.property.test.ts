/** Killing or freezing either of a pair, at any moments in any order, ends with one of each. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { START_LIMIT_MS } from '@dualping/core';
import fc from 'fast-check';
import { KEEP_ALIVE_MS, SupervisedPair } from './supervised-pair.fixture.js';

/**
 * If both end at the same instant a third process has to help, which is not modelled: so between two faults
 * one of the pair has some time.
 */
const faults = fc.array(
  fc.record({
    afterMs: fc.oneof(
      fc.integer({ min: 0, max: 20 }).map((steps) => steps * 50),
      fc.constantFrom(2_500, 12_000),
    ),
    victim: fc.constantFrom('server' as const, 'supervisor' as const),
    how: fc.constantFrom('kill' as const, 'freeze' as const),
  }),
  { maxLength: 30 },
);

/**
 * Longest time to recover: one side notices that the other hangs and replaces it, and the new one notices the
 * next hang.
 */
const MENDED_MS = 60 * KEEP_ALIVE_MS;

test('in the end one server and one supervisor run, and they are connected', () => {
  fc.assert(
    fc.property(faults, (plan) => {
      const pair = new SupervisedPair();
      let frozenInItsStart = false;
      pair.pass(2 * KEEP_ALIVE_MS);
      for (const { afterMs, victim, how } of plan) {
        pair.pass(afterMs);
        const [server] = pair.liveServers;
        const [supervisor] = pair.liveSupervisors;
        const target = victim === 'server' ? server : supervisor;
        const other = victim === 'server' ? supervisor : server;
        // No process would be left that could restart the other.
        if (target === undefined || other === undefined || other.frozen || !other.ready) continue;
        if (how === 'kill') pair.kill(target);
        // A supervisor that is frozen before it has taken its place does no harm, and stays.
        else if (target.ready || victim === 'server') target.frozen = true;
        if (target.frozen && !target.ready) frozenInItsStart = true;
      }
      pair.pass(frozenInItsStart ? START_LIMIT_MS + MENDED_MS : MENDED_MS);
      const before = pair.servers.length + pair.supervisors.length;
      assert.equal(pair.liveServers.length, 1, 'servers');
      assert.equal(pair.liveSupervisors.length, 1, 'supervisors');
      assert.ok(pair.liveServers.every(({ ready, frozen }) => ready && !frozen));
      assert.ok(pair.liveSupervisors.every(({ ready, frozen }) => ready && !frozen));
      assert.equal(pair.startedTooEarly, 0, 'servers started beside one that was there');
      assert.equal(pair.replacedWell, 0, 'supervisors replaced that were well');
      assert.deepEqual(
        pair.crashes,
        [...new Set(pair.crashes)].sort((a, b) => a - b),
        'one report a life',
      );
      // And nothing more happens by itself.
      pair.pass(2 * MENDED_MS);
      assert.equal(pair.servers.length + pair.supervisors.length, before, 'it is quiet');
    }),
    { numRuns: 300 },
  );
});
