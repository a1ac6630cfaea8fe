/** The initial state, with the data that was saved last time. */
import type { Answers } from '@dualping/client';
import { type Editor, editorWith } from '../editor/editor.js';
import type { Size } from './geometry.js';
import { NEWEST } from './reading.js';
import type { Clock, Outgoing, Place, Settings, State, TimelineId } from './state.js';

/** What lasts from one run to the next, for one user of one network. */
export interface Kept {
  readonly drafts: ReadonlyMap<TimelineId, string>;
  /** The posts that drafts answer. */
  readonly answering?: ReadonlyMap<TimelineId, Answers>;
  /** Posts that were not acknowledged. */
  readonly unsent: readonly Unsent[];
  readonly readUpTo: ReadonlyMap<TimelineId, number>;
  readonly sentTexts: readonly string[];
  /** Names. */
  readonly muted?: readonly string[];
  readonly ignored?: readonly string[];
  /** My followers; undefined: never known. */
  readonly followers?: readonly string[];
}

export interface Unsent {
  readonly text: string;
  readonly answers?: Answers;
}

export interface Beginning {
  readonly me: string;
  readonly routers: readonly string[];
  readonly size: Size;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly followsBackground: boolean;
  readonly kept: Kept;
}

/** Posts of an earlier run that it has not seen acknowledged. */
export const unsentOutgoing = (
  unsent: readonly Unsent[],
  wallMs: number,
  lastOutgoing: number,
): readonly Outgoing[] =>
  unsent.map((each, at) => ({
    ...each,
    id: lastOutgoing + at + 1,
    wallMs,
    status: {
      kind: 'failed',
      reason: 'may-have-happened',
      detail: 'it was not acknowledged when the client ended',
      unknown: true,
    },
  }));

export function initialState({
  me,
  routers,
  size,
  clock,
  settings,
  followsBackground,
  kept,
}: Beginning): State {
  const drafts = new Map<TimelineId, Editor>();
  for (const [timeline, text] of kept.drafts) drafts.set(timeline, editorWith(text));
  const places = new Map<TimelineId, Place>();
  for (const [timeline, position] of kept.readUpTo) places.set(timeline, { ...NEWEST, readUpTo: position });
  const outbox = unsentOutgoing(kept.unsent, clock.wallMs, 0);
  return {
    me,
    routers,
    size,
    clock,
    startedWallMs: clock.wallMs,
    isFirstVisit: !kept.readUpTo.has('home'),
    connection: { kind: 'connecting', to: undefined },
    story: { everLive: false, moves: 0, longestGapMs: 0, lastMove: undefined, received: 0, acknowledged: 0 },
    posts: [],
    reachedOldest: false,
    loadingOlder: false,
    pagesLeft: 0,
    outbox,
    lastOutgoing: outbox.length,
    fresh: new Map(),
    unread: new Map(),
    people: undefined,
    followers: kept.followers === undefined ? undefined : new Set(kept.followers),
    newFollowers: { unseen: [], shown: [] },
    timeline: 'home',
    places,
    focus: 'timeline',
    sidebarAt: 0,
    drafts,
    answering: kept.answering ?? new Map(),
    sentTexts: kept.sentTexts,
    givenCommands: [],
    recalled: 0,
    prompt: undefined,
    search: undefined,
    seeking: undefined,
    overlay: undefined,
    notice: undefined,
    bare: false,
    settings,
    followsBackground,
    windowFocused: undefined,
    lastInputMs: clock.monoMs,
    quitting: false,
    chord: undefined,
    muted: new Set(kept.muted),
    ignored: new Set(kept.ignored),
  };
}
