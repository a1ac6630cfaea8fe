/**
 * Posts from before an installed snapshot, as a primary gave them. They are found by position; no posts are
 * added later.
 *
 * The positions have gaps: only posts are here, not the entries between them. A missing post is noticed,
 * since the generation's record has their number and checksum.
 */

import { join } from 'node:path';
import { DualpingError, type Position } from '@dualping/core';
import { type FileOperations, type OpenFile, readWhole } from '@dualping/host';
import { breathe } from '../breathe.js';
import { frameAt, MAX_ENTRY_BYTES } from './frame.js';
import { FrameFileWriter } from './frame-file-writer.js';
import type { Place } from './frame-reader.js';
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  FrameOffsets,
  SEGMENT_HEADER_BYTES,
  segmentName,
  segmentNames,
  segmentOf,
} from './segment.js';
import { damaged } from './storage-errors.js';

/** Number and checksum of a complete history. */
export interface HistoryRecord {
  readonly posts: number;
  readonly checksum: number;
}

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
    let record = NO_HISTORY;
    for (const name of segmentNames('history', names)) {
      const file = files.open(join(folder, name));
      try {
        const { segment, checksum } = scan(file, record.checksum);
        segments.push(segment);
        record = { posts: record.posts + segment.positions.length, checksum };
      } finally {
        file.close();
      }
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

  /** Where the post at a position is, if it is here. */
  find(position: Position): Place | undefined {
    const segment = segmentOf(this.segments, position);
    if (segment === undefined) return undefined;
    const index = indexOf(segment.positions, position);
    if (index < 0) return undefined;
    return { path: segment.path, start: segment.offsets.at(index), end: segment.offsets.at(index + 1) };
  }
}

export class HistoryWriter {
  #current: FrameFileWriter | undefined;
  #checksum = SEED;
  #posts = 0;
  #last = 0;

  constructor(
    readonly files: FileOperations,
    readonly folder: string,
    readonly segmentBytes: number,
  ) {}

  /** Adds a post; they must ascend. */
  async add(position: Position, payload: Buffer): Promise<void> {
    if (position <= this.#last || payload.length === 0 || payload.length > MAX_ENTRY_BYTES)
      throw new DualpingError(
        'invalid-argument',
        `a retained post at position ${position} with ${payload.length} bytes can't follow position ${this.#last}`,
      );
    if (this.#current !== undefined && this.#current.bytes >= this.segmentBytes) await this.#finishFile();
    this.#current ??= await this.#begin(position);
    await this.#current.add(position, payload);
    this.#last = position;
    this.#posts += 1;
  }

  /** Ends the file; its content is durable then, and the folder must still be synced. */
  async finish(): Promise<HistoryRecord> {
    await this.#finishFile();
    return { posts: this.#posts, checksum: this.#checksum };
  }

  abandon(): void {
    this.#current?.abandon();
    this.#current = undefined;
  }

  #begin(first: Position): Promise<FrameFileWriter> {
    const header = encodeSegmentHeader({ kind: 'history', first, seed: this.#checksum });
    const path = join(this.folder, segmentName('history', first));
    return FrameFileWriter.create(this.files, path, header, this.#checksum);
  }

  async #finishFile(): Promise<void> {
    if (this.#current === undefined) return;
    this.#checksum = this.#current.checksum;
    await this.#current.finish();
    this.#current = undefined;
  }
}

function scan(file: OpenFile, seed: number): { segment: HistorySegment; checksum: number } {
  const { path } = file;
  const bytes = readWhole(file);
  const header = decodeSegmentHeader(bytes, 'history');
  if (header?.seed !== seed) throw damaged(path, 0, undefined, 'its header is not what was written');
  const segment = { path, first: header.first, positions: [] as number[], offsets: new FrameOffsets() };
  let checksum = seed;
  for (let offset = SEGMENT_HEADER_BYTES; offset < bytes.length; ) {
    const frame = frameAt(bytes, offset);
    if (frame === undefined || frame.previous !== checksum)
      throw damaged(
        path,
        offset,
        segment.positions.at(-1),
        'the record after this position does not match its checksum',
      );
    segment.positions.push(frame.position);
    segment.offsets.add(frame.end - frame.offset);
    checksum = frame.checksum;
    offset = frame.end;
  }
  return { segment, checksum };
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
