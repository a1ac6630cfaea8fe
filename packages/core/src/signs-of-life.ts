/**
 * The times by which each end of a timeline knows that the other is alive.
 *
 * A path on which packets are lost never refuses: without signs of life both ends would wait for keepalive,
 * 15 s, or for a reply, 10 s. So each end sends something at least every `intervalMs`, and gives up the other
 * after a silence of `deadAfterMs`. The server names both times.
 */
import type { Timing } from './timing.js';

export interface SignsOfLife {
  /** Longest time between two messages of one end, ms. */
  readonly intervalMs: number;
  /** Silence after which the other end is given up, ms, in listening time. */
  readonly deadAfterMs: number;
}

/**
 * Readers get signs less often than a router: there are thousands of readers, and the router reports a dead
 * server anyway.
 */
const PINGS_A_SIGN = 5;
/**
 * Signs that a server receives from its readers in a second, and sends to them: above this readers get longer
 * intervals. Measured at 17 µs of CPU for one each way (1,000 readers cost a server 35 ms a
 * second), so this is 7 % of a core.
 */
const MAX_SIGNS_A_SECOND = 4_000;
/**
 * One sign may be missing and the next half an interval late. With the defaults silence is noticed after
 * 1.25 s.
 */
const SIGNS_BEFORE_DEAD = 2.5;

/** @param readers how many there are */
export function signsOfLife(
  { pingIntervalMs, deadAfterMs }: Pick<Timing, 'pingIntervalMs' | 'deadAfterMs'>,
  readers: number,
): SignsOfLife {
  const room = Math.ceil((readers * 1_000) / MAX_SIGNS_A_SECOND);
  const intervalMs = Math.max(PINGS_A_SIGN * pingIntervalMs, room);
  return { intervalMs, deadAfterMs: Math.max(deadAfterMs, Math.ceil(SIGNS_BEFORE_DEAD * intervalMs)) };
}
