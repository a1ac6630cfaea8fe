/** Requests to a server: if there is none, a notice says that the request waits, and need not be repeated. */
import { type Effect, just, type Step } from './events.js';
import { said } from './notices.js';
import type { State } from './state.js';

/** Whether there is a server to ask. */
export const isThere = ({ connection: { kind } }: State): boolean => kind === 'live' || kind === 'resumed';

export const asking = (state: State, effect: Extract<Effect, { kind: 'follow' | 'unfollow' }>): Step =>
  just(
    isThere(state) ? state : said(state, `${effect.kind} ${effect.name} as soon as there is a server`),
    effect,
  );
