/** Makes a generation on disk, beside the present one; it counts only after `writeCurrent`. */

import { join } from 'node:path';
import type { Position } from '@dualping/core';
import type { FileOperations } from '@dualping/host';
import { type CurrentRecord, generationName } from './current-file.js';
import { createSegment } from './disk-writer.js';
import { NO_HISTORY } from './history.js';
import { Segment, segmentName } from './segment.js';

/** Durable when it resolves; after a failure parts of it may be left behind. */
export async function makeEmptyGeneration(
  files: FileOperations,
  folder: string,
  generation: number,
): Promise<CurrentRecord> {
  const path = join(folder, generationName(generation));
  await files.remove(path);
  await files.makeFolder(path);
  const first = 1 as Position;
  const segment = new Segment(join(path, segmentName('journal', first)), first, 0);
  // Its first segment completes the journal: all names in the folder are durable after it.
  await createSegment(files, segment);
  return { generation, position: 0 as Position, checksum: 0, history: NO_HISTORY };
}
