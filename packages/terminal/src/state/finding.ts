/**
 * Search in the open timeline: first in the loaded posts, then in older ones, page by page.
 */
import { loadingOlder } from './arrivals.js';
import { just, type Step } from './events.js';
import { indexOfKey, itemsOf } from './items.js';
import { said } from './notices.js';
import { placeOf, selecting } from './reading.js';
import type { Item, State } from './state.js';
import { withPlace } from './unread.js';

function matches(item: Item, what: string): boolean {
  const { text, author } = item.kind === 'post' ? item.post : { text: item.outgoing.text, author: '' };
  return text.toLowerCase().includes(what) || `@${author}`.toLowerCase().includes(what);
}

/** @param towards -1: older posts; 1: newer ones. @param including also checks the selected one */
export function found(state: State, towards: 1 | -1, including = false): Step {
  const { search } = state;
  if (search === undefined) return just(said(state, 'nothing is searched for: / begins a search'));
  const items = itemsOf(state, state.timeline);
  const { selected } = placeOf(state);
  const from = selected === undefined ? items.length : indexOfKey(items, selected);
  const first = including ? Math.min(from, items.length - 1) : from + towards;
  const there = foundFrom(state, items, first, towards);
  if (there !== undefined) return there;
  if (towards > 0) return just(said(state, `no newer post with "${search}"`));
  return seekingBefore(state, items);
}

function foundFrom(state: State, items: readonly Item[], first: number, towards: 1 | -1): Step | undefined {
  const what = (state.search ?? '').toLowerCase();
  for (let at = first; ; at += towards) {
    const item = items[at];
    if (item === undefined) return undefined;
    if (matches(item, what)) return just(withPlace(state, selecting(state, item.key)));
  }
}

/** All loaded posts have been searched: continues with older ones, if there are any. */
function seekingBefore(state: State, items: readonly Item[]): Step {
  const { search, posts } = state;
  const before = posts[0]?.key;
  if (before === undefined || state.reachedOldest)
    return just(
      said(
        { ...state, seeking: undefined },
        `"${search}" is in none of the ${items.length} posts before this one`,
      ),
    );
  const { state: next, effects } = loadingOlder(state, 1);
  // If no page is loading there is nothing to wait for: the limit of this client is reached, and a notice
  // says so.
  return just({ ...next, seeking: next.loadingOlder ? { before } : undefined }, ...effects);
}

/** A page has arrived: continues a running search. */
export function sought(state: State): Step {
  const { seeking, loadingOlder } = state;
  if (seeking === undefined || loadingOlder) return just(state);
  const items = itemsOf(state, state.timeline);
  const at = items.findIndex(({ key }) => key >= seeking.before);
  const there = foundFrom(state, items, (at < 0 ? items.length : at) - 1, -1);
  return there === undefined
    ? seekingBefore(state, items)
    : just({ ...there.state, seeking: undefined }, ...there.effects);
}

/** Any key stops the search; loaded posts stay, and the search can continue from there. */
export const stopped = (state: State): State =>
  said({ ...state, seeking: undefined }, `search stopped, ${state.posts.length} posts back`);
