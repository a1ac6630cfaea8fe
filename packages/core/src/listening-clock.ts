/**
 * Measures silence without blaming others for one's own absence.
 *
 * A process that was stopped, starved or swapped out wakes with everybody's messages still unread. By
 * the wall everyone was silent; in truth nobody was listening. This clock advances by at most
 * `maxStepMs` between two looks at it, so a silence counts only as far as we were there to hear it.
 */
import type { Instant } from './ids.js';
import { invariant } from './invariants.js';

export class ListeningClock {
  #last: Instant | undefined;
  #heardMs = 0;

  /** `maxStepMs` may change with the pace at which others are expected to speak. */
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
