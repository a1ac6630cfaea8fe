/** What the router tells everybody about a cluster, and what it keeps. */
import type { Address, ClusterId, Epoch, Incarnation, JournalId, ServerId } from './ids.js';

/** How the router knows that a member is there (design: liveness). */
export type Liveness = 'stream' | 'heartbeat' | 'watched';

/**
 * `replicated`: members hold one journal, only in-sync ones are promoted.
 * `routed`: members cannot replicate and are routed to in registration order.
 * A cluster takes the mode of its first member for good.
 */
export type ClusterMode = 'replicated' | 'routed';

export interface MemberInfo {
  readonly serverId: ServerId;
  readonly incarnation: Incarnation;
  /** Empty for members that cannot replicate. */
  readonly journalId: JournalId;
  readonly address: Address;
  readonly liveness: Liveness;
  /** Whether the router has evidence now that the member is there. */
  readonly live: boolean;
  /** Whether the in-sync set holds this member with this very journal. */
  readonly inSync: boolean;
  /** The router could not reach this life of it at `address`: it is not promoted until it was. */
  readonly unreachable: boolean;
}

/** Membership of the in-sync set belongs to a journal, not to whoever comes with that server id. */
export interface InSyncMember {
  readonly serverId: ServerId;
  readonly journalId: JournalId;
}

export interface PrimaryRef {
  readonly serverId: ServerId;
  readonly incarnation: Incarnation;
  readonly journalId: JournalId;
}

/**
 * A cluster as the router sees it. `revision` rises with every change of anything in it, also within
 * an epoch; of two assignments the one with the higher revision is the newer.
 */
export interface Assignment {
  readonly cluster: ClusterId;
  readonly revision: number;
  readonly epoch: Epoch;
  /** Who holds the epoch; whether it can be reached is said by `available`. */
  readonly primary: PrimaryRef | undefined;
  readonly available: boolean;
  /** Why nobody is available, for people; empty when somebody is. */
  readonly unavailableReason: string;
  readonly inSync: readonly InSyncMember[];
  /** All known members, in the order in which they registered. */
  readonly members: readonly MemberInfo[];
}

export const primaryMember = (assignment: Assignment): MemberInfo | undefined =>
  assignment.members.find((member) => member.serverId === assignment.primary?.serverId);

/** What the router must not forget of a cluster. */
export interface ClusterRecord {
  readonly cluster: ClusterId;
  readonly mode: ClusterMode | undefined;
  readonly epoch: Epoch;
  readonly revision: number;
  readonly primary: PrimaryRef | undefined;
  readonly inSync: readonly InSyncMember[];
  /** In registration order, with the last that was known of each. */
  readonly members: readonly MemberRecord[];
}

export interface MemberRecord {
  readonly serverId: ServerId;
  readonly incarnation: Incarnation;
  readonly journalId: JournalId;
  readonly address: Address;
  readonly liveness: Liveness;
  /**
   * Whether there was evidence of it when this was written. A restarted router goes on believing it of
   * watched members (their supervisor reports the end, and only that) and, for as long as a heartbeat counts, of those that
   * send heartbeats; the others have to attach again.
   */
  readonly live: boolean;
  /** Whether the router has reached this life of it at its address: a router that restarts need not ask again. */
  readonly reached: boolean;
}
