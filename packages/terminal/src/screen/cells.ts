/**
 * Turns rows of spans into cells of a terminal.
 *
 * The frame stays whole only if the terminal agrees with us about the width of each character, and terminals
 * differ (emoji, scripts that join, the newest Unicode). So after each character whose width may differ the
 * cursor is placed by column number: a disagreement then spoils that one character and never the frame.
 *
 * This is also the last check that nothing in a text can become a control sequence.
 */
import { cellClass } from '../text/cell-class.js';
import { cellWidth, graphemes } from '../text/graphemes.js';
import type { Link, Row } from '../view/row.js';
import { asciiOf, type Characters } from './ascii.js';
import { type Attribute, type Looks, PLAIN_TEXT } from './theme.js';

export interface Cell {
  readonly attribute: Attribute;
  /**
   * What is sent for the cell. It always moves the cursor by exactly one cell, so that unchanged cells may be
   * skipped.
   */
  readonly text: string;
  /** The terminal may use more than one cell for it, and so overwrite the next. */
  readonly spillsOver: boolean;
}

const BLANK: Cell = { attribute: PLAIN_TEXT, text: ' ', spillsOver: false };

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
/**
 * Code points that are no visible character: controls, formats (bidi overrides), unpaired surrogates, line
 * separators.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const REPLACEMENT = '\ufffd';
/**
 * Longest grapheme that is sent unchanged, in UTF-16 units: room for any flag or family, but not for a flood
 * of marks.
 */
const MAX_GRAPHEME_LENGTH = 24;

const toColumn = (x: number): string => `\x1b[${x + 1}G`;
const eraseTwo = '\x1b[2X';

/** How the terminal is painted. */
export interface Painting {
  readonly characters: Characters;
  /** Whether texts may be links (OSC 8). */
  readonly links: boolean;
}

/** @param width in cells; anything beyond is cut */
export function paintRow(
  row: Row,
  width: number,
  looks: Looks,
  { characters, links }: Painting = { characters: 'unicode', links: true },
): Cell[] {
  const cells: Cell[] = [];
  for (const span of row) {
    if (cells.length >= width) break;
    const attribute = looks.attributeOf(span);
    const from = cells.length;
    if (PRINTABLE_ASCII.test(span.text)) putAscii(cells, span.text, width, attribute);
    else if (characters === 'ascii')
      putAscii(cells, graphemes(span.text).map(asciiOf).join(''), width, attribute);
    else putText(cells, span.text, width, attribute);
    if (links && span.link !== undefined) linked(cells, from, span.link);
  }
  while (cells.length < width) cells.push(BLANK);
  return cells;
}

/** Each cell has its own link sequence, because only changed cells are sent. */
function linked(cells: Cell[], from: number, { url, id }: Link): void {
  if (!LINKABLE.test(url + id)) return;
  for (let at = from; at < cells.length; at += 1) {
    const cell = cells[at];
    if (cell !== undefined)
      cells[at] = { ...cell, text: `\x1b]8;id=${id};${url}\x1b\\${cell.text}\x1b]8;;\x1b\\` };
  }
}

/** Only URLs of these characters: no other character may end the sequence. */
const LINKABLE = /^[\x21-\x7e]+$/;

function putAscii(cells: Cell[], text: string, width: number, attribute: Attribute): void {
  const end = Math.min(text.length, width - cells.length);
  for (let i = 0; i < end; i += 1) cells.push({ attribute, text: text.charAt(i), spillsOver: false });
}

function putText(cells: Cell[], text: string, width: number, attribute: Attribute): void {
  for (const raw of graphemes(text)) {
    const x = cells.length;
    if (x >= width) return;
    const grapheme = harmless(raw);
    if (cellWidth(grapheme) === 1) {
      const sure = everyTerminalAgreesOn(grapheme);
      cells.push({ attribute, text: sure ? grapheme : grapheme + toColumn(x + 1), spillsOver: !sure });
    } else if (x + 2 > width) {
      cells.push({ attribute, text: ' ', spillsOver: false });
    } else {
      // If the terminal uses only one cell for it, nothing old may stay in the other.
      const blanked = isEastAsian(grapheme) ? '' : eraseTwo;
      cells.push({ attribute, text: blanked + grapheme + toColumn(x + 1), spillsOver: false });
      cells.push({ attribute, text: toColumn(x + 2), spillsOver: false });
    }
  }
}

function harmless(grapheme: string): string {
  const first = grapheme.codePointAt(0) ?? 0;
  if (cellClass(first) === 'mark') return REPLACEMENT; // alone it would join the cell before
  if (grapheme.length <= MAX_GRAPHEME_LENGTH && !INVISIBLE.test(grapheme)) return grapheme;
  const alone = String.fromCodePoint(first);
  return INVISIBLE.test(alone) ? REPLACEMENT : alone;
}

/** One code point of a script with one cell per letter on every terminal, or a piece of a frame. */
function everyTerminalAgreesOn(grapheme: string): boolean {
  if (grapheme.length !== 1) return false;
  const code = grapheme.charCodeAt(0);
  return (
    code < 0x0300 || // Latin
    (code >= 0x0370 && code < 0x0483) || // Greek, Cyrillic
    (code >= 0x2010 && code < 0x2028) || // dashes, quotes, bullets
    (code >= 0x2190 && code < 0x2200) || // arrows
    (code >= 0x2500 && code < 0x2600) // frames, blocks, shapes
  );
}

/** A character of a script that all terminals have always shown two cells wide. */
function isEastAsian(grapheme: string): boolean {
  const code = grapheme.charCodeAt(0);
  return grapheme.length === 1 && ((code >= 0x2e80 && code < 0xd7a4) || (code >= 0xff01 && code < 0xff61));
}
