/**
 * Notices that this router's store is older than what its members were told by it, or by a copy of it.
 *
 * What the members have seen then is lost here, so whom to promote is unknown: the router grants no epoch any
 * more, until an operator has chosen a member. From that promotion on this store is the newest.
 */
import type { Numbered } from '../assignment.js';
import { type Epoch, epoch } from '../ids.js';

interface Seen {
  /** Who was told what, for people. */
  readonly detail: string;
  /** The highest that any member was told. */
  readonly epoch: Epoch;
  readonly revision: number;
}

export class OlderStore {
  /** What the store held when this router started; undefined: it does not matter any more. */
  #loaded: Numbered | undefined;
  /** What a member was told and this store does not hold. */
  #seen: Seen | undefined;

  constructor(loaded: Numbered | undefined) {
    this.#loaded = loaded;
  }

  /** Undefined: nothing shows that the store is older. */
  get detail(): string | undefined {
    return this.#seen?.detail;
  }

  /**
   * The last revision of the present epoch that this router, or one before it with the same store, can have
   * told a member. What was numbered since the start says nothing to one that has not attached since: another
   * router may have used the same numbers.
   */
  latestTold({ epoch, revision }: Numbered, hasAttached: boolean): Numbered {
    const loaded = this.#loaded;
    if (loaded === undefined || hasAttached) return { epoch, revision };
    return { epoch, revision: loaded.epoch === epoch ? loaded.revision : 0 };
  }

  /** A member was told more than the store holds. Returns whether that is news. */
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
   * From now on this store is the newest. Returns what any member was told, to be numbered past; undefined:
   * nothing.
   */
  outdo(): Numbered | undefined {
    const seen = this.#seen;
    if (seen === undefined) return undefined;
    this.#seen = undefined;
    this.#loaded = undefined;
    return seen;
  }
}
