/**
 * Decides whether a process that has ended is started again, and after how long.
 *
 * What can't work is not tried for ever: a command line that is refused as misused, with which no process was
 * ever well, is wrong. One that was well before may find its port or its lock taken for a moment.
 */
import { FIRST_RESTART_MS, MAX_MISUSES, MAX_RESTART_MS, WELL_AFTER_MS } from './supervision-timing.js';

/** Doublings after which the wait has reached its maximum by far, and the number stays exact. */
const MAX_DOUBLINGS = 16;

export class RestartPolicy {
  /** Deaths in a row: the next start waits for longer with each. */
  #deaths = 0;
  #misuses = 0;
  /** Whether a process was ever well with this command line. */
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
   * It says that it can't be started like this. @returns after how long to start again, ms; undefined: never
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
