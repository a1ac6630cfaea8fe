/** Assignments told by hand, for tests of one replica alone. */
import { type Assignment, epoch, serverId } from '../index.js';

export interface Told {
  readonly epoch: number;
  readonly primary: number;
  /** All of them live, in their first incarnation. */
  readonly members: readonly number[];
  /** Without it: only the primary. */
  readonly inSync?: readonly number[];
  readonly revision?: number;
}

export function assignmentOf(told: Told): Assignment {
  const inSync = told.inSync ?? [told.primary];
  const copy = (id: number) => ({ serverId: serverId(id), journalId: `journal of s${id}` });
  return {
    cluster: 1,
    revision: told.revision ?? told.epoch,
    epoch: epoch(told.epoch),
    primary: { ...copy(told.primary), incarnation: 1 },
    available: true,
    unavailableReason: '',
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
