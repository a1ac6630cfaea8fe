/** Reads whole files, one after another, into the same memory: each read overwrites the one before. */
import type { FileOperations } from '@dualping/host';

export class WholeFiles {
  #buffer = Buffer.alloc(0);

  constructor(readonly files: FileOperations) {}

  read(path: string): Buffer {
    const file = this.files.open(path);
    try {
      const size = file.size();
      // With some spare room: the files of a journal differ by less than their last record.
      if (size > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(size + SPARE_BYTES);
      const into = this.#buffer.subarray(0, size);
      return into.subarray(0, file.read(into, 0));
    } finally {
      file.close();
    }
  }
}

/** Spare room, so that files a little larger than the first fit too. */
const SPARE_BYTES = 64 * 1024;
