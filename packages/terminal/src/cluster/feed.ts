/**
 * The input of the cluster view: the router's updates, and, in the demo, the people's measurements and the
 * controls.
 */
import type { WatchUpdate } from '@dualping/client';
import type { Observable } from 'rxjs';

export type FaultKind = 'kill' | 'freeze' | 'cut' | 'handover';

/**
 * A change of primary, from the fault to the first post that was acknowledged after it. Unmeasured parts are
 * undefined.
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
   * The parts in order, ms: until the router drops the primary; until another is promoted; until clients are
   * live on it; until a post is acknowledged.
   */
  readonly parts: {
    readonly detectMs: number | undefined;
    readonly promoteMs: number | undefined;
    readonly reconnectMs: number | undefined;
    readonly firstPostMs: number | undefined;
  };
  /** From the first to the last measured moment. */
  readonly totalMs: number;
  /**
   * Inaccuracy of the parts before the drop and after the promotion, ms, if they come from stats. Absent:
   * they were measured directly.
   */
  readonly grainMs?: number;
  readonly clients:
    | { readonly reconnected: number; readonly all: number; readonly longestGapMs: number }
    | undefined;
}

/** What the simulated people counted: each person checks every post. */
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

/** One of several routers that share a store. */
export interface RouterSeen {
  readonly address: string;
  /** `absent`: it does not answer. */
  readonly state: 'leads' | 'follows' | 'absent';
  /** Where it is known. */
  readonly pid: number | undefined;
}

/** The routers that share a store. */
export interface RoutersSeen {
  /** Of the leading one; rises with each leader. */
  readonly term: number;
  readonly routers: readonly RouterSeen[];
}

export interface ClusterEvent {
  readonly atMs: number;
  readonly kind: 'up' | 'down' | 'promoted' | 'fault' | 'healed' | 'measured' | 'said';
  readonly text: string;
  /** The servers, or the router, that the event is about; absent: it is about the cluster. */
  readonly about?: readonly Victim[];
}

/** The target of an action: a server of a cluster, or the router. */
export type Victim =
  | { readonly kind: 'server'; readonly cluster: number; readonly serverId: number }
  | { readonly kind: 'router' };

/**
 * Only for the program that started the cluster. Each call resolves when it is done; it rejects with a
 * message for the person.
 */
export interface Controls {
  kill(victim: Victim): Promise<void>;
  /** Stops or continues the process. */
  freeze(victim: Victim): Promise<void>;
  thaw(victim: Victim): Promise<void>;
  /** Cuts it off from all others, or undoes that. */
  cut(victim: Victim): Promise<void>;
  heal(victim: Victim): Promise<void>;
  restart(victim: Victim): Promise<void>;
  /** Switches automatic faults of all kinds. */
  setAutomatic(on: boolean): void;
  /** Process ids, by `s1`, `router` (`c2/s1` where there are several clusters). */
  readonly pids: ReadonlyMap<string, number>;
}

/** The last lines of a process's log. */
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
  /** Emits only where several routers share a store. */
  readonly routers$?: Observable<RoutersSeen>;
  readonly controls: Controls | undefined;
  /**
   * Only if the processes' logs can be read from here. `name` as people read it; `address`: the one that the
   * router has, to check that it is that process. Rejects with a message for the person.
   */
  readonly logOf?: (name: string, address: string | undefined) => Promise<ProcessLog>;
  /** Longest a takeover should take, ms, for the line in the chart. */
  readonly budgetMs: number;
}
