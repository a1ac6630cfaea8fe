/**
 * Writes a file of frames from beginning to end, in large pieces. When it is finished its content is durable,
 * but its name is not.
 */

import type { FileOperations, OpenFile } from '@dualping/host';
import { encodeFrame } from './frame.js';
import { NOTHING_WRITTEN, sumWith, type WrittenSum } from './segment.js';

/** Large enough for few writes, small enough for little memory. */
const PIECE_BYTES = 1024 * 1024;

export class FrameFileWriter {
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #sum = NOTHING_WRITTEN;

  private constructor(
    readonly file: OpenFile,
    private chain: number,
  ) {}

  /** `header` comes before the first frame; the CRC of the first frame starts from `seed`. */
  static async create(files: FileOperations, path: string, header: Buffer, seed: number) {
    const writer = new FrameFileWriter(await files.create(path), seed);
    writer.#gather(header);
    return writer;
  }

  get bytes(): number {
    return this.#sum.bytes + this.#pieceBytes;
  }

  /** Sum of the bytes in the file; complete when the file is finished. */
  get sum(): WrittenSum {
    return this.#sum;
  }

  /** Checksum of the last frame, chained over all before it. */
  get checksum(): number {
    return this.chain;
  }

  async add(position: number, payload: Buffer): Promise<void> {
    this.put(position, payload);
    if (this.isFull) await this.flush();
  }

  /** As `add`, but writes nothing. @returns the length of its frame */
  put(position: number, payload: Buffer): number {
    const frame = encodeFrame(position, payload, this.chain);
    this.chain = frame.readUInt32LE(0);
    this.#gather(frame);
    return frame.length;
  }

  /** Whether enough is gathered to be written. */
  get isFull(): boolean {
    return this.#pieceBytes >= PIECE_BYTES;
  }

  async finish(): Promise<void> {
    await this.flush();
    await this.file.sync();
    this.file.close();
  }

  /** Closes the unfinished file. */
  abandon(): void {
    this.file.close();
  }

  #gather(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#pieceBytes += bytes.length;
  }

  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pieces, this.#pieceBytes);
    this.#pieces = [];
    this.#pieceBytes = 0;
    await this.file.write(bytes, this.#sum.bytes);
    this.#sum = sumWith(this.#sum, bytes);
  }
}
