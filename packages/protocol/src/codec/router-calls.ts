/** The unary calls and the watch of the router, for clients, supervisors and operators. */
import {
  type Assignment,
  type Build,
  type ClusterId,
  type ClusterKey,
  cleanDetail,
  DualpingError,
  type Epoch,
  type HistoryEntry,
  type Incarnation,
  MAX_CLUSTER_NUMBER,
  MAX_CLUSTERS,
  MAX_HISTORY,
  MAX_MEMBERS,
  MAX_WAIT_MS,
  type MemberDescription,
  type NetworkId,
  type ServerId,
  type ServiceName,
  type Stats,
  type UserName,
  unreachable,
  type WallTimeMs,
} from '@dualping/core';
import * as wire from '../gen/dualping/v1/routing.js';
import { assignmentFromWire, assignmentToWire, statsFromWire, statsToWire } from './assignment.js';
import {
  addressFrom,
  anyClusterFrom,
  buildFrom,
  buildToWire,
  clusterFrom,
  clusterKeyFrom,
  clusterKeyToWire,
  count,
  durationFrom,
  epochFrom,
  listFrom,
  nameOf,
  optionalIdFrom,
  ordinal,
  present,
  refuse,
  requiredIdFrom,
  serverIdFrom,
  serviceFrom,
  userFrom,
} from './judge.js';
import { type AttachMessage, attachFromWire } from './routing.js';

/** The cluster whose assignment is meant: by number, that of a user, or a service. */
export type Target =
  | { readonly kind: 'cluster'; readonly cluster: ClusterId }
  | { readonly kind: 'user'; readonly user: UserName }
  | { readonly kind: 'service'; readonly service: ServiceName };

type WireTarget =
  | { $case: 'cluster'; value: number }
  | { $case: 'user'; value: string }
  | { $case: 'service'; value: string };

function targetFromWire(target: WireTarget): Target {
  switch (target.$case) {
    case 'cluster':
      return { kind: 'cluster', cluster: anyClusterFrom(target.value) };
    case 'user':
      return { kind: 'user', user: userFrom(target.value) };
    case 'service':
      return { kind: 'service', service: serviceFrom(target.value) };
    default:
      return unreachable(target);
  }
}

function targetToWire(target: Target): WireTarget {
  switch (target.kind) {
    case 'cluster':
      return { $case: 'cluster', value: target.cluster };
    case 'user':
      return { $case: 'user', value: target.user };
    case 'service':
      return { $case: 'service', value: target.service };
    default:
      return unreachable(target);
  }
}

export interface AvailableQuestion {
  readonly target: Target;
  readonly failedEpoch: Epoch;
  readonly waitMs: number;
}

export function getAvailableFromWire(request: wire.GetAvailableRequest): AvailableQuestion {
  if (request.target === undefined) refuse('target is missing: name a cluster, a user or a service');
  return {
    target: targetFromWire(request.target),
    failedEpoch: epochFrom(request.failedEpoch, 'failed_epoch'),
    waitMs: count(request.waitMs, 'wait_ms', MAX_WAIT_MS),
  };
}

export const getAvailableToWire = (question: AvailableQuestion): wire.GetAvailableRequest => ({
  target: targetToWire(question.target),
  failedEpoch: question.failedEpoch,
  waitMs: question.waitMs,
});

export interface WatchQuestion {
  /** Undefined: all clusters of users. */
  readonly target: Target | undefined;
  readonly stats: boolean;
  /** Without a target: the clusters of services too. Absent: not. */
  readonly services?: boolean;
}

export const watchFromWire = (request: wire.WatchRequest): WatchQuestion => ({
  target: request.target === undefined ? undefined : targetFromWire(request.target),
  stats: request.stats,
  services: request.services,
});

export const watchToWire = (question: WatchQuestion): wire.WatchRequest => ({
  target: question.target === undefined ? undefined : targetToWire(question.target),
  stats: question.stats,
  services: question.services ?? false,
});

/** Stats of a member as a watcher gets them. */
export interface MemberFigures {
  readonly cluster: ClusterId;
  readonly serverId: ServerId;
  readonly stats: Stats;
  /** Milliseconds since the member was last heard. */
  readonly ageMs: number;
}

/** An answer, with the network of the router that gives it. */
export interface Available {
  readonly networkId: NetworkId;
  readonly assignment: Assignment;
}

export const availableFromWire = (response: wire.GetAvailableResponse): Available => ({
  networkId: requiredIdFrom(response.networkId, 'network_id'),
  assignment: assignmentFromWire(response.assignment),
});

export const availableToWire = ({ networkId, assignment }: Available): wire.GetAvailableResponse => ({
  networkId,
  assignment: assignmentToWire(assignment),
});

