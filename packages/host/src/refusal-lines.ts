/**
 * Keeps lines about refusals from filling a disk.
 *
 * A refusal that goes on is repeated: a server that the router refuses asks again twice a second, for as long
 * as it lasts. Such a line is printed once, and then once a minute with the number of repetitions. Another
 * text is another line: that of another server, or another reason, is printed at once. So is the same one
 * after a while without it, because then it does not go on, but begins again.
 *
 * Any program that reaches the port can cause any number of *different* lines. In each interval the first few
 * are printed, the others are counted. A line that was not printed is not remembered, so a server whose first
 * refusal falls into such a flood is named by a later one.
 */
import { type Instant, RecencyMap } from '@dualping/core';
import type { OperatorEvent, Report } from './operator-events.js';

/** Different lines about refusals in one interval; enough to see the caller and the reason. */
export const MAX_REFUSAL_LINES = 20;
export const REFUSAL_INTERVAL_MS = 10_000;
/**
 * How long after a line the same one is not printed again, ms: a look at the log still shows that it goes on,
 * and a day has 1,440 such lines instead of 170,000.
 */
export const REPEAT_INTERVAL_MS = 60_000;
/** After so long without a refusal the same one is new, ms: a refused server asks every half second. */
export const GOES_ON_MS = 10_000;
/**
 * Lines that are remembered: of those that go on, no more than 140 are (20 in 10 s, for one minute). The
 * others are strangers' lines that came once; the least recent is forgotten.
 */
const MAX_REMEMBERED_LINES = 200;

/** Events that are caused at any rate, by strangers or by a refusal that goes on. */
const OF_REFUSALS: ReadonlySet<string> = new Set(['refused', 'audit-refused']);

interface Printed {
  readonly at: Instant;
  /** When it was refused last, printed or not. */
  lastAt: Instant;
  /** How often it was not printed since. */
  repeats: number;
}

/** Passes everything on to `report`, but only a limited number of events `refused` and `audit-refused`. */
export function withFewRefusals(report: Report, now: () => Instant): Report {
  const printed = new RecencyMap<string, Printed>();
  let since: Instant = now();
  let lines = 0;
  return (event: OperatorEvent) => {
    if (!OF_REFUSALS.has(event.event)) return report(event);
    const at = now();
    const key = `${event.event}: ${event.text}`;
    const before = printed.touch(key);
    const goesOn = before !== undefined && at - before.lastAt < GOES_ON_MS;
    if (goesOn && at - before.at < REPEAT_INTERVAL_MS) {
      before.lastAt = at;
      before.repeats += 1;
      return;
    }
    if (at - since >= REFUSAL_INTERVAL_MS) {
      const unsaid = lines - MAX_REFUSAL_LINES;
      if (unsaid > 0) report({ ...event, text: `${unsaid} more were refused before this` });
      since = at;
      lines = 0;
    }
    lines += 1;
    if (lines > MAX_REFUSAL_LINES) return;
    printed.add(key, { at, lastAt: at, repeats: 0 });
    if (printed.size > MAX_REMEMBERED_LINES) printed.deleteFirst();
    const repeats = before?.repeats ?? 0;
    report(repeats === 0 ? event : { ...event, text: `${event.text} (and ${repeats} times before this)` });
  };
}
