/**
 * The newest frames in memory, so that replication and live timelines don't go to the files.
 *
 * Frames that aren't durable yet are always here, because they can't be read from files. The limit on
 * uncommitted entries bounds their size.
 */
import type { Position } from '@dualping/core';

/** Frees the front of the array only now and then: shifting it each time would move everything. */
const MIN_COMPACT = 1_024;

export class TailCache {
  #frames: (Buffer | undefined)[] = [];
  /** Index of the oldest frame that is kept. */
  #start = 0;
  #bytes = 0;

  /** Starts empty, before position `first`. */
  constructor(
    private first: Position,
    readonly maxBytes: number,
  ) {}

  /** Position of the oldest frame that is kept. */
  get from(): Position {
    return (this.first + this.#start) as Position;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(position: Position): Buffer | undefined {
    // V8 looks up a negative index as text: that takes longer than the rest of a cached read.
    return position < this.first ? undefined : this.#frames[position - this.first];
  }

  add(frame: Buffer): void {
    this.#frames.push(frame);
    this.#bytes += frame.length;
  }

  /** Drops the oldest frames while they are durable and the cache is too large. */
  trim(durable: Position): void {
    while (this.#bytes > this.maxBytes && this.from <= durable) {
      const frame = this.#frames[this.#start];
      if (frame === undefined) break;
      this.#frames[this.#start] = undefined;
      this.#start += 1;
      this.#bytes -= frame.length;
    }
    if (this.#start >= MIN_COMPACT && 2 * this.#start >= this.#frames.length) {
      this.#frames = this.#frames.slice(this.#start);
      this.first = (this.first + this.#start) as Position;
      this.#start = 0;
    }
  }

  truncateAfter(position: Position): void {
    if (position < this.from) {
      this.#frames = [];
      this.first = (position + 1) as Position;
      this.#start = 0;
      this.#bytes = 0;
      return;
    }
    const gone = this.#frames.splice(position + 1 - this.first);
    for (const frame of gone) this.#bytes -= frame?.length ?? 0;
  }
}
