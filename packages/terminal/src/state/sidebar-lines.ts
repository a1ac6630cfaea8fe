/** The lines of the sidebar: headings, gaps, and entries that can be selected. */
import { sidebarEntries } from './sidebar-entries.js';
import type { SidebarEntry, State } from './state.js';

export type SidebarLine =
  /** `count`: undefined if all are shown. */
  | { readonly kind: 'heading'; readonly group: SidebarEntry['kind']; readonly count: number | undefined }
  | { readonly kind: 'blank' }
  /** People that only `:list` shows. */
  | { readonly kind: 'more'; readonly count: number }
  | { readonly kind: 'entry'; readonly at: number; readonly entry: SidebarEntry };

const cache = new WeakMap<readonly SidebarEntry[], readonly SidebarLine[]>();

export function sidebarLines(state: State): readonly SidebarLine[] {
  const entries = sidebarEntries(state);
  let lines = cache.get(entries);
  if (lines === undefined) {
    lines = linesOf(entries, state);
    cache.set(entries, lines);
  }
  return lines;
}

function linesOf(entries: readonly SidebarEntry[], { people = [] }: State): readonly SidebarLine[] {
  const others = people.filter(({ followed }) => !followed).length;
  const suggested = entries.filter(({ kind }) => kind === 'suggested').length;
  const more: readonly SidebarLine[] =
    others > suggested ? [{ kind: 'more', count: others - suggested }] : [];
  const counts = {
    timeline: undefined,
    followed: people.length - others,
    suggested: more.length === 0 ? undefined : others,
  };
  return [
    ...entries.flatMap((entry, at): SidebarLine[] => {
      const line = { kind: 'entry', at, entry } as const;
      if (at > 0 && entries[at - 1]?.kind === entry.kind) return [line];
      const heading = { kind: 'heading', group: entry.kind, count: counts[entry.kind] } as const;
      return at === 0 ? [heading, line] : [{ kind: 'blank' }, heading, line];
    }),
    ...more,
  ];
}

/** The first shown line, chosen so that the selected entry is visible. */
export function sidebarTop(state: State, height: number): number {
  const lines = sidebarLines(state);
  const at = lines.findIndex((line) => line.kind === 'entry' && line.at === state.sidebarAt);
  // Two more lines than needed, so that the heading over the first entry of a group is visible.
  return Math.max(0, Math.min(at - height + 3, lines.length - height));
}

/** The row of the selected entry in the sidebar, from 0. */
export function sidebarRowOf(state: State, height: number): number {
  const at = sidebarLines(state).findIndex((line) => line.kind === 'entry' && line.at === state.sidebarAt);
  return Math.max(0, at - sidebarTop(state, height));
}

/** Index of the entry in a row of the sidebar; undefined: none. */
export function sidebarLineAt(state: State, height: number, row: number): number | undefined {
  const lines = sidebarLines(state);
  const top = sidebarTop(state, height);
  // The first and the last row say how many lines there are above and below, when there are.
  if ((row === 0 && top > 0) || (row === height - 1 && lines.length - top > height)) return undefined;
  const line = lines[top + row];
  return line?.kind === 'entry' ? line.at : undefined;
}
