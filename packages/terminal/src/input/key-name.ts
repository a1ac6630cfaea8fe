/** Names of keys as token.ts defines them, from what a terminal sends for them. */
import type { KeyToken } from './token.js';

/** xterm's bits, less one than it sends; kitty's are the same for these three. */
export interface Modifiers {
  readonly shift: boolean;
  readonly alt: boolean;
  readonly ctrl: boolean;
}

export const NO_MODIFIERS: Modifiers = { shift: false, alt: false, ctrl: false };

/** Shift, Alt and Ctrl; a Meta or Super with the key means a shortcut of something else than this program. */
const KNOWN_BITS = 0b111;
/** Caps and Num Lock, which kitty tells too: they are in the character already. */
const LOCK_BITS = 0b1100_0000;

/** Undefined: a modifier that no key here has. A sequence without the parameter has no modifiers. */
export function modifiersOf(parameter: number | undefined): Modifiers | undefined {
  const bits = Math.max(0, (parameter ?? 1) - 1) & ~LOCK_BITS;
  if ((bits & ~KNOWN_BITS) !== 0) return undefined;
  return { shift: (bits & 1) !== 0, alt: (bits & 2) !== 0, ctrl: (bits & 4) !== 0 };
}

const named = (name: string, { shift, alt, ctrl }: Modifiers): string =>
  `${shift ? 'shift-' : ''}${alt ? 'alt-' : ''}${ctrl ? 'ctrl-' : ''}${name}`;

/** A key that types nothing by itself. */
export const specialKey = (name: string, modifiers: Modifiers = NO_MODIFIERS): KeyToken => ({
  kind: 'key',
  name: named(name, modifiers),
  text: undefined,
});

/**
 * A key with a character on it. Shift is in the character already, and Ctrl and Alt keep it from being typed.
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
 * The key without Alt; undefined where there is none with it. Many terminals send Alt with a key as Escape
 * and the key, so that the two pressed one after the other cannot be told from it: tmux waits half a second
 * for what follows an Escape.
 */
export function withoutAlt({ name }: KeyToken): KeyToken | undefined {
  const match = /^(shift-)?alt-(.+)$/su.exec(name);
  if (match === null) return undefined;
  const [, shift = '', key = ''] = match;
  const character = key === 'space' ? ' ' : /^[a-z0-9-]{2,}/.test(key) ? undefined : key;
  return { kind: 'key', name: shift + key, text: character };
}

/** Control characters that have keys of their own; Backspace sends either of its two. */
const CONTROL_KEYS: ReadonlyMap<number, string> = new Map([
  [0x08, 'backspace'],
  [0x09, 'tab'],
  [0x0d, 'enter'],
  [0x1b, 'escape'],
  [0x7f, 'backspace'],
]);

/** What a control character is the key for: `ctrl-a` for 0x01. Undefined for other characters. */
export function controlKey(code: number, modifiers: Modifiers = NO_MODIFIERS): KeyToken | undefined {
  const own = CONTROL_KEYS.get(code);
  if (own !== undefined) return specialKey(own, modifiers);
  if (code >= 0x20) return undefined;
  const withCtrl = { ...modifiers, ctrl: true };
  if (code === 0) return specialKey('space', withCtrl);
  return specialKey(String.fromCharCode(code + 0x40).toLowerCase(), withCtrl);
}

/**
 * A key told by the number of its character, as CSI u and xterm's modifyOtherKeys do. Undefined: not a key
 * known here.
 */
export function codedKey(code: number, modifiers: Modifiers): KeyToken | undefined {
  const own = CONTROL_KEYS.get(code);
  if (own !== undefined) return specialKey(own, modifiers);
  // Surrogates are no characters; kitty numbers its keypad and media keys in the private use area.
  if (code < 0x20 || (code >= 0x80 && code < 0xa0) || (code >= 0xd800 && code <= 0xf8ff) || code > 0x10ffff)
    return undefined;
  return characterKey(String.fromCodePoint(code), modifiers);
}
