/**
 * Writes the journal's changes in memory to disk, in order.
 *
 * While one group is written and synced, in one step (`SyncedFile`), the next one gathers. So the disk and
 * not the load determines the number of syncs. The writer stops at the first failure: after a failed sync it
 * is unknown what is on disk, and a later sync that succeeds would not show it (Rebello et al., "Can
 * Applications Recover from fsync Failures?").
 */

import { dirname } from 'node:path';
import type { DualpingError, Position } from '@dualping/core';
import { unreachable } from '@dualping/core';
import { type DiskTimer, type FileOperations, type SyncedFile, storageFailed } from '@dualping/host';
import { breathe } from '../breathe.js';
import type { DurableMark } from './durable-mark.js';
import { encodeSegmentHeader, NOTHING_WRITTEN, type Segment, sumWith } from './segment.js';
import { removeIndex, writeIndex } from './segment-index.js';

/** Largest group: at some 100 MB/s its first entry waits at most 40 ms for its last. */
const MAX_GROUP_BYTES = 4 * 1024 * 1024;

interface WriteWork {
  readonly kind: 'write';
  readonly segment: Segment;
  readonly offset: number;
  readonly frames: Buffer[];
  bytes: number;
  /** Position that is durable once this is done; lowered when a truncation follows. */
  last: Position;
}

type Work =
  | WriteWork
  | { readonly kind: 'begin'; readonly segment: Segment; readonly before: Segment }
  | {
      readonly kind: 'truncate';
      readonly after: Position;
      readonly keep: Segment;
      readonly bytes: number;
      /** Segments that are gone, ascending. */
      readonly drop: readonly Segment[];
      readonly done: () => void;
      readonly failed: (error: DualpingError) => void;
    };

export interface WriterEvents {
  /** Everything appended up to `position` is on disk. */
  durable(position: Position): void;
  failed(error: DualpingError): void;
}

export class DiskWriter {
  #queue: Work[] = [];
  #current: Work | undefined;
  #running: Promise<void> | undefined;
  #file: SyncedFile | undefined;
  #failure: DualpingError | undefined;

  constructor(
    readonly files: FileOperations,
    readonly mark: DurableMark,
    readonly events: WriterEvents,
    readonly disk?: DiskTimer,
  ) {}

  get failure(): DualpingError | undefined {
    return this.#failure;
  }

  /** Writes a frame at an offset of a segment; consecutive frames share a write. */
  write(segment: Segment, offset: number, frame: Buffer, position: Position): void {
    const last = this.#queue[this.#queue.length - 1];
    if (last?.kind === 'write' && last.segment === segment && last.bytes < MAX_GROUP_BYTES) {
      last.frames.push(frame);
      last.bytes += frame.length;
      last.last = position;
      return;
    }
    this.#add({ kind: 'write', segment, offset, frames: [frame], bytes: frame.length, last: position });
  }

  /** Begins a segment after the one before it is complete. */
  begin(segment: Segment, before: Segment): void {
    this.#add({ kind: 'begin', segment, before });
  }

  /** Resolves when `keep` has no more than `bytes` bytes and the segments in `drop` are removed. */
  truncate(after: Position, keep: Segment, bytes: number, drop: readonly Segment[]): Promise<void> {
    // Waiting writes are still done, so that every file has the same length as in memory; but cut entries
    // must not be reported as durable.
    for (const work of [this.#current, ...this.#queue]) {
      if (work?.kind === 'write' && work.last > after) work.last = after;
    }
    return new Promise((done, failed) => {
      this.#add({ kind: 'truncate', after, keep, bytes, drop, done, failed });
    });
  }

  /** Resolves when nothing is left to do, whether it succeeded or not. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async close(): Promise<void> {
    await this.idle();
    this.#file?.close();
    this.#file = undefined;
  }

  #add(work: Work): void {
    if (this.#failure !== undefined) {
      if (work.kind === 'truncate') work.failed(this.#failure);
      return;
    }
    this.#queue.push(work);
    this.#running ??= this.#run();
  }

  /**
   * A group begins when the turn of the event loop is over, with all entries of that turn: each group is a
   * message to every reader, so its size matters more than its start.
   */
  async #run(): Promise<void> {
    await breathe();
    for (let work = this.#queue.shift(); work !== undefined; work = this.#queue.shift()) {
      this.#current = work;
      try {
        await this.#timed(work);
      } catch (error) {
        this.#fail(error, work);
        break;
      }
      // Outside the `try`: an error of the listener is not a failure of the disk.
      if (work.kind === 'write') this.#synced(work);
      await breathe();
    }
    this.#current = undefined;
    this.#running = undefined;
  }

