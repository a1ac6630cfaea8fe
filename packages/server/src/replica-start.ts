/**
 * Makes the start state of the replica machine from an opened journal.
 *
 * Entries that are certainly committed are applied one by one as they are read, and not kept: a long journal
 * without a snapshot takes time, but no memory, and leaves little for the machine to do in one step.
 */
import {
  type Entry,
  NO_EPOCH,
  NO_POSITION,
  nextPosition,
  originAfter,
  type Position,
  type ReplicaStart,
  type SocialSnapshot,
  SocialState,
  type UserSnapshot,
} from '@dualping/core';
import { decodeEntry, EntryReplay } from '@dualping/protocol';
import { breathe } from './breathe.js';
import type { JournalContent } from './journal/index.js';
import { type StoredSnapshot, snapshotFromParts } from './snapshot-parts.js';

const NOTHING: StoredSnapshot = {
  snapshot: { position: NO_POSITION, users: [], sessions: [], origins: [] },
  epochStarts: [],
};

/** Entries that are applied in one step, some 5 ms: signals and health calls are served in between. */
const ENTRIES_A_TURN = 1_000;

/** @param committed up to here everything is committed for certain */
export async function replicaStart(
  journal: JournalContent,
  committed = journal.known.committed,
): Promise<Omit<ReplicaStart, 'identity'>> {
  const stored = journal.readSnapshot();
  const kept = stored === undefined ? NOTHING : await snapshotFromParts(stored.parts);
  const snapshotAt = kept.snapshot.position;
  const social = SocialState.fromSnapshot(withOrigins(kept.snapshot, journal));
  const epochStarts = [...kept.epochStarts];
  const entries: Entry[] = [];
  const replay = new EntryReplay();
  if (journal.last > snapshotAt)
    for (const { position, payload } of journal.replay(nextPosition(snapshotAt), journal.last)) {
      const isCommitted = position <= committed;
      const entry = isCommitted ? replay.decode(payload) : decodeEntry(payload);
      const { epoch } = entry;
      if (epoch !== (epochStarts.at(-1)?.epoch ?? NO_EPOCH)) epochStarts.push({ epoch, position });
      if (isCommitted) social.apply(entry);
      else entries.push(entry);
      if (position % ENTRIES_A_TURN === 0) await breathe();
    }
  return {
    snapshotAt,
    social,
    epochStarts,
    first: journal.first,
    entries,
    checksum: journal.durableChecksum,
    known: journal.known,
  };
}

/**
 * Adds origins to older snapshots, which lack the positions at which posts of users of other clusters were
 * accepted. The posts themselves have them. All servers of a cluster must know the same origins; otherwise
 * they would decide differently about answers.
 */
function withOrigins(snapshot: SocialSnapshot, journal: JournalContent): SocialSnapshot {
  const users = snapshot.users.map((user): UserSnapshot => {
    if (user.home === undefined || user.origins !== undefined) return user;
    const origins: Position[] = [];
    for (const position of user.posts)
      origins.push(originAfter(origins, decodeEntry(journal.readOne(position))));
    return { ...user, origins };
  });
  return { ...snapshot, users };
}
