/**
 * How often a member pings and how long a silence means the end, as the router tells; and the clock that
 * silence is measured by.
 */
import type { Instant } from '../ids.js';
import { ListeningClock } from '../listening-clock.js';
import { MIN_PINGS_BEFORE_DEAD, type Timing } from '../timing.js';

export type MemberTiming = Pick<Timing, 'pingIntervalMs' | 'deadAfterMs'>;

/**
 * How much of one step of time counts as listening. Two pings, so that a turn which comes late is not lost;
 * but never so much that one step alone would make somebody silent who was heard a moment before we were
 * away.
 */
const listeningStepMs = ({ pingIntervalMs, deadAfterMs }: MemberTiming): number =>
  Math.min(2 * pingIntervalMs, deadAfterMs - (MIN_PINGS_BEFORE_DEAD - 1) * pingIntervalMs);

export class Pace {
  readonly #clock: ListeningClock;
  #timing: MemberTiming;
  /** What the router told; what counts is longer when pings are rare. */
  #toldDeadAfterMs: number;
  #now: Instant = 0;

  /** @param timing until the router has told its own */
  constructor(timing: MemberTiming) {
    this.#timing = timing;
    this.#toldDeadAfterMs = timing.deadAfterMs;
    this.#clock = new ListeningClock(listeningStepMs(timing));
  }

  get now(): Instant {
    return this.#now;
  }

  /** Time that we were there to listen, ms: what the silence of others is measured in. */
  get heardMs(): number {
    return this.#clock.heardMs;
  }

  get timing(): MemberTiming {
    return this.#timing;
  }

  advanceTo(now: Instant): void {
    this.#now = now;
    this.#clock.advance(now);
  }

  /** The router has told how often to ping; and at the beginning also how long a silence means the end. */
  keepTime(pingIntervalMs: number, toldDeadAfterMs: number = this.#toldDeadAfterMs): void {
    this.#toldDeadAfterMs = toldDeadAfterMs;
    const deadAfterMs = Math.max(toldDeadAfterMs, MIN_PINGS_BEFORE_DEAD * pingIntervalMs);
    this.#timing = { pingIntervalMs, deadAfterMs };
    this.#clock.maxStepMs = listeningStepMs(this.#timing);
  }
}
