/** Makes of an opened journal what the replica machine starts from. */
import {
  type Address,
  type Entry,
  type EpochStart,
  NO_EPOCH,
  NO_POSITION,
  nextPosition,
  type ReplicaStart,
} from '@dualping/core';
import { decodeEntry } from '@dualping/protocol';
import type { Journal } from './journal/index.js';
import { type StoredSnapshot, snapshotFromParts } from './snapshot-parts.js';

const NOTHING: StoredSnapshot = {
  snapshot: { position: NO_POSITION, users: [], sessions: [], origins: [] },
  epochStarts: [],
};

export function replicaStart(journal: Journal, address: Address, routers: readonly Address[]): ReplicaStart {
  const stored = journal.readSnapshot();
  const { snapshot, epochStarts } = stored === undefined ? NOTHING : snapshotFromParts(stored.parts);
  const entries: Entry[] = [];
  if (journal.last > snapshot.position)
    for (const { payload } of journal.replay(nextPosition(snapshot.position), journal.last))
      entries.push(decodeEntry(payload));
  return {
    identity: { ...journal.identity, address, routers },
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
