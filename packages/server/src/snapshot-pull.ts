/** Pulls the primary's journal and state, writes them to the disk as they come, and opens them. */
import {
  type DiskSpace,
  DualpingError,
  diskSpaceText,
  type InstalledJournal,
  type SnapshotQuestion,
} from '@dualping/core';
import {
  fromServiceError,
  type ReplicationServiceClient,
  type SnapshotChunk,
  type SnapshotHeader,
  snapshotChunkFromWire,
  snapshotRequestToWire,
} from '@dualping/protocol';
import type { CopyPiece, Journal } from './journal/index.js';
import { replicaStart } from './replica-start.js';

/**
 * A primary that sends nothing for so long counts as gone, ms. Its disk may be busy, so this is much longer
 * than a ping.
 */
const CHUNK_TIMEOUT_MS = 10_000;

export interface SnapshotPlace {
  readonly journal: Journal;
  /** How much room its disk has. */
  readonly space: () => Promise<DiskSpace>;
}

/**
 * Rejects with the reason when the snapshot can't be pulled completely. Then the journal is unchanged, and
 * what has come is held for the next try.
 */
export async function pullSnapshot(
  client: ReplicationServiceClient,
  question: SnapshotQuestion,
  { journal, space }: SnapshotPlace,
  options: { readonly setAside: boolean },
): Promise<InstalledJournal> {
  const call = client.getFollowerInfo(snapshotRequestToWire({ question, held: journal.heldCopy }));
  let timer = setTimeout(() => call.cancel(), CHUNK_TIMEOUT_MS);

  async function* chunks(): AsyncGenerator<SnapshotChunk, void> {
    try {
      for await (const message of call) {
        clearTimeout(timer);
        timer = setTimeout(() => call.cancel(), CHUNK_TIMEOUT_MS);
        yield snapshotChunkFromWire(message);
      }
    } catch (error) {
      throw fromServiceError(error, { sent: false, peer: 'server' });
    }
  }

  try {
    const coming = chunks();
    const begin = await coming.next();
    if (begin.done === true || begin.value.kind !== 'header')
      throw new DualpingError('invalid-argument', 'a snapshot without its header');
    const { header } = begin.value;
    assertRoom(header, await space());
    return await journal.installCopy(header, piecesOf(coming), options, async (copied) => {
      // Nothing more is to come; what follows takes as long as it takes.
      clearTimeout(timer);
      const { snapshotAt, social, epochStarts, first, checksum } = await replicaStart(copied, copied.last);
      return { snapshotAt, social, epochStarts, first, checksum };
    });
  } finally {
    clearTimeout(timer);
    call.cancel();
  }
}

/** A disk that a snapshot fills ends its server, and perhaps others on that disk. */
function assertRoom({ bytes }: SnapshotHeader, space: DiskSpace): void {
  if (bytes <= space.freeBytes) return;
  throw new DualpingError(
    'limit-reached',
    `the snapshot has ${Math.ceil(bytes / 1e6)} MB, and there is no room for it: ${diskSpaceText(space)}`,
  );
}

async function* piecesOf(chunks: AsyncIterable<SnapshotChunk>): AsyncGenerator<CopyPiece, void> {
  for await (const chunk of chunks) {
    if (chunk.kind === 'end') return;
    if (chunk.kind === 'header') throw new DualpingError('invalid-argument', 'a snapshot with two headers');
    yield chunk;
  }
  throw new DualpingError('invalid-argument', 'the snapshot broke off');
}
