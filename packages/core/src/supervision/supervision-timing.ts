/**
 * The times of supervision. They are much longer than those of failure detection: clients don't wait for a
 * restart.
 */
import { DualpingError } from '../reasons.js';
import { MIN_PING_INTERVAL_MS, MIN_PINGS_BEFORE_DEAD } from '../timing.js';

/** How often a supervisor and its server hear each other, ms. */
export const DEFAULT_KEEP_ALIVE_MS = 3_000;
/** Longest interval that may be announced, ms. */
export const MAX_KEEP_ALIVE_MS = 3_600_000;
/** Silence that counts as a hang, in intervals: one late answer is no reason to kill. */
const INTERVALS_BEFORE_HUNG = MIN_PINGS_BEFORE_DEAD;

export interface SupervisionTiming {
  readonly keepAliveMs: number;
}

/** Throws `invalid-argument` with the value. */
export function parseSupervisionTiming({ keepAliveMs }: SupervisionTiming): SupervisionTiming {
  if (!Number.isFinite(keepAliveMs) || keepAliveMs < MIN_PING_INTERVAL_MS || keepAliveMs > MAX_KEEP_ALIVE_MS)
    throw new DualpingError(
      'invalid-argument',
      `keepAliveMs is "${keepAliveMs}": give ${MIN_PING_INTERVAL_MS} to ${MAX_KEEP_ALIVE_MS} ms`,
    );
  return Object.freeze({ keepAliveMs });
}

/** Silence, in listening time, after which the other side counts as hung. */
export const hungAfterMs = ({ keepAliveMs }: SupervisionTiming): number =>
  INTERVALS_BEFORE_HUNG * keepAliveMs;

/** Wait before the first restart in a row, ms: too short to notice. */
export const FIRST_RESTART_MS = 100;
/** Longest wait before a start, ms: a server that keeps dying must not use up the machine. */
export const MAX_RESTART_MS = 5_000;
/**
 * A process that listened for this long ran well, ms: after its next death the waits begin again at the
 * shortest.
 */
export const WELL_AFTER_MS = 10_000;
/**
 * How many starts in a row may fail as misuse after a process ran well (its port may be taken for a moment):
 * some 30 s.
 */
export const MAX_MISUSES = 10;
/**
 * Longest that a start may take until it listens, ms: reading a journal of a hundred million entries takes
 * minutes.
 */
export const START_LIMIT_MS = 600_000;
/** Wait before a broken link is opened again while its process is there, ms. */
export const RELINK_MS = 100;
/**
 * Longest time that a process may take to end in order, ms; then it is killed. A primary hands over in tens
 * of ms.
 */
export const END_LIMIT_MS = 8_000;
/**
 * Wait between reports of one crash, ms, and their number: a router that restarts takes less than a second.
 */
export const CRASH_REPORT_MS = 2_000;
export const MAX_CRASH_REPORTS = 10;
/**
 * How long a server that lost its supervisor's stream waits for another one, ms: a supervisor reconnects in a
 * fifth of that.
 */
export const RELINK_GRACE_MS = 500;
/**
 * Least time that a supervisor has from its start until it attaches, ms: on a fully loaded machine a start
 * took 5 s.
 */
export const ATTACH_LIMIT_MS = 10_000;
/** Longest wait between attempts of a server to get a supervisor, ms. */
export const MAX_SUPERVISOR_WAIT_MS = 60_000;
