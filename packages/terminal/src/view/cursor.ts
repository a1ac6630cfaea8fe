/**
 * The place of the terminal's cursor while nothing is typed: on the item that the keys act on. Screen readers
 * read the line of the cursor, and magnifiers follow it.
 */
import type { Geometry } from '../state/geometry.js';
import type { Window } from '../state/reading.js';
import { placeOf } from '../state/reading.js';
import { postsArea } from '../state/screen-geometry.js';
import { sidebarRowOf } from '../state/sidebar-lines.js';
import type { State } from '../state/state.js';
import { overlayArea } from './overlay.js';
import type { Frame } from './row.js';

/** Cells left of a row's text, in every part of the screen. */
const INDENT = 1;

export function selectionCursor(state: State, { sidebar }: Geometry, shown: Window): Frame['cursor'] {
  if (state.overlay !== undefined) {
    const { x, y } = overlayArea(state);
    return { x: x + 1 + INDENT, y: y + 1 };
  }
  if (state.focus === 'sidebar' && sidebar !== undefined)
    return { x: sidebar.x + INDENT, y: sidebar.y + sidebarRowOf(state, sidebar.height) };
  return inTimeline(state, shown);
}

/** On the selected post; without a selection on the newest one. */
function inTimeline(state: State, { blocks, blankRows, olderRow }: Window): Frame['cursor'] {
  const { x, y } = postsArea(state);
  const { selected } = placeOf(state);
  const wanted = blocks.find(({ item }) => item.key === selected) ?? blocks.at(-1);
  let row = y + blankRows + (olderRow ? 1 : 0);
  for (const block of blocks) {
    // The divider above a post is not part of the post.
    if (block === wanted) return { x: x + INDENT, y: row + (block.divider && block.rows > 1 ? 1 : 0) };
    row += block.rows;
  }
  return { x: x + INDENT, y };
}
