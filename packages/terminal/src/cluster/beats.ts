/**
 * The heartbeat trace: one bar for each update of the router's stats, as high as the member had been silent
 * at that time.
 *
 * A healthy member has been silent for at most a ping interval, so its bars stay low. Bars that grow show
 * missed pings. A point means that the member is not live.
 */
import type { Role, Row, Span } from '../view/row.js';
import { blank } from '../view/spans.js';
import type { Beat } from './state.js';

export const BARS = '▁▂▃▄▅▆▇█';

/** Most silence for each bar except the last, ms: each step is about half as much again. */
const STEPS_MS = [25, 50, 100, 150, 200, 300, 450];
/** After this silence it has missed several pings, ms. */
const LATE_FROM_MS = 200;

export function beatSpans(beats: readonly Beat[], width: number): Row {
  const shown = beats.slice(-Math.max(0, width));
  const spans: Span[] = shown.length < width ? [blank(width - shown.length)] : [];
  for (const beat of shown) {
    const { text, role } = signOf(beat);
    const last = spans.at(-1);
    if (last?.role === role) spans[spans.length - 1] = { text: last.text + text, role };
    else spans.push({ text, role });
  }
  return spans;
}

function signOf(beat: Beat): { readonly text: string; readonly role: Role } {
  switch (beat.kind) {
    case 'silent':
      return { text: '·', role: 'dim' };
    case 'vouched':
      return { text: '─', role: 'dim' };
    default: {
      const step = STEPS_MS.findIndex((ms) => beat.ageMs <= ms);
      const text = BARS.at(step < 0 ? -1 : step) ?? '';
      return { text, role: beat.ageMs > LATE_FROM_MS ? 'warning' : 'good' };
    }
  }
}
