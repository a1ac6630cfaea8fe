/** Makes the names of keys (see token.ts) from what a terminal sends. */
import type { KeyToken } from './token.js';

/** xterm's modifier bits; the terminal sends them plus one. kitty's are the same for these three. */
export interface Modifiers {
  readonly shift: boolean;
  readonly alt: boolean;
  readonly ctrl: boolean;
}

export const NO_MODIFIERS: Modifiers = { shift: false, alt: false, ctrl: false };

/** Shift, Alt and Ctrl; a key with Meta or Super is a shortcut of another program. */
const KNOWN_BITS = 0b111;
/** Caps and Num Lock, which kitty reports too; the character already reflects them. */
const LOCK_BITS = 0b1100_0000;

/**
 * Undefined: a modifier that no key of this program has. A sequence without the parameter has no modifiers.
 */
export function modifiersOf(parameter: number | undefined): Modifiers | undefined {
  const bits = Math.max(0, (parameter ?? 1) - 1) & ~LOCK_BITS;
  if ((bits & ~KNOWN_BITS) !== 0) return undefined;
  return { shift: (bits & 1) !== 0, alt: (bits & 2) !== 0, ctrl: (bits & 4) !== 0 };
}

const named = (name: string, { shift, alt, ctrl }: Modifiers): string =>
  `${shift ? 'shift-' : ''}${alt ? 'alt-' : ''}${ctrl ? 'ctrl-' : ''}${name}`;

/** A key that types no text. */
export const specialKey = (name: string, modifiers: Modifiers = NO_MODIFIERS): KeyToken => ({
  kind: 'key',
  name: named(name, modifiers),
  text: undefined,
});

/**
 * A key with a character. The character already reflects Shift; with Ctrl or Alt the key types nothing.
 */
export function characterKey(character: string, modifiers: Modifiers = NO_MODIFIERS): KeyToken {
  const own = { ...modifiers, shift: false };
  const shown = modifiers.shift && character.length === 1 ? character.toUpperCase() : character;
  return {
    kind: 'key',
    name: named(shown === ' ' ? 'space' : shown.normalize('NFC'), own),
    text: own.alt || own.ctrl ? undefined : shown,
  };
}

/**
 * The key without Alt; undefined if it has no Alt. Many terminals send Escape and then the key for Alt with a
 * key, so it can't be distinguished from the two pressed one after the other: tmux waits half a second for
 * what follows an Escape.
 */
export function withoutAlt({ name }: KeyToken): KeyToken | undefined {
  const match = /^(shift-)?alt-(.+)$/su.exec(name);
  if (match === null) return undefined;
  const [, shift = '', key = ''] = match;
  const character = key === 'space' ? ' ' : /^[a-z0-9-]{2,}/.test(key) ? undefined : key;
  return { kind: 'key', name: shift + key, text: character };
}

/** Control characters with keys of their own; Backspace sends one of two. */
const CONTROL_KEYS: ReadonlyMap<number, string> = new Map([
  [0x08, 'backspace'],
  [0x09, 'tab'],
  [0x0d, 'enter'],
  [0x1b, 'escape'],
  [0x7f, 'backspace'],
]);

/** The key of a control character: `ctrl-a` for 0x01. Undefined for other characters. */
export function controlKey(code: number, modifiers: Modifiers = NO_MODIFIERS): KeyToken | undefined {
  const own = CONTROL_KEYS.get(code);
  if (own !== undefined) return specialKey(own, modifiers);
  if (code >= 0x20) return undefined;
  const withCtrl = { ...modifiers, ctrl: true };
  if (code === 0) return specialKey('space', withCtrl);
  return specialKey(String.fromCharCode(code + 0x40).toLowerCase(), withCtrl);
}

/**
 * A key given by the number of its character, as in CSI u and xterm's modifyOtherKeys. Undefined: an unknown
 * key.
 */
export function codedKey(code: number, modifiers: Modifiers): KeyToken | undefined {
  const own = CONTROL_KEYS.get(code);
  if (own !== undefined) return specialKey(own, modifiers);
  // Surrogates are no characters, and kitty uses the private use area for keypad and media keys.
  if (code < 0x20 || (code >= 0x80 && code < 0xa0) || (code >= 0xd800 && code <= 0xf8ff) || code > 0x10ffff)
    return undefined;
  return characterKey(String.fromCodePoint(code), modifiers);
}
