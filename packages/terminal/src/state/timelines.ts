/** Switches between timelines. */
import { itemsOf } from './items.js';
import { NEWEST } from './reading.js';
import { sidebarEntries } from './sidebar-entries.js';
import type { State, TimelineId } from './state.js';
import { divided, recounted, seen, undivided } from './unread.js';

/** Timelines in the order of the sidebar. */
function timelineOrder(state: State): readonly TimelineId[] {
  return sidebarEntries(state).flatMap((entry): TimelineId[] => {
    if (entry.kind === 'timeline') return [entry.id];
    return entry.kind === 'followed' ? [`@${entry.name}`] : [];
  });
}

export function opened(state: State, timeline: TimelineId): State {
  if (timeline === state.timeline) return state;
  const places = new Map(undivided(state).places);
  if (!places.has(timeline)) places.set(timeline, NEWEST);
  const entries = sidebarEntries(state);
  const at = entries.findIndex((entry) =>
    entry.kind === 'timeline' ? entry.id === timeline : `@${entry.name}` === timeline,
  );
  return divided({
    ...followersSeen(state, timeline),
    places,
    timeline,
    sidebarAt: at >= 0 ? at : state.sidebarAt,
    recalled: 0,
    search: undefined,
    seeking: undefined,
  });
}

/** Opening Mentions shows the new followers; after leaving it they count as seen. */
function followersSeen(state: State, timeline: TimelineId): State {
  const { unseen, shown } = state.newFollowers;
  if (timeline === 'mentions') return recounted({ ...state, newFollowers: { unseen: [], shown: unseen } });
  return shown.length === 0 ? state : { ...state, newFollowers: { unseen, shown: [] } };
}

export function neighbour(state: State, by: 1 | -1): State {
  const order = timelineOrder(state);
  const at = order.indexOf(state.timeline);
  const to = order[(Math.max(0, at) + by + order.length) % order.length];
  return to === undefined ? state : seen(opened(state, to));
}

/** The person that keys act on: the author of the selected post, else the person of the timeline. */
export function personAt(state: State): string | undefined {
  const { focus, sidebarAt, timeline, places } = state;
  if (focus === 'sidebar') {
    const entry = sidebarEntries(state)[sidebarAt];
    return entry === undefined || entry.kind === 'timeline' ? undefined : entry.name;
  }
  const selected = places.get(timeline)?.selected;
  const item = itemsOf(state, timeline).find(({ key }) => key === selected);
  if (item?.kind === 'post') return item.post.author;
  return timeline.startsWith('@') ? timeline.slice(1) : undefined;
}
