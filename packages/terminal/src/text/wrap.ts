/**
 * Fits cleaned text into columns. No row is ever wider than allowed, whatever was posted.
 */
import { cellWidth, graphemes, textWidth } from './graphemes.js';

/** Shows that something was left out; one cell. */
export const ELLIPSIS = '…';

const ASCII_LINE = /^[\x20-\x7e]*$/;
/**
 * Ideographs and emoji may begin a row without a space before them, except these, which belong to the
 * character before.
 */
const NEVER_FIRST = /^[、。〉》」』】〕〗〙〛！），．：；？｝｠～ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々]/;

/**
 * The rows of a text in a column of `width` cells. A `\n` always begins a row. Otherwise rows break at
 * spaces, which are dropped, and beside wide characters; a word that is wider than a row is broken. A wide
 * character in a column of 1 becomes `…`.
 */
export function wrap(text: string, width: number): readonly string[] {
  const rows: string[] = [];
  const column = Math.max(1, Math.floor(width));
  for (const line of text.split('\n')) wrapLine(line, column, rows);
  return rows;
}

function wrapLine(line: string, width: number, rows: string[]): void {
  if (line.length <= width && ASCII_LINE.test(line)) {
    rows.push(line);
    return;
  }
  let row = '';
  let rowWidth = 0;
  /** Spaces between the row and the next word: they go into the row only together with that word. */
  let gap = '';
  let gapWidth = 0;
  let broken = false;
  const startRow = (): void => {
    rows.push(row);
    row = '';
    rowWidth = 0;
    gap = '';
    gapWidth = 0;
    broken = true;
  };
  for (const piece of piecesOf(line, width)) {
    if (piece.blank) {
      // Blanks at the begin of a line are its indent; blanks after a break are dropped.
      if (row === '' && broken) continue;
      gap += piece.text;
      gapWidth += piece.width;
      continue;
    }
    if (rowWidth + gapWidth + piece.width > width) {
      if (row !== '') startRow();
      else if (gapWidth + piece.width > width) {
        gap = '';
        gapWidth = 0;
      }
    }
    row += gap + piece.text;
    rowWidth += gapWidth + piece.width;
    gap = '';
    gapWidth = 0;
  }
  if (row !== '' || !broken) rows.push(row === '' ? fitBlanks(gap, width) : row);
}

/** A line of only blanks stays one row. */
const fitBlanks = (blanks: string, width: number): string => (textWidth(blanks) <= width ? blanks : '');

interface Piece {
  readonly text: string;
  readonly width: number;
  readonly blank: boolean;
}

/** The pieces that must stay together on a row; none is wider than a row. */
function* piecesOf(line: string, width: number): Generator<Piece> {
  let text = '';
  let textCells = 0;
  let lastWide = false;
  for (const grapheme of graphemes(line)) {
    const blank = isBlank(grapheme);
    const cells = cellWidth(grapheme);
    const wide = cells === 2;
    const parted = blank || ((wide || lastWide) && !NEVER_FIRST.test(grapheme));
    if (text !== '' && (parted || textCells + cells > width)) {
      yield { text, width: textCells, blank: false };
      text = '';
      textCells = 0;
    }
    lastWide = wide && !blank;
    if (blank) {
      yield { text: grapheme, width: cells, blank: true };
    } else if (cells > width) {
      yield { text: ELLIPSIS, width: 1, blank: false };
    } else {
      text += grapheme;
      textCells += cells;
    }
  }
  if (text !== '') yield { text, width: textCells, blank: false };
}

/** Cleaned text has no other blanks. A blank with a mark counts as a character. */
const isBlank = (grapheme: string): boolean => grapheme === ' ' || grapheme === '\u3000';

/** One line of at most `width` cells; a longer text ends in `…`. Line breaks become blanks. */
export function cut(text: string, width: number): string {
  const line = text.includes('\n') ? text.replaceAll('\n', ' ') : text;
  if (line.length <= width && ASCII_LINE.test(line)) return line;
  if (textWidth(line) <= width) return line;
  if (width < 1) return '';
  let kept = '';
  let cells = 0;
  for (const grapheme of graphemes(line)) {
    const next = cellWidth(grapheme);
    if (cells + next > width - 1) break;
    kept += grapheme;
    cells += next;
  }
  return kept + ELLIPSIS;
}

/** One line of exactly `width` cells: cut with `…`, or filled with blanks. */
export function fit(text: string, width: number): string {
  const line = cut(text, width);
  return line + ' '.repeat(Math.max(0, Math.floor(width) - textWidth(line)));
}
