/**
 * The positions of all posts of a snapshot, ascending, as runs that follow one another.
 *
 * It uses one bit for each position. The bits are set author by author, and then read from the first on.
 * Sorting a million numbers in one step would take so long that on a busy machine the router drops the
 * primary; this works in turns.
 */
import type { Position, SocialSnapshot } from '@dualping/core';
import { breathe } from './breathe.js';

/** Positions of one piece: 2 KB, and nothing for a piece without posts. */
const PIECE_POSITIONS = 16_384;
const WORD_BITS = 32;
/** Posts that are marked in one step: less than a millisecond. */
const POSTS_A_TURN = 50_000;

export interface PostRun {
  readonly from: Position;
  readonly count: number;
}

export class PostPositions {
  readonly #pieces = new Map<number, Uint32Array>();

  static async of({ users }: Pick<SocialSnapshot, 'users'>): Promise<PostPositions> {
    const all = new PostPositions();
    let left = POSTS_A_TURN;
    for (const { posts } of users)
      for (const post of posts) {
        all.#add(post);
        left -= 1;
        if (left > 0) continue;
        await breathe();
        left = POSTS_A_TURN;
      }
    return all;
  }

  /** Runs of at most `most` positions each. */
  *runs(most: number): Generator<PostRun, void> {
    for (const number of [...this.#pieces.keys()].sort((one, other) => one - other)) {
      const piece = this.#pieces.get(number) as Uint32Array;
      let count = 0;
      for (let at = 0; at <= PIECE_POSITIONS; at += 1) {
        const isPost = at < PIECE_POSITIONS && has(piece, at);
        if (isPost) count += 1;
        if (count === 0 || (isPost && count < most)) continue;
        const end = number * PIECE_POSITIONS + at + (isPost ? 1 : 0);
        yield { from: (end - count) as Position, count };
        count = 0;
      }
    }
  }

  #add(post: Position): void {
    const number = Math.floor(post / PIECE_POSITIONS);
    let piece = this.#pieces.get(number);
    if (piece === undefined) {
      piece = new Uint32Array(PIECE_POSITIONS / WORD_BITS);
      this.#pieces.set(number, piece);
    }
    const at = post % PIECE_POSITIONS;
    const word = Math.floor(at / WORD_BITS);
    piece[word] = (piece[word] as number) | (1 << (at % WORD_BITS));
  }
}

const has = (piece: Uint32Array, at: number): boolean =>
  (((piece[Math.floor(at / WORD_BITS)] as number) >>> (at % WORD_BITS)) & 1) === 1;
