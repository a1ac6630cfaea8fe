/**
 * Measures the silence of others without counting this process's own pauses.
 *
 * A process that was stopped, starved or swapped out wakes with the others' messages still unread. By the
 * wall clock all others were silent; in fact this process was not listening. This clock advances by at most
 * `maxStepMs` between two readings, so silence counts only while the process was running.
 */
import type { Instant } from './ids.js';
import { invariant } from './invariants.js';

export class ListeningClock {
  #last: Instant | undefined;
  #heardMs = 0;

  /** `maxStepMs` may change with the interval at which others are expected to send. */
  constructor(public maxStepMs: number) {}

  /**
   * Reads the clock; returns the listening time so far, ms. `until`: the instant for which the listener's
   * timer was set. Time after that does not count.
   */
  advance(now: Instant, until: Instant = now): number {
    if (this.#last !== undefined) {
      invariant(now >= this.#last, 'time-does-not-go-back', { now, last: this.#last });
      const listenedMs = Math.max(0, Math.min(now, until) - this.#last);
      this.#heardMs += Math.min(listenedMs, this.maxStepMs);
    }
    this.#last = now;
    return this.#heardMs;
  }

  /** Listening time at the last reading, ms. */
  get heardMs(): number {
    return this.#heardMs;
  }
}
