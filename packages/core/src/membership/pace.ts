/**
 * How often a member pings, after how much silence a peer counts as dead (the router sets both), and the
 * clock that measures silence.
 */
import type { Instant } from '../ids.js';
import { ListeningClock } from '../listening-clock.js';
import { MIN_PINGS_BEFORE_DEAD, type Timing } from '../timing.js';

export type MemberTiming = Pick<Timing, 'pingIntervalMs' | 'deadAfterMs'>;

/**
 * How much of one step of time counts as listening, ms. Two pings, so that a late turn of the event loop
 * still counts; but never so much that one step after a pause makes a peer silent that was heard just before
 * it.
 */
const listeningStepMs = ({ pingIntervalMs, deadAfterMs }: MemberTiming): number =>
  Math.min(2 * pingIntervalMs, deadAfterMs - (MIN_PINGS_BEFORE_DEAD - 1) * pingIntervalMs);

export class Pace {
  readonly #clock: ListeningClock;
  #timing: MemberTiming;
  /** As the router has set it; the value in use is longer when pings are rare. */
  #toldDeadAfterMs: number;
  #now: Instant = 0;

  /** @param timing used until the router has sent its own */
  constructor(timing: MemberTiming) {
    this.#timing = timing;
    this.#toldDeadAfterMs = timing.deadAfterMs;
    this.#clock = new ListeningClock(listeningStepMs(timing));
  }

  get now(): Instant {
    return this.#now;
  }

  /** Time in which this process was running, ms; the silence of others is measured in it. */
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

  /** The router has set the ping interval, and in the welcome also after how much silence a peer is dead. */
  keepTime(pingIntervalMs: number, toldDeadAfterMs: number = this.#toldDeadAfterMs): void {
    this.#toldDeadAfterMs = toldDeadAfterMs;
    const deadAfterMs = Math.max(toldDeadAfterMs, MIN_PINGS_BEFORE_DEAD * pingIntervalMs);
    this.#timing = { pingIntervalMs, deadAfterMs };
    this.#clock.maxStepMs = listeningStepMs(this.#timing);
  }
}
