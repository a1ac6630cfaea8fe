/** Loads the saved data of the network, when its id becomes known only after the start. */
import { editorWith, textOf } from '../editor/editor.js';
import { just, type Step } from './events.js';
import { type Kept, unsentOutgoing } from './initial.js';
import { said } from './notices.js';
import { NEWEST } from './reading.js';
import type { Place, State } from './state.js';
import { recounted } from './unread.js';

/**
 * @param another it is not the network that was guessed: the data of that one must not be used
 */
export function remembered(state: State, kept: Kept, another: boolean): Step {
  const drafts = new Map(
    [...kept.drafts].map(([timeline, text]) => {
      const now = state.drafts.get(timeline);
      return [timeline, now !== undefined && textOf(now) === text ? now : editorWith(text)] as const;
    }),
  );
  const places = new Map(another ? [] : state.places);
  for (const [timeline, readUpTo] of kept.readUpTo) {
    const place: Place = places.get(timeline) ?? NEWEST;
    places.set(timeline, { ...place, readUpTo: Math.max(readUpTo, place.readUpTo) });
  }
  const own = another ? state.outbox.filter(({ status }) => status.kind !== 'failed') : state.outbox;
  const unsent = kept.unsent.filter(({ text }) => !own.some((outgoing) => outgoing.text === text));
  const next = recounted({
    ...state,
    drafts,
    answering: kept.answering ?? new Map(),
    places,
    outbox: [...own, ...unsentOutgoing(unsent, state.clock.wallMs, state.lastOutgoing)],
    lastOutgoing: state.lastOutgoing + unsent.length,
    sentTexts: kept.sentTexts,
    followers: kept.followers === undefined ? state.followers : new Set(kept.followers),
    muted: new Set(kept.muted),
    ignored: new Set(kept.ignored),
    isFirstVisit: !kept.readUpTo.has('home'),
  });
  return just(
    another ? said(next, 'this is another network than last time: it has drafts of its own') : next,
  );
}
