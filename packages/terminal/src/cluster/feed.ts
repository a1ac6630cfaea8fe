/**
 * What the cluster view lives on: what the router tells, and, where the cluster is ours, what its people
 * measure and what can be done to it.
 */
import type { WatchUpdate } from '@dualping/client';
import type { Observable } from 'rxjs';

export type FaultKind = 'kill' | 'freeze' | 'cut' | 'handover';

/**
 * A change of primary, from the fault to the first post that was acknowledged after it. Parts that nobody
 * measured are undefined.
 */
export interface Takeover {
  /** Counts up from 1. */
  readonly number: number;
  readonly cluster: number;
  /** Ms since 1970. */
  readonly atMs: number;
  readonly fault: FaultKind | 'unknown';
  /** Server ids. */
  readonly from: number;
  readonly to: number;
  readonly epoch: number;
  /**
   * One after the other, ms: the router drops the primary; another is promoted; clients are live on it; a
   * post is acknowledged.
   */
  readonly parts: {
    readonly detectMs: number | undefined;
    readonly promoteMs: number | undefined;
    readonly reconnectMs: number | undefined;
    readonly firstPostMs: number | undefined;
  };
  /** From the first to the last of what was measured. */
  readonly totalMs: number;
  /**
   * What the parts before the drop and after the promotion are exact to, ms, where they were read from
   * figures; else they were measured where they happened.
   */
  readonly grainMs?: number;
  readonly clients:
    | { readonly reconnected: number; readonly all: number; readonly longestGapMs: number }
    | undefined;
}

/** What simulated people counted, each for itself: checked post by post, not assumed. */
export interface Counts {
  readonly clients: number;
  readonly posted: number;
  readonly acknowledged: number;
  /** Posts that reached a follower. */
  readonly delivered: number;
  readonly lost: number;
  readonly repeated: number;
  readonly outOfOrder: number;
}

export interface ClusterEvent {
  readonly atMs: number;
  readonly kind: 'up' | 'down' | 'promoted' | 'fault' | 'healed' | 'measured' | 'said';
  readonly text: string;
  /** Whose story it belongs to; absent: nobody's alone. */
  readonly about?: readonly Victim[];
}

/** Who is meant: a server of a cluster, or the router. */
export type Victim =
  | { readonly kind: 'server'; readonly cluster: number; readonly serverId: number }
  | { readonly kind: 'router' };

/**
 * Only for whoever started the cluster. Each resolves when it was done; rejects with what a person should
 * know.
 */
export interface Controls {
  kill(victim: Victim): Promise<void>;
  /** Stops or continues the process. */
  freeze(victim: Victim): Promise<void>;
  thaw(victim: Victim): Promise<void>;
  /** Cuts it off from everybody else, or heals that. */
  cut(victim: Victim): Promise<void>;
  heal(victim: Victim): Promise<void>;
  restart(victim: Victim): Promise<void>;
  /** Faults of all kinds by themselves. */
  setAutomatic(on: boolean): void;
  /** Process ids, by `s1`, `router` (`c2/s1` where there are several clusters). */
  readonly pids: ReadonlyMap<string, number>;
}

/** The last of what a process has written. */
export interface ProcessLog {
  readonly path: string;
  /** Oldest first. */
  readonly lines: readonly string[];
}

export interface ClusterFeed {
  readonly title: string;
  readonly updates$: Observable<WatchUpdate>;
  readonly takeovers$: Observable<Takeover>;
  readonly events$: Observable<ClusterEvent>;
  readonly counts$: Observable<Counts> | undefined;
  readonly controls: Controls | undefined;
  /**
   * Only where the processes' logs can be read from here. `name` as people read it; `address`: where the
   * router knows it, to be sure that it is that process. Rejects with what a person should know.
   */
  readonly logOf?: (name: string, address: string | undefined) => Promise<ProcessLog>;
  /** What a takeover may take, for the bar: ms. */
  readonly budgetMs: number;
}
