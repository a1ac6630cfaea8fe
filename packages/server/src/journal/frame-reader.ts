/**
 * Reads frames back from files, and verifies them again: a disk may damage data long after it was verified.
 */
import type { DualpingError, Position } from '@dualping/core';
import { type FileOperations, storageFailed } from '@dualping/host';
import { FRAME_HEADER_BYTES, frameAt, payloadOf } from './frame.js';
import { type FrameRun, FrameRuns } from './frame-run.js';
import { ReadHandles } from './read-handles.js';
import type { SegmentKind } from './segment.js';
import { damaged } from './storage-errors.js';

/** Where a frame, or several consecutive ones, are. */
export interface Place {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** The frame of a position, somewhere. */
export interface Wanted {
  readonly place: Place;
  readonly position: Position;
}

/**
 * Largest gap between two frames that are read together: reading the gap takes as long as another read.
 */
const MAX_GAP_BYTES = 16 * 1024;
/** Most bytes in one read for frames with gaps. */
const MAX_SPAN_BYTES = 512 * 1024;

/** Bytes that one call can borrow without allocation: a page of posts far apart. */
const LENT_BYTES = 1024 * 1024;

export class FrameReader {
  readonly #handles: ReadHandles;
  readonly #runs = new FrameRuns();
  /** A buffer lent to callers that use the bytes at once. */
  #lent: Buffer | undefined;

  constructor(files: FileOperations) {
    this.#handles = new ReadHandles(files);
  }

  /** The frame of a position, with its header. */
  frame(place: Place, position: Position): Buffer {
    const bytes = this.#read(place);
    if (frameAt(bytes, 0)?.position !== position) throw rotten(place.path, place.start, position);
    return bytes;
  }

  /** Payloads of contiguous positions, with one read. */
  payloads(place: Place, from: Position): Buffer[] {
    const bytes = this.#read(place);
    const run = bytes.length === place.end - place.start ? this.#runs.verify(bytes, 'journal') : undefined;
    if (run?.first === from) return payloadsIn(bytes, run);
    // Something is wrong: one by one they show what.
    const payloads: Buffer[] = [];
    for (let offset = 0; offset < place.end - place.start; ) {
      const position = (from + payloads.length) as Position;
      const frame = frameAt(bytes, offset);
      if (frame?.position !== position) throw rotten(place.path, place.start + offset, position);
      payloads.push(payloadOf(bytes, frame));
      offset = frame.end;
    }
    return payloads;
  }

  /** Whole frames that follow one another, as they are. `first`: position of the first of them. */
  run(place: Place, kind: SegmentKind, first: Position | undefined): Buffer {
    const bytes = this.#read(place);
    const run = bytes.length === place.end - place.start ? this.#runs.verify(bytes, kind) : undefined;
    if (run === undefined || (first !== undefined && run.first !== first))
      throw damaged(place.path, place.start, first, 'a record from here on does not match its checksum');
    return bytes;
  }

  /**
   * Payloads of any positions, in the given order: neighbours in a file with one read. They are lent: the
   * next read overwrites them.
   */
  borrow(wanted: readonly Wanted[]): Buffer[] {
    this.#lent ??= Buffer.allocUnsafeSlow(LENT_BYTES);
    const payloads: Buffer[] = [];
    let used = 0;
    for (let at = 0; at < wanted.length; ) {
      const next = neighboursFrom(wanted, at);
      const { path, start } = (wanted[at] as Wanted).place;
      const end = (wanted[next - 1] as Wanted).place.end;
      const into =
        used + end - start <= LENT_BYTES ? this.#lent.subarray(used, used + end - start) : undefined;
      const bytes = this.#read({ path, start, end }, into);
      if (into !== undefined) used += into.length;
      for (; at < next; at += 1) {
        const { place, position } = wanted[at] as Wanted;
        const frame = frameAt(bytes, place.start - start);
        if (frame?.position !== position) throw rotten(path, place.start, position);
        payloads.push(payloadOf(bytes, frame));
      }
    }
    return payloads;
  }

  /** Closes a file, which may be replaced by another of the same name. */
  forget(path: string): void {
    this.#handles.close(path);
  }

  close(): void {
    this.#handles.closeAll();
  }

  #read({ path, start, end }: Place, bytes: Buffer = Buffer.allocUnsafe(end - start)): Buffer {
    try {
      return bytes.subarray(0, this.#handles.get(path).read(bytes, start));
    } catch (error) {
      throw storageFailed('reading', path, error);
    }
  }
}

function payloadsIn(bytes: Buffer, { lengths }: FrameRun): Buffer[] {
  const payloads: Buffer[] = [];
  let offset = 0;
  for (const length of lengths) {
    payloads.push(bytes.subarray(offset + FRAME_HEADER_BYTES, offset + length));
    offset += length;
  }
  return payloads;
}

/** The index after the run of frames, from one on, that are close to one another in the same file. */
function neighboursFrom(wanted: readonly Wanted[], from: number): number {
  const first = (wanted[from] as Wanted).place;
  let { end } = first;
  let next = from + 1;
  for (; next < wanted.length; next += 1) {
    const { path, start, end: itsEnd } = (wanted[next] as Wanted).place;
    const gap = start - end;
    if (path !== first.path || gap < 0 || gap > MAX_GAP_BYTES || itsEnd - first.start > MAX_SPAN_BYTES) break;
    end = itsEnd;
  }
  return next;
}

const rotten = (path: string, offset: number, position: Position): DualpingError =>
  damaged(path, offset, position, 'a record does not match its checksum');
