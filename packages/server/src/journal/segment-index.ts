/**
 * An index of a complete file of frames, in a separate file.
 *
 *     'dualping' 8 │ kind 1 │ version 1 │ frames 4 │ bytes 4 │ crc of the file 4 │ checksum of its end 4
 *     │ where each frame begins, 4 each │ of a history: the position of each, 8 each │ crc 4
 *
 * With it a start verifies the file by one CRC over all of it, and takes the offsets of its frames from the
 * index: a third of the time for verifying each frame. It contains nothing that is not in the file itself, so
 * it is written without a sync, and a missing, incomplete or wrong index is ignored.
 */
import { basename, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type FileOperations, readWholeIfThere } from '@dualping/host';
import { FrameOffsets, type SegmentKind, type WrittenSum } from './segment.js';

const MAGIC = 'dualping';
const KIND_CODES: Record<SegmentKind, number> = { journal: 3, history: 4 };
const VERSION = 1;
const KIND_AT = 8;
const VERSION_AT = 9;
const FRAMES_AT = 10;
const BYTES_AT = 14;
const CRC_AT = 18;
const CHECKSUM_AT = 22;
const HEADER_BYTES = 26;
const OFFSET_BYTES = 4;
const POSITION_BYTES = 8;
const OWN_CRC_BYTES = 4;

const PREFIX = 'index-';
/** The path of a file's index. */
export const indexPath = (path: string): string => join(dirname(path), `${PREFIX}${basename(path)}`);

export interface SegmentIndex {
  readonly sum: WrittenSum;
  /** The checksum of the last frame, which covers all before it. */
  readonly checksum: number;
  readonly offsets: FrameOffsets;
  /** For a history, ascending; for a journal they follow from the first. */
  readonly positions: number[];
}

/** A failure does no harm: then there is no index. */
export async function writeIndex(
  files: FileOperations,
  path: string,
  kind: SegmentKind,
  { sum, checksum, offsets, positions }: SegmentIndex,
): Promise<void> {
  const { count } = offsets;
  const bytes = Buffer.alloc(HEADER_BYTES + count * bytesAFrame(kind) + OWN_CRC_BYTES);
  bytes.write(MAGIC, 0, 'latin1');
  bytes.writeUInt8(KIND_CODES[kind], KIND_AT);
  bytes.writeUInt8(VERSION, VERSION_AT);
  bytes.writeUInt32LE(count, FRAMES_AT);
  bytes.writeUInt32LE(sum.bytes, BYTES_AT);
  bytes.writeUInt32LE(sum.crc, CRC_AT);
  bytes.writeUInt32LE(checksum, CHECKSUM_AT);
  let at = HEADER_BYTES;
  for (let frame = 0; frame < count; frame += 1) at = bytes.writeUInt32LE(offsets.at(frame), at);
  if (kind === 'history') for (const position of positions) at = bytes.writeDoubleLE(position, at);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, at)), at);
  try {
    const file = await files.create(indexPath(path));
    try {
      await file.write(bytes, 0);
    } finally {
      file.close();
    }
  } catch {
    // The next start verifies each frame, and writes the index.
  }
}

/** Undefined when there is no index of exactly these bytes. */
export function readIndex(
  files: FileOperations,
  path: string,
  kind: SegmentKind,
  content: Buffer,
): SegmentIndex | undefined {
  const bytes = wholeIndex(files, path);
  if (bytes === undefined || bytes.length < HEADER_BYTES + OWN_CRC_BYTES) return undefined;
  const end = bytes.length - OWN_CRC_BYTES;
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end)) return undefined;
  if (bytes.toString('latin1', 0, KIND_AT) !== MAGIC || bytes[VERSION_AT] !== VERSION) return undefined;
  if (bytes[KIND_AT] !== KIND_CODES[kind]) return undefined;
  const count = bytes.readUInt32LE(FRAMES_AT);
  if (end !== HEADER_BYTES + count * bytesAFrame(kind)) return undefined;
  const sum = { bytes: bytes.readUInt32LE(BYTES_AT), crc: bytes.readUInt32LE(CRC_AT) };
  if (sum.bytes !== content.length || sum.crc !== crc32(content)) return undefined;
  const positionsAt = HEADER_BYTES + count * OFFSET_BYTES;
  const positions: number[] = [];
  for (let at = positionsAt; at < end; at += POSITION_BYTES) positions.push(bytes.readDoubleLE(at));
  const offsets = FrameOffsets.from(bytes.subarray(HEADER_BYTES, positionsAt), content.length);
  return { sum, checksum: bytes.readUInt32LE(CHECKSUM_AT), offsets, positions };
}

/** Called before the file changes. */
export const removeIndex = (files: FileOperations, path: string): Promise<void> =>
  files.remove(indexPath(path));

const bytesAFrame = (kind: SegmentKind): number =>
  kind === 'history' ? OFFSET_BYTES + POSITION_BYTES : OFFSET_BYTES;

function wholeIndex(files: FileOperations, path: string): Buffer | undefined {
  try {
    return readWholeIfThere(files, indexPath(path));
  } catch {
    return undefined;
  }
}
