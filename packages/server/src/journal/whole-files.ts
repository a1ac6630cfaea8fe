/** Reads one file after another as a whole, all into the same memory: what was read before is gone then. */
import type { FileOperations } from '@dualping/host';

export class WholeFiles {
  #buffer = Buffer.alloc(0);

  constructor(readonly files: FileOperations) {}

  read(path: string): Buffer {
    const file = this.files.open(path);
    try {
      const size = file.size();
      // Somewhat more: the files of a journal differ by less than their last record.
      if (size > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(size + SPARE_BYTES);
      const into = this.#buffer.subarray(0, size);
      return into.subarray(0, file.read(into, 0));
    } finally {
      file.close();
    }
  }
}

/** Of memory that larger files than the first fit into too. */
const SPARE_BYTES = 64 * 1024;
