/**
 * Notices that this router's store lacks something that members know from it, or from a copy of it.
 *
 * Then the router can't know which member may be promoted. It grants no epochs until an operator has chosen a
 * member. From that promotion on this store counts as the newest.
 */
import type { Numbered } from '../assignment.js';
import { type Epoch, epoch } from '../ids.js';

interface Seen {
  /** Which member knows what, as text. */
  readonly detail: string;
  /** The highest that any member knows. */
  readonly epoch: Epoch;
  readonly revision: number;
}

export class OlderStore {
  /** What the store held when this router started; undefined: no longer needed. */
  #loaded: Numbered | undefined;
  /** What a member knows and this store does not hold. */
  #seen: Seen | undefined;

  constructor(loaded: Numbered | undefined) {
    this.#loaded = loaded;
  }

  /** Undefined: nothing shows that the store is older. */
  get detail(): string | undefined {
    return this.#seen?.detail;
  }

  /**
   * The last revision of the present epoch that this router, or an earlier one with this store, can have sent
   * to a member. A member that has not attached since the start is not compared with later revisions: another
   * router may have used the same numbers.
   */
  latestTold({ epoch, revision }: Numbered, hasAttached: boolean): Numbered {
    const loaded = this.#loaded;
    if (loaded === undefined || hasAttached) return { epoch, revision };
    return { epoch, revision: loaded.epoch === epoch ? loaded.revision : 0 };
  }

  /** A member knows a newer state than the store. Returns whether that is news. */
  notice(told: Numbered, detail: string): boolean {
    const before = this.#seen;
    this.#seen = {
      detail: before?.detail ?? detail,
      epoch: epoch(Math.max(before?.epoch ?? 0, told.epoch)),
      revision: Math.max(before?.revision ?? 0, told.revision),
    };
    return before === undefined;
  }

  /**
   * From now on this store counts as the newest. Returns the highest numbers that any member knows, to go
   * above them; undefined: none.
   */
  outdo(): Numbered | undefined {
    const seen = this.#seen;
    if (seen === undefined) return undefined;
    this.#seen = undefined;
    this.#loaded = undefined;
    return seen;
  }
}
