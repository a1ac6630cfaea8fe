/** Where the cursor can go from a place in a text; places are in code units, between graphemes. */
import { showable } from '../text/clean.js';
import { cellWidth, graphemeEnd, graphemeStart } from '../text/graphemes.js';

/** The way from one place of a text to another. */
export type Way = (text: string, from: number) => number;

export const characterBefore: Way = (text, from) => graphemeStart(text, from);
export const characterAfter: Way = (text, from) => graphemeEnd(text, from);
export const textStart: Way = () => 0;
export const textEnd: Way = (text) => text.length;

// `lastIndexOf` treats a negative place as 0, and would find a line break at 0.
export const lineStart: Way = (text, from) => (from === 0 ? 0 : text.lastIndexOf('\n', from - 1) + 1);

export const lineEnd: Way = (text, from) => {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
};

const WORD = /[\p{L}\p{N}\p{M}_]/u;
const BLANK = /\s/;

/** Moves over characters that are not `wanted`, then over characters that are. */
function skip(text: string, from: number, step: Way, wanted: RegExp): number {
  let at = from;
  let within = false;
  for (;;) {
    const next = step(text, at);
    if (next === at) return at;
    const isWanted = wanted.test(next < at ? text.slice(next, at) : text.slice(at, next));
    if (within && !isWanted) return at;
    within = isWanted;
    at = next;
  }
}

/** The start of the word that the cursor is in or after. */
export const wordStart: Way = (text, from) => skip(text, from, characterBefore, WORD);
/** The end of the word that the cursor is in or before. */
export const wordEnd: Way = (text, from) => skip(text, from, characterAfter, WORD);
/** The start of a text without blanks: a name with its `@`, a whole address. */
export const bigWordStart: Way = (text, from) => skip(text, from, characterBefore, /\S/);

/** The start of the text between the last blank and the cursor. */
export const tokenStart: Way = (text, from) => {
  let at = from;
  while (at > 0 && !BLANK.test(text.charAt(at - 1))) at -= 1;
  return at;
};

/** The cell of a line in which the place is. */
export function columnOf(text: string, at: number): number {
  let column = 0;
  for (let place = lineStart(text, at); place < at; ) {
    const next = graphemeEnd(text, place);
    column += cellWidth(showable(text.slice(place, next)));
    place = next;
  }
  return column;
}

/** The place at a cell of the line that starts at `start`, or its end if the line is shorter. */
export function placeAtColumn(text: string, start: number, column: number): number {
  const end = lineEnd(text, start);
  let cells = 0;
  let place = start;
  while (place < end) {
    const next = graphemeEnd(text, place);
    cells += cellWidth(showable(text.slice(place, next)));
    if (cells > column) return place;
    place = next;
  }
  return place;
}
