/** Makes of an opened journal what the replica machine starts from. */
import {
  type Entry,
  type EpochStart,
  NO_EPOCH,
  NO_POSITION,
  nextPosition,
  type ReplicaStart,
} from '@dualping/core';
import { decodeEntry } from '@dualping/protocol';
import { breathe } from './breathe.js';
import type { Journal } from './journal/index.js';
import { type StoredSnapshot, snapshotFromParts } from './snapshot-parts.js';

const NOTHING: StoredSnapshot = {
  snapshot: { position: NO_POSITION, users: [], sessions: [], origins: [] },
  epochStarts: [],
};

/** Entries that are decoded in one go, some 5 ms: a signal that ends a long start is heard in between. */
const ENTRIES_A_TURN = 1_000;

export async function replicaStart(journal: Journal): Promise<Omit<ReplicaStart, 'identity'>> {
  const stored = journal.readSnapshot();
  const { snapshot, epochStarts } = stored === undefined ? NOTHING : snapshotFromParts(stored.parts);
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
