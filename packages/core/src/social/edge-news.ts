/**
 * What one other cluster is to be told of who follows its users: of each pair of users the last change.
 *
 * A reader that keeps up is told each change as it is committed. One that was away is told here how each pair
 * stands, at the place of its last change: a follow and its unfollow in between make no difference to anybody
 * who was not there. So memory is bounded by the pairs that ever were, however often they change. A pair that
 * has ended has to be kept: the reader may have been told that it began.
 */
import type { Position, UserName } from '../ids.js';
import { countUpTo } from './selection.js';

export interface EdgeChange {
  readonly position: Position;
  readonly user: UserName;
  /** A user of the other cluster. */
  readonly target: UserName;
  /** Whether it began or ended. */
  readonly follows: boolean;
}

/** Changes that a later one has overtaken are kept until there are this many more of them than of others. */
const OVERTAKEN_KEPT = 64;

const pairOf = ({ user, target }: EdgeChange): string => `${user} ${target}`;

export class EdgeNews {
  /** Ascending; among them some that a later one has overtaken. */
  #changes: EdgeChange[] = [];
  #positions: Position[] = [];
  readonly #last = new Map<string, EdgeChange>();

  /** In the order of their positions. */
  changed(change: EdgeChange): void {
    this.#last.set(pairOf(change), change);
    this.#changes.push(change);
    this.#positions.push(change.position);
    if (this.#changes.length <= 2 * this.#last.size + OVERTAKEN_KEPT) return;
    this.#changes = this.#changes.filter((each) => this.#isLast(each));
    this.#positions = this.#changes.map(({ position }) => position);
  }

  /** How each pair stands that has changed after a position, ascending. */
  *after(position: Position): Generator<EdgeChange> {
    for (let index = countUpTo(this.#positions, position); index < this.#changes.length; index += 1) {
      const change = this.#changes[index] as EdgeChange;
      if (this.#isLast(change)) yield change;
    }
  }

  /** The change that was made by the entry at that very position. */
  at(position: Position): EdgeChange | undefined {
    const change = this.#changes[countUpTo(this.#positions, position) - 1];
    return change?.position === position ? change : undefined;
  }

  #isLast(change: EdgeChange): boolean {
    return this.#last.get(pairOf(change)) === change;
  }
}
