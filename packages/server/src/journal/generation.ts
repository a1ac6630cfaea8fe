/**
 * The journal in one folder, from its base on: what is appended, what is durable, and where each entry is.
 *
 * Appends take effect in memory at once, and the disk follows in order (`DiskWriter`). Entries that aren't on
 * disk yet are in the cache, so reading never waits for the disk.
 */

import { join } from 'node:path';
import { DualpingError, invariant, type Position } from '@dualping/core';
import type { DiskTimer, FileOperations, HeldPlace } from '@dualping/host';
import { DiskWriter } from './disk-writer.js';
import { DurableMark, MARK_NAME, readMark } from './durable-mark.js';
import { encodeFrame, FRAME_HEADER_BYTES, MAX_ENTRY_BYTES } from './frame.js';
import { FrameReader, type Place } from './frame-reader.js';
import { History } from './history.js';
import type { CutTail, HistoryRecord } from './journal.js';
import { type Base, recoverSegments } from './recovery.js';
import { Segment, segmentName, segmentOf } from './segment.js';
import { TailCache } from './tail-cache.js';

export interface GenerationOptions {
  readonly segmentBytes: number;
  readonly tailCacheBytes: number;
  /** Watches whether the disk hangs in operations that a commit waits for. */
  readonly disk: DiskTimer | undefined;
}

export interface GenerationEvents {
  durable(position: Position, checksum: number): void;
  failed(error: DualpingError): void;
}

/** Bytes in one read when everything is read. */
const REPLAY_BYTES = 1024 * 1024;

interface DurableWaiter {
  readonly position: Position;
  readonly resolve: () => void;
  readonly reject: (error: DualpingError) => void;
}

export class Generation {
  readonly #segments: Segment[];
  readonly #cache: TailCache;
  readonly #writer: DiskWriter;
  readonly #mark: DurableMark;
  readonly #reader: FrameReader;
  readonly #place: HeldPlace;
  #lastChecksum: number;
  #durable: Position;
  #durableChecksum: number;
  #waiters: DurableWaiter[] = [];

  private constructor(
    readonly files: FileOperations,
    readonly folder: string,
    readonly base: Base,
    readonly options: GenerationOptions,
    readonly history: History,
    readonly cutTail: CutTail | undefined,
    private readonly events: GenerationEvents,
    recovered: { readonly segments: Segment[]; readonly checksum: number },
    mark: DurableMark,
  ) {
    this.#segments = recovered.segments;
    this.#lastChecksum = recovered.checksum;
    this.#durable = this.last;
    this.#durableChecksum = recovered.checksum;
    this.#cache = new TailCache((this.last + 1) as Position, options.tailCacheBytes);
    this.#reader = new FrameReader(files);
    this.#place = files.hold(folder);
    this.#mark = mark;
    const writerEvents = {
      durable: (position: Position) => this.#onDurable(position),
      failed: (error: DualpingError) => this.#onFailed(error),
    };
    this.#writer = new DiskWriter(files, mark, writerEvents, options.disk);
  }

  /** Opens a generation and verifies all of it; afterwards everything in it is durable. */
  static async open(
    files: FileOperations,
    folder: string,
    base: Base & { readonly history: HistoryRecord },
    options: GenerationOptions,
    events: GenerationEvents,
  ): Promise<Generation> {
    const names = await files.list(folder);
    const markPath = join(folder, MARK_NAME);
    const known = readMark(files, markPath);
    const history = await History.open(files, folder, names, base.history);
    const recovered = await recoverSegments(files, folder, names, base, known);
    const mark = new DurableMark(
      names.includes(MARK_NAME) ? files.open(markPath) : await files.create(markPath),
    );
    const generation = new Generation(
      files,
      folder,
      base,
      options,
      history,
      recovered.cutTail,
      events,
      recovered,
      mark,
    );
    await mark.set(generation.last);
    return generation;
  }

  get first(): Position {
    return (this.base.position + 1) as Position;
  }

  get last(): Position {
    return this.#lastSegment.last;
  }

  get durable(): Position {
    return this.#durable;
  }

  get durableChecksum(): number {
    return this.#durableChecksum;
  }

  get failure(): DualpingError | undefined {
    return this.#writer.failure;
  }

