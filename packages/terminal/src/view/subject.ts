/** The person that the keys and the pane are about. */
import { indexOfKey, itemsOf } from '../state/items.js';
import { placeOf } from '../state/reading.js';
import { sidebarEntries } from '../state/sidebar-entries.js';
import type { Item, SidebarEntry, State, TimelineId } from '../state/state.js';

/** The selected item of the timeline, if it is still there. */
export function selectedItem(state: State): Item | undefined {
  const { selected } = placeOf(state);
  if (selected === undefined) return undefined;
  const items = itemsOf(state, state.timeline);
  return items[indexOfKey(items, selected)];
}

/** The selected entry of the sidebar. */
const sidebarEntry = (state: State): SidebarEntry | undefined =>
  state.focus === 'sidebar' ? sidebarEntries(state)[state.sidebarAt] : undefined;

export const personOfTimeline = (timeline: TimelineId): string | undefined =>
  timeline.startsWith('@') ? timeline.slice(1) : undefined;

/**
 * In the sidebar the selected person, else the author of the selected post, else the person of the timeline;
 * undefined: none.
 */
export function subjectOf(state: State): string | undefined {
  const entry = sidebarEntry(state);
  if (entry !== undefined && entry.kind !== 'timeline') return entry.name;
  const item = selectedItem(state);
  if (item?.kind === 'post') return item.post.author;
  if (item?.kind === 'outgoing') return state.me;
  return personOfTimeline(state.timeline);
}
