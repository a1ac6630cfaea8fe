/** Every text that other users wrote goes through this function before it reaches a terminal. */

/**
 * C0 and C1 controls (escape sequences begin with one), line and paragraph separators, and the characters
 * that change the direction of text: with those one name could look like another.
 */
const ACTS_ON_TERMINAL = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
/** Shown in place of each of them, so that the reader sees that there was something. */
const REPLACEMENT = '\ufffd';

export const cleanForTerminal = (text: string): string => text.replace(ACTS_ON_TERMINAL, REPLACEMENT);
