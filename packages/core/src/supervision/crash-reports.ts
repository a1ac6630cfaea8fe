/**
 * The crash that must still be reported to the router, and when.
 *
 * There is one report for each incarnation. It is repeated, within bounds, until the router has confirmed it
 * or the next life has started, which attaches to the router itself.
 */
import type { Incarnation, Instant } from '../ids.js';
import { CRASH_REPORT_MS, MAX_CRASH_REPORTS } from './supervision-timing.js';

export interface CrashReport {
  readonly incarnation: Incarnation;
  readonly detail: string;
}

interface Crash extends CrashReport {
  reports: number;
  /** Undefined while a report waits for its answer. */
  reportAt: Instant | undefined;
}

export class CrashReports {
  #crash: Crash | undefined;
  /** The highest incarnation that was ever added here. */
  #last: Incarnation = 0;

  /** A life has ended. Ignored when it is reported already, or has no incarnation. */
  add(now: Instant, incarnation: Incarnation | undefined, detail: string): void {
    if (incarnation === undefined || incarnation <= this.#last) return;
    this.#last = incarnation;
    this.#crash = { incarnation, detail, reports: 0, reportAt: now };
  }

  /** The router knows about the crash, or need not know any more. */
  settle(): void {
    this.#crash = undefined;
  }

  /** The report failed. */
  failed(now: Instant): void {
    if (this.#crash === undefined) return;
    if (this.#crash.reports >= MAX_CRASH_REPORTS) this.#crash = undefined;
    else this.#crash.reportAt = now + CRASH_REPORT_MS;
  }

  /** What to report now; undefined when nothing is due. */
  takeDue(now: Instant): CrashReport | undefined {
    const crash = this.#crash;
    if (crash?.reportAt === undefined || now < crash.reportAt) return undefined;
    crash.reports += 1;
    crash.reportAt = undefined;
    return crash;
  }

  get nextDeadline(): Instant | undefined {
    return this.#crash?.reportAt;
  }
}
