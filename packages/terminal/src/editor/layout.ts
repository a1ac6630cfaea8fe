/**
 * A text that is being written, in a column of cells.
 *
 * Rows break after blanks and beside wide characters. The last cell of each row is kept free of text: there
 * the cursor stands at the end of a full row, and there a blank may hang, so that a row does not begin with
 * the one it broke at.
 */
import { showable } from '../text/clean.js';
import { cellWidth, graphemeEnd, graphemeStart, graphemes, textWidth } from '../text/graphemes.js';
import { ELLIPSIS } from '../text/wrap.js';
import { type Editor, movedTo } from './editor-value.js';
import { lineEnd } from './places.js';

export interface Layout {
  /** Those that are to be seen, at most as many as asked for; none has more than `width` cells. */
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
  // The cursor in the middle, so that one sees what is before and after it; the ends of the text stay at the
  // ends.
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
 * The editor with its cursor where one points at in what `layout` shows; past the end of a row at its end.
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
  // The place after the last character of a row that goes on belongs to the next row.
  const goesOn = to === end && starts[at + 1] === end && to > start;
  return movedTo(editor, goesOn ? graphemeStart(editor.text, to) : to);
}

/** Asked for several times between two keys, and an editor never changes. */
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
  /** All but the cell for the cursor. */
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
  // A blank hangs in the last cell: the cursor after it stands where the next character will.
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

/** As it goes on the screen; a wide character in a column of one cell does not fit. */
function shown(row: string, width: number): string {
  const parts = graphemes(row).map(showable);
  return (width > 1 ? parts : parts.map((part) => (cellWidth(part) > width ? ELLIPSIS : part))).join('');
}
