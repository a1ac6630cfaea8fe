/** A clock that a test advances. */
import type { Instant } from '@dualping/core';
import type { Clock } from './clock.js';

export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly at: Instant; readonly fire: () => void }>();
  /** How many timers were ever set. */
  set = 0;

  now(): Instant {
    return this.#now;
  }

  setTimer(at: Instant, fire: () => void): () => void {
    const timer = { at, fire };
    this.#timers.add(timer);
    this.set += 1;
    return () => this.#timers.delete(timer);
  }

  /** When the set timers will fire. */
  get timers(): Instant[] {
    return [...this.#timers].map(({ at }) => at);
  }

  /** Time passes, and timers fire when they are due. */
  advanceTo(until: Instant): void {
    for (;;) {
      const [next] = [...this.#timers].sort((one, other) => one.at - other.at);
      if (next === undefined || next.at > until) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
    }
    this.#now = until;
  }

  /** The set timer fires before its time. */
  fireEarly(): void {
    const [timer] = this.#timers;
    if (timer === undefined) throw new Error('no timer is set');
    this.#timers.delete(timer);
    timer.fire();
  }
}
