/**
 * The bare store: an append-only file, with one synced write for all records that arrived during the sync
 * before.
 *
 * It does only what every journal must do: a length and a checksum before each record, like ours.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

const HEADER_BYTES = 8;

interface Record {
  readonly bytes: Buffer;
  readonly durable: () => void;
}

export class GroupLog {
  #gathered: Record[] = [];
  #running = false;
  #size = 0;

  private constructor(readonly file: FileHandle) {}

  static async create(path: string): Promise<GroupLog> {
    const { O_CREAT, O_TRUNC, O_WRONLY, O_DSYNC } = constants;
    return new GroupLog(await open(path, O_CREAT | O_TRUNC | O_WRONLY | O_DSYNC));
  }

  append(bytes: Buffer, durable: () => void): void {
    this.#gathered.push({ bytes, durable });
    if (this.#running) return;
    this.#running = true;
    // Other records of this turn join the first group.
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (this.#gathered.length > 0) {
      const group = this.#gathered;
      this.#gathered = [];
      const frames = Buffer.concat(group.flatMap(({ bytes }) => [headerOf(bytes), bytes]));
      await this.file.write(frames, 0, frames.length, this.#size);
      this.#size += frames.length;
      for (const { durable } of group) durable();
    }
    this.#running = false;
  }
}

function headerOf(bytes: Buffer): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32LE(bytes.length, 0);
  header.writeUInt32LE(crc32(bytes), 4);
  return header;
}
