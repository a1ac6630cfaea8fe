/** What the router announces about a cluster, and what it stores. */
import type { Build } from './build.js';
import type {
  Address,
  ClusterId,
  Epoch,
  Incarnation,
  JournalId,
  LifeId,
  Position,
  ServerId,
  ServiceName,
  WallTimeMs,
} from './ids.js';
import { isSameLife, type Life } from './same-life.js';

/** How the router knows that a member is live (design: liveness). */
export type Liveness = 'stream' | 'heartbeat' | 'watched';

/**
 * `replicated`: members hold one journal, only in-sync ones are promoted.
 * `routed`: members cannot replicate and are routed to in registration order.
 * A cluster takes the mode of its first member permanently.
 */
export type ClusterMode = 'replicated' | 'routed';

/**
 * An operator's order that holds for a cluster until it is resumed.
 * `paused`: nobody takes the epoch from a primary that is lost; only the server that had it comes back to it.
 * `resting`: no epoch is granted at all.
 */
export type Suspension = 'paused' | 'resting';

/** Something that happened to a cluster, for operators who ask later. */
export interface HistoryEntry {
  readonly what: 'promoted' | 'promoted-unclean' | 'paused' | 'resting' | 'resumed' | 'removed';
  /** By the router's wall clock. */
  readonly timeMs: WallTimeMs;
  /** The epoch from then on. */
  readonly epoch: Epoch;
  /** Who was promoted or removed; absent: it is about no member. */
  readonly serverId?: ServerId;
  /** For people. */
  readonly detail: string;
}

/** A member of a cluster, as the router sees it. */
export interface MemberInfo {
  readonly serverId: ServerId;
  readonly incarnation: Incarnation;
  /** Empty for members that cannot replicate. */
  readonly journalId: JournalId;
  readonly lifeId: LifeId;
  readonly address: Address;
  readonly liveness: Liveness;
  /** Whether the router has evidence now that the member runs. */
  readonly live: boolean;
  /** Whether the in-sync set contains this member with exactly this journal. */
  readonly inSync: boolean;
  /** The router could not reach this life at `address`; until it does, the member is not promoted. */
  readonly unreachable: boolean;
  /** As it said when it attached last; absent: it did not say. */
  readonly build?: Build;
}

/**
 * Membership of the in-sync set belongs to one life over one journal, not to any process with that server id:
 * a copy of the folder has the same journal id, and lacks what was written since the copy was made.
 */
export interface InSyncMember {
  readonly serverId: ServerId;
  readonly journalId: JournalId;
  /** The last life from which the router got a message after its welcome. */
  readonly lifeId: LifeId;
}

/** Which life of which member holds the epoch. */
export interface PrimaryRef {
  readonly serverId: ServerId;
  readonly incarnation: Incarnation;
  readonly journalId: JournalId;
  readonly lifeId: LifeId;
}

/**
 * A cluster as the router sees it. `revision` rises with every change, also within an epoch; of two
 * assignments the one with the higher revision is the newer.
 */
export interface Assignment {
  readonly cluster: ClusterId;
  /** The service whose cluster it is; absent: a cluster of users. */
  readonly service?: ServiceName;
  readonly revision: number;
  readonly epoch: Epoch;
  /** Who holds the epoch; `available` says whether it is live. */
  readonly primary: PrimaryRef | undefined;
  readonly available: boolean;
  /** Why no server is available, for people; empty when one is. */
  readonly unavailableReason: string;
  /** Absent: failover is automatic. */
  readonly suspended?: Suspension;
  /** The highest level that the router and all members have; absent: there is no member, or not told. */
  readonly level?: number;
  readonly inSync: readonly InSyncMember[];
  /**
   * The last epoch that an operator granted to a member that was not in sync; 0: there was none. A standby
   * may cut entries that it knows to be committed only if such a promotion happened since.
   */
  readonly lastUncleanEpoch: Epoch;
  /** All known members, in the order in which they registered. */
  readonly members: readonly MemberInfo[];
}

/**
 * Whether the first of two assignments of one cluster was decided later. The epoch counts first: a router
 * with a copied folder raises its own revisions, but its epoch rises only when it promotes a member. Any
 * assignment is later than none.
 */
export const isNewer = (one: Numbered | undefined, other: Numbered | undefined): boolean =>
  one !== undefined &&
  (other === undefined ||
    one.epoch > other.epoch ||
    (one.epoch === other.epoch && one.revision > other.revision));

/** The numbers by which assignments of one cluster are compared: see `isNewer`. */
export type Numbered = Pick<Assignment, 'epoch' | 'revision'>;

/** Whether exactly this life holds the epoch. */
export const namesAsPrimary = ({ primary }: Pick<Assignment, 'primary'>, life: Life): boolean =>
  primary !== undefined && isSameLife(primary, life);

export const primaryMember = (assignment: Assignment): MemberInfo | undefined =>
  assignment.members.find((member) => member.serverId === assignment.primary?.serverId);

/** What the router must not forget about a cluster. */
export interface ClusterRecord {
  readonly cluster: ClusterId;
  /** The service whose cluster it is, permanently; absent: a cluster of users. */
  readonly service?: ServiceName;
  readonly mode: ClusterMode | undefined;
  readonly epoch: Epoch;
  readonly revision: number;
  readonly primary: PrimaryRef | undefined;
  readonly inSync: readonly InSyncCopy[];
  readonly lastUncleanEpoch: Epoch;
  /** The highest commit position that an in-sync member has reported; may lag behind. */
  readonly committed: Position;
  /** Undefined while a primary serves, or if the last primary did not end in order. */
  readonly orderlyEnd: OrderlyEnd | undefined;
  /** Absent: failover is automatic. */
  readonly suspended?: Suspension;
  /** The oldest first, at most `MAX_HISTORY`; absent: nothing has happened yet. */
  readonly history?: readonly HistoryEntry[];
  /** In registration order, with what was last known of each. */
  readonly members: readonly MemberRecord[];
}

/** A copy of the journal that has everything acknowledged, and the chain of lives over it. */
export interface InSyncCopy {
  readonly serverId: ServerId;
  readonly journalId: JournalId;
  /**
   * First the last life that was welcomed and then sent a message. After it, in order, later lives that were
   * welcomed and sent nothing yet: they may or may not have stored the welcome. A folder that names none of
   * these as its last welcomed life is older.
   */
  readonly lives: readonly LifeId[];
}

/** How far a journal reaches. */
export interface JournalEnd {
  /** Epoch of its last entry. */
  readonly lastEpoch: Epoch;
  /** Position of its last durable entry. */
  readonly durable: Position;
  /** As far as the member knows. */
  readonly committed: Position;
  /** Of the whole journal up to `durable`. */
  readonly checksum: number;
}

/**
 * Where the journal ended when its primary stopped in order: a member whose journal ends exactly here has
 * everything.
 */
export interface OrderlyEnd {
  readonly lastEpoch: Epoch;
  readonly durable: Position;
  readonly checksum: number;
}

export interface MemberRecord extends Life {
  /** As last reported; may lag behind. */
  readonly end: JournalEnd;
  readonly address: Address;
  readonly liveness: Liveness;
  /**
   * Whether the member was live when this was written. A restarted router still counts watched members as
   * live (their supervisor reports their end), and members that send heartbeats for `heartbeat_timeout`; the
   * others have to attach again.
   */
  readonly live: boolean;
  /**
   * Whether the router has reached this life at its address: a restarted router need not dial it again.
   */
  readonly reached: boolean;
  /** As it said when it attached last; absent: it did not say. */
  readonly build?: Build;
}
