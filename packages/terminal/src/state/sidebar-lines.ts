/** The lines of the sidebar: headings, gaps, and the entries on which one can stand. */
import { sidebarEntries } from './sidebar-entries.js';
import type { SidebarEntry, State } from './state.js';

export type SidebarLine =
  | { readonly kind: 'heading'; readonly group: SidebarEntry['kind']; readonly count: number }
  | { readonly kind: 'blank' }
  | { readonly kind: 'entry'; readonly at: number; readonly entry: SidebarEntry };

const cache = new WeakMap<readonly SidebarEntry[], readonly SidebarLine[]>();

export function sidebarLines(state: State): readonly SidebarLine[] {
  const entries = sidebarEntries(state);
  let lines = cache.get(entries);
  if (lines === undefined) {
    lines = entries.flatMap((entry, at): SidebarLine[] => {
      const line = { kind: 'entry', at, entry } as const;
      if (at > 0 && entries[at - 1]?.kind === entry.kind) return [line];
      const count = entries.filter(({ kind }) => kind === entry.kind).length;
      const heading = { kind: 'heading', group: entry.kind, count } as const;
      return at === 0 ? [heading, line] : [{ kind: 'blank' }, heading, line];
    });
    cache.set(entries, lines);
  }
  return lines;
}

/** The first line shown, so that the entry one stands on is. */
export function sidebarTop(state: State, height: number): number {
  const lines = sidebarLines(state);
  const at = lines.findIndex((line) => line.kind === 'entry' && line.at === state.sidebarAt);
  // Two lines more than needed: the heading over the first entry of a group comes with it.
  return Math.max(0, Math.min(at - height + 3, lines.length - height));
}

/** The row of the sidebar on which one stands, from 0. */
export function sidebarRowOf(state: State, height: number): number {
  const at = sidebarLines(state).findIndex((line) => line.kind === 'entry' && line.at === state.sidebarAt);
  return Math.max(0, at - sidebarTop(state, height));
}

/** Which entry a row of the sidebar is; undefined: none. */
export function sidebarLineAt(state: State, height: number, row: number): number | undefined {
  const lines = sidebarLines(state);
  const top = sidebarTop(state, height);
  // The first and the last row say how many lines there are above and below, when there are.
  if ((row === 0 && top > 0) || (row === height - 1 && lines.length - top > height)) return undefined;
  const line = lines[top + row];
  return line?.kind === 'entry' ? line.at : undefined;
}
