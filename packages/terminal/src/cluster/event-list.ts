/**
 * Which events are shown: the newest, or those where the person paused; all, or those that match the search.
 */
import type { ClusterEvent } from './feed.js';
import { type ClusterViewState, MOST_EVENTS } from './state.js';

export interface EventsWindow {
  /** Oldest first. */
  readonly events: readonly ClusterEvent[];
  /** How many matching events have come after them. */
  readonly newer: number;
  /** How many match the search. */
  readonly matching: number;
}

interface Numbered {
  readonly event: ClusterEvent;
  /** Number of the event, counted from the first ever, from 0. */
  readonly number: number;
}

export function withEvents(state: ClusterViewState, more: readonly ClusterEvent[]): ClusterViewState {
  if (more.length === 0) return state;
  const all = [...state.events, ...more];
  const over = Math.max(0, all.length - MOST_EVENTS);
  return { ...state, events: over === 0 ? all : all.slice(over), forgotten: state.forgotten + over };
}

function matching({ events, forgotten, shown }: ClusterViewState): readonly Numbered[] {
  const wanted = shown.search?.toLowerCase();
  const all = events.map((event, at) => ({ event, number: forgotten + at }));
  return wanted === undefined ? all : all.filter(({ event }) => event.text.toLowerCase().includes(wanted));
}

export function eventsWindow(state: ClusterViewState, rows: number): EventsWindow {
  const found = matching(state);
  const end = endIn(state, found, rows);
  return {
    events: found.slice(Math.max(0, end - rows), end).map(({ event }) => event),
    newer: found.length - end,
    matching: found.length,
  };
}

/**
 * The end of the window, as an index into the found events. If old events were dropped meanwhile, the window
 * moves on and stays full.
 */
function endIn({ shown, forgotten }: ClusterViewState, found: readonly Numbered[], rows: number): number {
  const { end } = shown;
  if (end === undefined) return found.length;
  const after = found.findIndex(({ number }) => number >= end);
  const wanted = after < 0 ? found.length : after;
  return forgotten === 0 ? wanted : Math.min(found.length, Math.max(wanted, rows));
}

/** Pauses the list at the newest event, or continues. */
export const paused = (state: ClusterViewState): ClusterViewState =>
  withEnd(state, state.shown.end === undefined ? state.forgotten + state.events.length : undefined);

/** @param by rows; below 0: towards older events. At the newest event the list continues by itself */
export function scrolled(state: ClusterViewState, by: number, rows: number): ClusterViewState {
  const found = matching(state);
  const now = endIn(state, found, rows);
  if (now + by >= found.length) return withEnd(state, by > 0 ? undefined : state.shown.end);
  // The first page is as far back as one can scroll.
  const last = found[Math.max(Math.min(rows, now), now + by) - 1];
  return last === undefined ? state : withEnd(state, last.number + 1);
}

const withEnd = (state: ClusterViewState, end: number | undefined): ClusterViewState => ({
  ...state,
  shown: { ...state.shown, end },
});
