/**
 * A file that says up to where the journal is known to be durable.
 *
 * Written after each group without a sync of its own: it survives the death of the process, and after the
 * death of the machine it may lag but never runs ahead. With it, opening can distinguish an incomplete write
 * (beyond the mark) from an entry that may have been acknowledged (up to the mark), and notices missing files
 * at the end. If it can't be read, opening works without it.
 */

import type { Position } from '@dualping/core';
import { type FileOperations, type OpenFile, readWholeIfThere } from '@dualping/host';
import { decodeNumbers, encodeNumbers } from './numbers.js';

export const MARK_NAME = 'durable-mark';

const encode = (position: Position): Buffer => encodeNumbers([position]);

export function readMark(files: FileOperations, path: string): Position | undefined {
  const [position] = decodeNumbers(readWholeIfThere(files, path), 1) ?? [];
  return position as Position | undefined;
}

export class DurableMark {
  #next: Position | undefined;
  #noting: Promise<void> | undefined;

  constructor(readonly file: OpenFile) {}

  /** Writes the mark soon, and does not wait for it: only the newest of several notes is written. */
  note(position: Position): void {
    this.#next = position;
    this.#noting ??= this.#noteAll();
  }

  /** Writes the mark now, durably. */
  async set(position: Position): Promise<void> {
    this.#next = undefined;
    await this.#noting;
    await this.file.write(encode(position), 0);
    await this.file.sync();
  }

  async close(): Promise<void> {
    await this.#noting;
    this.file.close();
  }

  async #noteAll(): Promise<void> {
    try {
      while (this.#next !== undefined) {
        const position = this.#next;
        this.#next = undefined;
        await this.file.write(encode(position), 0);
      }
    } catch {
      // An old mark is still valid. If the disk is failing, the journal's own writes will report that.
    } finally {
      this.#noting = undefined;
    }
  }
}
