/** The present geometry: the composer grows with the text. */
import { type Editor, emptyEditor, layout } from '../editor/editor.js';
import { type Area, type Geometry, geometryOf, mostComposerRows } from './geometry.js';
import type { State } from './state.js';

/** Cells of the composer's prompt, ` › `. */
export const COMPOSER_INDENT = 3;
/** Cells of ` :` and of ` /`. */
export const PROMPT_INDENT = 2;
/** Cells at the right of the composer for the counter, ` 1000/1000 `. */
const COMPOSER_COUNTER = 11;

export const draftOf = ({ drafts, timeline }: State): Editor => drafts.get(timeline) ?? emptyEditor;

export const composerWidth = (width: number): number =>
  Math.max(1, width - COMPOSER_INDENT - COMPOSER_COUNTER);
export const promptWidth = (width: number): number => Math.max(1, width - PROMPT_INDENT - 1);

export function geometryNow(state: State): Geometry {
  const { size, prompt, bare } = state;
  if (prompt !== undefined) return geometryOf(size, 1, bare);
  const { totalRows } = layout(draftOf(state), composerWidth(size.width), mostComposerRows(size.height));
  return geometryOf(size, totalRows, bare);
}

/** Whether there is a line over the posts: about their author, or about new followers. */
export const hasTopLine = ({ timeline, newFollowers }: State): boolean =>
  timeline.startsWith('@') || (timeline === 'mentions' && newFollowers.shown.length > 0);

/** The area of the posts, below that line. */
export function postsArea(state: State): Area {
  const { timeline } = geometryNow(state);
  if (!hasTopLine(state)) return timeline;
  return { ...timeline, y: timeline.y + 1, height: Math.max(1, timeline.height - 1) };
}
