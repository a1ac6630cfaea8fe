/** Pulls the primary's snapshot and installs it as it arrives; posts go directly to the disk. */
import type { EpochStart, SnapshotQuestion, SocialSnapshot } from '@dualping/core';
import { DualpingError } from '@dualping/core';
import {
  fromServiceError,
  type ReplicationServiceClient,
  SnapshotAssembly,
  snapshotChunkFromWire,
  snapshotQuestionToWire,
  type SnapshotChunk as WireChunk,
} from '@dualping/protocol';
import type { InstallChunk, Journal } from './journal/index.js';
import { snapshotToParts } from './snapshot-parts.js';

/**
 * A primary that sends nothing for this long counts as gone, ms. Its disk may be busy, so this is much longer
 * than a ping.
 */
const CHUNK_TIMEOUT_MS = 10_000;

export interface PulledSnapshot {
  readonly snapshot: SocialSnapshot;
  readonly epochStarts: readonly EpochStart[];
  readonly checksum: number;
}

/** Rejects with the reason when the snapshot can't be pulled completely; then the journal is unchanged. */
export async function pullSnapshot(
  client: ReplicationServiceClient,
  question: SnapshotQuestion,
  journal: Journal,
  options: { readonly setAside: boolean },
): Promise<PulledSnapshot> {
  const call = client.getFollowerInfo(snapshotQuestionToWire(question));
  let timer = setTimeout(() => call.cancel(), CHUNK_TIMEOUT_MS);
  const assembly = new SnapshotAssembly();

  async function* wireChunks(): AsyncGenerator<WireChunk, void> {
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
    const chunks = wireChunks();
    const first = await chunks.next();
    if (first.done === true || first.value.kind !== 'header')
      throw new DualpingError('invalid-argument', 'a snapshot without its header');
    assembly.add(first.value);
    await journal.installSnapshot(first.value, journalChunks(chunks, assembly), options);
    if (assembly.assembled === undefined)
      throw new DualpingError('invalid-argument', 'the snapshot broke off');
    const { header, snapshot } = assembly.assembled;
    return { snapshot, epochStarts: header.epochStarts, checksum: header.checksum };
  } finally {
    clearTimeout(timer);
    call.cancel();
  }
}

/** The chunks for the journal: posts as they arrive, the state when it is complete. */
async function* journalChunks(
  chunks: AsyncIterable<WireChunk>,
  assembly: SnapshotAssembly,
): AsyncGenerator<InstallChunk, void> {
  for await (const chunk of chunks) {
    const positions = assembly.add(chunk);
    if (chunk.kind === 'posts') yield { kind: 'posts', positions, payloads: chunk.entries };
  }
  if (assembly.assembled === undefined) throw new DualpingError('invalid-argument', 'the snapshot broke off');
  const { header, snapshot } = assembly.assembled;
  for (const bytes of snapshotToParts({ snapshot, epochStarts: header.epochStarts }))
    yield { kind: 'part', bytes };
}
