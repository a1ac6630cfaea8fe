/** Builds rows from spans, and makes them fit: nothing that is drawn may be wider than its place. */

import { cleanText } from '../text/clean.js';
import { textWidth } from '../text/graphemes.js';
import { cut } from '../text/wrap.js';
import type { Role, Row, Span } from './row.js';

export const say = (role: Role, text: string): Span => ({ text, role });
export const loud = (role: Role, text: string): Span => ({ text, role, bold: true });
export const blank = (width: number): Span => ({ text: ' '.repeat(Math.max(0, width)), role: 'text' });

/** A text from others as one line that is safe to show. */
export function lineOf(foreign: string): string {
  const clean = cleanText(foreign);
  return clean.includes('\n') ? clean.replaceAll('\n', ' ') : clean;
}

export const rowWidth = (row: Row): number => row.reduce((sum, { text }) => sum + textWidth(text), 0);

/** At most `width` cells of a row; the span at the limit is cut. */
export function cutRow(row: Row, width: number): Row {
  const kept: Span[] = [];
  let room = width;
  for (const span of row) {
    if (room <= 0) break;
    const wanted = textWidth(span.text);
    if (wanted <= room) {
      kept.push(span);
      room -= wanted;
      continue;
    }
    kept.push({ ...span, text: cut(span.text, room) });
    break;
  }
  return kept;
}

/** A row of exactly `width` cells. */
export function fitRow(row: Row, width: number): Row {
  const missing = width - rowWidth(row);
  if (missing === 0) return row;
  if (missing > 0) return [...row, blank(missing)];
  const shorter = cutRow(row, width);
  const left = width - rowWidth(shorter);
  return left > 0 ? [...shorter, blank(left)] : shorter;
}

/**
 * `left` at the left edge and `right` at the right one; if both do not fit, `left` is cut.
 */
export function sides(left: Row, right: Row, width: number): Row {
  const end = cutRow(right, width);
  const rightWidth = rowWidth(end);
  if (rightWidth === 0) return cutRow(left, width);
  return [
    ...fitRow(left, Math.max(0, width - rightWidth - 1)),
    blank(Math.min(1, width - rightWidth)),
    ...end,
  ];
}

/** The first variant that fits; the last one if none fits. */
export function firstThatFits(variants: readonly Row[], width: number): Row {
  return variants.find((row) => rowWidth(row) <= width) ?? cutRow(variants.at(-1) ?? [], width);
}

/** The row with every span selected. */
export const asSelected = (row: Row): Row => row.map((span) => ({ ...span, selected: true }));
