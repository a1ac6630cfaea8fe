/** The keys of the keymap as people read them. */
import { type Action, type Binding, KEYMAP } from '../state/keymap.js';

const SHOWN: ReadonlyMap<string, string> = new Map([
  ['up', '↑'],
  ['down', '↓'],
  ['left', '←'],
  ['right', '→'],
  ['page-up', 'PgUp'],
  ['page-down', 'PgDn'],
  ['escape', 'Esc'],
  ['enter', 'Enter'],
  ['tab', 'Tab'],
  ['home', 'Home'],
  ['end', 'End'],
  ['backspace', 'Backspace'],
  ['delete', 'Del'],
  ['space', 'Space'],
  ['f1', 'F1'],
]);

const MODIFIERS: readonly (readonly [string, string])[] = [
  ['shift-', 'Shift-'],
  ['alt-', 'Alt-'],
  ['ctrl-', 'Ctrl-'],
];

/** `alt-enter` as `Alt-Enter`, `page-up` as `PgUp`; a letter stays what it is. */
export function keyText(name: string): string {
  if (name.includes(' ')) return name.split(' ').map(keyText).join(' ');
  for (const [written, shown] of MODIFIERS) {
    if (name.startsWith(written) && name.length > written.length)
      return shown + keyText(name.slice(written.length));
  }
  return SHOWN.get(name) ?? name;
}

/** All keys of a binding: `j ↓`. */
export const keysText = ({ keys }: Binding): string =>
  keys.map(keyText).join(keys.some((key) => key.includes(' ')) ? ', ' : ' ');

/** The key that is shown for an action. */
export function keyOf(action: Action): string {
  const key = KEYMAP.find((binding) => binding.action === action)?.keys[0];
  return key === undefined ? '' : keyText(key);
}
