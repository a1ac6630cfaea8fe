/**
 * Splits a cleaned text as a terminal does: into base code points with their marks, in one cell or two.
 *
 * `Intl.Segmenter` splits text differently: it takes an Indic syllable of several spacing letters as one. A
 * terminal gives each of those letters a cell, so they are several graphemes here: cursor, row breaks and
 * widths work with cells.
 */
import { cellClass } from './cell-class.js';

const ASCII = /^[\n\x20-\x7e]*$/;

/** The graphemes of a cleaned text; a `\n` is one of its own. */
export function graphemes(text: string): readonly string[] {
  if (ASCII.test(text)) return text.split('');
  const found: string[] = [];
  for (let start = 0; start < text.length; ) {
    const end = graphemeEnd(text, start);
    found.push(text.slice(start, end));
    start = end;
  }
  return found;
}

/** Where the grapheme that starts at `start` ends, in code units. */
export function graphemeEnd(text: string, start: number): number {
  const base = text.codePointAt(start);
  if (base === undefined) return text.length;
  let end = start + unitsOf(base);
  if (base === NEW_LINE) return end;
  for (;;) {
    const next = text.codePointAt(end);
    if (next === undefined || next < FIRST_MARK || cellClass(next) !== 'mark') return end;
    end += unitsOf(next);
  }
}

/** Where the grapheme that ends at `end` starts, in code units. */
export function graphemeStart(text: string, end: number): number {
  let start = end;
  while (start > 0) {
    const last = text.charCodeAt(start - 1);
    start -=
      last >= 0xdc00 && last < 0xe000 && start > 1 && isHighSurrogate(text.charCodeAt(start - 2)) ? 2 : 1;
    const codePoint = text.codePointAt(start) ?? 0;
    if (codePoint < FIRST_MARK || cellClass(codePoint) !== 'mark') return start;
    if (start > 0 && text.charCodeAt(start - 1) === NEW_LINE) return start;
  }
  return start;
}

/** Cells of one grapheme of cleaned text. */
export const cellWidth = (grapheme: string): 1 | 2 =>
  cellClass(grapheme.codePointAt(0) ?? 0) === 'wide' ? 2 : 1;

/** Cells of one line of cleaned text. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    const kind = cellClass(character.codePointAt(0) ?? 0);
    if (kind === 'wide') width += 2;
    else if (kind !== 'mark') width += 1;
  }
  return width;
}

const NEW_LINE = 0x0a;
/** Below this code point there are no marks, so the table is not needed. */
const FIRST_MARK = 0x300;
const unitsOf = (codePoint: number): number => (codePoint > 0xffff ? 2 : 1);
const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
