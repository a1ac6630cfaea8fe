/** Overlays over the timeline: help, the session, the list of people. */

import { mostOverlayScroll } from '../view/overlay.js';
import { answeredFurther } from './answers.js';
import { just, type Step } from './events.js';
import type { Action } from './keymap.js';
import { prompting } from './prompting.js';
import type { State } from './state.js';

export function overlayAction(state: State, action: Action | undefined): Step {
  const { overlay, size } = state;
  if (overlay === undefined) return just(state);
  const page = Math.max(1, size.height - 6);
  const to = (scroll: number): Step => just(overlayScrolled(state, scroll));
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
      return to(Number.POSITIVE_INFINITY);
    case 'filter':
      return just(prompting({ ...state, overlay: undefined }, 'command', 'list '));
    case 'open-answered':
      return answeredFurther(state) ?? just({ ...state, overlay: undefined });
    default:
      return just({ ...state, overlay: undefined }); // any other key closes it
  }
}

export function overlayScrolled(state: State, scroll: number): State {
  if (state.overlay === undefined) return state;
  const within = Math.max(0, Math.min(scroll, mostOverlayScroll(state)));
  return { ...state, overlay: { ...state.overlay, scroll: within } };
}
