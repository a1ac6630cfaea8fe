/**
 * Which keys of the screen the page has too: those that do something to the cluster, and those that select.
 */
import { keymapFor } from '@dualping/terminal';

const SELECTING: readonly string[] = ['next', 'previous', 'first', 'last'];

/** One sign each: a browser needs the others for itself. */
export const PRESSED: readonly string[] = keymapFor(true)
  .filter(({ acts, action }) => acts === true || SELECTING.includes(action))
  .flatMap(({ keys }) => keys.filter((key) => key.length === 1));
