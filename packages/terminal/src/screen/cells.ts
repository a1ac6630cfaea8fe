/**
 * Rows of spans become cells of a terminal.
 *
 * The frame stands only if the terminal agrees with us about how wide each character is, and terminals differ
 * (emoji, scripts that join, whatever Unicode added last). So the cursor is put back in its place by number
 * after each character that a terminal may see otherwise: a disagreement then spoils that one character and
 * never the frame.
 *
 * Here is also the last gate: nothing in a text can become a control sequence, whatever came before.
 */
import { cellClass } from '../text/cell-class.js';
import { cellWidth, graphemes } from '../text/graphemes.js';
import type { Link, Row } from '../view/row.js';
import { asciiOf, type Characters } from './ascii.js';
import { type Attribute, type Looks, PLAIN_TEXT } from './theme.js';

export interface Cell {
  readonly attribute: Attribute;
  /**
   * What is sent for it. Whatever that is, it leaves the cursor one cell further: only then may cells be left
   * out between others.
   */
  readonly text: string;
  /** The terminal may take more than one cell for it, and so spoil the next. */
  readonly spillsOver: boolean;
}

const BLANK: Cell = { attribute: PLAIN_TEXT, text: ' ', spillsOver: false };

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
/**
 * What is no character by itself: controls, formats (bidi overrides), unpaired surrogates, separators of
 * lines.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const REPLACEMENT = '\ufffd';
/**
 * Longest grapheme that is sent as it came, in UTF-16 units: room for any flag or family, none for a flood of
 * marks.
 */
const MAX_GRAPHEME_LENGTH = 24;

const toColumn = (x: number): string => `\x1b[${x + 1}G`;
const eraseTwo = '\x1b[2X';

/** What the terminal takes. */
export interface Painting {
  readonly characters: Characters;
  /** Sequences that make a link of a text. */
  readonly links: boolean;
}

/** @param width cells; what lies beyond is cut */
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

/** Each cell by itself: only those that change are sent. */
function linked(cells: Cell[], from: number, { url, id }: Link): void {
  if (!LINKABLE.test(url + id)) return;
  for (let at = from; at < cells.length; at += 1) {
    const cell = cells[at];
    if (cell !== undefined)
      cells[at] = { ...cell, text: `\x1b]8;id=${id};${url}\x1b\\${cell.text}\x1b]8;;\x1b\\` };
  }
}

/** Nothing else can end the sequence. */
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
      // Where the terminal may take one cell for it, nothing old must stay in the other.
      const blanked = isEastAsian(grapheme) ? '' : eraseTwo;
      cells.push({ attribute, text: blanked + grapheme + toColumn(x + 1), spillsOver: false });
      cells.push({ attribute, text: toColumn(x + 2), spillsOver: false });
    }
  }
}

function harmless(grapheme: string): string {
  const first = grapheme.codePointAt(0) ?? 0;
  if (cellClass(first) === 'mark') return REPLACEMENT; // alone it would land on the cell before
  if (grapheme.length <= MAX_GRAPHEME_LENGTH && !INVISIBLE.test(grapheme)) return grapheme;
  const alone = String.fromCodePoint(first);
  return INVISIBLE.test(alone) ? REPLACEMENT : alone;
}

/** Of one code point, in a script that takes one cell a letter everywhere, or a piece of a frame. */
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

/** Of the scripts that have been two cells wide for as long as terminals have known them. */
function isEastAsian(grapheme: string): boolean {
  const code = grapheme.charCodeAt(0);
  return grapheme.length === 1 && ((code >= 0x2e80 && code < 0xd7a4) || (code >= 0xff01 && code < 0xff61));
}
