/**
 * Makes text from others harmless: the result may be put on a terminal unchanged, and its width is known.
 *
 * A cleaned text consists of line breaks, and of base code points (1 or 2 cells wide) with a few marks.
 * Nothing in it moves the cursor, changes the text direction, or has different widths on two terminals.
 * Widths differ most for emoji of several code points, so each becomes its first code point: a family becomes
 * one of its parents, a flag the two letters of its country.
 */
import { cellClass } from './cell-class.js';

/**
 * Most marks on one character: a Hebrew letter with its dot, dagesh, vowel and accent has 4, and no living
 * script needs more. A cell of tmux holds 21 bytes, enough for a base and 4 marks; more would be lost there
 * anyway.
 */
export const MOST_MARKS = 4;
/** Replaces a character that can't be shown safely. */
export const UNSHOWABLE = '\uFFFD';

/** Texts that need no cleaning: nearly every post. */
const PLAIN = /^[\n\x20-\x7e]*$/;
/**
 * Emoji sequences, which terminals draw as one picture, as several, or as boxes. Each step of the pattern
 * consumes input, so it is linear.
 */
const EMOJI_SEQUENCE =
  /(\p{Extended_Pictographic})(?:[\uFE0F\u20E3\u{1F3FB}-\u{1F3FF}\u{E0020}-\u{E007F}]|\u200D\p{Extended_Pictographic})+/gu;
const REGIONAL_INDICATOR = /[\u{1F1E6}-\u{1F1FF}]/gu;
const FIRST_REGIONAL_INDICATOR = 0x1f1e6;
/**
 * Space characters whose width differs between terminals; the ideographic space is wide everywhere and stays.
 */
const BLANK = /[\t\u2028\u2029]|(?![\u3000])\p{Zs}/gu;
/**
 * Controls, all formats (including bidi), fillers, variation selectors, tags; the enclosing keycap and lone
 * skin tones.
 */
const INVISIBLE = /(?!\n)\p{Cc}|\p{Cf}|\p{Default_Ignorable_Code_Point}|[\u20E3\u{1F3FB}-\u{1F3FF}]/gu;
/** Lone surrogates, private use, unassigned: their shape depends on the font. */
const SHAPELESS = /[\p{Cs}\p{Co}\p{Cn}]/gu;

/** The text as it may be shown; lines stay separated by `\n`. Cleaning twice changes nothing. */
export const cleanText = (text: string): string => (PLAIN.test(text) ? text : harmless(text, true));

/**
 * The same for typed text. Characters that this terminal may show wrongly stay, because the text will be
 * posted and others may show them correctly. The screen shows `showable` of each grapheme.
 */
export const cleanInput = (text: string): string => (PLAIN.test(text) ? text : harmless(text, false));

/** What the screen shows for a grapheme of cleaned input. */
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
  /**
   * Marks on the base so far. At the begin of a line there is no base, so no marks are allowed: one would
   * join the frame.
   */
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
