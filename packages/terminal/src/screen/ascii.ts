/**
 * What stands for the signs where the terminal has no Unicode.
 *
 * A locale says in which characters programs write. In one without UTF-8 each sign becomes an ASCII
 * character, so that those of one meaning stay apart from those of another: a person who is here from one who
 * is away, what was sent from what was not.
 */
import { cellWidth } from '../text/graphemes.js';

export type Characters = 'unicode' | 'ascii';

/**
 * The first of these that is set counts (POSIX). Where none is, as in containers, the terminal outside has
 * UTF-8.
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

/** In the place of what has no letter of ASCII in it. */
const UNKNOWN = '?';
const PRINTABLE = /^[\x20-\x7e]$/;

/** The same in ASCII, in as many cells: a letter without its marks, a sign as its like. */
export function asciiOf(grapheme: string): string {
  const sign = SIGNS.get(grapheme);
  if (sign !== undefined) return sign;
  const letter = grapheme.normalize('NFD').charAt(0);
  return PRINTABLE.test(letter) ? letter : UNKNOWN.repeat(cellWidth(grapheme));
}