/** A message of a watch: first all assignments, then those that changed. */
export interface WatchUpdate {
  readonly assignments: readonly Assignment[];
  readonly stats: readonly MemberFigures[];
  /** What is wrong with the router itself now, for people; empty or absent: nothing. */
  readonly trouble?: string;
}

/** An update as a router sends it. */
export interface RouterUpdate extends WatchUpdate {
  /** The router's network. */
  readonly networkId: NetworkId;
}

export const watchUpdateFromWire = (response: wire.WatchResponse): RouterUpdate => ({
  networkId: requiredIdFrom(response.networkId, 'network_id'),
  assignments: listFrom(response.assignments, 'assignments', MAX_CLUSTER_NUMBER, assignmentFromWire),
  stats: listFrom(response.stats, 'stats', MAX_CLUSTER_NUMBER * MAX_MEMBERS, (member) => ({
    cluster: anyClusterFrom(member.cluster),
    serverId: serverIdFrom(member.serverId),
    stats: statsFromWire(member.stats),
    ageMs: count(member.ageMs, 'age_ms'),
  })),
  trouble: cleanDetail(response.trouble),
});

export const watchUpdateToWire = (update: RouterUpdate): wire.WatchResponse => ({
  networkId: update.networkId,
  assignments: update.assignments.map(assignmentToWire),
  stats: update.stats.map((member) => ({ ...member, stats: statsToWire(member.stats) })),
  trouble: cleanDetail(update.trouble ?? ''),
});

export const addMasterFromWire = (request: wire.AddMasterRequest): AttachMessage =>
  attachFromWire(present(request.server, 'server'));

/** A server, registered by its supervisor. */
export const registerServerFromWire = (request: wire.RegisterServerRequest): MemberDescription => ({
  networkId: optionalIdFrom(request.networkId, 'network_id'),
  cluster: clusterKeyFrom(request),
  serverId: serverIdFrom(request.serverId),
  incarnation: ordinal(request.incarnation, 'incarnation'),
  journalId: optionalIdFrom(request.journalId, 'journal_id'),
  lifeId: '',
  welcomedLife: '',
  address: addressFrom(request.address),
});

/** The user who connects; undefined when the question is only about the router. */
export const connectFromWire = (request: wire.ConnectRequest): UserName | undefined =>
  request.user === '' ? undefined : userFrom(request.user);

export interface Connected {
  readonly networkId: NetworkId;
  readonly clusters: number;
  /** The user's cluster; undefined when no user was named. */
  readonly cluster: ClusterId | undefined;
  readonly failoverWaitMs: number;
  readonly assignment: Assignment | undefined;
  /** Certificates of the network, X.509 in DER: believed only as far as a known one has signed them. */
  readonly authorities: readonly Uint8Array[];
  /** The router's wall clock; undefined: it tells none. */
  readonly nowMs: WallTimeMs | undefined;
  /** The router's; absent: it does not say. */
  readonly build?: Build;
}

/** Certificates of a network: two while one is replaced, and what the former says of the new. */
const MAX_AUTHORITIES = 8;
/** Ours have 500 bytes. */
const MAX_AUTHORITY_BYTES = 4_096;

function authoritiesFrom(certificates: readonly Uint8Array[]): readonly Uint8Array[] {
  const longest = Math.max(0, ...certificates.map(({ length }) => length));
  if (certificates.length > MAX_AUTHORITIES || longest > MAX_AUTHORITY_BYTES)
    throw new DualpingError(
      'invalid-argument',
      `there are ${certificates.length} authorities of up to ${longest} bytes: ${MAX_AUTHORITIES} of ${MAX_AUTHORITY_BYTES} are the most`,
    );
  return certificates;
}

export const connectedFromWire = (response: wire.ConnectResponse): Connected => ({
  networkId: requiredIdFrom(response.networkId, 'network_id'),
  clusters: ordinal(response.clusters, 'clusters', MAX_CLUSTERS),
  cluster: response.cluster === 0 ? undefined : clusterFrom(response.cluster),
  failoverWaitMs: durationFrom(response.failoverWaitMs, 'failover_wait_ms'),
  assignment: response.assignment === undefined ? undefined : assignmentFromWire(response.assignment),
  authorities: authoritiesFrom(response.authorities),
  nowMs: response.nowMs === 0 ? undefined : ordinal(response.nowMs, 'now_ms'),
  ...buildFrom(response),
});

export const connectedToWire = (connected: Connected): wire.ConnectResponse => ({
  networkId: connected.networkId,
  clusters: connected.clusters,
  cluster: connected.cluster ?? 0,
  failoverWaitMs: connected.failoverWaitMs,
  assignment: connected.assignment === undefined ? undefined : assignmentToWire(connected.assignment),
  authorities: connected.authorities.map((bytes) => Buffer.from(bytes)),
  nowMs: connected.nowMs ?? 0,
  ...buildToWire(connected.build),
});

