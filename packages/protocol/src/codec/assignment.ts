/** Assignments and stats, which the router sends to all others. */
import {
  type Assignment,
  cleanDetail,
  type DiskRoomStats,
  type EpochStart,
  type InSyncMember,
  type Liveness,
  MAX_EPOCH_STARTS,
  MAX_MEMBERS,
  type MemberInfo,
  NO_STATS,
  type PrimaryRef,
  type Stats,
  type Suspension,
} from '@dualping/core';
import type * as routing from '../gen/dualping/v1/routing.js';
import * as wire from '../gen/dualping/v1/types.js';
import {
  addressFrom,
  anyClusterFrom,
  buildFrom,
  buildToWire,
  checksumFrom,
  count,
  epochFrom,
  levelFrom,
  listFrom,
  nameOf,
  optionalIdFrom,
  ordinal,
  positionFrom,
  present,
  refuse,
  serverIdFrom,
  serviceFrom,
} from './judge.js';

const LIVENESS_TO_WIRE: Readonly<Record<Liveness, wire.Liveness>> = {
  stream: wire.Liveness.STREAM,
  watched: wire.Liveness.WATCHED,
  heartbeat: wire.Liveness.HEARTBEAT,
};

const SUSPENSION_TO_WIRE: Readonly<Record<Suspension | 'none', wire.Suspension>> = {
  none: wire.Suspension.UNSPECIFIED,
  paused: wire.Suspension.PAUSED,
  resting: wire.Suspension.RESTING,
};

function memberFromWire(member: wire.Member): MemberInfo {
  return {
    serverId: serverIdFrom(member.serverId),
    incarnation: ordinal(member.incarnation, 'incarnation'),
    journalId: optionalIdFrom(member.journalId, 'journal_id'),
    lifeId: optionalIdFrom(member.lifeId, 'life_id'),
    address: addressFrom(member.address),
    liveness: nameOf(LIVENESS_TO_WIRE, member.liveness, 'liveness'),
    live: member.live,
    inSync: member.inSync,
    unreachable: member.unreachable,
    ...buildFrom(member),
  };
}

const inSyncFromWire = (member: wire.InSyncMember): InSyncMember => ({
  serverId: serverIdFrom(member.serverId),
  journalId: optionalIdFrom(member.journalId, 'journal_id'),
  lifeId: optionalIdFrom(member.lifeId, 'life_id'),
});

const primaryFromWire = (primary: wire.Primary): PrimaryRef => ({
  serverId: serverIdFrom(primary.serverId),
  incarnation: ordinal(primary.incarnation, 'incarnation'),
  journalId: optionalIdFrom(primary.journalId, 'journal_id'),
  lifeId: optionalIdFrom(primary.lifeId, 'life_id'),
});

function refuseRepeated(members: readonly { readonly serverId: number }[], field: string): void {
  const seen = new Set<number>();
  for (const { serverId } of members) {
    if (seen.has(serverId)) refuse(`${field} has server id "${serverId}" twice`);
    seen.add(serverId);
  }
}

export function assignmentFromWire(given: wire.Assignment | undefined): Assignment {
  const assignment = present(given, 'assignment');
  const inSync = listFrom(assignment.inSync, 'in_sync', MAX_MEMBERS, inSyncFromWire);
  const members = listFrom(assignment.members, 'members', MAX_MEMBERS, memberFromWire);
  refuseRepeated(inSync, 'in_sync');
  refuseRepeated(members, 'members');
  const suspended = nameOf(SUSPENSION_TO_WIRE, assignment.suspended, 'suspended');
  return {
    cluster: anyClusterFrom(assignment.cluster),
    ...(assignment.service !== '' && { service: serviceFrom(assignment.service) }),
    revision: count(assignment.revision, 'revision'),
    epoch: epochFrom(assignment.epoch),
    primary: assignment.primary === undefined ? undefined : primaryFromWire(assignment.primary),
    available: assignment.available,
    unavailableReason: cleanDetail(assignment.unavailableReason),
    ...(suspended !== 'none' && { suspended }),
    ...(assignment.level > 0 && { level: levelFrom(assignment.level) }),
    lastUncleanEpoch: epochFrom(assignment.lastUncleanEpoch, 'last_unclean_epoch'),
    inSync,
    members,
  };
}

export function assignmentToWire(assignment: Assignment): wire.Assignment {
  return {
    cluster: assignment.cluster,
    service: assignment.service ?? '',
    revision: assignment.revision,
    epoch: assignment.epoch,
    primary: assignment.primary === undefined ? undefined : { ...assignment.primary },
    available: assignment.available,
    unavailableReason: cleanDetail(assignment.unavailableReason),
    suspended: SUSPENSION_TO_WIRE[assignment.suspended ?? 'none'],
    lastUncleanEpoch: assignment.lastUncleanEpoch,
    inSync: assignment.inSync.map((member) => ({ ...member })),
    level: assignment.level ?? 0,
    members: assignment.members.map(({ build, ...member }) => ({
      ...member,
      ...buildToWire(build),
      liveness: LIVENESS_TO_WIRE[member.liveness],
    })),
  };
}

/** A member that sends no stats gets empty ones. */
export function statsFromWire(stats: routing.Stats | undefined): Stats {
  if (stats === undefined) return NO_STATS;
  return {
    durable: positionFrom(stats.durable, 'durable'),
    committed: positionFrom(stats.committed, 'committed'),
    lastEpoch: epochFrom(stats.lastEpoch, 'last_epoch'),
    checksum: checksumFrom(stats.checksum),
    timelines: count(stats.timelines, 'timelines'),
    postsAccepted: count(stats.postsAccepted, 'posts_accepted'),
    slowSyncs: count(stats.slowSyncs, 'slow_syncs'),
    longestSyncMs: count(stats.longestSyncMs, 'longest_sync_ms'),
    ...(stats.disk !== undefined && { disk: diskFromWire(stats.disk) }),
  };
}

const diskFromWire = ({ freeBytes, sizeBytes, isLow }: routing.DiskRoom): DiskRoomStats => ({
  freeBytes: count(freeBytes, 'free_bytes'),
  sizeBytes: count(sizeBytes, 'size_bytes'),
  isLow,
});

export const statsToWire = ({ disk, ...stats }: Stats): routing.Stats => ({
  ...stats,
  disk: disk && { ...disk },
});

/** Where epochs begin in a journal: both fields strictly ascending, at most `MAX_EPOCH_STARTS`. */
export function epochStartsFromWire(boundaries: readonly wire.EpochBoundary[]): EpochStart[] {
  const starts = listFrom(boundaries, 'epoch_starts', MAX_EPOCH_STARTS, (boundary) => ({
    epoch: epochFrom(ordinal(boundary.epoch, 'epoch')),
    position: positionFrom(ordinal(boundary.position, 'position')),
  }));
  for (const [index, start] of starts.entries()) {
    const before = starts[index - 1];
    if (before !== undefined && (start.epoch <= before.epoch || start.position <= before.position))
      refuse(
        `epoch_starts do not ascend: epoch ${start.epoch} at ${start.position} follows epoch ${before.epoch} at ${before.position}`,
      );
  }
  return starts;
}

export const epochStartsToWire = (starts: readonly EpochStart[]): wire.EpochBoundary[] =>
  starts.map((start) => ({ ...start }));
