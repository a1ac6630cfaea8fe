/**
 * A file with what this server knew at some moment: how far its journal is committed, and the newest
 * assignment.
 *
 * Written now and then, without a sync: it survives the death of the process, and after the death of the
 * machine it may lag. Each number only rises, so the content at a start was true. If it can't be read,
 * opening works without it.
 */
import { join } from 'node:path';
import { type Epoch, type Known, NO_EPOCH, NO_POSITION, type Position } from '@dualping/core';
import { type FileOperations, readWholeIfThere } from '@dualping/host';
import { decodeNumbers, encodeNumbers } from './numbers.js';

const NAME = 'known-mark';
const NUMBERS = 3;
/** How long a change may wait to be written, ms: many changes then share one write. */
const WRITE_EVERY_MS = 100;

export function readKnown(files: FileOperations, folder: string): Known {
  const [committed = NO_POSITION, epoch = NO_EPOCH, revision = 0] =
    decodeNumbers(readWholeIfThere(files, join(folder, NAME)), NUMBERS) ?? [];
  return { committed: committed as Position, epoch: epoch as Epoch, revision };
}

export class KnownMark {
  #known: Known | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(
    readonly files: FileOperations,
    readonly folder: string,
  ) {}

  /** Writes it soon, and does not wait for it. */
  note(known: Known): void {
    this.#known = known;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
    }, WRITE_EVERY_MS).unref();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    await this.#write();
  }

  async #write(): Promise<void> {
    const known = this.#known;
    if (known === undefined) return;
    this.#known = undefined;
    const path = join(this.folder, NAME);
    try {
      const file =
        readWholeIfThere(this.files, path) === undefined
          ? await this.files.create(path)
          : this.files.open(path);
      try {
        await file.write(encodeNumbers([known.committed, known.epoch, known.revision]), 0);
      } finally {
        file.close();
      }
    } catch {
      // An old mark is still valid. If the disk is failing, the journal's own writes will report that.
    }
  }
}
