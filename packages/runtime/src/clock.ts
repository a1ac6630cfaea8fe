import type { Instant } from '@dualping/core';

/**
 * The clock and timers of a loop. Production gives `PROCESS_CLOCK`, the simulator gives the clock of a
 * simulated machine.
 */
export interface Clock {
  /** Never goes back. */
  now(): Instant;
  /**
   * Calls `fire` once, at about `at`, and never before `setTimer` has returned. Returns a function that
   * cancels the timer.
   *
   * `fire` must read the time itself: a clock may run fast or slow, and a wait may be too long for one timer.
   */
  setTimer(at: Instant, fire: () => void): () => void;
}
