/** What is asked of a server: where there is none it is said to wait, and is not to be asked again. */
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
