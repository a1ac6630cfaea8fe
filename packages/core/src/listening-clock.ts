/**
 * Measures the silence of others without counting this process's own pauses.
 *
 * A process that was stopped, starved or swapped out wakes with the others' messages still unread. By the
 * wall clock all others were silent; in truth this process was not listening. This clock advances by at most
 * `maxStepMs` between two looks at it, so silence counts only while the process was running.
 */
import type { Instant } from './ids.js';
import { invariant } from './invariants.js';

export class ListeningClock {
  #last: Instant | undefined;
  #heardMs = 0;

  /** `maxStepMs` may change with the interval at which others are expected to send. */
  constructor(public maxStepMs: number) {}

  /** Looks at the clock; returns the listening time so far, ms. */
  advance(now: Instant): number {
    if (this.#last !== undefined) {
      invariant(now >= this.#last, 'time-does-not-go-back', { now, last: this.#last });
      this.#heardMs += Math.min(now - this.#last, this.maxStepMs);
    }
    this.#last = now;
    return this.#heardMs;
  }

  /** Listening time at the last look, ms. */
  get heardMs(): number {
    return this.#heardMs;
  }
}
