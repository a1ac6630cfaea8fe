/** Quitting: warns if there are unsent posts. */
import { just, type Step } from './events.js';
import { problem } from './notices.js';
import type { State } from './state.js';

export function leaving(state: State): Step {
  const sending = state.outbox.filter(({ status }) => status.kind === 'sending').length;
  if (sending === 0 || state.quitting) return just({ ...state, quitting: true }, { kind: 'quit' });
  const what = sending === 1 ? '1 post is' : `${sending} posts are`;
  return just({
    ...problem(state, `${what} not acknowledged yet: once more to quit, it is kept for the next time`),
    quitting: true,
  });
}
