/** What lies over the timeline for a while: help, the session, everybody. */
import { just, type Step } from './events.js';
import type { Action } from './keymap.js';
import type { State } from './state.js';

/** Further than any of them is long; the view stops at the end. */
const END = 100_000;

export function overlayAction(state: State, action: Action | undefined): Step {
  const { overlay, size } = state;
  if (overlay === undefined) return just(state);
  const page = Math.max(1, size.height - 6);
  const to = (scroll: number): Step =>
    just({ ...state, overlay: { ...overlay, scroll: Math.max(0, scroll) } });
  switch (action) {
    case 'next':
      return to(overlay.scroll + 1);
    case 'previous':
      return to(overlay.scroll - 1);
    case 'page-down':
      return to(overlay.scroll + page);
    case 'page-up':
      return to(overlay.scroll - page);
    case 'first':
      return to(0);
    case 'last':
      return to(END);
    default:
      return just({ ...state, overlay: undefined }); // any other key closes it
  }
}
