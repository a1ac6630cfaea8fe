/**
 * Counts what limits refuse, and reports it in one line a minute: a caller can cause any number of refusals,
 * and one line for each would fill the log.
 */
import type { Instant } from './ids.js';
import { quote } from './text.js';

/** From one such line to the next, ms. The first comes at once. */
export const LIMIT_LINE_INTERVAL_MS = 60_000;

export class LimitTally {
  /** How often each limit has refused since the last line. */
  readonly #counts = new Map<string, number>();
  #last = '';
  #saidAt: Instant = Number.NEGATIVE_INFINITY;
  #total = 0;

  /** Refusals since the start. */
  get total(): number {
    return this.#total;
  }

  /**
   * @param limit its name, for people, one of few
   * @param who a user or an address
   */
  note(limit: string, who: string): void {
    this.#total += 1;
    this.#counts.set(limit, (this.#counts.get(limit) ?? 0) + 1);
    this.#last = who;
  }

  /** When a line will be due; undefined: there is nothing to report. */
  get dueAt(): Instant | undefined {
    return this.#counts.size === 0 ? undefined : this.#saidAt + LIMIT_LINE_INTERVAL_MS;
  }

  /** The line, if one is due. */
  takeLine(now: Instant): string | undefined {
    if (this.#counts.size === 0 || now - this.#saidAt < LIMIT_LINE_INTERVAL_MS) return undefined;
    const counts = [...this.#counts].map(([limit, count]) => `${limit}: ${count}`).join(', ');
    this.#counts.clear();
    this.#saidAt = now;
    return `refused by limits since the last such line: ${counts}; the last was ${quote(this.#last)}`;
  }
}
