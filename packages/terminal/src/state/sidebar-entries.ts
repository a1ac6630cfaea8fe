/** The lines of the sidebar that can be selected, from top to bottom. */
import type { SidebarEntry, State } from './state.js';

/** Most people that are suggested; those who are present come first. */
const MOST_SUGGESTED = 50;

const cache = new WeakMap<NonNullable<State['people']>, readonly SidebarEntry[]>();
const TIMELINES: readonly SidebarEntry[] = [
  { kind: 'timeline', id: 'home' },
  { kind: 'timeline', id: 'mentions' },
];

export function sidebarEntries({ people }: State): readonly SidebarEntry[] {
  if (people === undefined) return TIMELINES;
  let entries = cache.get(people);
  if (entries === undefined) {
    const others = people.filter(({ followed }) => !followed);
    const suggested = [
      ...others.filter(({ present }) => present),
      ...others.filter(({ present }) => !present),
    ].slice(0, MOST_SUGGESTED);
    entries = [
      ...TIMELINES,
      ...people.filter(({ followed }) => followed).map(({ name }) => ({ kind: 'followed', name }) as const),
      ...suggested.map(({ name }) => ({ kind: 'suggested', name }) as const),
    ];
    cache.set(people, entries);
  }
  return entries;
}
