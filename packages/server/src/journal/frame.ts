/**
 * A record on disk.
 *
 *     crc 4 │ previous 4 │ length 4 │ position 6 │ payload …        (little-endian)
 *            seed ──────► └───────── covered by crc ─────────┘
 *
 * The CRC-32 of a record starts from the CRC of the record before it, so the last one is a checksum over the
 * whole journal: two journals are equal if their last CRCs are. `previous` is stored in the record too, so
 * that a record can be recognised without those before it: this distinguishes an incomplete end from damage
 * in the middle. A record is never empty, so zeros are never a record.
 */
import { crc32 } from 'node:zlib';

export const FRAME_PREVIOUS_AT = 4;
/** From here to its end a record is covered by its CRC. */
export const FRAME_COVERED_AT = 8;
export const FRAME_LENGTH_AT = 8;
export const FRAME_POSITION_AT = 12;
const POSITION_BYTES = 6;
export const FRAME_HEADER_BYTES = FRAME_POSITION_AT + POSITION_BYTES;

/** Largest journal entry: a post is at most 4 KB, and names and session 400 bytes. */
export const MAX_ENTRY_BYTES = 64 * 1024;

export interface Frame {
  readonly offset: number;
  /** Where the next frame begins. */
  readonly end: number;
  readonly position: number;
  readonly previous: number;
  readonly checksum: number;
}

export function encodeFrame(position: number, payload: Buffer, previous: number): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  frame.writeUInt32LE(previous, FRAME_PREVIOUS_AT);
  frame.writeUInt32LE(payload.length, FRAME_LENGTH_AT);
  frame.writeUIntLE(position, FRAME_POSITION_AT, POSITION_BYTES);
  payload.copy(frame, FRAME_HEADER_BYTES);
  frame.writeUInt32LE(crc32(frame.subarray(FRAME_COVERED_AT), previous), 0);
  return frame;
}

/** The frame at an offset; undefined when there is no valid one. */
export function frameAt(bytes: Buffer, offset: number, maxPayloadBytes = MAX_ENTRY_BYTES): Frame | undefined {
  if (offset + FRAME_HEADER_BYTES >= bytes.length) return undefined;
  const length = bytes.readUInt32LE(offset + FRAME_LENGTH_AT);
  const end = offset + FRAME_HEADER_BYTES + length;
  if (length === 0 || length > maxPayloadBytes || end > bytes.length) return undefined;
  const previous = bytes.readUInt32LE(offset + FRAME_PREVIOUS_AT);
  const checksum = bytes.readUInt32LE(offset);
  if (crc32(bytes.subarray(offset + FRAME_COVERED_AT, end), previous) !== checksum) return undefined;
  return {
    offset,
    end,
    position: bytes.readUIntLE(offset + FRAME_POSITION_AT, POSITION_BYTES),
    previous,
    checksum,
  };
}

export const payloadOf = (bytes: Buffer, frame: Frame): Buffer =>
  bytes.subarray(frame.offset + FRAME_HEADER_BYTES, frame.end);

/**
 * The first frame from an offset on whose position could follow `position`. Checks every byte, but computes a
 * CRC only where length and position are plausible; the text of a post never is, because it has no zero
 * bytes.
 */
export function findFrameBeyond(bytes: Buffer, from: number, position: number): Frame | undefined {
  for (let offset = from; offset + FRAME_HEADER_BYTES < bytes.length; offset += 1) {
    const length = bytes.readUInt32LE(offset + FRAME_LENGTH_AT);
    if (length === 0 || length > MAX_ENTRY_BYTES) continue;
    const found = bytes.readUIntLE(offset + FRAME_POSITION_AT, POSITION_BYTES);
    if (found < position || found > position + bytes.length) continue;
    const frame = frameAt(bytes, offset);
    if (frame !== undefined) return frame;
  }
  return undefined;
}
