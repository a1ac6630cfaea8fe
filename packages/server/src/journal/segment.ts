/**
 * One file of the journal: a header, then frames with contiguous positions.
 *
 *     'dualping' 8 │ kind 1 │ version 1 │ first position 6 │ seed 4 │ crc 4 │ frames …
 *
 * The header is on disk before the first frame is written. In memory a segment is only the offsets of its
 * frames, 4 bytes each.
 */

import { crc32 } from 'node:zlib';
import type { Position } from '@dualping/core';
import { assertNotLater } from './storage-errors.js';

const MAGIC = 'dualping';
const KIND_AT = 8;
const VERSION_AT = 9;
const FIRST_AT = 10;
const SEED_AT = 16;
const CRC_AT = 20;
export const SEGMENT_HEADER_BYTES = 24;
const VERSION = 1;

/** `journal`: contiguous positions. `history`: posts from before an installed snapshot, with gaps. */
export type SegmentKind = 'journal' | 'history';
const KIND_CODES: Record<SegmentKind, number> = { journal: 1, history: 2 };

export interface SegmentHeader {
  readonly kind: SegmentKind;
  /** Position of its first frame, present or future. */
  readonly first: Position;
  /** Checksum of the journal before it. */
  readonly seed: number;
}

export function encodeSegmentHeader({ kind, first, seed }: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  bytes.write(MAGIC, 0, 'latin1');
  bytes.writeUInt8(KIND_CODES[kind], KIND_AT);
  bytes.writeUInt8(VERSION, VERSION_AT);
  bytes.writeUIntLE(first, FIRST_AT, 6);
  bytes.writeUInt32LE(seed, SEED_AT);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT);
  return bytes;
}

/**
 * Undefined when it isn't a complete header of this kind. Throws when a later release wrote it.
 * @param path of the file
 */
export function decodeSegmentHeader(
  path: string,
  bytes: Buffer,
  kind: SegmentKind,
): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES) return undefined;
  if (crc32(bytes.subarray(0, CRC_AT)) !== bytes.readUInt32LE(CRC_AT)) return undefined;
  if (bytes.toString('latin1', 0, KIND_AT) !== MAGIC) return undefined;
  const version = bytes[VERSION_AT];
  assertNotLater(path, version, [VERSION, VERSION]);
  if (version !== VERSION) return undefined;
  if (bytes[KIND_AT] !== KIND_CODES[kind]) return undefined;
  return { kind, first: bytes.readUIntLE(FIRST_AT, 6) as Position, seed: bytes.readUInt32LE(SEED_AT) };
}

const digits = (position: number): string => String(position).padStart(16, '0');
const NAMES: Record<SegmentKind, RegExp> = { journal: /^journal-\d{16}$/, history: /^history-\d{16}$/ };

export const segmentName = (kind: SegmentKind, first: Position): string => `${kind}-${digits(first)}`;
/** The names of segments; sorted names are in the order of positions. */
export const segmentNames = (kind: SegmentKind, names: readonly string[]): string[] =>
  names.filter((name) => NAMES[kind].test(name)).sort();

const OFFSET_BYTES = 4;

/** The length and the CRC of a written file. */
export interface WrittenSum {
  readonly bytes: number;
  readonly crc: number;
}

export const NOTHING_WRITTEN: WrittenSum = { bytes: 0, crc: 0 };

export const sumWith = ({ bytes, crc }: WrittenSum, written: Buffer): WrittenSum => ({
  bytes: bytes + written.length,
  crc: crc32(written, crc),
});

/** Where each frame of a file begins. */
export class FrameOffsets {
  #offsets = new Uint32Array(256);
  #count = 0;
  #end: number = SEGMENT_HEADER_BYTES;

  /** From 4 little-endian bytes each. */
  static from(bytes: Buffer, end: number): FrameOffsets {
    const read = new FrameOffsets();
    read.#count = bytes.length / OFFSET_BYTES;
    read.#offsets = new Uint32Array(Math.max(read.#count, 1));
    for (let index = 0; index < read.#count; index += 1)
      read.#offsets[index] = bytes.readUInt32LE(index * OFFSET_BYTES);
    read.#end = end;
    return read;
  }

  get count(): number {
    return this.#count;
  }

  /** Size of the file: where the next frame begins. */
  get end(): number {
    return this.#end;
  }

  add(frameBytes: number): void {
    if (this.#count === this.#offsets.length) {
      const grown = new Uint32Array(2 * this.#offsets.length);
      grown.set(this.#offsets);
      this.#offsets = grown;
    }
    this.#offsets[this.#count] = this.#end;
    this.#count += 1;
    this.#end += frameBytes;
  }

  /** The index behind the frames that fit into so many bytes, from one on: at least one of them. */
  indexAfter(from: number, maxBytes: number): number {
    const limit = this.at(from) + maxBytes;
    let low = from + 1;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.at(middle) <= limit) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Where frame `index` begins, or the end of the file for the one after the last. */
  at(index: number): number {
    return index < this.#count ? (this.#offsets[index] as number) : this.#end;
  }

  truncate(count: number): void {
    this.#end = this.at(count);
    this.#count = Math.min(count, this.#count);
  }
}

export class Segment {
  /** Sum of the bytes on disk. */
  sum = NOTHING_WRITTEN;
  /** Entries of it were cut: on disk there may be frames that are not, or no longer, in `offsets`. */
  wasCut = false;

  constructor(
    readonly path: string,
    readonly first: Position,
    readonly seed: number,
    readonly offsets = new FrameOffsets(),
  ) {}

  /** `first` − 1 when it is empty. */
  get last(): Position {
    return (this.first + this.offsets.count - 1) as Position;
  }

  offsetOf(position: Position): number {
    return this.offsets.at(position - this.first);
  }
}

/** The segment that holds a position: the last one that begins at or before it. Segments ascend. */
export function segmentOf<T extends { readonly first: Position }>(
  segments: readonly T[],
  position: Position,
): T | undefined {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((segments[middle] as T).first <= position) low = middle + 1;
    else high = middle;
  }
  return segments[low - 1];
}
