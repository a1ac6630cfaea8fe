/** Where things are now: what is written makes the composer grow. */
import { type Editor, emptyEditor, layout } from '../editor/editor.js';
import { type Area, type Geometry, geometryOf, mostComposerRows } from './geometry.js';
import type { State } from './state.js';

/** Cells of the composer's prompt, ` › `. */
export const COMPOSER_INDENT = 3;
/** Cells kept free at its right for the counter, ` 1000/1000 `. */
export const COMPOSER_COUNTER = 11;

export const draftOf = ({ drafts, timeline }: State): Editor => drafts.get(timeline) ?? emptyEditor;

export const composerWidth = (width: number): number => width - COMPOSER_INDENT - COMPOSER_COUNTER;

export function geometryNow(state: State): Geometry {
  const { size, prompt } = state;
  if (prompt !== undefined) return geometryOf(size, 1);
  const { totalRows } = layout(draftOf(state), composerWidth(size.width), mostComposerRows(size.height));
  return geometryOf(size, totalRows);
}

/** Where posts are: under the line about the person, in a person's timeline. */
export function postsArea(state: State): Area {
  const { timeline } = geometryNow(state);
  if (!state.timeline.startsWith('@')) return timeline;
  return { ...timeline, y: timeline.y + 1, height: Math.max(1, timeline.height - 1) };
}
