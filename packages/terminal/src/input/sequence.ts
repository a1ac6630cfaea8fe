/**
 * The meaning of a complete control sequence of a terminal. Reference: xterm's ctlseqs ("PC-Style Function
 * Keys", "Mouse Tracking"), the CSI u keys of fixterms and kitty; rxvt and the Linux console have some of
 * their own.
 */
import { codedKey, type Modifiers, modifiersOf, specialKey } from './key-name.js';
import type { Token } from './token.js';

export interface ControlSequence {
  /** A `<` or `?` before the parameters; empty for most. */
  readonly marker: string;
  /** The parameters between `;`, each split at `:`; undefined for an empty one. */
  readonly parameters: readonly (readonly (number | undefined)[])[];
  readonly intermediates: string;
  readonly final: string;
}

const SHAPE = /^([<=>?]?)([\d:;]*)([\x20-\x2f]*)([\x40-\x7e])$/;

/** Parses the text after `ESC [`, including the final character; undefined when it is not a sequence. */
export function parseSequence(body: string): ControlSequence | undefined {
  const match = SHAPE.exec(body);
  if (match === null) return undefined;
  const [, marker = '', digits = '', intermediates = '', final = ''] = match;
  const parameters = digits
    .split(';')
    .map((part) => part.split(':').map((number) => (number === '' ? undefined : Number(number))));
  return { marker, parameters, intermediates, final };
}

/** Keys by the last letter of a sequence, or of `ESC O`. */
const LETTER_KEYS: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  F: 'end',
  H: 'home',
  P: 'f1',
  Q: 'f2',
  R: 'f3',
  S: 'f4',
};

/** Keys by the number before `~`. */
const NUMBER_KEYS: Readonly<Record<number, string>> = {
  1: 'home',
  2: 'insert',
  3: 'delete',
  4: 'end',
  5: 'page-up',
  6: 'page-down',
  7: 'home',
  8: 'end',
  11: 'f1',
  12: 'f2',
  13: 'f3',
  14: 'f4',
  15: 'f5',
  17: 'f6',
  18: 'f7',
  19: 'f8',
  20: 'f9',
  21: 'f10',
  23: 'f11',
  24: 'f12',
};

/** rxvt uses other final characters instead of a modifier parameter. */
const RXVT_ENDINGS: Readonly<Record<string, Modifiers>> = {
  '~': { shift: false, alt: false, ctrl: false },
  '^': { shift: false, alt: false, ctrl: true },
  '@': { shift: true, alt: false, ctrl: true },
};
const RXVT_LETTERS: Readonly<Record<string, string>> = { a: 'up', b: 'down', c: 'right', d: 'left' };

/** Number before `~` with which modifyOtherKeys sends any key. */
const OTHER_KEY = 27;
/** kitty also reports when a key is released; that is not a second press. */
const KEY_RELEASED = 3;

/** The token of a sequence; undefined for an answer of the terminal, and for an unknown key. */
export function tokenOf(sequence: ControlSequence): Token | undefined {
  const { marker, parameters, intermediates, final } = sequence;
  if (intermediates !== '') return undefined;
  if (marker === '<')
    return final === 'M' || final === 'm' ? mouseToken(parameters, final === 'm') : undefined;
  if (marker === '?') return backgroundReport(parameters, final);
  if (marker !== '') return undefined;
  const [first, second] = parameters;
  if (second?.[1] === KEY_RELEASED) return undefined;
  const bare = parameters.length === 1 && first?.[0] === undefined;
  if (final === 'n' && parameters.length === 1 && first?.[0] === 0) return { kind: 'sign' };
  if (bare && (final === 'I' || final === 'O')) return { kind: 'focus', focused: final === 'I' };
  if (final === 'u') return codeToken(first?.[1] ?? first?.[0], second?.[0]);
  if (final in RXVT_ENDINGS && !bare) return numberedToken(sequence);
  if (bare && final === 'Z') return specialKey('tab', { shift: true, alt: false, ctrl: false });
  if (bare && final in RXVT_LETTERS)
    return specialKey(RXVT_LETTERS[final] ?? '', { shift: true, alt: false, ctrl: false });
  const name = LETTER_KEYS[final];
  const modifiers = modifiersOf(second?.[0]);
  if (name === undefined || modifiers === undefined) return undefined;
  // With two numbers, `R` may also be a cursor position, and `S` a size.
  if (!bare && (first?.[0] ?? 1) !== 1) return undefined;
  return specialKey(name, modifiers);
}

