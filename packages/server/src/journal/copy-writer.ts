/**
 * Writes a copy of a primary's journal into a new generation, beside the present one.
 *
 * Each frame is verified before it is written, and written as it came. A copy that breaks off can go on later
 * where it stands; nothing of it counts before `finish`, and after it everything is durable.
 */
import { join } from 'node:path';
import { DualpingError, type HeldCopy, JournalCopy, NO_POSITION, type Position } from '@dualping/core';
import { type FileOperations, type OpenFile, TEMPORARY } from '@dualping/host';
import type { CurrentRecord } from './current-file.js';
import { createSegment } from './disk-writer.js';
import { DurableMark, MARK_NAME } from './durable-mark.js';
import { type FrameRun, FrameRuns } from './frame-run.js';
import { NO_HISTORY } from './history.js';
import type { CopyContent, CopyPiece } from './journal.js';
import {
  encodeSegmentHeader,
  FrameOffsets,
  NOTHING_WRITTEN,
  Segment,
  type SegmentKind,
  segmentName,
  sumWith,
} from './segment.js';
import { writeIndex } from './segment-index.js';
import { snapshotName } from './snapshot-file.js';

/** What may wait for the disk, bytes: some pieces. */
const MAX_UNWRITTEN_BYTES = 4 * 1024 * 1024;

const ORDER: readonly CopyPiece['kind'][] = ['state', 'history', 'records'];

export class CopyWriter {
  readonly #runs = new FrameRuns();
  #content: CopyContent;
  #copy: JournalCopy;
  /** Of this call. */
  #bytes = 0;
  #stage = 0;
  #state: GatheredWrites | undefined;
  #history = NO_HISTORY;
  #lastPost = 0;
  #file: CopiedFile | undefined;
  /** Files that are written to their end are synced while the next one is written. */
  #finishing: Promise<void> = Promise.resolve();
  #failed = false;

  private constructor(
    readonly files: FileOperations,
    readonly path: string,
    readonly segmentBytes: number,
    content: CopyContent,
  ) {
    this.#content = content;
    this.#copy = new JournalCopy(content);
  }

  /** @throws DualpingError `invalid-argument` when there is no such copy */
  static async begin(
    files: FileOperations,
    path: string,
    segmentBytes: number,
    content: CopyContent,
  ): Promise<CopyWriter> {
    const writer = new CopyWriter(files, path, segmentBytes, content);
    await files.remove(path);
    await files.makeFolder(path);
    await writer.#beginState();
    return writer;
  }

  /** What has come; undefined as long as there are no records. */
  get held(): HeldCopy | undefined {
    const { held } = this.#copy;
    return held.end.position > held.base.position ? held : undefined;
  }

  /** Whether such a copy goes on where this one stands. */
  isContinuedBy(content: CopyContent): boolean {
    return this.held !== undefined && new JournalCopy(content, this.held).goesOn;
  }

  /** Another call brings the rest, and the state anew. */
  async goOn(content: CopyContent): Promise<void> {
    this.#copy = new JournalCopy(content, this.held);
    await this.#dropState();
    this.#content = content;
    this.#bytes = 0;
    this.#stage = 0;
    await this.#beginState();
  }

