/**
 * The messages that the machines exchange, as core sees them. `@dualping/protocol` maps each to and from the
 * wire, and judges what a stranger sent.
 */
import type { Assignment } from './assignment.js';
import type { Build } from './build.js';
import type { DiskRoomStats } from './disk-room.js';
import type { Answers, EpochStart } from './entry.js';
import {
  type Address,
  type ClusterId,
  type ClusterKey,
  type Epoch,
  type LifeId,
  type NetworkId,
  NO_EPOCH,
  NO_POSITION,
  type Position,
  type ServerId,
  type UserName,
  type WallTimeMs,
} from './ids.js';
import type { Failure } from './reasons.js';
import type { Life } from './same-life.js';

/**
 * Live stats of a server, for operators and views. Two decisions use them too: a copy that ends before a
 * position that an in-sync member has reported as committed is an older copy; and an unclean promotion says
 * what it loses.
 */
export interface Stats {
  /** Last position durable here. */
  readonly durable: Position;
  readonly committed: Position;
  /** Epoch of the last entry. */
  readonly lastEpoch: Epoch;
  /**
   * Running checksum of the journal up to `durable`: two servers have the same at one position if and only if
   * their journals are equal up to there.
   */
  readonly checksum: number;
  readonly timelines: number;
  readonly postsAccepted: number;
  /** How many operations of its disk took longer than `SLOW_DISK_MS`, since the start. */
  readonly slowSyncs: number;
  /** The longest operation of its disk, ms; a running one is included. */
  readonly longestSyncMs: number;
  /** Absent: it has no disk, or has not checked it yet. */
  readonly disk?: DiskRoomStats;
}

/** The stats of a member without a journal, or with an empty one. */
export const NO_STATS: Stats = Object.freeze({
  durable: NO_POSITION,
  committed: NO_POSITION,
  lastEpoch: NO_EPOCH,
  checksum: 0,
  timelines: 0,
  postsAccepted: 0,
  slowSyncs: 0,
  longestSyncMs: 0,
});

/** A member in one of its lives, as it or its supervisor describes it. */
export interface MemberDescription extends Life {
  /** Empty when it has never belonged to a network. */
  readonly networkId: NetworkId | '';
  /** For a member of a service the service's name. */
  readonly cluster: ClusterKey;
  /**
   * The last life over this journal that a router has welcomed, as stored on the member's disk; empty: none,
   * or it is not known.
   */
  readonly welcomedLife: LifeId;
  readonly address: Address;
}

/** Server to router, on `DualPing`. The first message of a stream is `attach`, and only the first. */
export type MemberMessage =
  | (MemberDescription & {
      readonly kind: 'attach';
      /** The highest epoch the member has seen anywhere. */
      readonly epoch: Epoch;
      /** The highest revision of its cluster's assignment that it knows; 0 when none. */
      readonly revision: number;
      readonly stats: Stats;
      readonly replicates: boolean;
      /** Counts the streams that this life has opened; 0 when the sender does not count. */
      readonly attempt: number;
      /** Whether it has been asked to stop, and still runs for a moment. */
      readonly leaving: boolean;
      /** Absent: it does not say. */
      readonly build?: Build;
    })
  | {
      readonly kind: 'ping';
      readonly sequence: number;
      readonly stats: Stats;
      /** Live members of its cluster that it can't reach now; absent: none. */
      readonly cannotReach?: readonly ServerId[];
    }
  /** Asked by the primary of `epoch`; answered by an assignment whose `lastRequest` reaches `request`. */
  | (Life & {
      readonly kind: 'change-in-sync';
      readonly request: number;
      readonly epoch: Epoch;
      readonly change: 'add' | 'remove';
    })
  /**
   * The primary of `epoch` takes no more writes, and all in-sync members hold everything: choose another
   * primary.
   */
  | { readonly kind: 'hand-over'; readonly epoch: Epoch; readonly leaving: boolean }
  /**
   * The primary of `epoch` lacks entries that this live member knows to be committed: it should not have been
   * promoted. The router lets that member take over if it is in sync; else the cluster is unavailable until
   * an operator decides.
   */
  | {
      readonly kind: 'dispute';
      readonly epoch: Epoch;
      readonly serverId: ServerId;
      readonly detail: string;
    }
  /**
   * The member was asked to stop, and still runs for a moment, because others may have been asked too. The
   * router no longer hands over to it.
   */
  | { readonly kind: 'leaving' }
  /**
   * The member is about to end; a standby leaves the in-sync set at once, and no commit waits for it.
   * `stats` says where its journal ends. After a primary has left, a member with exactly the same end has
   * everything.
   */
  | { readonly kind: 'leave'; readonly stats: Stats };

/** Router to server, on `DualPing`. The first is `welcome`, `refused` or `leader-is`. */
export type RouterMessage =
  | {
      readonly kind: 'welcome';
      readonly networkId: NetworkId;
      /** How many clusters the network has; 0: the router does not say. */
      readonly clusters: number;
      readonly pingIntervalMs: number;
      readonly deadAfterMs: number;
      readonly assignment: Assignment;
      /**
       * The term in which this router leads, of several that share a store; 0 or absent: the router is alone.
       */
      readonly term?: number;
    }
  /** The router does not lead. Also sent later on the same stream, which carries nothing else. */
  | {
      readonly kind: 'leader-is';
      /** Rises with each leader; 0: no router leads, as far as this one knows. */
      readonly term: number;
      /** Empty when no router leads. */
      readonly address: Address | '';
    }
  | { readonly kind: 'pong'; readonly sequence: number; readonly pingIntervalMs: number }
  | {
      readonly kind: 'assignment';
      readonly assignment: Assignment;
      /** The highest `change-in-sync` request of this link that was decided, granted or not. */
      readonly lastRequest: number;
    }
  /** The answer to `hand-over`: no other member can take over now. */
  | { readonly kind: 'no-successor'; readonly epoch: Epoch }
  /** An operator asked for a handover: drain, then answer with `hand-over`. */
  | { readonly kind: 'please-hand-over'; readonly epoch: Epoch }
  /** An operator wants the cluster to rest: drain as for a handover, and then end. There is no successor. */
  | { readonly kind: 'please-rest'; readonly epoch: Epoch }
  /** `networkId`: the network of the router that refuses. */
  | ({ readonly kind: 'refused'; readonly networkId: NetworkId } & Failure);

