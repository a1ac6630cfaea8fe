/** The one place through which text that others wrote reaches a terminal. */

/**
 * C0 and C1 controls (escape sequences begin with one), line and paragraph separators, and the characters
 * that turn the direction of what follows: with those a name could be shown as another.
 */
const ACTS_ON_TERMINAL = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
/** Shown in place of each: what was there is not hidden. */
const REPLACEMENT = '\ufffd';

export const cleanForTerminal = (text: string): string => text.replace(ACTS_ON_TERMINAL, REPLACEMENT);
