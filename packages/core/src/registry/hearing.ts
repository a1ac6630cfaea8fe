/**
 * Distinguishes a router that has lost its own network from members that have failed.
 *
 * The intuition: when two or more streams are open and no member is heard on any of them for two pings, it is
 * more likely that the router is cut off than that all members died at the same moment. The router does not
 * count that time as any member's silence, so it drops no member for it. It also promotes none, because it
 * hears none of them. The first message from any member ends this state.
 *
 * Two pings without a message also happen on a busy machine. So the router reports that it may be cut off
 * only after as much quiet as would have dropped a member. Only quiet that lasted so long has consequences
 * when it ends (see `Listening`).
 */
import type { Instant } from '../ids.js';
import { ListeningClock } from '../listening-clock.js';

/** How many of its ping intervals a member may be silent and still count as heard now. */
export const HEARD_PINGS = 2;

export class Hearing {
  readonly #clock: ListeningClock;
  /** Listening time in which no member was heard, ms: it counts as no member's silence. */
  #quietMs = 0;
  /** When this began, by the clock, ms; undefined: a member is heard. */
  #since: number | undefined;
  /** When this last ended, in `heardMs`. */
  #heardAgainMs = 0;

  constructor(maxStepMs: number) {
    this.#clock = new ListeningClock(maxStepMs);
  }

  /** Reads the clock. Time after `until` does not count. */
  advance(now: Instant, until: Instant): void {
    const before = this.#clock.heardMs;
    const after = this.#clock.advance(now, until);
    if (this.#since !== undefined) this.#quietMs += after - before;
  }

  /**
   * Time in which the router was running and heard at least one member, ms. Silence is measured in it.
   */
  get heardMs(): number {
    return this.#clock.heardMs - this.#quietMs;
  }

  get isQuiet(): boolean {
    return this.#since !== undefined;
  }

  /** From now on no member is heard. No effect if that was true before. */
  begin(): void {
    this.#since ??= this.#clock.heardMs;
  }

  /**
   * For how long no member has been heard, in listening time, without the two pings before it; 0 while one is
   * heard.
   */
  get lastedMs(): number {
    return this.#since === undefined ? 0 : this.#clock.heardMs - this.#since;
  }

  /** When a member was heard again after no member was, last, in `heardMs`. */
  get heardAgainMs(): number {
    return this.#heardAgainMs;
  }

  /** A message came from a member. */
  end(): void {
    if (this.#since !== undefined) this.#heardAgainMs = this.heardMs;
    this.#since = undefined;
  }
}
