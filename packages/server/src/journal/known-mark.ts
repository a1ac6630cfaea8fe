/**
 * A file with what this server knew at some moment: how far its journal is committed, and the newest
 * assignment.
 *
 * Written now and then, without a sync: it survives the death of the process, and after the death of the
 * machine it may lag. Epoch and revision only rise, so their content at a start was true. The committed
 * position is about the entries that the journal had then: beside it are their checksum and the generation of
 * the journal. A journal of that generation that does not have them is an older copy, or was cut
 * (`judgeNote`). If the file can't be read, opening works without it.
 */
import { join } from 'node:path';
import {
  type Epoch,
  type JudgedNote,
  judgeNote,
  type Known,
  NO_EPOCH,
  NO_POSITION,
  type Position,
} from '@dualping/core';
import { type FileOperations, readWholeIfThere, replaceFile } from '@dualping/host';
import type { Generation } from './generation.js';
import { decodeNumbers, encodeNumbers } from './numbers.js';

const NAME = 'known-mark';
/** Committed position, epoch, revision, checksum, generation. */
const NUMBERS = 5;
/** Former releases wrote it without the generation, and before that without the checksum. */
const FORMER_NUMBERS = [4, 3];
/** How long a change may wait to be written, ms: many changes then share one write. */
const WRITE_EVERY_MS = 100;

/** A generation of the journal, with its number. */
export interface NumberedGeneration {
  readonly number: number;
  readonly generation: Generation;
}

/** What a journal with this content is known for. */
export function readKnown(files: FileOperations, folder: string, journal: NumberedGeneration): JudgedNote {
  const bytes = readWholeIfThere(files, join(folder, NAME));
  const lengths = [NUMBERS, ...FORMER_NUMBERS];
  const numbers = lengths.map((length) => decodeNumbers(bytes, length)).find((read) => read !== undefined);
  const [committed = NO_POSITION, epoch = NO_EPOCH, revision = 0, checksum, generation] = numbers ?? [];
  return judgeNote(
    { committed: committed as Position, epoch: epoch as Epoch, revision, checksum, generation },
    {
      generation: journal.number,
      last: journal.generation.last,
      checksumAt: (at) => checksumIn(journal.generation, at),
    },
  );
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
  #isAbandoned = false;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(
    readonly files: FileOperations,
    readonly folder: string,
  ) {}

  /** Writes it soon, and does not wait for it. `journal`: the generation that `known` is about. */
  note({ committed, epoch, revision }: Known, { number, generation }: NumberedGeneration): void {
    if (this.#isAbandoned) return;
    const checksum = checksumIn(generation, committed);
    // What was committed in the generation before says nothing about this one.
    this.#numbers =
      checksum === undefined
        ? [NO_POSITION, epoch, revision, 0, number]
        : [committed, epoch, revision, checksum, number];
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
    }, WRITE_EVERY_MS).unref();
  }

  /**
   * Forgets the committed position, durably: with the id that the journal has got now nothing of it was ever
   * committed, and what is committed from now on must not look like an older copy because this file lags.
   */
  async forgetCommitted({ epoch, revision }: Known, number: number): Promise<void> {
    const bytes = encodeNumbers([NO_POSITION, epoch, revision, 0, number]);
    await replaceFile(this.files, join(this.folder, NAME), bytes);
  }

  /** Writes nothing any more. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#numbers = undefined;
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
