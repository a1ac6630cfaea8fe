/**
 * Gives the journal in files the interface that the replica's driver needs: entries, not bytes; callbacks,
 * not promises.
 */
import {
  DualpingError,
  type Entry,
  type EpochStart,
  InvariantBroken,
  type JournalId,
  type Known,
  type LifeId,
  type NetworkId,
  type Position,
  type Post,
  postIn,
  type SocialSnapshot,
} from '@dualping/core';
import { decodeEntry, encodeEntry, toDualpingError } from '@dualping/protocol';
import type { DiskAsker, JournalListener, ReplicaJournal } from '@dualping/runtime';
import createDebug from 'debug';
import type { Journal } from './journal/index.js';
import { snapshotToParts } from './snapshot-parts.js';

const debug = createDebug('dualping:server');

/** The bytes of entries that came from a primary: they are journalled unchanged, so journals are equal. */
export type ReceivedBytes = Pick<WeakMap<Entry, Buffer>, 'get' | 'set'>;

export class FileJournal implements ReplicaJournal {
  constructor(
    readonly journal: Journal,
    readonly received: ReceivedBytes,
  ) {}

  get first(): Position {
    return this.journal.first;
  }
  get last(): Position {
    return this.journal.last;
  }

  listen({ durable, failed }: JournalListener): void {
    this.journal.listen({ durable, failed: ({ detail }) => failed(detail) });
  }

  checksumAt(position: Position): number {
    return readingFrom(() => this.journal.checksumAt(position));
  }

  readPosts(positions: readonly Position[]): (Post | undefined)[] {
    return readingFrom(() =>
      this.journal.borrowMany(positions).map((payload) => postIn(decodeEntry(payload))),
    );
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries)
      this.journal.append(entry.position, this.received.get(entry) ?? encodeEntry(entry));
  }

  truncateAfter(position: Position, asker: DiskAsker<void>): void {
    tell(asker, this.journal.truncateAfter(position));
  }

  saveSnapshot(snapshot: SocialSnapshot, epochStarts: readonly EpochStart[]): void {
    const { position } = snapshot;
    const epoch = epochStarts.at(-1)?.epoch;
    if (epoch === undefined) return;
    const parts = snapshotToParts({ snapshot, epochStarts });
    // A snapshot that can't be saved only makes the next start slower; the journal itself reports a failing
    // disk.
    this.journal
      .saveSnapshot({ position, epoch, checksum: this.checksumAt(position), parts })
      .catch((error: unknown) => debug('snapshot at %d not kept: %O', position, error));
  }

  noteWelcome(networkId: NetworkId, lifeId: LifeId, asker: DiskAsker<void>): void {
    tell(asker, this.journal.noteWelcome(networkId, lifeId));
  }

  noteKnown(known: Known): void {
    this.journal.noteKnown(known);
  }

  renew(asker: DiskAsker<JournalId>): void {
    tell(asker, this.journal.renew());
  }
}

function tell<Answer>({ done, failed }: DiskAsker<Answer>, promise: Promise<Answer>): void {
  promise.then(done, (error: unknown) => failed(toDualpingError(error).detail));
}

/** An error means a failing disk, unless the question was wrong. */
export function readingFrom<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvariantBroken || error instanceof DualpingError) throw error;
    throw new DualpingError('storage-failed', toDualpingError(error).detail, { cause: error });
  }
}
