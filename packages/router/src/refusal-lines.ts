/**
 * Keeps lines about strangers from filling a disk: anyone who can reach the port can be refused as often as
 * he likes, and each refusal is a line. Within an interval the first few are printed, the others counted.
 */
import type { Instant } from '@dualping/core';
import type { OperatorEvent, Report } from '@dualping/host';

/** Lines about refusals in one interval; enough to see who and why. */
export const MAX_REFUSAL_LINES = 20;
export const REFUSAL_INTERVAL_MS = 10_000;

/** Passes everything on to `report`, but of events `refused` only so many. */
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
