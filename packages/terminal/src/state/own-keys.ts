/** The person's own keys, from the settings: they replace the default keys of an action. */
import { type Action, KEYMAP } from './keymap.js';

export type OwnKeys = ReadonlyMap<string, readonly string[]>;

const MOST_KEYS = 10;
/** A key as input/token.ts names it; a blank separates two keys to press one after the other. */
const ONE_KEY =
  /^(shift-)?(alt-)?(ctrl-)?([^\s\p{Cc}]{1,8}|space|enter|tab|escape|backspace|delete|insert|up|down|left|right|home|end|page-up|page-down|f1[0-2]|f[1-9])$/u;
const NAMED =
  /^(space|enter|tab|escape|backspace|delete|insert|up|down|left|right|home|end|page-up|page-down|f\d+)$/;
/** Can't be reassigned: it always quits. */
const NOT_TO_BE_TAKEN = 'ctrl-c';

/**
 * Puts them into the keymap, once, before anything is shown. @returns the mistakes, for people
 */
export function takeOwnKeys(own: OwnKeys): readonly string[] {
  const problems: string[] = [];
  for (const [action, keys] of own) {
    const binding = KEYMAP.find((each) => each.action === action);
    const wrong = binding === undefined ? undefined : keys.find((key) => !isKey(key));
    if (binding === undefined)
      problems.push(`keys: there is no action "${action}"; there is ${actions().join(', ')}`);
    else if (keys.length === 0 || keys.length > MOST_KEYS)
      problems.push(`keys: ${action} has ${keys.length} keys, give 1 to ${MOST_KEYS}`);
    else if (wrong !== undefined)
      problems.push(
        `keys: "${wrong}" for ${action} is no key that can be taken, as "x", "ctrl-t" or "alt-enter" is`,
      );
    else if (binding.where.some(isTyping) && keys.some(types))
      problems.push(`keys: ${action} is for where one types, and "${keys.find(types)}" is typed there`);
    else {
      for (const each of KEYMAP)
        if (each !== binding && each.where.some((where) => binding.where.includes(where)))
          each.keys = each.keys.filter((key) => !keys.includes(key));
      binding.keys = keys;
    }
  }
  return problems;
}

const isTyping = (where: string): boolean => where === 'composer' || where === 'prompt';
/** Whether a key puts a character into a text. */
const types = (key: string): boolean =>
  !/^(shift-)?(alt-|ctrl-)/.test(key) && (key === 'space' || !NAMED.test(key));
const isKey = (key: string): boolean =>
  key.split(' ').every((part) => {
    const [, , , , base = ''] = ONE_KEY.exec(part) ?? [];
    return part !== NOT_TO_BE_TAKEN && base !== '' && (NAMED.test(base) || [...base].length === 1);
  });
const actions = (): readonly Action[] => [...new Set(KEYMAP.map(({ action }) => action))];
