/** Entries that are in the journal and not yet applied, in order: what a commit will apply next. */
import type { Entry } from '../entry.js';
import type { Position } from '../ids.js';
import { invariant } from '../invariants.js';

export class UnappliedEntries implements Iterable<Entry> {
  #entries: Entry[] = [];
  /**
   * How many entries at the front of `#entries` are taken already; the array is cut when they are most of it.
   */
  #gone = 0;

  get size(): number {
    return this.#entries.length - this.#gone;
  }

  push(entry: Entry): void {
    const last = this.#entries.at(-1);
    invariant(this.size === 0 || last?.position === entry.position - 1, 'journal-is-contiguous', {
      position: entry.position,
      last: last?.position,
    });
    this.#entries.push(entry);
  }

  /** Removes and returns, in order, the entries at or below `through`. */
  takeThrough(through: Position): readonly Entry[] {
    let end = this.#gone;
    while (end < this.#entries.length && (this.#entries[end]?.position ?? Infinity) <= through) end += 1;
    const taken = this.#entries.slice(this.#gone, end);
    this.#gone = end;
    if (this.#gone * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#gone);
      this.#gone = 0;
    }
    return taken;
  }

  truncateAfter(after: Position): void {
    while (this.size > 0 && (this.#entries.at(-1)?.position ?? 0) > after) this.#entries.pop();
  }

  clear(): void {
    this.#entries = [];
    this.#gone = 0;
  }

  *[Symbol.iterator](): Iterator<Entry> {
    for (let i = this.#gone; i < this.#entries.length; i += 1) {
      const entry = this.#entries[i];
      if (entry !== undefined) yield entry;
    }
  }
}
