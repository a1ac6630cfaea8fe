/**
 * What to send to one other cluster about the followers of its users: the last change of each pair of users.
 *
 * A reader that keeps up gets each change when it is committed. One that was away gets the present state of
 * each pair, at the position of its last change: a follow and an unfollow while it was away cancel out. So
 * memory is bounded by the number of pairs that ever existed, however often they change. A pair that has
 * ended must be kept: the reader may only know that it began.
 */
import type { Position, UserName } from '../ids.js';
import { countUpTo } from './selection.js';

export interface EdgeChange {
  readonly position: Position;
  readonly user: UserName;
  /** A user of the other cluster. */
  readonly target: UserName;
  /** Whether the follow began; false: it ended. */
  readonly follows: boolean;
}

/** Outdated changes are removed when there are this many more of them than of present ones. */
const OVERTAKEN_KEPT = 64;

const pairOf = ({ user, target }: EdgeChange): string => `${user} ${target}`;

export class EdgeNews {
  /** Ascending; some are outdated by a later change of the same pair. */
  #changes: EdgeChange[] = [];
  #positions: Position[] = [];
  readonly #last = new Map<string, EdgeChange>();

  /** Called in the order of positions. */
  changed(change: EdgeChange): void {
    this.#last.set(pairOf(change), change);
    this.#changes.push(change);
    this.#positions.push(change.position);
    if (this.#changes.length <= 2 * this.#last.size + OVERTAKEN_KEPT) return;
    this.#changes = this.#changes.filter((each) => this.#isLast(each));
    this.#positions = this.#changes.map(({ position }) => position);
  }

  /** The present state of each pair that has changed after a position, ascending. */
  *after(position: Position): Generator<EdgeChange> {
    for (let index = countUpTo(this.#positions, position); index < this.#changes.length; index += 1) {
      const change = this.#changes[index] as EdgeChange;
      if (this.#isLast(change)) yield change;
    }
  }

  /** The change that the entry at this position made. */
  at(position: Position): EdgeChange | undefined {
    const change = this.#changes[countUpTo(this.#positions, position) - 1];
    return change?.position === position ? change : undefined;
  }

  #isLast(change: EdgeChange): boolean {
    return this.#last.get(pairOf(change)) === change;
  }
}
