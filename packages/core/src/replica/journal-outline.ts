/**
 * What the machine knows about its journal without the bytes: its first and last position, how far it is
 * durable, and where each epoch begins in it.
 *
 * Two journals that hold an entry of the same epoch at the same position are equal up to there: an
 * epoch is granted once, its primary appends each position once, and standbys only copy. So the list of epoch
 * starts is enough to find where two journals diverge, in one round trip. After Kafka's leader
 * epochs (KIP-101, KIP-279) and Raft's log matching (§5.3).
 */
import type { Entry, EpochStart } from '../entry.js';
import {
  type Epoch,
  NO_EPOCH,
  NO_POSITION,
  nextPosition,
  type Position,
  position,
  previousPosition,
} from '../ids.js';
import { invariant } from '../invariants.js';
import { MAX_EPOCH_STARTS } from '../limits.js';

export class JournalOutline {
  #first: Position;
  #last: Position;
  #durable: Position;
  #epochStarts: EpochStart[];

  /**
   * A journal whose entries `first` to `last` are present and durable. Everything before `first` is in a
   * snapshot.
   */
  constructor(first: Position, last: Position, epochStarts: readonly EpochStart[]) {
    this.#first = first;
    this.#last = last;
    this.#durable = last;
    this.#epochStarts = [...epochStarts];
  }

  /** First position whose entry the journal still has; `last` + 1 when it has none. */
  get first(): Position {
    return this.#first;
  }
  get last(): Position {
    return this.#last;
  }
  get durable(): Position {
    return this.#durable;
  }
  get lastEpoch(): Epoch {
    return this.#epochStarts.at(-1)?.epoch ?? NO_EPOCH;
  }
  /** Epoch of the entry at a position, by the last epoch start at or before it. */
  epochAt(at: Position): Epoch {
    return this.#epochStarts.findLast((start) => start.position <= at)?.epoch ?? NO_EPOCH;
  }
  /** The latest epoch starts, as many as a join may carry. */
  get epochStarts(): readonly EpochStart[] {
    return this.#epochStarts.slice(-MAX_EPOCH_STARTS);
  }

  /** The latest epoch starts up to a position, as many as a snapshot may carry. */
  epochStartsThrough(through: Position): readonly EpochStart[] {
    return this.#epochStarts.filter((start) => start.position <= through).slice(-MAX_EPOCH_STARTS);
  }

  append(entry: Entry): void {
    invariant(entry.position === this.#last + 1, 'journal-is-contiguous', {
      position: entry.position,
      last: this.#last,
    });
    invariant(entry.epoch >= this.lastEpoch, 'epochs-rise-along-journal', {
      epoch: entry.epoch,
      lastEpoch: this.lastEpoch,
      position: entry.position,
    });
    if (entry.epoch > this.lastEpoch)
      this.#epochStarts.push({ epoch: entry.epoch, position: entry.position });
    this.#last = entry.position;
  }

  durableThrough(through: Position): void {
    this.#durable = position(Math.max(this.#durable, Math.min(through, this.#last)));
  }

  truncateAfter(after: Position): void {
    this.#last = after;
    this.#durable = position(Math.min(this.#durable, after));
    this.#epochStarts = this.#epochStarts.filter((start) => start.position <= after);
  }

  /**
   * Up to where this journal and one with these epoch starts and this end are equal; 0: no common part is
   * known.
   */
  commonWith(theirLast: Position, theirStarts: readonly EpochStart[]): Position {
    let theirEnd = theirLast;
    for (const theirs of [...theirStarts].reverse()) {
      const index = this.#epochStarts.findIndex((start) => start.epoch === theirs.epoch);
      if (index >= 0) {
        const next = this.#epochStarts[index + 1];
        const ourEnd = next === undefined ? this.#last : previousPosition(next.position);
        return position(Math.min(theirEnd, ourEnd));
      }
      theirEnd = previousPosition(theirs.position);
    }
    return NO_POSITION;
  }

  /**
   * Up to where no difference is known between this journal and one that ends at that position, in that
   * epoch. This journal may have begun with a snapshot, which names only the latest epochs: then nothing is
   * known about a journal that ends before these.
   */
  undisputedWith(theirLast: Position, theirLastEpoch: Epoch): Position {
    const [oldest] = this.#epochStarts;
    if (oldest === undefined || theirLastEpoch >= oldest.epoch) return NO_POSITION;
    return position(Math.min(theirLast, previousPosition(oldest.position)));
  }

  /** Whether this journal still has all entries after `common`, so that it can send them. */
  canContinueAfter(common: Position): boolean {
    return nextPosition(common) >= this.#first;
  }
}
