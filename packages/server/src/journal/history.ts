/**
 * Posts from before an installed snapshot, received from a primary. They are found by position; no posts are
 * added later.
 *
 * The positions have gaps: only posts are here, not the entries between them. A missing post is noticed,
 * because the generation's record has their number and checksum.
 */

import { join } from 'node:path';
import { DualpingError, type Position } from '@dualping/core';
import type { FileOperations } from '@dualping/host';
import { breathe } from '../breathe.js';
import { frameAt, MAX_ENTRY_BYTES } from './frame.js';
import { FrameFileWriter } from './frame-file-writer.js';
import type { Place } from './frame-reader.js';
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  FrameOffsets,
  NOTHING_WRITTEN,
  SEGMENT_HEADER_BYTES,
  segmentName,
  segmentNames,
  segmentOf,
  sumWith,
} from './segment.js';
import { readIndex, type SegmentIndex, writeIndex } from './segment-index.js';
import { damaged } from './storage-errors.js';
import { WholeFiles } from './whole-files.js';

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

  /** The place of the post at a position, if it is here. */
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
  /** Positions of the posts in the current file. */
  #positions: number[] = [];
  #offsets = new FrameOffsets();
  #checksum = SEED;
  #posts = 0;
  #last = 0;

  constructor(
    readonly files: FileOperations,
    readonly folder: string,
    readonly segmentBytes: number,
  ) {}

  /** Adds posts; they must ascend. */
  async add(positions: readonly Position[], payloads: readonly Buffer[]): Promise<void> {
    for (const [index, position] of positions.entries()) {
      const payload = payloads[index];
      const bytes = payload?.length ?? 0;
      if (payload === undefined || position <= this.#last || bytes === 0 || bytes > MAX_ENTRY_BYTES)
        throw new DualpingError(
          'invalid-argument',
          `a retained post at position ${position} with ${bytes} bytes can't follow position ${this.#last}`,
        );
      if (this.#current !== undefined && this.#current.bytes >= this.segmentBytes) await this.#finishFile();
      this.#current ??= await this.#begin(position);
      this.#offsets.add(this.#current.put(position, payload));
      this.#positions.push(position);
      this.#last = position;
      this.#posts += 1;
      if (this.#current.isFull) await this.#current.flush();
    }
  }

  /** Ends the file; then its content is durable, and the folder must still be synced. */
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
    const written = this.#current;
    await written.finish();
    const { sum, checksum } = written;
    const index = { sum, checksum, offsets: this.#offsets, positions: this.#positions };
    await writeIndex(this.files, written.file.path, 'history', index);
    this.#checksum = checksum;
    this.#current = undefined;
    this.#positions = [];
    this.#offsets = new FrameOffsets();
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