/** `ESC O` and a letter: keys in application mode; `ESC O 5 A` of old xterms carries a modifier. */
export function applicationKey(modifier: number | undefined, letter: string): Token | undefined {
  const rxvt = RXVT_LETTERS[letter];
  if (rxvt !== undefined) return specialKey(rxvt, { shift: false, alt: false, ctrl: true });
  if (letter === 'M') return specialKey('enter');
  const name = LETTER_KEYS[letter];
  const modifiers = modifiersOf(modifier);
  return name === undefined || modifiers === undefined ? undefined : specialKey(name, modifiers);
}

/** F1 to F5 on the Linux console: `ESC [ [ A` to `E`. */
export function consoleKey(letter: string): Token | undefined {
  const number = letter.charCodeAt(0) - 0x40;
  return number >= 1 && number <= 5 ? specialKey(`f${number}`) : undefined;
}

/** `CSI ? 997 ; 1 n`: dark from now on; 2: light (contour's "color palette update notifications"). */
function backgroundReport(parameters: ControlSequence['parameters'], final: string): Token | undefined {
  const [report, scheme] = parameters.map(([number]) => number);
  if (final !== 'n' || report !== 997 || (scheme !== 1 && scheme !== 2)) return undefined;
  return { kind: 'background', light: scheme === 2 };
}

const BACKGROUND_ANSWER = /^11;rgba?:([0-9a-f]{1,4})\/([0-9a-f]{1,4})\/([0-9a-f]{1,4})/i;
/** On a background brighter than this (0 to 1) dark text is easier to read. */
const LIGHT_FROM = 0.5;

/**
 * The token of an operating system command: the terminal's answer with its background colour.
 */
export function commandToken(text: string): Token | undefined {
  const match = BACKGROUND_ANSWER.exec(text);
  if (match === null) return undefined;
  // Each colour has as many hexadecimal digits as the terminal chooses.
  const [red = 0, green = 0, blue = 0] = match
    .slice(1)
    .map((part) => Number.parseInt(part, 16) / (16 ** part.length - 1));
  return { kind: 'background', light: 0.299 * red + 0.587 * green + 0.114 * blue > LIGHT_FROM };
}

function codeToken(code: number | undefined, modifier: number | undefined): Token | undefined {
  const modifiers = modifiersOf(modifier);
  return code === undefined || modifiers === undefined ? undefined : codedKey(code, modifiers);
}

function numberedToken({ parameters, final }: ControlSequence): Token | undefined {
  const [first, second, third] = parameters;
  if (first?.[0] === OTHER_KEY && final === '~') return codeToken(third?.[0], second?.[0]);
  const name = NUMBER_KEYS[first?.[0] ?? 0];
  const modifiers = final === '~' ? modifiersOf(second?.[0]) : RXVT_ENDINGS[final];
  return name === undefined || modifiers === undefined ? undefined : specialKey(name, modifiers);
}

/** Largest size of a terminal: sizes have 16 bits. */
const MOST_CELLS = 65_535;
const BUTTON_BITS = 0b11;
const MODIFIER_BITS = 0b1_1100;
const MOTION_BIT = 0b10_0000;
const WHEEL_BIT = 0b100_0000;
const BUTTONS = ['left', 'middle', 'right', undefined] as const;

function mouseToken(parameters: ControlSequence['parameters'], released: boolean): Token | undefined {
  const [[code] = [], [column] = [], [row] = []] = parameters;
  if (
    code === undefined ||
    column === undefined ||
    row === undefined ||
    column < 1 ||
    row < 1 ||
    column > MOST_CELLS ||
    row > MOST_CELLS
  )
    return undefined;
  const at = { x: column - 1, y: row - 1 };
  // Modifiers with the mouse are ignored here, and most terminals use them themselves.
  const kind = code & ~MODIFIER_BITS & ~BUTTON_BITS;
  const button = BUTTONS[code & BUTTON_BITS];
  if (kind === WHEEL_BIT) {
    const turn = code & BUTTON_BITS;
    if (released || turn > 1) return undefined;
    return { kind: 'mouse', action: turn === 0 ? 'wheel-up' : 'wheel-down', button: undefined, ...at };
  }
  if (kind === MOTION_BIT)
    return button === undefined ? undefined : { kind: 'mouse', action: 'drag', button, ...at };
  if (kind !== 0) return undefined;
  if (released) return { kind: 'mouse', action: 'release', button, ...at };
  return button === undefined ? undefined : { kind: 'mouse', action: 'press', button, ...at };
}
