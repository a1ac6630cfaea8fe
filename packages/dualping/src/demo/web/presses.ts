/**
 * The keys of the screen that the page has too: those that act on the cluster, and those that select.
 */
import { keymapFor } from '@dualping/terminal';

const SELECTING: readonly string[] = ['next', 'previous', 'first', 'last'];

/** Single characters only: a browser uses the other keys itself. */
export const PRESSED: readonly string[] = keymapFor(true)
  .filter(({ acts, action }) => acts === true || SELECTING.includes(action))
  .flatMap(({ keys }) => keys.filter((key) => key.length === 1));
