/**
 * Reads frames back from files, and verifies them again: a disk may damage data long after it was verified.
 */
import type { DualpingError, Position } from '@dualping/core';
import { type FileOperations, storageFailed } from '@dualping/host';
import { frameAt, payloadOf } from './frame.js';
import { ReadHandles } from './read-handles.js';
import { damaged } from './storage-errors.js';

/** Where a frame, or several consecutive ones, are. */
export interface Place {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

export class FrameReader {
  readonly #handles: ReadHandles;

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

  /** Closes a file, which may be replaced by another of the same name. */
  forget(path: string): void {
    this.#handles.close(path);
  }

  close(): void {
    this.#handles.closeAll();
  }

  #read({ path, start, end }: Place): Buffer {
    const bytes = Buffer.allocUnsafe(end - start);
    try {
      return bytes.subarray(0, this.#handles.get(path).read(bytes, start));
    } catch (error) {
      throw storageFailed('reading', path, error);
    }
  }
}

const rotten = (path: string, offset: number, position: Position): DualpingError =>
  damaged(path, offset, position, 'a record does not match its checksum');
