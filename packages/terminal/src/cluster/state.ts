/** Everything that the cluster view shows, as one immutable value. */
import type { Assignment, MemberFigures, MemberInfo } from '@dualping/client';
import type { Editor } from '../editor/editor.js';
import type { Size } from '../state/geometry.js';
import type { Clock } from '../state/state.js';
import type { ClusterEvent, Counts, ProcessLog, RoutersSeen, Takeover, Victim } from './feed.js';

/** One beat of the trace: how long ago a member had been heard when the router sent stats. */
export type Beat =
  | { readonly kind: 'heard'; readonly ageMs: number }
  /** It is not live. */
  | { readonly kind: 'silent' }
  /** Live because a supervisor registered it: it does not ping. */
  | { readonly kind: 'vouched' };

/** A server's stats at one moment, for rates. */
export interface Sample {
  readonly monoMs: number;
  readonly postsAccepted: number;
}

export interface MemberSeen {
  readonly info: MemberInfo;
  /** The last epoch in which it was live. */
  readonly epoch: number;
  /** When this life of it began, or was first seen; undefined: it has not been seen live. */
  readonly liveSinceMs: number | undefined;
  /** Whether this view saw it start: else it has been up for longer than is known here. */
  readonly beginningSeen: boolean;
  /** When it was seen to be dropped. */
  readonly droppedMs: number | undefined;
  /** The last stats, and when they came. */
  readonly told: { readonly stats: MemberFigures; readonly monoMs: number } | undefined;
  /** Samples of this life, oldest first. */
  readonly samples: readonly Sample[];
  /** Oldest first. */
  readonly beats: readonly Beat[];
}

export interface ClusterSeen {
  readonly assignment: Assignment;
  /** In the order in which they registered. */
  readonly members: readonly MemberSeen[];
}

/**
 * What was done to a server, or the router, until the router reports another state. `killed`: its process has
 * ended, and may have been started again.
 */
export type Mark = 'frozen' | 'cut' | 'killed';

/** What the keys can do to a process. */
export type ProcessAction = 'kill' | 'freeze' | 'thaw' | 'cut' | 'heal' | 'restart';

/** An action that was refused once, with a reason; it is done when it is asked for again soon. */
export interface Refused {
  readonly action: ProcessAction;
  readonly victim: Victim;
  readonly untilMs: number;
}

export interface Notice {
  readonly kind: 'said' | 'problem';
  readonly text: string;
  /** Monotonic ms. */
  readonly untilMs: number;
}

export interface EventsShown {
  /**
   * Undefined: the list follows the newest event. Else the number (counted from the first event ever) after
   * the last event that is shown.
   */
  readonly end: number | undefined;
  /** Only events with this text are shown. */
  readonly search: string | undefined;
}

/** The columns of the table. */
export type ColumnName =
  | 'server'
  | 'role'
  | 'state'
  | 'heartbeat'
  | 'age'
  | 'lag'
  | 'clients'
  | 'epoch'
  | 'uptime'
  | 'rate'
  | 'pid'
  | 'address';

/** The column that the table is sorted by; `backwards`: in the reverse of its usual order. */
export interface Sort {
  readonly by: ColumnName;
  readonly backwards: boolean;
}

/** The detail page of a server or the router. */
export interface Detail {
  readonly victim: Victim;
  /** Undefined: the log can't be read from here. */
  readonly log: ProcessLog | 'asking' | { readonly problem: string } | undefined;
  /** When the log was last asked for, monotonic ms. */
  readonly askedMs: number;
  /** How many rows below the last shown one it is scrolled back. */
  readonly below: number;
}

export interface ClusterViewState {
  readonly title: string;
  readonly size: Size;
  readonly clock: Clock;
  readonly budgetMs: number;
  /** Whether faults can be made. */
  readonly canAct: boolean;
  /** Whether the processes' logs can be read. */
  readonly hasLogs: boolean;
  /** Process ids by name, where they are known. */
  readonly pids: ReadonlyMap<string, number>;

