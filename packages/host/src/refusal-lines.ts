/**
 * Keeps lines about strangers from filling a disk. Any program that reaches the port can cause any number of
 * refusals, and each refusal is a line. In each interval the first few are printed, the others are counted.
 */
import type { Instant } from '@dualping/core';
import type { OperatorEvent, Report } from './operator-events.js';

/** Lines about refusals in one interval; enough to see the caller and the reason. */
export const MAX_REFUSAL_LINES = 20;
export const REFUSAL_INTERVAL_MS = 10_000;

/** Events that strangers can cause at any rate. */
const OF_STRANGERS: ReadonlySet<string> = new Set(['refused', 'audit-refused']);

/** Passes everything on to `report`, but only a limited number of events `refused` and `audit-refused`. */
export function withFewRefusals(report: Report, now: () => Instant): Report {
  let since: Instant = now();
  let lines = 0;
  return (event: OperatorEvent) => {
    if (!OF_STRANGERS.has(event.event)) return report(event);
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
