/**
 * Items with a due time: a binary heap whose items know their place, so that a cancelled item is removed at
 * once. (Thousands of held calls come and go. If cancelled ones stayed until they are due, a caller could
 * fill memory by asking and cancelling.)
 */
import type { Instant } from '../ids.js';

export interface Deadline<T> {
  readonly at: Instant;
  readonly value: T;
  /** Place in the heap; −1 when no longer in it. */
  place: number;
}

export class Deadlines<T> {
  readonly #heap: Deadline<T>[] = [];

  get size(): number {
    return this.#heap.length;
  }

  next(): Instant | undefined {
    return this.#heap[0]?.at;
  }

  add(at: Instant, value: T): Deadline<T> {
    const deadline: Deadline<T> = { at, value, place: this.#heap.length };
    this.#heap.push(deadline);
    this.#rise(deadline);
    return deadline;
  }

  /** No effect on an item that was removed before. */
  remove(deadline: Deadline<T>): void {
    if (this.#heap[deadline.place] !== deadline) return;
    const last = this.#heap.pop();
    if (last !== undefined && last !== deadline) {
      this.#put(last, deadline.place);
      this.#rise(last);
      this.#sink(last);
    }
    deadline.place = -1;
  }

  /** Removes and returns an item that is due; undefined when none is. */
  takeDue(now: Instant): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.remove(first);
    return first.value;
  }

  #put(deadline: Deadline<T>, place: number): void {
    this.#heap[place] = deadline;
    deadline.place = place;
  }

  #rise(deadline: Deadline<T>): void {
    while (deadline.place > 0) {
      const place = deadline.place;
      const above = this.#heap[(place - 1) >> 1];
      if (above === undefined || above.at <= deadline.at) return;
      this.#put(deadline, above.place);
      this.#put(above, place);
    }
  }

  #sink(deadline: Deadline<T>): void {
    for (;;) {
      const place = deadline.place;
      const left = this.#heap[2 * place + 1];
      const right = this.#heap[2 * place + 2];
      const below = left !== undefined && right !== undefined && right.at < left.at ? right : left;
      if (below === undefined || below.at >= deadline.at) return;
      this.#put(deadline, below.place);
      this.#put(below, place);
    }
  }
}
