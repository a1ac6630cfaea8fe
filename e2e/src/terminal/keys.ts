/** The bytes that a terminal sends for a key. */

const FINALS: Readonly<Record<string, string>> = {
  up: 'A',
  down: 'B',
  right: 'C',
  left: 'D',
  end: 'F',
  home: 'H',
};
const SS3: Readonly<Record<string, string>> = { f1: 'P', f2: 'Q', f3: 'R', f4: 'S' };
const NUMBERS: Readonly<Record<string, number>> = {
  insert: 2,
  delete: 3,
  'page-up': 5,
  'page-down': 6,
  f5: 15,
  f6: 17,
  f7: 18,
  f8: 19,
  f9: 20,
  f10: 21,
  f11: 23,
  f12: 24,
};
const SIMPLE: Readonly<Record<string, string>> = {
  enter: '\r',
  tab: '\t',
  escape: '\x1b',
  backspace: '\x7f',
  space: ' ',
};

/** @param name as in tokens: `shift-`, `alt-` and `ctrl-` in this order, then the key */
export function bytesOfKey(name: string, applicationCursorKeys: boolean): string {
  const { key, shift, alt, ctrl } = parts(name);
  const modifiers = 1 + (shift ? 1 : 0) + (alt ? 2 : 0) + (ctrl ? 4 : 0);
  const final = FINALS[key];
  if (final !== undefined)
    return modifiers > 1 ? `\x1b[1;${modifiers}${final}` : `\x1b${applicationCursorKeys ? 'O' : '['}${final}`;
  const ss3 = SS3[key];
  if (ss3 !== undefined) return modifiers > 1 ? `\x1b[1;${modifiers}${ss3}` : `\x1bO${ss3}`;
  const number = NUMBERS[key];
  if (number !== undefined) return modifiers > 1 ? `\x1b[${number};${modifiers}~` : `\x1b[${number}~`;
  if (key === 'tab' && shift) return '\x1b[Z';
  const plain = SIMPLE[key] ?? key;
  return (alt ? '\x1b' : '') + (ctrl ? control(plain, name) : plain);
}

function parts(name: string): { key: string; shift: boolean; alt: boolean; ctrl: boolean } {
  let key = name;
  const taken = (prefix: string): boolean => {
    if (!key.startsWith(prefix) || key === prefix) return false;
    key = key.slice(prefix.length);
    return true;
  };
  return { shift: taken('shift-'), alt: taken('alt-'), ctrl: taken('ctrl-'), key };
}

function control(character: string, name: string): string {
  const code = character.toUpperCase().charCodeAt(0);
  if (character === ' ') return '\0';
  if (character.length !== 1 || code < 0x40 || code > 0x5f) throw new Error(`no terminal sends "${name}"`);
  return String.fromCharCode(code & 0x1f);
}
