/**
 * Decides whether to restart a process that has ended, and after how long.
 *
 * A start that can't work is not tried for ever. If a start fails as misuse, and no process ever ran well
 * with this command line, the command line is wrong. If one ran well before, its port or lock may be taken
 * for a moment.
 */
import { FIRST_RESTART_MS, MAX_MISUSES, MAX_RESTART_MS, WELL_AFTER_MS } from './supervision-timing.js';

/** After this many doublings the wait is far beyond its maximum, and the number is still exact. */
const MAX_DOUBLINGS = 16;

export class RestartPolicy {
  /** Deaths in a row: the wait before the next start grows with each. */
  #deaths = 0;
  #misuses = 0;
  /** Whether a process ever ran well with this command line. */
  #everWell = false;

  wasWell(): void {
    this.#everWell = true;
  }

  /**
   * `wellForMs`: how long it listened; undefined: it never did. @returns after how long to start again, ms
   */
  died(wellForMs: number | undefined): number {
    this.#misuses = 0;
    return this.#waitMs(wellForMs);
  }

  /**
   * The process says that it can't start with these settings. @returns after how long to start again, ms;
   * undefined: never
   */
  misused(wellForMs: number | undefined): number | undefined {
    this.#misuses += 1;
    const waitMs = this.#waitMs(wellForMs);
    return !this.#everWell || this.#misuses >= MAX_MISUSES ? undefined : waitMs;
  }

  #waitMs(wellForMs: number | undefined): number {
    this.#deaths = wellForMs !== undefined && wellForMs >= WELL_AFTER_MS ? 1 : this.#deaths + 1;
    return Math.min(MAX_RESTART_MS, FIRST_RESTART_MS * 2 ** Math.min(this.#deaths - 1, MAX_DOUBLINGS));
  }
}
