/** Assignments written by hand, for tests of one replica. */
import { type Assignment, epoch, NO_EPOCH, serverId } from '../index.js';
import { lifeOf } from './disk.fixture.js';

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
  const copy = (id: number) => {
    const journalId = `journal of s${id}`;
    return { serverId: serverId(id), journalId, lifeId: lifeOf(journalId, 1) };
  };
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
