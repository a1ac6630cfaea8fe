/**
 * The times that supervision runs on. Slower than failure detection by far: a restart mends, it does not move
 * anybody.
 */
import { DualpingError } from '../reasons.js';
import { MIN_PING_INTERVAL_MS, MIN_PINGS_BEFORE_DEAD } from '../timing.js';

/** How often a supervisor and its server hear each other, ms. */
export const DEFAULT_KEEP_ALIVE_MS = 3_000;
/** Longest interval that may be announced, ms. */
export const MAX_KEEP_ALIVE_MS = 3_600_000;
/** Silence that counts as a hang, in intervals: a single late answer is no reason to kill. */
export const INTERVALS_BEFORE_HUNG = MIN_PINGS_BEFORE_DEAD;

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

/** Wait before the first start in a row, ms: at once in human terms. */
export const FIRST_RESTART_MS = 100;
/** Longest wait before a start, ms: a server that keeps dying must not use up the machine. */
export const MAX_RESTART_MS = 5_000;
/** Who was there for so long, ms, was well: its next death begins a new row. */
export const WELL_AFTER_MS = 10_000;
/**
 * How often in a row what was well before may be called misused (its port is taken just now): some 30 s of
 * trying.
 */
export const MAX_MISUSES = 10;
/**
 * Longest that a start may take until it listens, ms: reading a journal of a hundred million entries takes
 * minutes.
 */
export const START_LIMIT_MS = 600_000;
/** How soon a link that broke is opened again, ms, when its process is still there. */
export const RELINK_MS = 100;
/** Longest that one that was told to end may take, ms; then it is killed. A primary hands over in tens. */
export const END_LIMIT_MS = 8_000;
/**
 * Waits between reports of one crash, ms, and how many there are: a router that restarts takes less than a
 * second.
 */
export const CRASH_REPORT_MS = 2_000;
export const MAX_CRASH_REPORTS = 10;
/**
 * How long a server that lost its supervisor's stream waits for it to come back, ms: it relinks in a fifth of
 * that.
 */
export const RELINK_GRACE_MS = 500;
/**
 * Least that a supervisor gets from its start until it attaches, ms: on a machine without an idle moment a
 * start took 5 s.
 */
export const ATTACH_LIMIT_MS = 10_000;
/** Longest wait between attempts of a server to get a supervisor, ms. */
export const MAX_SUPERVISOR_WAIT_MS = 60_000;
