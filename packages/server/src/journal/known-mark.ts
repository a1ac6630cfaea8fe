/**
 * A file with what this server knew at some moment: how far its journal is committed, and the newest
 * assignment.
 *
 * Written now and then, without a sync: it survives the death of the process, and after the death of the
 * machine it may lag. Epoch and revision only rise, so their content at a start was true. The committed
 * position is about the entries that the journal had then. After an unclean promotion a snapshot may have
 * replaced them, so it counts only if the journal still has the same checksum there. If the file can't be
 * read, opening works without it.
 */
import { join } from 'node:path';
import { type Epoch, type Known, NO_EPOCH, NO_POSITION, type Position } from '@dualping/core';
import { type FileOperations, readWholeIfThere } from '@dualping/host';
import type { Generation } from './generation.js';
import { decodeNumbers, encodeNumbers } from './numbers.js';

const NAME = 'known-mark';
const NUMBERS = 4;
/** Without the checksum, as it was written once. */
const FORMER_NUMBERS = 3;
/** How long a change may wait to be written, ms: many changes then share one write. */
const WRITE_EVERY_MS = 100;

/** What a journal with this content is known for. */
export function readKnown(files: FileOperations, folder: string, generation: Generation): Known {
  const bytes = readWholeIfThere(files, join(folder, NAME));
  const [committed = NO_POSITION, epoch = NO_EPOCH, revision = 0, checksum] =
    decodeNumbers(bytes, NUMBERS) ?? decodeNumbers(bytes, FORMER_NUMBERS) ?? [];
  const isOfThese = checksum === undefined || checksum === checksumIn(generation, committed as Position);
  return {
    committed: (isOfThese ? committed : NO_POSITION) as Position,
    epoch: epoch as Epoch,
    revision,
  };
}

/** Undefined where the generation has nothing, or can't read it: whoever needs the entry reports that. */
function checksumIn(generation: Generation, at: Position): number | undefined {
  if (at < generation.base.position || at > generation.last) return undefined;
  try {
    return generation.checksumAt(at);
  } catch {
    return undefined;
  }
}

export class KnownMark {
  #numbers: readonly number[] | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(
    readonly files: FileOperations,
    readonly folder: string,
  ) {}

  /** Writes it soon, and does not wait for it. `generation`: the one that `known` is about. */
  note({ committed, epoch, revision }: Known, generation: Generation): void {
    const checksum = checksumIn(generation, committed);
    // What was committed in the generation before says nothing about this one.
    this.#numbers =
      checksum === undefined ? [NO_POSITION, epoch, revision, 0] : [committed, epoch, revision, checksum];
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
    const numbers = this.#numbers;
    if (numbers === undefined) return;
    this.#numbers = undefined;
    const path = join(this.folder, NAME);
    try {
      const file =
        readWholeIfThere(this.files, path) === undefined
          ? await this.files.create(path)
          : this.files.open(path);
      try {
        await file.write(encodeNumbers(numbers), 0);
      } finally {
        file.close();
      }
    } catch {
      // An old mark is still valid. If the disk is failing, the journal's own writes will report that.
    }
  }
}
