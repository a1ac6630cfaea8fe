/** Keys while the person reads: in the timeline and in the sidebar. */

import { answeredShown, answering } from './answers.js';
import { backwards, loadingOlder } from './arrivals.js';
import { asking, isThere } from './asking.js';
import { composing, retried, takenBack } from './composing.js';
import { just, type Step } from './events.js';
import { found } from './finding.js';
import { itemsOf } from './items.js';
import type { Action } from './keymap.js';
import { copiedLink, copiedPost, linksOfSelected, openedLink } from './links.js';
import { said } from './notices.js';
import { prompting, withSettings } from './prompting.js';
import { beginningAt, moved, paged, placeOf, selecting } from './reading.js';
import { sidebarEntries } from './sidebar-entries.js';
import type { State, TimelineId } from './state.js';
import { neighbour, opened, personAt } from './timelines.js';
import { firstUnread, undivided, unreadOf, withPlace } from './unread.js';

export function browsing(state: State, where: 'timeline' | 'sidebar', action: Action): Step {
  const step = where === 'sidebar' ? inSidebar(state, action) : inTimeline(state, action);
  return step ?? inBoth(state, action);
}

function inBoth(state: State, action: Action): Step {
  const { settings, focus } = state;
  switch (action) {
    case 'compose':
      return just(composing(state, undefined));
    case 'reply':
      // A person who presses the key once more as the countdown ends does not want to write.
      if (!isThere(state)) return just(state, { kind: 'retry-now' });
      return just(answering(state, someoneElse(state)));
    case 'next-unread':
      return just(toUnread(state));
    case 'follow':
      return follow(state);
    case 'unfollow':
      return unfollow(state);
    case 'retry':
      return retried(state);
    case 'search':
      return just(prompting(state, 'search'));
    case 'command':
      return just(prompting(state, 'command'));
    case 'other-side':
      return just({ ...state, focus: focus === 'sidebar' ? 'timeline' : 'sidebar' });
    case 'next-timeline':
      return just(neighbour(state, 1));
    case 'previous-timeline':
      return just(neighbour(state, -1));
    case 'home':
    case 'mentions':
      return just({ ...opened(state, action), focus: 'timeline' });
    case 'toggle-times':
      return withSettings(state, {
        ...settings,
        times: settings.times === 'relative' ? 'absolute' : 'relative',
      });
    case 'toggle-mouse': {
      const { state: next, effects } = withSettings(state, { ...settings, mouse: !settings.mouse });
      const text = settings.mouse ? 'mouse off: the terminal selects text' : 'mouse on';
      return just(said(next, text), ...effects);
    }
    case 'toggle-bare': {
      const bare = !state.bare;
      return just({ ...state, bare, focus: 'timeline' }, { kind: 'mouse', on: !bare && settings.mouse });
    }
    case 'help':
      return just({ ...state, overlay: { kind: 'help', scroll: 0 } });
    default:
      return just(state);
  }
}

function inTimeline(state: State, action: Action): Step | undefined {
  switch (action) {
    case 'next':
      return just(withPlace(state, moved(state, 1)));
    case 'previous':
      return backwards(withPlace(state, moved(state, -1)));
    case 'page-down':
      return just(withPlace(state, paged(state, 1)));
    case 'page-up':
      return backwards(withPlace(state, paged(state, -1)));
    case 'first': {
      const first = itemsOf(state, state.timeline)[0];
      return first === undefined
        ? loadingOlder(state)
        : backwards(withPlace(state, selecting(state, first.key)));
    }
    case 'last':
      return just(undivided(withPlace(state, { ...placeOf(state), top: 'newest', selected: undefined })));
    case 'open-user':
      return answeredShown(state) ?? inTimeline(state, 'open-author');
    case 'open-author': {
      const name = personAt(state);
      return just(name === undefined ? state : opened(state, `@${name}`));
    }
    case 'open-link': {
      const links = linksOfSelected(state);
      return links.length > 1 ? just(prompting(state, 'command', 'open ')) : openedLink(state, undefined);
    }
    case 'copy':
      return copiedPost(state);
    case 'copy-link':
      return copiedLink(state);
    case 'edit':
      return takenBack(state);
    case 'next-found':
      return found(state, -1);
    case 'previous-found':
      return found(state, 1);
    case 'leave':
      return just(left(state));
    default:
      return undefined;
  }
}

/**
 * Each Esc removes one thing, in this order: the search with its notice, another notice, the divider, the
 * selection.
 */
function left(state: State): State {
  if (state.search !== undefined) return { ...state, search: undefined, notice: undefined };
  if (state.notice !== undefined) return { ...state, notice: undefined };
  const place = placeOf(state);
  if (place.selected !== undefined) return withPlace(state, { ...place, selected: undefined });
  if (place.divider !== undefined) return undivided(state);
  return state.timeline === 'home' ? state : opened(state, 'home');
}

function inSidebar(state: State, action: Action): Step | undefined {
  const entries = sidebarEntries(state);
  const to = (at: number): Step =>
    just({ ...state, sidebarAt: Math.max(0, Math.min(entries.length - 1, at)) });
  switch (action) {
    case 'next':
      return to(state.sidebarAt + 1);
    case 'previous':
      return to(state.sidebarAt - 1);
    case 'first':
      return to(0);
    case 'last':
      return to(entries.length - 1);
    case 'open': {
      const entry = entries[state.sidebarAt];
      if (entry === undefined) return just(state);
      const id: TimelineId = entry.kind === 'timeline' ? entry.id : `@${entry.name}`;
      return just({ ...opened(state, id), focus: 'timeline' });
    }
    case 'leave':
      return just({ ...state, focus: 'timeline' });
    default:
      return undefined;
  }
}

/** If everything in this timeline is read, goes to the next timeline with unread posts. */
function toUnread(state: State): State {
  const here = firstUnread(state);
  if (here !== undefined) return { ...withPlace(state, beginningAt(state, here)), focus: 'timeline' };
  const other = sidebarEntries(state)
    .map((entry): TimelineId => (entry.kind === 'timeline' ? entry.id : `@${entry.name}`))
    .find((timeline) => timeline !== state.timeline && unreadOf(state, timeline) > 0);
  if (other === undefined) return said(state, 'nothing is unread');
  const there = opened(state, other);
  const first = firstUnread(there);
  return {
    ...(first === undefined ? there : withPlace(there, beginningAt(there, first))),
    focus: 'timeline',
  };
}

const someoneElse = (state: State): string | undefined => {
  const name = personAt(state);
  return name === state.me ? undefined : name;
};

/** Follows the person in question at once, if not followed yet; else asks for a name. */
function follow(state: State): Step {
  const name = someoneElse(state);
  const person = state.people?.find((it) => it.name === name);
  if (name === undefined || person?.followed === true) return just(prompting(state, 'command', 'follow '));
  return asking(state, { kind: 'follow', name });
}

/** Asks for confirmation, because their posts then no longer arrive. */
function unfollow(state: State): Step {
  const name = someoneElse(state);
  const person = state.people?.find((it) => it.name === name);
  return just(
    prompting(state, 'command', person?.followed === true ? `unfollow ${person.name}` : 'unfollow '),
  );
}
