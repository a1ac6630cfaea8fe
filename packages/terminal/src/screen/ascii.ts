/**
 * ASCII replacements of signs, for terminals without Unicode.
 *
 * The locale says which characters programs may write. Without UTF-8 each sign becomes an ASCII character.
 * Signs with different meanings stay different: present and away, sent and not sent.
 */
import { cellWidth } from '../text/graphemes.js';

export type Characters = 'unicode' | 'ascii';

/**
 * The first of these that is set counts (POSIX). If none is set, as in containers, the terminal outside is
 * assumed to have UTF-8.
 */
const VARIABLES = ['LC_ALL', 'LC_CTYPE', 'LANG'] as const;

export function charactersFrom(env: NodeJS.ProcessEnv): Characters {
  const locale = VARIABLES.map((name) => env[name] ?? '').find((value) => value !== '');
  return locale === undefined || /utf-?8/i.test(locale) ? 'unicode' : 'ascii';
}

const SIGNS: ReadonlyMap<string, string> = new Map([
  ['●', '*'],
  ['○', 'o'],
  ['◐', '%'],
  ['◌', '~'],
  ['✓', '+'],
  ['✗', '!'],
  ['▌', '#'],
  ['▸', '>'],
  ['▴', '^'],
  ['▾', 'v'],
  ['›', ')'],
  ['‹', '('],
  ['↑', '^'],
  ['↓', 'v'],
  ['←', '<'],
  ['→', '>'],
  ['↳', '>'],
  ['≤', '<'],
  ['·', '.'],
  ['…', '.'],
  ['–', '-'],
  ['—', '-'],
  ['─', '-'],
  ['┄', '-'],
  ['│', '|'],
  ['┤', '|'],
  ['┴', '-'],
  ['┌', '.'],
  ['┐', '.'],
  ['└', "'"],
  ['┘', "'"],
  ['“', '"'],
  ['”', '"'],
  ['‘', "'"],
  ['’', "'"],
  ['▁', '1'],
  ['▂', '2'],
  ['▃', '3'],
  ['▄', '4'],
  ['▅', '5'],
  ['▆', '6'],
  ['▇', '7'],
  ['█', '#'],
  ['▓', '='],
  ['▒', ':'],
  ['░', '.'],
]);

/** Replaces a character without an ASCII letter in it. */
const UNKNOWN = '?';
const PRINTABLE = /^[\x20-\x7e]$/;

/** The same in ASCII, with the same number of cells: a letter without its marks, a sign as a similar one. */
export function asciiOf(grapheme: string): string {
  const sign = SIGNS.get(grapheme);
  if (sign !== undefined) return sign;
  const letter = grapheme.normalize('NFD').charAt(0);
  return PRINTABLE.test(letter) ? letter : UNKNOWN.repeat(cellWidth(grapheme));
}
