/**
 * Writes a file of frames from beginning to end, in large pieces. When it is finished its content is durable,
 * but its name is not.
 */

import type { FileOperations, OpenFile } from '@dualping/host';
import { encodeFrame } from './frame.js';

/** Large enough for few writes, small enough for little memory. */
const PIECE_BYTES = 1024 * 1024;

export class FrameFileWriter {
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #written = 0;

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

  async add(position: number, payload: Buffer): Promise<void> {
    const frame = encodeFrame(position, payload, this.chain);
    this.chain = frame.readUInt32LE(0);
    this.#gather(frame);
    if (this.#pieceBytes >= PIECE_BYTES) await this.#flush();
  }

  async finish(): Promise<void> {
    await this.#flush();
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

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pieces, this.#pieceBytes);
    this.#pieces = [];
    this.#pieceBytes = 0;
    await this.file.write(bytes, this.#written);
    this.#written += bytes.length;
  }
}
