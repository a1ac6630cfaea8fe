/**
 * The clocks of one machine: a monotonic one that may run fast or slow and jump ahead, and a wall clock that
 * may also be set back. No process in the world knows the true time.
 */
import type { Instant, WallTimeMs } from '@dualping/core';

/** Where wall clocks begin: any date will do. */
const FIRST_WALL_TIME_MS = 1_750_000_000_000;

export class LocalClock {
  /** Ratio of local time to true time. */
  #rate = 1;
  #trueAt = 0;
  #localAt = 0;
  #wallOffsetMs = 0;

  /** A process starts, and its monotonic clock at 0 with it. */
  restart(now: number): void {
    this.#trueAt = now;
    this.#localAt = 0;
  }

  monotonic(now: number): Instant {
    return this.#localAt + (now - this.#trueAt) * this.#rate;
  }

  wall(now: number): WallTimeMs {
    return Math.floor(FIRST_WALL_TIME_MS + now + this.#wallOffsetMs);
  }

  /** True time until the monotonic clock shows `instant`. */
  waitMs(now: number, instant: Instant): number {
    return Math.max(0, (instant - this.monotonic(now)) / this.#rate);
  }

  setRate(now: number, rate: number): void {
    this.jump(now, 0);
    this.#rate = rate;
  }

  /** The monotonic clock jumps ahead; the wall clock may be set to any time. */
  jump(now: number, aheadMs: number, wallMs = 0): void {
    this.#localAt = this.monotonic(now) + aheadMs;
    this.#trueAt = now;
    this.#wallOffsetMs += wallMs;
  }
}
