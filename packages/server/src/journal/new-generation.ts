/** Makes a generation on disk, next to the present one; it becomes valid with `writeCurrent`. */

import { join } from 'node:path';
import { DualpingError, type Position } from '@dualping/core';
import type { FileOperations } from '@dualping/host';
import { type CurrentRecord, generationName } from './current-file.js';
import { createSegment } from './disk-writer.js';
import { HistoryWriter, NO_HISTORY } from './history.js';
import type { InstallChunk, SnapshotInfo } from './journal.js';
import { Segment, segmentName } from './segment.js';
import { SnapshotWriter } from './snapshot-file.js';

/** Durable when it resolves; after a failure parts of it may be left behind. */
export async function makeEmptyGeneration(
  files: FileOperations,
  folder: string,
  generation: number,
): Promise<CurrentRecord> {
  const path = join(folder, generationName(generation));
  await beginGeneration(files, path);
  const record = { generation, position: 0 as Position, checksum: 0, history: NO_HISTORY };
  await endGeneration(files, path, record);
  return record;
}

/** The same, from a primary's snapshot. */
export async function makeInstalledGeneration(
  files: FileOperations,
  folder: string,
  generation: number,
  segmentBytes: number,
  info: SnapshotInfo,
  chunks: AsyncIterable<InstallChunk>,
): Promise<CurrentRecord> {
  const path = join(folder, generationName(generation));
  await beginGeneration(files, path);
  const posts = new HistoryWriter(files, path, segmentBytes);
  const snapshot = await SnapshotWriter.create(files, path, info);
  try {
    for await (const chunk of chunks) {
      if (chunk.kind === 'part') {
        await snapshot.add(chunk.bytes);
        continue;
      }
      const beyond = chunk.positions.find((position) => position > info.position);
      if (beyond !== undefined)
        throw new DualpingError(
          'invalid-argument',
          `a retained post at position ${beyond} is beyond its snapshot at ${info.position}`,
        );
      await posts.add(chunk.positions, chunk.payloads);
    }
    const history = await posts.finish();
    await snapshot.finish();
    const record = { generation, position: info.position, checksum: info.checksum, history };
    await endGeneration(files, path, record);
    return record;
  } catch (error) {
    posts.abandon();
    await snapshot.abandon().catch(() => {}); // the first error is more useful
    throw error;
  }
}

async function beginGeneration(files: FileOperations, path: string): Promise<void> {
  await files.remove(path);
  await files.makeFolder(path);
}

/** Makes the first segment, which completes the journal; all names in the folder are durable after it. */
async function endGeneration(files: FileOperations, path: string, record: CurrentRecord): Promise<void> {
  const first = (record.position + 1) as Position;
  const segment = new Segment(join(path, segmentName('journal', first)), first, record.checksum);
  const file = await createSegment(files, segment);
  file.close();
}
