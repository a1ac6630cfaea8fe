/**
 * Who wrote the post at each position, so that a timeline can be read backwards, post by post.
 *
 * A timeline is a merge of its authors' lists, which costs a search for each author. A reader who follows a
 * good part of those who post is served faster by going back through the posts of all and leaving out the
 * strangers': two looks into arrays for each post. A reader of few needs the merge. So the walk goes only as
 * far as costs less than the merge, and the merge does what is left.
 */
import { NO_POSITION, type Position } from '../ids.js';
import type { User } from './users.js';

/** Positions of one piece: 64 KB, and nothing where nobody posted. */
const PIECE_POSITIONS = 16_384;
/** Longest walk, in positions for each author of the timeline: half of what a search in a list takes. */
const STEPS_AN_AUTHOR = 16;
/** No position comes after it: of authors whom the reader does not follow, and of number 0, nobody. */
const NEVER = Number.POSITIVE_INFINITY;

export interface WalkedBack {
  /** Descending. */
  readonly posts: readonly Position[];
  /** Nothing at or above it was left out. */
  readonly downTo: Position;
}

export class PostLog {
  /** Of each position the number of its author, from 1; by the number of the piece. */
  readonly #pieces: (Uint32Array | undefined)[] = [];
  #last: Position = NO_POSITION;
  /** From which position on posts are shown to one reader, by the number of their author. */
  #since = new Float64Array(64).fill(NEVER);
  /** Whose those are, and which of them are not `NEVER`. */
  #reader: User | undefined;
  #shown: number[] = [];

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

  /** Whom this user follows has changed. */
  edgeChanged(user: User): void {
    if (user === this.#reader) this.#forgetReader();
  }

  /**
   * Posts of the user, if `own`, and of whom the user follows, made since: those before a position, or all.
   * No more than `limit`, and only as far as it is worth it.
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