  /** @throws DualpingError `invalid-argument` for a piece that does not belong there; it is not written */
  async take(piece: CopyPiece): Promise<void> {
    const stage = ORDER.indexOf(piece.kind);
    if (stage < this.#stage) throw refused(`${piece.kind} follows ${ORDER[this.#stage]}`);
    this.#stage = stage;
    this.#bytes += piece.bytes.length;
    if (this.#bytes > this.#content.bytes)
      throw refused(`has more than the ${this.#content.bytes} bytes that were announced`);
    if (piece.kind === 'state') await this.#takeState(piece.bytes);
    else if (piece.kind === 'history') await this.#takeHistory(piece.bytes);
    else await this.#takeRecords(piece.bytes);
  }

  /** Waits for what is being written. @returns whether the copy can go on from here */
  async pause(): Promise<boolean> {
    const works = [this.#finishing, this.#file?.writes.done(), this.#state?.done()];
    const ends = await Promise.allSettled(works);
    if (ends.some(({ status }) => status === 'rejected')) this.#failed = true;
    return !this.#failed && this.held !== undefined;
  }

  /** Everything is durable when it resolves, except that the generation counts. */
  async finish(generation: number): Promise<CurrentRecord> {
    this.#copy.assertWhole();
    const { base, through, history, bytes } = this.#content;
    const isWhole = history.posts === this.#history.posts && history.checksum === this.#history.checksum;
    if (!isWhole || this.#bytes !== bytes)
      throw refused(
        `ends after ${this.#bytes} of ${bytes} bytes and ${this.#history.posts} of ${history.posts} posts from before ${base.position}`,
      );
    await this.#finishing;
    if (this.#file?.kind === 'journal') await this.#file.sync();
    else {
      await this.#file?.finish(this.files);
      const first = (base.position + 1) as Position;
      const path = join(this.path, segmentName('journal', first));
      await createSegment(this.files, new Segment(path, first, base.checksum));
    }
    this.#file = undefined;
    await this.#finishState();
    await this.#markDurable(through.position);
    await this.files.syncFolder(this.path);
    return { generation, position: base.position, checksum: base.checksum, history };
  }

  /** Closes the files as they are. */
  async abandon(): Promise<void> {
    await this.pause();
    this.#file?.writes.file.close();
    this.#file = undefined;
    this.#state?.file.close();
    this.#state = undefined;
  }

  async #takeState(bytes: Buffer): Promise<void> {
    if (this.#state === undefined) throw refused('has a state, and announced none');
    await this.#state.put(bytes);
  }

  async #takeHistory(bytes: Buffer): Promise<void> {
    const { base } = this.#content;
    const run = this.#verified(bytes, 'history');
    const { first, last } = run;
    if (this.#copy.goesOn || run.previous !== this.#history.checksum || first <= this.#lastPost)
      throw refused(
        `has post ${first} from before ${base.position}, which can't follow post ${this.#lastPost}`,
      );
    if (last > base.position) throw refused(`has post ${last} among those from before ${base.position}`);
    this.#lastPost = last;
    this.#history = { posts: this.#history.posts + run.lengths.length, checksum: run.checksum };
    await this.#add(run, bytes, 'history');
  }

  async #takeRecords(bytes: Buffer): Promise<void> {
    const run = this.#verified(bytes, 'journal');
    const end = { position: run.last as Position, checksum: run.checksum };
    this.#copy.take({ first: run.first as Position, previous: run.previous, end });
    await this.#add(run, bytes, 'journal');
  }

  #verified(bytes: Buffer, kind: SegmentKind): FrameRun {
    const run = this.#runs.verify(bytes, kind);
    if (run !== undefined) return run;
    throw refused(
      `has records after position ${this.#copy.held.end.position} that do not match their checksums`,
    );
  }

  async #add(run: FrameRun, bytes: Buffer, kind: SegmentKind): Promise<void> {
    const isFull = this.#file !== undefined && this.#file.end + bytes.length > this.segmentBytes;
    if (this.#file?.kind !== kind || isFull) await this.#beginFile(kind, run);
    await (this.#file as CopiedFile).add(run, bytes);
  }

  async #beginFile(kind: SegmentKind, run: FrameRun): Promise<void> {
    await this.#finishing;
    if (this.#file !== undefined) {
      this.#finishing = this.#file.finish(this.files);
      // Whoever waits for it gets its error; that nobody waits for it yet is no end of the process.
      this.#finishing.catch(() => {});
    }
    const first = run.first as Position;
    const path = join(this.path, segmentName(kind, first));
    this.#file = new CopiedFile(await this.files.create(path), kind);
    await this.#file.begin(encodeSegmentHeader({ kind, first, seed: run.previous }));
  }

  async #beginState(): Promise<void> {
    if (this.#content.state === NO_POSITION) return;
    this.#state = new GatheredWrites(await this.files.create(this.#statePath + TEMPORARY));
  }

  async #dropState(): Promise<void> {
    this.#state?.file.close();
    this.#state = undefined;
    await this.files.remove(this.#statePath + TEMPORARY);
  }

  async #finishState(): Promise<void> {
    if (this.#state === undefined) return;
    await this.#state.done();
    await this.#state.file.sync();
    this.#state.file.close();
    this.#state = undefined;
    await this.files.rename(this.#statePath + TEMPORARY, this.#statePath);
  }

  get #statePath(): string {
    return join(this.path, snapshotName(this.#content.state));
  }

  /** So that opening knows that everything is durable, and does not write it again. */
  async #markDurable(through: Position): Promise<void> {
    const mark = new DurableMark(await this.files.create(join(this.path, MARK_NAME)));
    await mark.set(through);
    await mark.close();
  }
}

/** One file of a copy, written in order. */
class CopiedFile {
  readonly writes: GatheredWrites;
  readonly #offsets = new FrameOffsets();
  readonly #positions: number[] = [];
  #sum = NOTHING_WRITTEN;
  #checksum = 0;

  constructor(
    file: OpenFile,
    readonly kind: SegmentKind,
  ) {
    this.writes = new GatheredWrites(file);
  }

  get end(): number {
    return this.#offsets.end;
  }

  begin(header: Buffer): Promise<void> {
    this.#sum = sumWith(this.#sum, header);
    return this.writes.put(header);
  }

  add({ positions, lengths, checksum }: FrameRun, bytes: Buffer): Promise<void> {
    for (const length of lengths) this.#offsets.add(length);
    this.#positions.push(...positions);
    this.#checksum = checksum;
    this.#sum = sumWith(this.#sum, bytes);
    return this.writes.put(bytes);
  }

  /** The last of a journal goes on: it has no index. */
  async sync(): Promise<void> {
    await this.writes.done();
    const { file } = this.writes;
    await file.sync();
    file.close();
  }

  async finish(files: FileOperations): Promise<void> {
    await this.sync();
    await writeIndex(files, this.writes.file.path, this.kind, {
      sum: this.#sum,
      checksum: this.#checksum,
      offsets: this.#offsets,
      positions: this.#positions,
    });
  }
}

/**
 * Writes a file in order: what comes during one write goes out with the next. On a busy machine each write
 * waits for its turn, so one for each piece would take most of the time.
 */
class GatheredWrites {
  #gathered: Buffer[] = [];
  #bytes = 0;
  #written = 0;
  #writing: Promise<void> | undefined;

  constructor(readonly file: OpenFile) {}

  /** Resolves when there is room for more; rejects when a write has failed. */
  async put(bytes: Buffer): Promise<void> {
    this.#gathered.push(bytes);
    this.#bytes += bytes.length;
    if (this.#writing === undefined) {
      this.#writing = this.#run();
      // Whoever waits gets the error.
      this.#writing.catch(() => {});
    }
    if (this.#bytes > MAX_UNWRITTEN_BYTES) await this.#writing;
  }

  /** Resolves when all of it is written. */
  async done(): Promise<void> {
    await this.#writing;
  }

  async #run(): Promise<void> {
    while (this.#gathered.length > 0) {
      const bytes = Buffer.concat(this.#gathered, this.#bytes);
      this.#gathered = [];
      this.#bytes = 0;
      await this.file.write(bytes, this.#written);
      this.#written += bytes.length;
    }
    this.#writing = undefined;
  }
}

const refused = (text: string): DualpingError =>
  new DualpingError('invalid-argument', `the copy of the journal ${text}`);
