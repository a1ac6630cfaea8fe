/**
 * Keeps lines about strangers from filling a disk. Any program that reaches the port can cause refusals as
 * often as it likes, and each refusal is a line. In each interval the first few are printed, the others
 * counted.
 */
import type { Instant } from '@dualping/core';
import type { OperatorEvent, Report } from '@dualping/host';

/** Lines about refusals in one interval; enough to see who and why. */
export const MAX_REFUSAL_LINES = 20;
export const REFUSAL_INTERVAL_MS = 10_000;

/** Passes everything on to `report`, but only so many events `refused`. */
export function withFewRefusals(report: Report, now: () => Instant): Report {
  let since: Instant = now();
  let lines = 0;
  return (event: OperatorEvent) => {
    if (event.event !== 'refused') return report(event);
    const at = now();
    if (at - since >= REFUSAL_INTERVAL_MS) {
      const unsaid = lines - MAX_REFUSAL_LINES;
      if (unsaid > 0) report({ ...event, text: `${unsaid} more were refused before this` });
      since = at;
      lines = 0;
    }
    lines += 1;
    if (lines <= MAX_REFUSAL_LINES) report(event);
  };
}
