/**
 * The times of failure detection. Defaults and lower bounds come from measurement on loaded machines.
 */
import { DualpingError } from './reasons.js';

export interface Timing {
  /** A member sends something at least this often, ms. */
  readonly pingIntervalMs: number;
  /** A member (or standby, or primary) that was silent for this long is dropped, ms. */
  readonly deadAfterMs: number;
  /** After a router's start, how long the recorded primary may take to attach again, ms. */
  readonly reattachGraceMs: number;
}

export const DEFAULT_TIMING: Timing = Object.freeze({
  pingIntervalMs: 100,
  deadAfterMs: 500,
  reattachGraceMs: 2_000,
});

/** Fewest pings that must fit into `deadAfterMs`: with two, one late ping would drop a healthy member. */
export const MIN_PINGS_BEFORE_DEAD = 3;
/**
 * A server gives up a silent router this many times later than a router gives up a silent server: ending the
 * stream causes a failover, and a router that is only slow must not cause one.
 */
export const ROUTER_SILENCE_FACTOR = 3;
/** With shorter intervals a busy but healthy process is late (measured: healthy members dropped at 10 ms). */
export const MIN_PING_INTERVAL_MS = 20;

/** Completes and cross-checks the times; a wrong value is refused and quoted. */
export function parseTiming(given: Partial<Timing>): Timing {
  const timing = { ...DEFAULT_TIMING, ...given };
  for (const [name, value] of Object.entries(timing)) {
    if (!Number.isFinite(value) || value <= 0)
      throw new DualpingError(
        'invalid-argument',
        `${name} is "${value}": give a number of milliseconds above 0`,
      );
  }
  if (timing.pingIntervalMs < MIN_PING_INTERVAL_MS)
    throw new DualpingError(
      'invalid-argument',
      `pingIntervalMs is "${timing.pingIntervalMs}": below ${MIN_PING_INTERVAL_MS} ms healthy members get dropped`,
    );
  if (timing.deadAfterMs < MIN_PINGS_BEFORE_DEAD * timing.pingIntervalMs)
    throw new DualpingError(
      'invalid-argument',
      `deadAfterMs is "${timing.deadAfterMs}": must be at least ${MIN_PINGS_BEFORE_DEAD} pings of ${timing.pingIntervalMs} ms`,
    );
  return Object.freeze(timing);
}
