/**
 * Posts from before a journal's base. Older versions made such journals when they installed a snapshot; they
 * are read and copied, and not made any more. Posts are found by position, and none are added.
 *
 * The positions have gaps: only posts are here, not the entries between them. A missing post is noticed,
 * because the generation's record has their number and checksum.
 */

import { join } from 'node:path';
import type { Position } from '@dualping/core';
import type { FileOperations } from '@dualping/host';
import { breathe } from '../breathe.js';
import { frameAt } from './frame.js';
import type { Place } from './frame-reader.js';
import type { HistoryRecord } from './journal.js';
import {
  decodeSegmentHeader,
  FrameOffsets,
  NOTHING_WRITTEN,
  SEGMENT_HEADER_BYTES,
  segmentNames,
  segmentOf,
  sumWith,
} from './segment.js';
import { readIndex, type SegmentIndex, writeIndex } from './segment-index.js';
import { damaged } from './storage-errors.js';
import { WholeFiles } from './whole-files.js';

const SEED = 0;
export const NO_HISTORY: HistoryRecord = { posts: 0, checksum: SEED };

interface HistorySegment {
  readonly path: string;
  readonly first: Position;
  readonly positions: number[];
  readonly offsets: FrameOffsets;
}

export class History {
  private constructor(
    private readonly segments: readonly HistorySegment[],
    readonly record: HistoryRecord,
  ) {}

  /** Reads and verifies all of it. */
  static async open(
    files: FileOperations,
    folder: string,
    names: readonly string[],
    expected: HistoryRecord,
  ): Promise<History> {
    const segments: HistorySegment[] = [];
    const whole = new WholeFiles(files);
    let record = NO_HISTORY;
    for (const name of segmentNames('history', names)) {
      const path = join(folder, name);
      const bytes = whole.read(path);
      const first = firstOf(path, bytes, record.checksum);
      let index = readIndex(files, path, 'history', bytes);
      if (index === undefined) {
        index = scan(path, bytes, record.checksum);
        await writeIndex(files, path, 'history', index);
      }
      const { checksum, positions, offsets } = index;
      segments.push({ path, first, positions, offsets });
      record = { posts: record.posts + positions.length, checksum };
      await breathe();
    }
    if (record.posts !== expected.posts || record.checksum !== expected.checksum)
      throw damaged(
        join(folder, 'history'),
        0,
        undefined,
        `it has ${record.posts} posts with checksum ${record.checksum}, expected were ${expected.posts} with ${expected.checksum}`,
      );
    return new History(segments, record);
  }

  /** Bytes of all frames. */
  get bytes(): number {
    return this.segments.reduce((sum, { offsets }) => sum + offsets.end - SEGMENT_HEADER_BYTES, 0);
  }

  /** All frames in pieces of about so many bytes, each with whole frames of one file. */
  *places(pieceBytes: number): Generator<Place, void> {
    for (const { path, offsets } of this.segments)
      for (let from = 0; from < offsets.count; ) {
        const next = offsets.indexAfter(from, pieceBytes);
        yield { path, start: offsets.at(from), end: offsets.at(next) };
        from = next;
      }
  }

  /** The place of the post at a position, if it is here. */
  find(position: Position): Place | undefined {
    const segment = segmentOf(this.segments, position);
    if (segment === undefined) return undefined;
    const index = indexOf(segment.positions, position);
    if (index < 0) return undefined;
    return { path: segment.path, start: segment.offsets.at(index), end: segment.offsets.at(index + 1) };
  }
}

function firstOf(path: string, bytes: Buffer, seed: number): Position {
  const header = decodeSegmentHeader(path, bytes, 'history');
  if (header?.seed !== seed) throw damaged(path, 0, undefined, 'its header is not what was written');
  return header.first;
}

/** Verifies each frame. */
function scan(path: string, bytes: Buffer, seed: number): SegmentIndex {
  const positions: number[] = [];
  const offsets = new FrameOffsets();
  let checksum = seed;
  for (let offset = SEGMENT_HEADER_BYTES; offset < bytes.length; ) {
    const frame = frameAt(bytes, offset);
    if (frame === undefined || frame.previous !== checksum)
      throw damaged(
        path,
        offset,
        positions.at(-1),
        'the record after this position does not match its checksum',
      );
    positions.push(frame.position);
    offsets.add(frame.end - frame.offset);
    checksum = frame.checksum;
    offset = frame.end;
  }
  return { sum: sumWith(NOTHING_WRITTEN, bytes), checksum, offsets, positions };
}

function indexOf(ascending: readonly number[], wanted: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const value = ascending[middle] as number;
    if (value === wanted) return middle;
    if (value < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
