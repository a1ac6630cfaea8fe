/**
 * Makes text of strangers harmless: what comes out may be put on a terminal as it is, and takes the cells
 * that it seems to take.
 *
 * After it a text is made of line breaks, and of cells of one base code point (1 or 2 cells wide) with a few
 * marks on it. Nothing in it moves the cursor, turns the direction of writing, or is counted differently by
 * two terminals. Emoji that are composed of several code points are what terminals count most differently, so
 * each becomes its first: a family one of its parents, a flag the two letters of its country.
 */
import { cellClass } from './cell-class.js';

/**
 * Marks that one character may carry: a Hebrew letter with its dot, dagesh, vowel and accent has 4, and no
 * living script needs more. A cell of tmux holds 21 bytes, just what a base and 4 marks can take; more would
 * be lost there anyhow.
 */
export const MOST_MARKS = 4;
/** In the place of what cannot be shown safely. */
export const UNSHOWABLE = '\uFFFD';

/** Needs no work at all: nearly every post. */
const PLAIN = /^[\n\x20-\x7e]*$/;
/**
 * What terminals draw as one picture, or as several, or as boxes; each step of the pattern consumes, so it is
 * linear.
 */
const EMOJI_SEQUENCE =
  /(\p{Extended_Pictographic})(?:[\uFE0F\u20E3\u{1F3FB}-\u{1F3FF}\u{E0020}-\u{E007F}]|\u200D\p{Extended_Pictographic})+/gu;
const REGIONAL_INDICATOR = /[\u{1F1E6}-\u{1F1FF}]/gu;
const FIRST_REGIONAL_INDICATOR = 0x1f1e6;
/**
 * Space characters of other widths than one cell claim and differ in; the ideographic space is a wide cell
 * everywhere and stays.
 */
const BLANK = /[\t\u2028\u2029]|(?![\u3000])\p{Zs}/gu;
/**
 * Controls, all formats (bidi among them), fillers, variation selectors, tags; the enclosing keycap and lone
 * skin tones.
 */
const INVISIBLE = /(?!\n)\p{Cc}|\p{Cf}|\p{Default_Ignorable_Code_Point}|[\u20E3\u{1F3FB}-\u{1F3FF}]/gu;
/** Lone surrogates, private use, unassigned: they have some shape in some font, and nobody knows which. */
const SHAPELESS = /[\p{Cs}\p{Co}\p{Cn}]/gu;

/** The text as it may be shown; lines stay parted by `\n`. Cleaning twice changes nothing. */
export const cleanText = (text: string): string => (PLAIN.test(text) ? text : harmless(text, true));

/**
 * The same for what the person types: characters that this terminal may show wrongly, but others rightly,
 * stay, because the text is going to be posted. `showable` of each grapheme goes on the screen.
 */
export const cleanInput = (text: string): string => (PLAIN.test(text) ? text : harmless(text, false));

/** What stands on the screen for a grapheme of cleaned input. */
export const showable = (grapheme: string): string =>
  cellClass(grapheme.codePointAt(0) ?? 0) === 'disputed' ? UNSHOWABLE : grapheme;

function harmless(text: string, onlyShowable: boolean): string {
  const composed = text
    .replace(EMOJI_SEQUENCE, '$1')
    .replace(REGIONAL_INDICATOR, letterOfIndicator)
    .replace(BLANK, ' ')
    .replace(INVISIBLE, '')
    .replace(SHAPELESS, UNSHOWABLE)
    .normalize('NFC');
  let cleaned = '';
  /** Marks on the base so far; there is none at the begin of a line, where a mark would sit on the frame. */
  let marks = MOST_MARKS;
  for (const character of composed) {
    const kind = cellClass(character.codePointAt(0) ?? 0);
    if (kind === 'mark') {
      if (marks < MOST_MARKS) cleaned += character;
      marks += 1;
    } else {
      cleaned += kind === 'disputed' && onlyShowable ? UNSHOWABLE : character;
      marks = character === '\n' ? MOST_MARKS : 0;
    }
  }
  return cleaned;
}

const letterOfIndicator = (indicator: string): string =>
  String.fromCharCode(
    0x41 + (indicator.codePointAt(0) ?? FIRST_REGIONAL_INDICATOR) - FIRST_REGIONAL_INDICATOR,
  );