  /** When the view began, and when the router was last heard, monotonic ms. */
  readonly startedMs: number;
  readonly heardMs: number | undefined;
  /** By number, ascending. */
  readonly clusters: ReadonlyMap<number, ClusterSeen>;
  readonly open: number;
  /** The server, or the router, that the keys act on; in the open cluster. */
  readonly selected: Victim | undefined;
  readonly marks: ReadonlyMap<string, Mark>;
  readonly automatic: boolean;

  /** The last takeovers, oldest first. */
  readonly takeovers: readonly Takeover[];
  readonly events: readonly ClusterEvent[];
  /** How many older events were dropped. */
  readonly forgotten: number;
  readonly shown: EventsShown;
  readonly counts: Counts | undefined;
  /** Undefined where there is one router. */
  readonly routers: RoutersSeen | undefined;

  readonly refused: Refused | undefined;
  readonly notice: Notice | undefined;
  /** The search that is being typed. */
  readonly prompt: Editor | undefined;
  readonly help: { readonly scroll: number } | undefined;
  readonly sort: Sort;
  readonly detail: Detail | undefined;
}

/** Most beats that are kept: as many as the widest screen shows. */
export const MOST_BEATS = 120;
/** Samples of a rate, one a second: enough that a ping more or less hardly changes the rate. */
export const MOST_SAMPLES = 5;
/** Most takeovers and events that are kept: some hours of an automatic demonstration. */
export const MOST_TAKEOVERS = 1_000;
export const MOST_EVENTS = 2_000;
/** The router sends stats once a second; two missed updates are more than a slow machine, ms. */
export const SILENT_AFTER_MS = 2_500;

export const sameVictim = (one: Victim | undefined, other: Victim | undefined): boolean =>
  one !== undefined && other !== undefined && victimKey(one) === victimKey(other);

export const victimKey = (victim: Victim): string =>
  victim.kind === 'router' ? 'router' : `c${victim.cluster}/s${victim.serverId}`;

/** Its name, in the feed's process ids and for people. */
export const victimName = (victim: Victim, clusters: number): string => {
  if (victim.kind === 'router') return 'router';
  return clusters > 1 ? `c${victim.cluster}/s${victim.serverId}` : `s${victim.serverId}`;
};

export const openCluster = (state: ClusterViewState): ClusterSeen | undefined =>
  state.clusters.get(state.open);

/** How long the router has been silent, ms; undefined while that is too short to report. */
export function routerSilentMs({ heardMs, startedMs, clock }: ClusterViewState): number | undefined {
  const silentMs = clock.monoMs - (heardMs ?? startedMs);
  return silentMs >= SILENT_AFTER_MS ? silentMs : undefined;
}

/** The time that the view shows: now, or when the router was last heard. */
export const asOfMs = (state: ClusterViewState): number =>
  routerSilentMs(state) === undefined ? state.clock.monoMs : (state.heardMs ?? state.clock.monoMs);

/**
 * Everything that can be selected, in the order of the table: by number, so that it is easy to find.
 */
export function victimsOf(state: ClusterViewState): readonly Victim[] {
  const { open, canAct } = state;
  const servers = (openCluster(state)?.members ?? [])
    .map(({ info }) => info.serverId)
    .sort((one, other) => one - other)
    .map((serverId): Victim => ({ kind: 'server', cluster: open, serverId }));
  return canAct ? [...servers, { kind: 'router' }] : servers;
}

export function initialClusterView(
  given: Pick<ClusterViewState, 'title' | 'size' | 'clock' | 'budgetMs' | 'canAct' | 'hasLogs'>,
): ClusterViewState {
  return {
    ...given,
    pids: new Map(),
    startedMs: given.clock.monoMs,
    heardMs: undefined,
    clusters: new Map(),
    open: 1,
    selected: undefined,
    marks: new Map(),
    automatic: false,
    takeovers: [],
    events: [],
    forgotten: 0,
    shown: { end: undefined, search: undefined },
    counts: undefined,
    routers: undefined,
    refused: undefined,
    notice: undefined,
    prompt: undefined,
    help: undefined,
    sort: { by: 'server', backwards: false },
    detail: undefined,
  };
}
