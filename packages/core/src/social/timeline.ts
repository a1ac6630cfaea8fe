/**
 * Which posts a user sees: one's own, and those of whom one follows, made since one followed them.
 *
 * Nothing is stored per timeline: it is put together from the authors' lists when asked for, and costs
 * one look per followed author plus the posts given.
 */
import { NO_POSITION, type Position } from '../ids.js';
import { countUpTo, Largest } from './selection.js';
import type { User } from './users.js';

export interface OlderPosts {
  /** Ascending. */
  readonly positions: readonly Position[];
  /** Nothing older is left. */
  readonly oldest: boolean;
}

export interface NewerPosts {
  /** Ascending. */
  readonly positions: readonly Position[];
  /** More follow after the last of them. */
  readonly more: boolean;
}

/** The last `limit` posts before a position (of all, without one). */
export function postsBefore(
  user: User,
  before: Position | undefined,
  limit: number,
  othersOnly = false,
): OlderPosts {
  const chosen = new Largest(limit);
  for (const { posts, since } of sources(user, othersOnly)) {
    let index = before === undefined ? posts.length : countUpTo(posts, before - 1);
    while (index > 0) {
      index -= 1;
      const post = posts[index] as Position;
      if (post <= since || !chosen.offer(post)) break;
    }
  }
  return { positions: chosen.ascending() as Position[], oldest: !chosen.rejected };
}

/** The first `limit` posts after a position. */
export function postsAfter(user: User, after: Position, limit: number, othersOnly = false): NewerPosts {
  // The smallest numbers are the largest negative ones.
  const chosen = new Largest(limit);
  for (const { posts, since } of sources(user, othersOnly)) {
    const bound = Math.max(after, since);
    // Most authors have posted nothing since: seen at the end of their list, without a search.
    if ((posts[posts.length - 1] ?? NO_POSITION) <= bound) continue;
    for (let index = countUpTo(posts, bound); index < posts.length; index += 1) {
      if (!chosen.offer(-(posts[index] as Position))) break;
    }
  }
  const positions = chosen.ascending().map((negative) => -negative as Position);
  return { positions: positions.reverse(), more: chosen.rejected };
}

export function isShownTo(user: User, post: Position): boolean {
  for (const { posts, since } of sources(user, false))
    if (post > since && posts[countUpTo(posts, post) - 1] === post) return true;
  return false;
}

function* sources(
  user: User,
  othersOnly: boolean,
): Generator<{ readonly posts: readonly Position[]; readonly since: Position }> {
  if (!othersOnly) yield { posts: user.posts, since: NO_POSITION };
  for (const [author, since] of user.following) yield { posts: author.posts, since };
}
