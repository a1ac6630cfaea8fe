/** Files open for reading: a bounded number; the least recently used one is closed first. */
import type { FileOperations, OpenFile } from '@dualping/host';

/** Enough for 512 MB of journal without opening files, and far below a process's limit of descriptors. */
const MAX_READ_HANDLES = 32;

export class ReadHandles {
  readonly #open = new Map<string, OpenFile>();

  constructor(readonly files: FileOperations) {}

  get(path: string): OpenFile {
    const file = this.#open.get(path) ?? this.files.open(path);
    this.#open.delete(path);
    this.#open.set(path, file);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= MAX_READ_HANDLES) break;
      this.close(oldest);
    }
    return file;
  }

  close(path: string): void {
    this.#open.get(path)?.close();
    this.#open.delete(path);
  }

  closeAll(): void {
    for (const path of [...this.#open.keys()]) this.close(path);
  }
}
