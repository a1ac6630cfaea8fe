/**
 * The heartbeat trace: one sign for each time the router told its figures, as high as the member had been
 * silent then.
 *
 * A healthy member has been silent for anything up to a ping, so its trace trembles at the bottom; one that
 * grows is one that misses its turns; a point is one that is not live.
 */
import type { Role, Row, Span } from '../view/row.js';
import { blank } from '../view/spans.js';
import type { Beat } from './state.js';

export const BARS = '▁▂▃▄▅▆▇█';

/** Silence up to which each of the bars but the last stands, ms: about half as much again each time. */
const STEPS_MS = [25, 50, 100, 150, 200, 300, 450];
/** From here on it has missed several of its usual turns. */
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
