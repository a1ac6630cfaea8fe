/**
 * The author of the post at each position, so that a timeline can be read backwards, post by post.
 *
 * A timeline is a merge of its authors' lists, which costs a search for each author. For a reader who follows
 * many of the active authors, it is faster to go back through all posts and leave out those of others: two
 * array accesses for each post. A reader who follows few needs the merge. So the walk goes only as far as it
 * costs less than the merge, and the merge does the rest.
 */
import { NO_POSITION, type Position } from '../ids.js';
import type { User } from './users.js';

/** Positions of one piece: 64 KB, and nothing for a piece without posts. */
const PIECE_POSITIONS = 16_384;
/** Longest walk, in positions for each author of the timeline: half of what a search in a list takes. */
const STEPS_AN_AUTHOR = 16;
/**
 * No position comes after it: for authors whom the reader does not follow, and for number 0, which is no
 * author.
 */
const NEVER = Number.POSITIVE_INFINITY;

export interface WalkedBack {
  /** Descending. */
  readonly posts: readonly Position[];
  /** No post at or above it was left out. */
  readonly downTo: Position;
}

export class PostLog {
  /** For each position the number of its author, from 1; by the number of the piece. */
  readonly #pieces: (Uint32Array | undefined)[] = [];
  #last: Position = NO_POSITION;
  /** From which position on posts are shown to one reader, by the number of their author. */
  #since = new Float64Array(64).fill(NEVER);
  /** The reader of `#since`, and which of its elements are not `NEVER`. */
  #reader: User | undefined;
  #shown: number[] = [];

  /** Position of the newest post of all. */
  get last(): Position {
    return this.#last;
  }

  /** @param author counted from 0 */
  add(at: Position, author: number): void {
    const number = Math.floor(at / PIECE_POSITIONS);
    let piece = this.#pieces[number];
    if (piece === undefined) {
      piece = new Uint32Array(PIECE_POSITIONS);
      this.#pieces[number] = piece;
    }
    piece[at % PIECE_POSITIONS] = author + 1;
    this.#makeRoom(author + 1);
    if (at > this.#last) this.#last = at;
  }

  /** The users that this user follows have changed. */
  edgeChanged(user: User): void {
    if (user === this.#reader) this.#forgetReader();
  }

  /**
   * Posts of the user, if `own`, and of followed authors since each follow: those before a position, or all.
   * At most `limit`, and only as far as the walk is cheaper than the merge.
   */
  walkBack(user: User, before: Position | undefined, limit: number, own: boolean): WalkedBack {
    const since = this.#sinceOf(user, own);
    const posts: Position[] = [];
    let steps = STEPS_AN_AUTHOR * (1 + user.following.size);
    let at = Math.min(this.#last, before === undefined ? this.#last : before - 1);
    while (at > NO_POSITION && steps > 0 && posts.length < limit) {
      const number = Math.floor(at / PIECE_POSITIONS);
      const piece = this.#pieces[number];
      const first = number * PIECE_POSITIONS;
      if (piece === undefined) {
        at = first - 1;
        steps -= 1;
        continue;
      }
      const lowest = Math.max(0, at - first - steps + 1);
      let index = at - first;
      steps -= index - lowest + 1;
      for (; index >= lowest && posts.length < limit; index -= 1)
        if (first + index > (since[piece[index] as number] as number))
          posts.push((first + index) as Position);
      at = first + index;
    }
    return { posts, downTo: (Math.max(at, NO_POSITION) + 1) as Position };
  }

  #sinceOf(user: User, own: boolean): Float64Array {
    if (user !== this.#reader) {
      this.#forgetReader();
      this.#reader = user;
      for (const [author, since] of user.following) this.#show(author.number, since);
      this.#show(user.number, NO_POSITION);
    }
    this.#since[user.number + 1] = own ? NO_POSITION : NEVER;
    return this.#since;
  }

  #show(author: number, since: Position): void {
    const number = author + 1;
    this.#makeRoom(number);
    this.#since[number] = since;
    this.#shown.push(number);
  }

  #makeRoom(number: number): void {
    if (number < this.#since.length) return;
    const grown = new Float64Array(2 * (number + 1)).fill(NEVER);
    grown.set(this.#since);
    this.#since = grown;
  }

  #forgetReader(): void {
    for (const number of this.#shown) this.#since[number] = NEVER;
    this.#shown = [];
    this.#reader = undefined;
  }
}
