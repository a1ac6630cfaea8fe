/**
 * Distinguishes a router that has lost its own network from members that have failed.
 *
 * The intuition: when two or more streams stand and no member is heard on any of them for two pings, the
 * router is more likely to be cut off than all members are to have died at one moment. Such a router does not
 * count that time as any member's silence, so it drops no member for it. It also promotes none, since it
 * hears none of them. The first message of any member ends this state.
 *
 * Two pings without a message also happen on a busy machine. So the router says that it suspects itself only
 * after as much quiet as would have dropped a member; and only such quiet has consequences when it ends (see
 * `Listening`).
 */
import type { Instant } from '../ids.js';
import { ListeningClock } from '../listening-clock.js';

/** How many of its ping intervals a member may be silent and still count as heard now. */
export const HEARD_PINGS = 2;

export class Hearing {
  readonly #clock: ListeningClock;
  /** Listening time in which no member was heard, ms: it counts as no member's silence. */
  #quietMs = 0;
  /** When this began, in time of the clock, ms; undefined: a member is heard. */
  #since: number | undefined;

  constructor(maxStepMs: number) {
    this.#clock = new ListeningClock(maxStepMs);
  }

  /** Looks at the clock. */
  advance(now: Instant): void {
    const before = this.#clock.heardMs;
    const after = this.#clock.advance(now);
    if (this.#since !== undefined) this.#quietMs += after - before;
  }

  /**
   * Time in which the router was there to listen, and heard at least one member; ms. Silence is measured in
   * it.
   */
  get heardMs(): number {
    return this.#clock.heardMs - this.#quietMs;
  }

  get isQuiet(): boolean {
    return this.#since !== undefined;
  }

  /** From now on no member is heard. No effect if that is so already. */
  begin(): void {
    this.#since ??= this.#clock.heardMs;
  }

  /**
   * For how long no member is heard, in listening time and without the two pings before it; 0 while one is.
   */
  get lastedMs(): number {
    return this.#since === undefined ? 0 : this.#clock.heardMs - this.#since;
  }

  /** A member speaks. */
  end(): void {
    this.#since = undefined;
  }
}
