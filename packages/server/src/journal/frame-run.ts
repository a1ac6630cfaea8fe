/**
 * Verifies frames that follow one another, a quarter of a megabyte or so at a time.
 *
 * The CRC of a frame goes on from that of the frame before it. So the last one can be computed at one go over
 * what all of them cover, which takes half as long as one after the other; and each frame has to name the CRC
 * of the one before.
 */
import { crc32 } from 'node:zlib';
import {
  FRAME_COVERED_AT,
  FRAME_HEADER_BYTES,
  FRAME_LENGTH_AT,
  FRAME_POSITION_AT,
  FRAME_PREVIOUS_AT,
  MAX_ENTRY_BYTES,
} from './frame.js';
import type { SegmentKind } from './segment.js';

export interface FrameRun {
  readonly first: number;
  readonly last: number;
  /** Of each frame, with its header. They are lent: the next run is written over them. */
  readonly lengths: Uint32Array;
  /** Of each frame of a history; in a journal they follow from the first. */
  readonly positions: readonly number[];
  /** What the first of them goes on from. */
  readonly previous: number;
  /** Of the last of them. */
  readonly checksum: number;
}

const HIGH = 2 ** 32;
const HIGH_AT = FRAME_POSITION_AT + 4;

const positionIn = (view: DataView, offset: number): number =>
  view.getUint32(offset + FRAME_POSITION_AT, true) + view.getUint16(offset + HIGH_AT, true) * HIGH;

export class FrameRuns {
  /** What the frames of a run cover, one behind the other. */
  #covered = Buffer.alloc(0);
  #lengths = new Uint32Array(256);

  /**
   * Undefined unless the bytes are whole frames, at least one, each of which follows the one before: in a
   * journal with the next position, in a history with a higher one.
   */
  verify(bytes: Buffer, kind: SegmentKind): FrameRun | undefined {
    if (bytes.length <= FRAME_HEADER_BYTES) return undefined;
    if (this.#covered.length < bytes.length) this.#covered = Buffer.allocUnsafeSlow(bytes.length);
    const covered = this.#covered;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const positions: number[] = [];
    let count = 0;
    const previous = view.getUint32(FRAME_PREVIOUS_AT, true);
    const first = positionIn(view, 0);
    let checksum = previous;
    let position = first;
    let used = 0;
    for (let offset = 0; offset < bytes.length; ) {
      if (offset + FRAME_HEADER_BYTES >= bytes.length) return undefined;
      const payloadBytes = view.getUint32(offset + FRAME_LENGTH_AT, true);
      const end = offset + FRAME_HEADER_BYTES + payloadBytes;
      if (payloadBytes === 0 || payloadBytes > MAX_ENTRY_BYTES || end > bytes.length) return undefined;
      if (view.getUint32(offset + FRAME_PREVIOUS_AT, true) !== checksum) return undefined;
      const at = positionIn(view, offset);
      const follows = offset === 0 || (kind === 'journal' ? at === position + 1 : at > position);
      if (!follows) return undefined;
      used += bytes.copy(covered, used, offset + FRAME_COVERED_AT, end);
      checksum = view.getUint32(offset, true);
      position = at;
      if (kind === 'history') positions.push(at);
      if (count === this.#lengths.length) this.#grow();
      this.#lengths[count] = end - offset;
      count += 1;
      offset = end;
    }
    if (crc32(covered.subarray(0, used), previous) !== checksum) return undefined;
    const lengths = this.#lengths.subarray(0, count);
    return { first, last: position, lengths, positions, previous, checksum };
  }

  #grow(): void {
    const grown = new Uint32Array(2 * this.#lengths.length);
    grown.set(this.#lengths);
    this.#lengths = grown;
  }
}
