/**
 * How long a new leader waits before it promotes anybody in place of a primary that has not come.
 *
 * Members with a journal need no such wait for safety: nothing can be committed without them. A member
 * without one rests its claim to be primary on pongs. The leader before may have answered its pings for
 * `UNCONFIRMED_MS` after it was sure for the last time that it led, and each pong stands for `deadAfterMs`.
 * Only when all of that is over may another member be named.
 */
import type { ClusterRecord } from '../assignment.js';
import { MAX_PINGS_PER_SECOND } from '../registry/registry-limits.js';
import { MIN_PINGS_BEFORE_DEAD, type Timing } from '../timing.js';
import { UNCONFIRMED_MS } from './leadership-timing.js';

/** The same times, with the grace that a takeover over these records needs. */
export function timingOfTakeover(timing: Timing, records: readonly ClusterRecord[]): Timing {
  if (!records.some(({ mode }) => mode === 'routed')) return timing;
  // With many members pings are rarer, and each pong stands for longer.
  const members = records.reduce((count, record) => count + record.members.length, 0);
  const rarestMs = Math.max(timing.pingIntervalMs, Math.ceil((members * 1_000) / MAX_PINGS_PER_SECOND));
  const claimMs = Math.max(timing.deadAfterMs, MIN_PINGS_BEFORE_DEAD * rarestMs);
  return { ...timing, reattachGraceMs: Math.max(timing.reattachGraceMs, UNCONFIRMED_MS + claimMs) };
}
