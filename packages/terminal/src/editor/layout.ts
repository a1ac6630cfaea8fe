/**
 * A text that is being written, in a column of cells.
 *
 * Rows break after blanks and beside wide characters. The last cell of each row has no text: it is for the
 * cursor at the end of a full row, and for the blank at which the row broke.
 */
import { showable } from '../text/clean.js';
import { cellWidth, graphemeEnd, graphemeStart, graphemes, textWidth } from '../text/graphemes.js';
import { ELLIPSIS } from '../text/wrap.js';
import { type Editor, movedTo } from './editor-value.js';
import { lineEnd } from './places.js';

export interface Layout {
  /** The visible rows, at most as many as asked for; none is wider than `width` cells. */
  readonly rows: readonly string[];
  /** In `rows`, from 0. */
  readonly cursorRow: number;
  /** In cells from 0, below `width`. */
  readonly cursorColumn: number;
  /** Of the whole text. */
  readonly totalRows: number;
}

/** Shows the part of the text around the cursor. */
export function layout(editor: Editor, width: number, mostRows: number): Layout {
  const column = Math.max(1, Math.floor(width));
  const height = Math.max(1, Math.floor(mostRows));
  const starts = startsFor(editor, column);
  const at = lastAtOrBefore(starts, editor.cursor);
  // The cursor is in the middle, so that text before and after it is visible; at its ends the text fills the
  // area.
  const top = Math.max(0, Math.min(at - Math.floor(height / 2), starts.length - height));
  const rows = starts.slice(top, top + height).map((start, index) => {
    const end = Math.min(lineEnd(editor.text, start), starts[top + index + 1] ?? editor.text.length);
    return shown(editor.text.slice(start, end), column);
  });
  const before = shown(editor.text.slice(starts[at] ?? 0, editor.cursor), column);
  return {
    rows,
    cursorRow: at - top,
    cursorColumn: Math.min(textWidth(before), column - 1),
    totalRows: starts.length,
  };
}

/**
 * The editor with its cursor at a place in what `layout` shows; a place past the end of a row counts as its
 * end.
 * @param row and column as `layout` gives them for the cursor
 */
export function pointedAt(
  editor: Editor,
  width: number,
  mostRows: number,
  { row, column }: { readonly row: number; readonly column: number },
): Editor {
  const starts = startsFor(editor, Math.max(1, Math.floor(width)));
  const { cursorRow, rows } = layout(editor, width, mostRows);
  const top = lastAtOrBefore(starts, editor.cursor) - cursorRow;
  const at = top + Math.max(0, Math.min(row, rows.length - 1));
  const start = starts[at] ?? 0;
  const end = Math.min(lineEnd(editor.text, start), starts[at + 1] ?? editor.text.length);
  let to = start;
  for (let cells = 0; to < end; ) {
    const next = graphemeEnd(editor.text, to);
    cells += cellWidth(showable(editor.text.slice(to, next)));
    if (cells > column) break;
    to = next;
  }
  // If the text continues in the next row, the place after the last character of this one belongs to the next
  // row.
  const goesOn = to === end && starts[at + 1] === end && to > start;
  return movedTo(editor, goesOn ? graphemeStart(editor.text, to) : to);
}

/** The rows are needed several times between two keys, and an editor never changes. */
const known = new WeakMap<Editor, { readonly width: number; readonly starts: readonly number[] }>();

function startsFor(editor: Editor, width: number): readonly number[] {
  const found = known.get(editor);
  if (found?.width === width) return found.starts;
  const starts = rowStarts(editor.text, width);
  known.set(editor, { width, starts });
  return starts;
}

/** Where the rows of a text start, in code units. */
function rowStarts(text: string, width: number): readonly number[] {
  const starts: number[] = [];
  for (let start = 0; start <= text.length; ) {
    const end = lineEnd(text, start);
    startsOfLine(text, start, end, width, starts);
    start = end + 1;
  }
  return starts;
}

function startsOfLine(text: string, start: number, end: number, width: number, starts: number[]): void {
  /** All cells except the one for the cursor. */
  const room = Math.max(1, width - 1);
  let rowStart = start;
  let rowCells = 0;
  /** The last place where the row could break, and the cells since. */
  let breakAt = start;
  let cellsSinceBreak = 0;
  starts.push(start);
  const startRow = (at: number, cellsInIt: number): void => {
    starts.push(at);
    rowStart = at;
    rowCells = cellsInIt;
  };
  for (let at = start; at < end; ) {
    const next = graphemeEnd(text, at);
    const grapheme = text.slice(at, next);
    const own = cellWidth(showable(grapheme));
    const blank = grapheme === ' ' || grapheme === '\u3000';
    if (own === 2) {
      breakAt = at;
      cellsSinceBreak = 0;
    }
    if (at > rowStart && rowCells + own > (blank ? width : room)) {
      if (breakAt > rowStart) startRow(breakAt, cellsSinceBreak);
      else startRow(at, 0);
    }
    rowCells += own;
    cellsSinceBreak += own;
    at = next;
    if (blank || own === 2) {
      breakAt = at;
      cellsSinceBreak = 0;
    }
  }
  // A blank is in the last cell, so the cursor after it is in the next row.
  if (rowCells > room && width > 1) starts.push(end);
}

/** Index of the last of ascending numbers that is not above `value`; the first is 0. */
function lastAtOrBefore(numbers: readonly number[], value: number): number {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((numbers[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The row as it is drawn; a wide character does not fit into a column of one cell. */
function shown(row: string, width: number): string {
  const parts = graphemes(row).map(showable);
  return (width > 1 ? parts : parts.map((part) => (cellWidth(part) > width ? ELLIPSIS : part))).join('');
}