export interface CrashReport {
  readonly cluster: ClusterKey;
  readonly serverId: ServerId;
  readonly incarnation: Incarnation;
  readonly detail: string;
}

export const crashFromWire = (request: wire.CrashRequest): CrashReport => ({
  cluster: clusterKeyFrom(request),
  serverId: serverIdFrom(request.serverId),
  incarnation: ordinal(request.incarnation, 'incarnation'),
  detail: cleanDetail(request.detail),
});

export interface Handover {
  readonly cluster: ClusterKey;
  /** The member that takes over; undefined: the first that may. */
  readonly to: ServerId | undefined;
}

export const handoverFromWire = (request: wire.HandoverRequest): Handover => ({
  cluster: clusterKeyFrom(request, anyClusterFrom),
  to: request.serverId === 0 ? undefined : serverIdFrom(request.serverId),
});

export const handoverToWire = ({ cluster, to }: Handover): wire.HandoverRequest => ({
  ...clusterKeyToWire(cluster),
  serverId: to ?? 0,
});

export interface Promotion {
  readonly cluster: ClusterKey;
  readonly serverId: ServerId;
  readonly acceptLoss: boolean;
}

/**
 * A promotion without `unclean` is refused here: the caller must say that acknowledged writes may be lost.
 */
export function promoteFromWire(request: wire.PromoteRequest): Promotion {
  const promotion = {
    cluster: clusterKeyFrom(request, anyClusterFrom),
    serverId: serverIdFrom(request.serverId),
    acceptLoss: request.acceptLoss,
  };
  if (!request.unclean)
    refuse(`promoting server "${request.serverId}" may lose acknowledged writes: unclean must be true`);
  return promotion;
}

export const promoteToWire = (promotion: Promotion): wire.PromoteRequest => ({
  ...promotion,
  ...clusterKeyToWire(promotion.cluster),
  unclean: true,
});

/** Which cluster an operator's order is about. */
export interface ClusterOrder {
  readonly cluster: ClusterKey;
}

export const clusterOrderFromWire = (request: {
  readonly cluster: number;
  readonly service: string;
}): ClusterOrder => ({ cluster: clusterKeyFrom(request, anyClusterFrom) });

/** Of `Pause`, `Resume` and `History`. */
export const clusterOrderToWire = ({ cluster }: ClusterOrder): wire.PauseRequest => clusterKeyToWire(cluster);

/** Only of clusters with a journal, which are numbered. */
export const restFromWire = ({ cluster }: wire.RestRequest): { readonly cluster: ClusterId } => ({
  cluster: clusterFrom(cluster),
});

export interface Removal extends ClusterOrder {
  readonly serverId: ServerId;
  readonly acceptLoss: boolean;
}

export const removeFromWire = (request: wire.RemoveRequest): Removal => ({
  ...clusterOrderFromWire(request),
  serverId: serverIdFrom(request.serverId),
  acceptLoss: request.acceptLoss,
});

export const removeToWire = ({ cluster, ...removal }: Removal): wire.RemoveRequest => ({
  ...removal,
  ...clusterKeyToWire(cluster),
});

const WHAT_TO_WIRE: Readonly<Record<HistoryEntry['what'], wire.HistoryEntry_What>> = {
  promoted: wire.HistoryEntry_What.PROMOTED,
  'promoted-unclean': wire.HistoryEntry_What.PROMOTED_UNCLEAN,
  paused: wire.HistoryEntry_What.PAUSED,
  resting: wire.HistoryEntry_What.RESTING,
  resumed: wire.HistoryEntry_What.RESUMED,
  removed: wire.HistoryEntry_What.REMOVED,
};

export const historyToWire = (entries: readonly HistoryEntry[]): wire.HistoryResponse => ({
  entries: entries.map(({ what, detail, serverId = 0, ...entry }) => ({
    ...entry,
    what: WHAT_TO_WIRE[what],
    serverId,
    detail: cleanDetail(detail),
  })),
});

export const historyFromWire = (response: wire.HistoryResponse): readonly HistoryEntry[] =>
  listFrom(response.entries, 'entries', MAX_HISTORY, ({ what, timeMs, epoch, serverId, detail }) => ({
    what: nameOf(WHAT_TO_WIRE, what, 'what'),
    timeMs: count(timeMs, 'time_ms'),
    epoch: epochFrom(epoch),
    ...(serverId !== 0 && { serverId: serverIdFrom(serverId) }),
    detail: cleanDetail(detail),
  }));