/** Standby to primary, on `Replicate`. The first is `join`, and only the first. */
export type StandbyMessage =
  | (Life & {
      readonly kind: 'join';
      readonly networkId: NetworkId;
      readonly cluster: ClusterId;
      readonly epoch: Epoch;
      /** Last position of the standby's journal; 0 when it is empty. */
      readonly lastPosition: Position;
      /** Where each epoch begins in the standby's journal, ascending. */
      readonly epochStarts: readonly EpochStart[];
    })
  /**
   * Everything up to `position` is durable at the standby. Also sent, unchanged, in answer to every batch.
   */
  | {
      readonly kind: 'durable';
      readonly epoch: Epoch;
      readonly position: Position;
      /** Its disk has no room for what users write. */
      readonly diskIsLow?: true;
    }
  /** The last message of a stream: the standby knows of a higher epoch; the primary must step down. */
  | { readonly kind: 'fenced'; readonly epoch: Epoch }
  /**
   * The last message of a stream: the primary's journal lacks entries that the standby knows to be committed,
   * up to `committed`. A primary that has not opened its epoch, and gets this from an in-sync member, gives
   * the epoch up.
   */
  | { readonly kind: 'lacking'; readonly epoch: Epoch; readonly committed: Position };

/** Primary to standby, on `Replicate`. */
export type PrimaryMessage =
  /**
   * The journals are equal up to `common`; the standby must cut its entries beyond it. Entries follow from
   * there.
   */
  | {
      readonly kind: 'joined';
      readonly epoch: Epoch;
      readonly common: Position;
      readonly committed: Position;
      /** Of the primary's journal up to `common`; filled in by the driver, which has the bytes. */
      readonly checksum: number;
    }
  /**
   * The journals are equal up to `common`, and the primary no longer has the entries that the standby lacks:
   * pull a snapshot with `GetFollowerInfo`, then join again.
   */
  | { readonly kind: 'snapshot-needed'; readonly epoch: Epoch; readonly common: Position }
  /**
   * Entries `from` to `to` in order; none when `to` = `from` − 1: then it only carries the commit position,
   * and is a sign of life. On the wire entries are the bytes of the primary's journal; drivers pass these on,
   * the machines see them decoded.
   */
  | {
      readonly kind: 'entries';
      readonly epoch: Epoch;
      readonly from: Position;
      readonly to: Position;
      readonly committed: Position;
    }
  | (Failure & {
      readonly kind: 'refused';
      /**
       * Network of the server that refuses. `epoch` counts only from a server of the standby's own network
       * and cluster.
       */
      readonly networkId: NetworkId | '';
      readonly cluster: ClusterId;
      /** The highest epoch that the server has seen. */
      readonly epoch: Epoch;
    });

/**
 * From the primary of one cluster to the primary of another, on `Tail`. The first is `open`, and only the
 * first.
 */
export type TailMessage =
  | {
      readonly kind: 'open';
      readonly networkId: NetworkId;
      /** The reader: its cluster, and the epoch in which it is primary there. */
      readonly from: ClusterId;
      readonly fromEpoch: Epoch;
      /** The cluster that is read. */
      readonly cluster: ClusterId;
      readonly epoch: Epoch;
    }
  /**
   * Begins again after a position, from now on also with `add` and without `remove`. Earlier batches without
   * `taken` are void: batches carry the number of their subscription.
   */
  | {
      readonly kind: 'subscribe';
      /** Counts up from 1 on each stream. */
      readonly number: number;
      readonly after: Position;
      readonly add: readonly UserName[];
      readonly remove: readonly UserName[];
      /** Another message of the same number follows: the other side sends nothing before the last one. */
      readonly more: boolean;
    }
  /** The items of the last batch are committed here: the next batch may come. */
  | { readonly kind: 'taken'; readonly number: number }
  /** A sign of life. */
  | { readonly kind: 'alive' };

/** What happened in the cluster that is tailed. */
export type TailItem =
  | { readonly kind: 'user'; readonly position: Position; readonly user: UserName }
  | {
      readonly kind: 'post';
      readonly position: Position;
      readonly user: UserName;
      readonly text: string;
      readonly timeMs: WallTimeMs;
      readonly answers?: Answers;
    }
  /** A user there follows, or no longer follows, one of the reader's. */
  | {
      readonly kind: 'follow' | 'unfollow';
      readonly position: Position;
      readonly user: UserName;
      readonly target: UserName;
    };

/** What the tailed cluster sends. A batch without items is a sign of life, and is not answered. */
export interface TailBatch {
  readonly kind: 'batch';
  readonly number: number;
  /** By position, ascending. */
  readonly items: readonly TailItem[];
  /** Everything up to here that is wanted has been sent. */
  readonly through: Position;
  /**
   * Users who became present since the message before (`left`: no longer present); in the first, all who are
   * present.
   */
  readonly arrived: readonly UserName[];
  readonly left: readonly UserName[];
}
