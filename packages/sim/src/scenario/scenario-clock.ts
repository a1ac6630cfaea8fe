/** Virtual time for a machine that is alone in its scenario: one timer, which time passes or not. */
import type { Instant } from '@dualping/core';
import type { Clock } from '@dualping/runtime';

export class ScenarioClock implements Clock {
  #now: Instant = 0;
  #timer: { readonly at: Instant; readonly fire: () => void } | undefined;

  now(): Instant {
    return this.#now;
  }

  setTimer(at: Instant, fire: () => void): () => void {
    const timer = { at, fire };
    this.#timer = timer;
    return () => {
      if (this.#timer === timer) this.#timer = undefined;
    };
  }

  /** When the timer is due. */
  get due(): Instant {
    return this.#timer?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Time passes, and nothing happens. */
  moveTo(at: Instant): void {
    this.#now = Math.max(this.#now, at);
  }

  /** What the timer was for happens, if it is due. */
  fireIfDue(): void {
    const timer = this.#timer;
    if (timer === undefined || timer.at > this.#now) return;
    this.#timer = undefined;
    timer.fire();
  }
}
