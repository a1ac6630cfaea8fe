/**
 * A file that says up to where the journal is known to be durable.
 *
 * Written soon after a group, without a sync of its own: it may lag, by some milliseconds after the death of
 * the process and by more after the death of the machine, but it never runs ahead. With it, opening can
 * distinguish an incomplete write (beyond the mark) from an entry that may have been acknowledged (up to the
 * mark), and notices missing files at the end. If it can't be read, opening works without it.
 */

import type { Position } from '@dualping/core';
import { type FileOperations, type OpenFile, readWholeIfThere } from '@dualping/host';
import { decodeNumbers, encodeNumbers } from './numbers.js';

export const MARK_NAME = 'durable-mark';

/**
 * How long a note may wait to be written, ms. A write is one more trip to a thread and back, as much as the
 * group itself costs, so groups that follow one another closely share one. What is lost with the process is
 * only the knowledge that its last groups were durable, not the groups.
 */
export const NOTE_EVERY_MS = 10;

const encode = (position: Position): Buffer => encodeNumbers([position]);

export function readMark(files: FileOperations, path: string): Position | undefined {
  const [position] = decodeNumbers(readWholeIfThere(files, path), 1) ?? [];
  return position as Position | undefined;
}

export class DurableMark {
  #next: Position | undefined;
  #timer: NodeJS.Timeout | undefined;
  #noting: Promise<void> | undefined;

  constructor(readonly file: OpenFile) {}

  /** Writes the mark soon, and does not wait for it: only the newest of several notes is written. */
  note(position: Position): void {
    this.#next = position;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#noting ??= this.#noteAll();
    }, NOTE_EVERY_MS).unref();
  }

  /** Writes the mark now, durably. */
  async set(position: Position): Promise<void> {
    this.#next = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#noting;
    await this.file.write(encode(position), 0);
    await this.file.sync();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#noting;
    await this.#noteAll();
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
