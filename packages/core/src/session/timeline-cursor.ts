/**
 * How far a session's timeline has been shown, so that it continues after a break with no gap and no repeat.
 *
 * After a post was seen it is simple: continue after it. The difficult case is a break after a timeline was
 * opened and before its first post: past posts may have been lost on their way, or there are none. If the
 * past posts were requested again from the newest, posts would be skipped when more than a screen was posted
 * since; if the timeline only continued from where it was opened, the past posts would be skipped. So it
 * continues from where it was opened, and the past posts are requested as a page that ends there; posts that
 * come meanwhile are held until the page has been shown.
 *
 * ```
 *   past (a page, asked again)  │ opened here   │ go on after `opened`
 *   ... p7 p8 p9 ───────────────┼──── break ────┼── p10 p11 held until p7..p9 are shown
 * ```
 */
import type { Post } from '../entry.js';
import type { Position } from '../ids.js';
import { NO_POSITION, nextPosition } from '../ids.js';
import { invariant } from '../invariants.js';
import { MAX_HELD_POSTS } from './session-limits.js';

/** Where a session's timeline begins. */
export type TimelineStart =
  /** With up to this many past posts, 0 to MAX_PAGE_POSTS. */
  | { readonly kind: 'history'; readonly posts: number }
  /** With every post after a position that an earlier session has seen. */
  | { readonly kind: 'after'; readonly position: Position }
  /** No posts: the link only serves presence and signs of life. */
  | { readonly kind: 'none' };

export interface Opening {
  readonly resumeAfter: Position;
  readonly history: number;
  readonly posts: boolean;
}

export type Opened =
  | { readonly kind: 'flowing' }
  /** Request the past posts as a page before any post is shown. */
  | { readonly kind: 'page-needed'; readonly before: Position; readonly limit: number }
  /**
   * The cluster's commit position is below the last seen post (an unclean promotion): open the timeline
   * again, from the cluster's position.
   */
  | { readonly kind: 'rewound' };

export class TimelineCursor {
  readonly #start: TimelineStart;
  /**
   * Everything up to here has been shown, or is not for this timeline. Undefined until the past posts have
   * been shown.
   */
  #seen: Position | undefined;
  /** Where the timeline was first opened. */
  #openedAt: Position | undefined;
  #held: Post[] | undefined;

  constructor(start: TimelineStart) {
    this.#start = start;
    this.#seen = start.kind === 'after' ? start.position : undefined;
  }

  /** How to open the timeline now. Held posts came over a lost link, and will come again. */
  opening(): Opening {
    this.#held = undefined;
    if (this.#start.kind === 'none') return { resumeAfter: NO_POSITION, history: 0, posts: false };
    const resumeAfter = this.#seen ?? this.#openedAt;
    if (resumeAfter !== undefined) return { resumeAfter, history: 0, posts: true };
    return { resumeAfter: NO_POSITION, history: this.#history, posts: true };
  }

  opened(committed: Position): Opened {
    if (this.#start.kind === 'none') return { kind: 'flowing' };
    const from = this.#seen ?? this.#openedAt;
    if (from === undefined) {
      this.#openedAt = committed;
      if (this.#history === 0) this.#seen = committed;
      return { kind: 'flowing' };
    }
    if (committed < from) {
      this.#openedAt = committed;
      if (this.#seen !== undefined) this.#seen = committed;
      return { kind: 'rewound' };
    }
    if (this.#seen !== undefined) return { kind: 'flowing' };
    this.#held = [];
    return { kind: 'page-needed', before: nextPosition(from), limit: this.#history };
  }

  /** @returns the posts to show now; undefined when too many would have to be held. */
  take(posts: readonly Post[]): readonly Post[] | undefined {
    if (this.#start.kind === 'none') return [];
    if (this.#held === undefined) return this.#show(posts);
    if (this.#held.length + posts.length > MAX_HELD_POSTS) return undefined;
    this.#held.push(...posts);
    return [];
  }

  /** The page of past posts has come. @returns it, and the posts held until then. */
  takePast(page: readonly Post[]): readonly Post[] {
    const openedAt = this.#openedAt;
    const held = this.#held;
    invariant(openedAt !== undefined && held !== undefined, 'timeline-only-rises', { page: page.length });
    this.#held = undefined;
    const past = this.#show(page.filter((post) => post.position <= openedAt));
    this.#seen = openedAt;
    return [...past, ...this.#show(held)];
  }

  get #history(): number {
    return this.#start.kind === 'history' ? this.#start.posts : 0;
  }

  /** Drops repeats: posts at or below the last one shown. */
  #show(posts: readonly Post[]): readonly Post[] {
    const shown: Post[] = [];
    for (const post of posts) {
      const seen: Position = this.#seen ?? NO_POSITION;
      if (post.position <= seen) continue;
      this.#seen = post.position;
      shown.push(post);
    }
    return shown;
  }
}
