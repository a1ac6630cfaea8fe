/**
 * How long a new leader waits before it replaces a primary that has not attached.
 *
 * Members with a journal need no such wait for safety: nothing can be committed without them. A member
 * without one stays primary because of pongs. The former leader may have answered its pings for
 * `UNCONFIRMED_MS` after its last confirmation, and each pong is valid for `deadAfterMs`. Only after both
 * times may another member become primary.
 */
import type { ClusterRecord } from '../assignment.js';
import { MAX_PINGS_PER_SECOND } from '../registry/registry-limits.js';
import { MIN_PINGS_BEFORE_DEAD, type Timing } from '../timing.js';
import { UNCONFIRMED_MS } from './leadership-timing.js';

/** The same times, with the grace that a takeover over these records needs. */
export function timingOfTakeover(timing: Timing, records: readonly ClusterRecord[]): Timing {
  if (!records.some(({ mode }) => mode === 'routed')) return timing;
  // With many members pings are rarer, and each pong is valid for longer.
  const members = records.reduce((count, record) => count + record.members.length, 0);
  const rarestMs = Math.max(timing.pingIntervalMs, Math.ceil((members * 1_000) / MAX_PINGS_PER_SECOND));
  const claimMs = Math.max(timing.deadAfterMs, MIN_PINGS_BEFORE_DEAD * rarestMs);
  return { ...timing, reattachGraceMs: Math.max(timing.reattachGraceMs, UNCONFIRMED_MS + claimMs) };
}
