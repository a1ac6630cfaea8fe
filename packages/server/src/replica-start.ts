/** Makes the start state of the replica machine from an opened journal. */
import {
  type Entry,
  type EpochStart,
  NO_EPOCH,
  NO_POSITION,
  nextPosition,
  originAfter,
  type Position,
  type ReplicaStart,
  type SocialSnapshot,
  type UserSnapshot,
} from '@dualping/core';
import { decodeEntry } from '@dualping/protocol';
import { breathe } from './breathe.js';
import type { Journal } from './journal/index.js';
import { type StoredSnapshot, snapshotFromParts } from './snapshot-parts.js';

const NOTHING: StoredSnapshot = {
  snapshot: { position: NO_POSITION, users: [], sessions: [], origins: [] },
  epochStarts: [],
};

/**
 * Entries that are decoded in one step, some 5 ms: a signal that ends a long start is handled between two
 * steps.
 */
const ENTRIES_A_TURN = 1_000;

export async function replicaStart(journal: Journal): Promise<Omit<ReplicaStart, 'identity'>> {
  const stored = journal.readSnapshot();
  const { snapshot: kept, epochStarts } = stored === undefined ? NOTHING : snapshotFromParts(stored.parts);
  const snapshot = withOrigins(kept, journal);
  const entries: Entry[] = [];
  if (journal.last > snapshot.position)
    for (const { payload } of journal.replay(nextPosition(snapshot.position), journal.last)) {
      entries.push(decodeEntry(payload));
      if (entries.length % ENTRIES_A_TURN === 0) await breathe();
    }
  return {
    snapshot,
    epochStarts: [...epochStarts, ...startsIn(entries, epochStarts.at(-1))],
    first: journal.first,
    entries,
    checksum: journal.durableChecksum,
    known: journal.known,
  };
}

function startsIn(entries: readonly Entry[], before: EpochStart | undefined): EpochStart[] {
  const starts: EpochStart[] = [];
  let epoch = before?.epoch ?? NO_EPOCH;
  for (const entry of entries) {
    if (entry.epoch === epoch) continue;
    epoch = entry.epoch;
    starts.push({ epoch, position: entry.position });
  }
  return starts;
}

/**
 * Adds origins to older snapshots, which do not say where posts of users of other clusters were accepted
 * there. The posts themselves say it. All servers of a cluster must know the same origins, or they would
 * judge answers differently.
 */
function withOrigins(snapshot: SocialSnapshot, journal: Journal): SocialSnapshot {
  const users = snapshot.users.map((user): UserSnapshot => {
    if (user.home === undefined || user.origins !== undefined) return user;
    const origins: Position[] = [];
    for (const position of user.posts)
      origins.push(originAfter(origins, decodeEntry(journal.readOne(position))));
    return { ...user, origins };
  });
  return { ...snapshot, users };
}
