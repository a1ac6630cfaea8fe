/** An overlay over the timeline: a frame, and rows that scroll in it. */

import type { Area } from '../state/geometry.js';
import { geometryNow } from '../state/screen-geometry.js';
import type { Overlay, State } from '../state/state.js';
import { unreachable } from '../unreachable.js';
import { answeredRows } from './answered.js';
import { everybodyRows } from './everybody.js';
import { allSessionFacts } from './facts.js';
import { helpRows } from './help.js';
import { keyOf } from './keys.js';
import { factRow } from './pane.js';
import type { Row } from './row.js';
import { cutRow, fitRow, loud, rowWidth, say } from './spans.js';

/** Cells of the frame and of the blank beside it, at each side. */
const SIDE_WIDTH = 2;
const FRAME_HEIGHT = 2;

/** The area of an overlay: over the timeline, and over the pane if there is one. */
export function overlayArea(state: State): Area {
  const { timeline } = geometryNow(state);
  return { ...timeline, width: state.size.width - timeline.x };
}

/** The furthest that the overlay can be scrolled; 0 when everything fits, or there is no overlay. */
export function mostOverlayScroll(state: State): number {
  if (state.overlay === undefined) return 0;
  const { width, height } = overlayArea(state);
  return mostScroll(contentRows(state.overlay, state, width), height);
}

const mostScroll = (content: readonly Row[], height: number): number =>
  Math.max(0, content.length - Math.max(0, height - FRAME_HEIGHT));

/** As many rows as the area is high, each as wide as the area. */
export function overlayRows(overlay: Overlay, state: State, { width, height }: Area): readonly Row[] {
  const content = contentRows(overlay, state, width);
  const room = Math.max(0, height - FRAME_HEIGHT);
  const first = Math.max(0, Math.min(overlay.scroll, mostScroll(content, height)));
  const inside = Array.from({ length: room }, (_, y) => insideRow(content[first + y] ?? [], width));
  const last = Math.min(content.length, first + room);
  const part = content.length > room ? ` ${first + 1}–${last} of ${content.length} ` : '';
  return [
    edgeRow('┌', titleOf(overlay), ` ${keyOf('leave')} closes `, '┐', width),
    ...inside,
    edgeRow('└', '', part, '┘', width),
  ]
    .slice(0, height)
    .map((row) => fitRow(row, width));
}

function contentRows(overlay: Overlay, state: State, width: number): readonly Row[] {
  const room = Math.max(1, width - 2 * SIDE_WIDTH);
  switch (overlay.kind) {
    case 'help':
      return helpRows(room);
    case 'info':
      return allSessionFacts(state).map(factRow);
    case 'people':
      return everybodyRows(state, overlay.part ?? '');
    case 'answered':
      return answeredRows(overlay, state, room);
    default:
      return unreachable(overlay);
  }
}

function titleOf({ kind }: Overlay): string {
  switch (kind) {
    case 'help':
      return ' Help ';
    case 'info':
      return ' Session ';
    case 'people':
      return ' People ';
    case 'answered':
      return ' Answered post ';
    default:
      return unreachable(kind);
  }
}

const insideRow = (row: Row, width: number): Row => [
  say('frame', '│ '),
  ...fitRow(row, Math.max(0, width - 2 * SIDE_WIDTH)),
  say('frame', ' │'),
];

function edgeRow(begin: string, title: string, hint: string, end: string, width: number): Row {
  const left = [say('frame', `${begin}─`), loud('title', title)];
  const right = [say('dim', hint), say('frame', `─${end}`)];
  const line = width - rowWidth(left) - rowWidth(right);
  return cutRow([...left, say('frame', '─'.repeat(Math.max(0, line))), ...right], width);
}
