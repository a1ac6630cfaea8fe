/** What tests give one replica, written by hand. */
import {
  type Assignment,
  type Entry,
  epoch,
  type JournalCommand,
  type JournalId,
  type LifeId,
  NO_EPOCH,
  NO_POSITION,
  position,
  type ReplicaIdentity,
  type ReplicaStart,
  SocialState,
  type StandbyMessage,
  serverId,
} from '../index.js';

export type Join = Extract<StandbyMessage, { kind: 'join' }>;

const journalOf = (id: number): JournalId => `journal of s${id}`;
const lifeOf = (id: number): LifeId => `life 1 of ${journalOf(id)}`;

/** Server `id` in its first life, with an empty journal. */
export function emptyStart(id: number, identity: Partial<ReplicaIdentity> = {}): ReplicaStart {
  return {
    identity: {
      cluster: 1,
      serverId: serverId(id),
      incarnation: 1,
      journalId: journalOf(id),
      lifeId: lifeOf(id),
      welcomedLife: '',
      networkId: '',
      address: `s${id}`,
      routers: ['r1'],
      ...identity,
    },
    snapshotAt: NO_POSITION,
    social: new SocialState(),
    epochStarts: [],
    first: position(1),
    entries: [],
    checksum: 0,
    known: { committed: NO_POSITION, epoch: NO_EPOCH, revision: 0 },
  };
}

export interface Told {
  readonly epoch: number;
  readonly primary: number;
  /** All live, in their first incarnation. */
  readonly members: readonly number[];
  /** Default: only the primary. */
  readonly inSync?: readonly number[];
  readonly revision?: number;
  readonly uncleanEpoch?: number;
}

export function assignmentOf(told: Told): Assignment {
  const inSync = told.inSync ?? [told.primary];
  const copy = (id: number) => ({ serverId: serverId(id), journalId: journalOf(id), lifeId: lifeOf(id) });
  return {
    cluster: 1,
    revision: told.revision ?? told.epoch,
    epoch: epoch(told.epoch),
    primary: { ...copy(told.primary), incarnation: 1 },
    available: true,
    unavailableReason: '',
    lastUncleanEpoch: epoch(told.uncleanEpoch ?? NO_EPOCH),
    inSync: inSync.map(copy),
    members: told.members.map((id) => ({
      ...copy(id),
      incarnation: 1,
      address: `s${id}`,
      liveness: 'stream',
      live: true,
      inSync: inSync.includes(id),
      unreachable: false,
    })),
  };
}

export function entryOf(at: number, inEpoch: number, command?: JournalCommand): Entry {
  return {
    position: position(at),
    epoch: epoch(inEpoch),
    timeMs: 0,
    sessionId: command === undefined ? '' : 'session',
    requestNo: command === undefined ? 0 : at,
    command: command ?? { kind: 'epoch-start', serverId: serverId(1) },
  };
}

/** The `join` of a standby with an empty journal. */
export const joinOf = (id: number, other: Partial<Join> = {}): Join => ({
  kind: 'join',
  networkId: 'net',
  cluster: 1,
  epoch: epoch(1),
  serverId: serverId(id),
  incarnation: 1,
  journalId: journalOf(id),
  lifeId: lifeOf(id),
  lastPosition: NO_POSITION,
  epochStarts: [],
  ...other,
});
