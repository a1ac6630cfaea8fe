/** Everything that the cluster view shows, as one immutable value. */
import type { Assignment, MemberFigures, MemberInfo } from '@dualping/client';
import type { Editor } from '../editor/editor.js';
import type { Size } from '../state/geometry.js';
import type { Clock } from '../state/state.js';
import type { ClusterEvent, Counts, ProcessLog, Takeover, Victim } from './feed.js';

/** One beat of the trace: how long ago a member was heard when the router told its figures. */
export type Beat =
  | { readonly kind: 'heard'; readonly ageMs: number }
  /** It is not live. */
  | { readonly kind: 'silent' }
  /** Live by somebody's word: it does not ping. */
  | { readonly kind: 'vouched' };

/** What a server said of itself at a moment, for rates. */
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
  /** Whether its beginning was seen: else it has been up for longer than is known here. */
  readonly beginningSeen: boolean;
  /** When it was seen to be dropped. */
  readonly droppedMs: number | undefined;
  /** The last figures, and when they came. */
  readonly told: { readonly figures: MemberFigures; readonly monoMs: number } | undefined;
  /** Of this life, oldest first. */
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
 * What was done to a server, or the router, until the router tells that it is otherwise. `killed`: its
 * process has ended, and may have been started again.
 */
export type Mark = 'frozen' | 'cut' | 'killed';

/** What the keys can do to a process. */
export type Deed = 'kill' | 'freeze' | 'thaw' | 'cut' | 'heal' | 'restart';

/** Refused once, with a reason; done when it is asked again soon. */
export interface Refused {
  readonly deed: Deed;
  readonly victim: Victim;
  readonly untilMs: number;
}

export interface Notice {
  readonly kind: 'said' | 'problem';
  readonly text: string;
  /** Monotonic. */
  readonly untilMs: number;
}

export interface EventsShown {
  /**
   * Undefined: the newest are shown as they come. Else the number (counted from the first ever) after the
   * last that is shown.
   */
  readonly end: number | undefined;
  /** Only those with this text in them. */
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

/** By which column the table is sorted; `backwards`: the other way round than is usual for it. */
export interface Sort {
  readonly by: ColumnName;
  readonly backwards: boolean;
}

/** One server, or the router, in full. */
export interface Detail {
  readonly victim: Victim;
  /** Undefined: it can't be read from here. */
  readonly log: ProcessLog | 'asking' | { readonly problem: string } | undefined;
  /** When it was asked for last. Monotonic. */
  readonly askedMs: number;
  /** Rows under the last that is shown. */
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

  /** When the view began, and when the router was last heard. Monotonic. */
  readonly startedMs: number;
  readonly heardMs: number | undefined;
  /** By number, ascending. */
  readonly clusters: ReadonlyMap<number, ClusterSeen>;
  readonly open: number;
  /** Whom the keys are about; in the open cluster. */
  readonly selected: Victim | undefined;
  readonly marks: ReadonlyMap<string, Mark>;
  readonly automatic: boolean;

  /** Oldest first, the last of them. */
  readonly takeovers: readonly Takeover[];
  readonly events: readonly ClusterEvent[];
  /** How many events came before those that are kept. */
  readonly forgotten: number;
  readonly shown: EventsShown;
  readonly counts: Counts | undefined;

  readonly refused: Refused | undefined;
  readonly notice: Notice | undefined;
  /** The search that is being typed. */
  readonly prompt: Editor | undefined;
  readonly help: { readonly scroll: number } | undefined;
  readonly sort: Sort;
  readonly detail: Detail | undefined;
}

/** Beats that are kept: as many as the widest screen shows. */
export const MOST_BEATS = 120;
/** A rate is over so many samples, about as many seconds: a ping more or less does not shake it. */
export const MOST_SAMPLES = 5;
/** Kept of what came: some hours of an automatic demonstration. */
export const MOST_TAKEOVERS = 1_000;
export const MOST_EVENTS = 2_000;
/** The router tells figures once a second; twice missed is not a slow machine. */
export const SILENT_AFTER_MS = 2_500;

export const sameVictim = (one: Victim | undefined, other: Victim | undefined): boolean =>
  one !== undefined && other !== undefined && victimKey(one) === victimKey(other);

export const victimKey = (victim: Victim): string =>
  victim.kind === 'router' ? 'router' : `c${victim.cluster}/s${victim.serverId}`;

/** As the feed's process ids have it, and as people read it. */
export const victimName = (victim: Victim, clusters: number): string => {
  if (victim.kind === 'router') return 'router';
  return clusters > 1 ? `c${victim.cluster}/s${victim.serverId}` : `s${victim.serverId}`;
};

export const openCluster = (state: ClusterViewState): ClusterSeen | undefined =>
  state.clusters.get(state.open);

/** How long the router has been silent, once that is long enough to be said; ms. */
export function routerSilentMs({ heardMs, startedMs, clock }: ClusterViewState): number | undefined {
  const silentMs = clock.monoMs - (heardMs ?? startedMs);
  return silentMs >= SILENT_AFTER_MS ? silentMs : undefined;
}

/** The moment as of which all is shown: now, or when the router was last heard. */
export const asOfMs = (state: ClusterViewState): number =>
  routerSilentMs(state) === undefined ? state.clock.monoMs : (state.heardMs ?? state.clock.monoMs);

/**
 * Whom the keys can be about, in the order of the table: by number, so that everybody is found where one
 * looks.
 */
export function victimsOf(state: ClusterViewState): readonly Victim[] {
  const { open, canAct } = state;
  const servers = (openCluster(state)?.members ?? [])
    .map(({ info }) => info.serverId)
    .sort((one, other) => one - other)
    .map((serverId): Victim => ({ kind: 'server', cluster: open, serverId }));
  return canAct ? [...servers, { kind: 'router' }] : servers;
}

export function initialClusterView(given: {
  readonly title: string;
  readonly size: Size;
  readonly clock: Clock;
  readonly budgetMs: number;
  readonly canAct: boolean;
  readonly hasLogs: boolean;
}): ClusterViewState {
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
    refused: undefined,
    notice: undefined,
    prompt: undefined,
    help: undefined,
    sort: { by: 'server', backwards: false },
    detail: undefined,
  };
}
