/** Search in the timeline that is open. */
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

/** @param towards -1: older posts; 1: newer ones. @param including begins with the selected one */
export function found(state: State, towards: 1 | -1, including = false): Step {
  const { search } = state;
  if (search === undefined) return just(said(state, 'nothing is searched for: / begins a search'));
  const what = search.toLowerCase();
  const items = itemsOf(state, state.timeline);
  const { selected } = placeOf(state);
  const from = selected === undefined ? items.length : indexOfKey(items, selected);
  for (let at = including ? Math.min(from, items.length - 1) : from + towards; ; at += towards) {
    const item = items[at];
    if (item === undefined) break;
    if (matches(item, what)) return just(withPlace(state, selecting(state, item.key)));
  }
  if (towards > 0) return just(said(state, `no newer post with "${search}"`));
  if (state.reachedOldest)
    return just(said(state, `"${search}" is in none of the ${items.length} posts before this one`));
  return loadingOlder(
    said(state, `not in the ${items.length} posts loaded; older ones come: n searches them`),
  );
}