  append(position: Position, payload: Buffer): void {
    invariant(position === this.last + 1, 'journal-is-contiguous', { position, last: this.last });
    invariant(payload.length > 0 && payload.length <= MAX_ENTRY_BYTES, 'limit-is-kept', {
      position,
      payloadBytes: payload.length,
      MAX_ENTRY_BYTES,
    });
    const frame = encodeFrame(position, payload, this.#lastChecksum);
    const segment = this.#segmentFor(position, frame.length);
    const offset = segment.offsets.end;
    segment.offsets.add(frame.length);
    this.#lastChecksum = frame.readUInt32LE(0);
    this.#cache.add(frame);
    this.#writer.write(segment, offset, frame, position);
  }

  async whenDurable(position: Position): Promise<void> {
    if (position <= this.#durable) return;
    if (this.#writer.failure !== undefined) throw this.#writer.failure;
    await new Promise<void>((resolve, reject) => {
      this.#waiters.push({ position, resolve, reject });
    });
  }

  async truncateAfter(position: Position): Promise<void> {
    invariant(position >= this.base.position, 'committed-is-never-truncated', {
      position,
      base: this.base.position,
    });
    if (position >= this.last) return;
    const checksum = this.checksumAt(position);
    const dropped: Segment[] = [];
    while (this.#segments.length > 1 && this.#lastSegment.first > position) {
      dropped.unshift(this.#lastSegment);
      this.#segments.pop();
    }
    for (const { path } of dropped) this.#reader.forget(path);
    const keep = this.#lastSegment;
    if (position < keep.last) keep.wasCut = true;
    keep.offsets.truncate(position + 1 - keep.first);
    this.#cache.truncateAfter(position);
    this.#lastChecksum = checksum;
    if (this.#durable > position) {
      this.#durable = position;
      this.#durableChecksum = checksum;
    }
    await this.#writer.truncate(position, keep, keep.offsets.end, dropped);
  }

  read(from: Position, to: Position, maxBytes: number): Buffer[] {
    invariant(from >= this.first && to <= this.last, 'journal-is-contiguous', {
      from,
      to,
      first: this.first,
      last: this.last,
    });
    const payloads: Buffer[] = [];
    let room = maxBytes;
    for (let at = from; at <= to; at = (from + payloads.length) as Position) {
      const cached = this.#cache.get(at);
      if (cached !== undefined) {
        room -= cached.length - FRAME_HEADER_BYTES;
        if (room < 0 && payloads.length > 0) break;
        payloads.push(cached.subarray(FRAME_HEADER_BYTES));
      } else {
        const run = this.#readRun(at, to, room, payloads.length === 0);
        if (run.length === 0) break;
        for (const payload of run) room -= payload.length;
        payloads.push(...run);
      }
    }
    return payloads;
  }

  *replay(from: Position, to: Position): Generator<{ position: Position; payload: Buffer }> {
    for (let at = from; at <= to; ) {
      for (const payload of this.read(at, to, REPLAY_BYTES)) {
        yield { position: at, payload };
        at = (at + 1) as Position;
      }
    }
  }

  readOne(position: Position): Buffer {
    const frame = this.#cache.get(position) ?? this.#readFrame(position);
    return frame.subarray(FRAME_HEADER_BYTES);
  }

  readMany(positions: readonly Position[]): Buffer[] {
    return positions.map((position) => this.readOne(position));
  }

  borrowMany(positions: readonly Position[]): Buffer[] {
    const wanted = positions.flatMap((position) =>
      position < this.#cache.from ? { place: this.#placeOf(position), position } : [],
    );
    const lent = this.#reader.borrow(wanted);
    if (wanted.length === positions.length) return lent;
    let next = 0;
    return positions.map((position) => {
      if (position >= this.#cache.from) return this.readOne(position);
      next += 1;
      return lent[next - 1] as Buffer;
    });
  }

  checksumAt(position: Position): number {
    invariant(position >= this.base.position && position <= this.last, 'journal-is-contiguous', {
      position,
      base: this.base.position,
      last: this.last,
    });
    if (position === this.base.position) return this.base.checksum;
    if (position === this.last) return this.#lastChecksum;
    return (this.#cache.get(position) ?? this.#readFrame(position)).readUInt32LE(0);
  }

  /** Bytes of the frames from one position to another, in their files. */
  bytesOf(from: Position, through: Position): number {
    let bytes = 0;
    for (const segment of this.#segments) {
      const first = Math.max(from, segment.first) as Position;
      const last = Math.min(through, segment.last) as Position;
      if (first > last) continue;
      bytes += segment.offsetOf((last + 1) as Position) - segment.offsetOf(first);
    }
    return bytes;
  }

  /** The frames from one position to another, as they are: some at a time, verified. All are durable. */
  *runs(from: Position, through: Position, runBytes: number): Generator<Buffer, void> {
    for (let at = from; at <= through; ) {
      const { path, first, last, offsets } = segmentOf(this.#segments, at) as Segment;
      const next = Math.min(
        first + offsets.indexAfter(at - first, runBytes),
        Math.min(last, through) + 1,
      ) as Position;
      const place = { path, start: offsets.at(at - first), end: offsets.at(next - first) };
      yield this.#reader.run(place, 'journal', at);
      at = next;
    }
  }

  /** The posts from before the base, in the same way. */
  *historyRuns(runBytes: number): Generator<Buffer, void> {
    for (const place of this.history.places(runBytes)) yield this.#reader.run(place, 'history', undefined);
  }

  /** Whether its folder is still at its path. Rejects when the disk can't say so. */
  isThere(): Promise<boolean> {
    return this.#place.isThere();
  }

  /** Resolves when everything appended is on disk, or has failed. */
  idle(): Promise<void> {
    return this.#writer.idle();
  }

  async close(): Promise<void> {
    await this.#writer.close();
    if (this.#writer.failure === undefined) await this.#mark.set(this.#durable);
    await this.#mark.close();
    this.#place.close();
    this.#reader.close();
    this.#rejectWaiters(new DualpingError('storage-failed', `the journal in ${this.folder} was closed`));
  }

  get #lastSegment(): Segment {
    return this.#segments[this.#segments.length - 1] as Segment;
  }

  /** The last segment, or a new one when the frame would make it too large. */
  #segmentFor(position: Position, frameBytes: number): Segment {
    const { offsets } = this.#lastSegment;
    if (offsets.count === 0 || offsets.end + frameBytes <= this.options.segmentBytes)
      return this.#lastSegment;
    const path = join(this.folder, segmentName('journal', position));
    const before = this.#lastSegment;
    const segment = new Segment(path, position, this.#lastChecksum);
    this.#segments.push(segment);
    this.#writer.begin(segment, before);
    return segment;
  }

  /** Reads consecutive frames of a file with one read, as many as there is room for. */
  #readRun(from: Position, to: Position, room: number, atLeastOne: boolean): Buffer[] {
    const segment = segmentOf(this.#segments, from) as Segment;
    const end = Math.min(to, segment.last, this.#cache.from - 1);
    const start = segment.offsetOf(from);
    let next = from;
    while (next <= end && segment.offsetOf((next + 1) as Position) - start <= room)
      next = (next + 1) as Position;
    if (next === from) {
      if (!atLeastOne) return [];
      next = (from + 1) as Position;
    }
    const place = { path: segment.path, start, end: segment.offsetOf(next) };
    return this.#reader.payloads(place, from);
  }

  /** One frame from a file. */
  #readFrame(position: Position): Buffer {
    return this.#reader.frame(this.#placeOf(position), position);
  }

  /** The place of a position in a file of the journal or of the history. */
  #placeOf(position: Position): Place {
    const place = position < this.first ? this.history.find(position) : this.#placeInJournal(position);
    invariant(place !== undefined, 'journal-is-contiguous', { position, first: this.first, last: this.last });
    return place;
  }

  #placeInJournal(position: Position): Place | undefined {
    const segment = segmentOf(this.#segments, position);
    if (segment === undefined || position > segment.last) return undefined;
    const start = segment.offsetOf(position);
    return { path: segment.path, start, end: segment.offsetOf((position + 1) as Position) };
  }

  #onDurable(position: Position): void {
    // A write whose entries were cut meanwhile is not reported.
    if (position <= this.#durable) return;
    this.#durable = position;
    this.#durableChecksum = this.checksumAt(position);
    this.#cache.trim(position);
    const due = this.#waiters.filter((waiter) => waiter.position <= position);
    if (due.length > 0) this.#waiters = this.#waiters.filter((waiter) => waiter.position > position);
    for (const { resolve } of due) resolve();
    this.events.durable(position, this.#durableChecksum);
  }

  #onFailed(error: DualpingError): void {
    this.#rejectWaiters(error);
    this.events.failed(error);
  }

  #rejectWaiters(error: DualpingError): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { reject } of waiters) reject(error);
  }
}
