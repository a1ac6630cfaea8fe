/** Which part of the screen gets the keys now. */
import type { Where } from './keymap.js';
import type { State } from './state.js';

export function whereOf({ overlay, prompt, focus }: State): Where {
  if (overlay !== undefined) return 'overlay';
  if (prompt !== undefined) return 'prompt';
  return focus;
}