  #timed(work: Work): Promise<void> {
    if (this.disk === undefined) return this.#perform(work);
    // The parts of the others are watched for slowness one by one: see `timedFiles`.
    const watchedFor = work.kind === 'write' ? 'both' : 'stall';
    return this.disk.time(`writing ${pathOf(work)}`, watchedFor, () => this.#perform(work));
  }

  async #perform(work: Work): Promise<void> {
    switch (work.kind) {
      case 'write': {
        const { segment } = work;
        const bytes = Buffer.concat(work.frames, work.bytes);
        await this.#open(segment).write(bytes, work.offset);
        segment.sum = sumWith(segment.sum, bytes);
        return;
      }
      case 'begin':
        // A cut may have removed a file of this name, which must not be written to any more.
        this.#file?.close();
        this.#file = undefined;
        await writeSealedIndex(this.files, work.before, work.segment.seed);
        await createSegment(this.files, work.segment);
        return;
      case 'truncate': {
        // The mark comes first: a journal that ends before the mark would be taken for damaged.
        await this.mark.set(work.after);
        // From the end, each durably: if the process dies meanwhile, the rest has no gap.
        for (const { path } of [...work.drop].reverse()) {
          await removeIndex(this.files, path);
          await this.files.remove(path);
          await this.files.syncFolder(dirname(path));
        }
        await removeIndex(this.files, work.keep.path);
        await this.#open(work.keep).truncate(work.bytes);
        work.done();
        return;
      }
      default:
        unreachable(work);
    }
  }

  #synced({ last }: WriteWork): void {
    this.mark.note(last);
    this.events.durable(last);
  }

  #open(segment: Segment): SyncedFile {
    if (this.#file?.path !== segment.path) {
      this.#file?.close();
      this.#file = this.files.openSynced(segment.path);
    }
    return this.#file;
  }

  #fail(cause: unknown, during: Work): void {
    const failure = storageFailed('writing', pathOf(during), cause);
    this.#failure = failure;
    const undone = [during, ...this.#queue];
    this.#queue = [];
    for (const work of undone) if (work.kind === 'truncate') work.failed(failure);
    this.events.failed(failure);
  }
}

const pathOf = (work: Work): string => (work.kind === 'truncate' ? work.keep.path : work.segment.path);

/** Makes a segment without entries, durable including its name. */
export async function createSegment(files: FileOperations, segment: Segment): Promise<void> {
  const file = await files.create(segment.path);
  const header = encodeSegmentHeader({ kind: 'journal', first: segment.first, seed: segment.seed });
  try {
    await file.write(header, 0);
    await file.sync();
  } finally {
    file.close();
  }
  await files.syncFolder(dirname(segment.path));
  segment.sum = sumWith(NOTHING_WRITTEN, header);
}

/** Writes the index of a complete segment whose file equals the state in memory. */
async function writeSealedIndex(
  files: FileOperations,
  { path, offsets, sum, wasCut }: Segment,
  checksum: number,
): Promise<void> {
  if (wasCut || sum.bytes !== offsets.end) return;
  await writeIndex(files, path, 'journal', { sum, checksum, offsets, positions: [] });
}
