/**
 * Virtual time: a queue of future events, ordered by time, and by the order of scheduling at the same time.
 *
 * Nothing runs by itself. `step` runs the next event, and the clock moves to its time: an hour without events
 * costs nothing.
 */
import type { Trace } from './trace.js';

export interface Scheduled {
  /** True time, ms from the beginning of the world. */
  readonly at: number;
  readonly order: number;
  readonly label: string;
  /** Undefined once it has run or was cancelled. */
  run: (() => void) | undefined;
}

const isBefore = (one: Scheduled, other: Scheduled): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order);

/** Times are whole microseconds, so that shown times are exact. */
const rounded = (ms: number): number => Math.round(ms * 1_000) / 1_000;

export class World {
  readonly #heap: Scheduled[] = [];
  #asked = 0;
  #now = 0;
  /** How many events have run. */
  happened = 0;

  constructor(readonly trace: Trace) {}

  /** True time, ms. Processes have clocks of their own. */
  get now(): number {
    return this.#now;
  }

  after(delayMs: number, label: string, run: () => void): Scheduled {
    return this.at(this.#now + Math.max(0, delayMs), label, run);
  }

  at(atMs: number, label: string, run: () => void): Scheduled {
    this.#asked += 1;
    const scheduled = { at: Math.max(this.#now, rounded(atMs)), order: this.#asked, label, run };
    this.#heap.push(scheduled);
    this.#rise();
    return scheduled;
  }

  cancel(scheduled: Scheduled): void {
    scheduled.run = undefined;
  }

  /**
   * Runs the next event if it is due by `untilMs`; else moves the clock there. Returns whether an event ran.
   */
  step(untilMs: number): boolean {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > untilMs) {
        this.#now = Math.max(this.#now, untilMs);
        return false;
      }
      this.#takeFirst();
      const { run } = next;
      if (run === undefined) continue;
      next.run = undefined;
      this.#now = next.at;
      this.happened += 1;
      this.trace.event(next.at, next.label);
      run();
      return true;
    }
  }

  say(who: string, text: string): void {
    this.trace.line(this.#now, who, text);
  }

  #rise(): void {
    const heap = this.#heap;
    let at = heap.length - 1;
    const item = heap[at] as Scheduled;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Scheduled;
      if (!isBefore(item, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = item;
  }

  #takeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as Scheduled;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Scheduled)) child += 1;
      const below = heap[child] as Scheduled;
      if (!isBefore(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}
