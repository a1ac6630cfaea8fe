/**
 * Which posts a user sees: the user's own, and those of followed authors made since the follow; and, if asked
 * for, posts of other authors that name the user. These were made while the user did not follow the author,
 * so no post is in both groups.
 *
 * Nothing is stored per timeline: it is collected when requested, and costs at most one search for each
 * followed author, plus the returned posts.
 */
import { NO_POSITION, type Position } from '../ids.js';
import type { PostLog } from './post-log.js';
import { countUpTo, Largest } from './selection.js';
import type { User } from './users.js';

/** Which posts a timeline contains. */
export interface Shown {
  /** Without the user's own posts. */
  readonly othersOnly?: boolean;
  /** Also posts that name the user, of authors whom the user does not follow. */
  readonly mentions?: boolean;
}

export interface OlderPosts {
  /** Ascending. */
  readonly positions: readonly Position[];
  /** The positions that are included only because the post names the user. */
  readonly unfollowed: readonly Position[];
  /** Whether nothing older is left. */
  readonly oldest: boolean;
}

export interface NewerPosts {
  /** Ascending. */
  readonly positions: readonly Position[];
  /** As in `OlderPosts`. */
  readonly unfollowed: readonly Position[];
  /** Whether more follow after the last one. */
  readonly more: boolean;
}

/** The last `limit` posts before a position (without one, of all). */
export function postsBefore(
  user: User,
  before: Position | undefined,
  limit: number,
  shown: Shown,
  log: PostLog,
): OlderPosts {
  // One more than returned shows whether anything older is left.
  const wanted = limit + 1;
  const { posts: walked, downTo } = log.walkBack(user, before, wanted, shown.othersOnly !== true);
  const newest = withMentions(walked, user, downTo, before, shown);
  const older = newest.length < wanted ? merged(user, downTo, wanted - newest.length, shown) : [];
  const found = [...older, ...newest];
  const positions = found.slice(Math.max(0, found.length - limit));
  return { positions, unfollowed: unfollowedIn(user, positions, shown), oldest: found.length <= limit };
}

/** The posts of the walk, and those that name the user between its end and `before`. Ascending. */
function withMentions(
  walked: readonly Position[],
  user: User,
  from: Position,
  before: Position | undefined,
  { mentions }: Shown,
): Position[] {
  const all = [...walked].reverse();
  if (mentions !== true || user.mentions.length === 0) return all;
  const named = user.mentions.slice(
    countUpTo(user.mentions, from - 1),
    before === undefined ? undefined : countUpTo(user.mentions, before - 1),
  );
  return all.concat(named).sort((one, other) => one - other);
}

/** The last `limit` posts before a position, merged from the lists of all shown authors. Ascending. */
function merged(user: User, before: Position, limit: number, shown: Shown): Position[] {
  const chosen = new Largest(limit);
  for (const { posts, since } of sources(user, shown)) {
    for (let index = countUpTo(posts, before - 1) - 1; index >= 0; index -= 1) {
      const post = posts[index] as Position;
      if (post <= since || !chosen.offer(post)) break;
    }
  }
  return chosen.ascending() as Position[];
}

const NOTHING_NEWER: NewerPosts = { positions: [], unfollowed: [], more: false };

/** The first `limit` posts after a position. */
export function postsAfter(
  user: User,
  after: Position,
  limit: number,
  shown: Shown,
  log: PostLog,
): NewerPosts {
  // Usual for a timeline that has just been opened, or has caught up.
  if (after >= log.last) return NOTHING_NEWER;
  // The smallest numbers are the largest negative ones.
  const chosen = new Largest(limit);
  for (const { posts, since } of sources(user, shown)) {
    const bound = Math.max(after, since);
    // Most authors have posted nothing since: the end of their list shows that without a search.
    if ((posts[posts.length - 1] ?? NO_POSITION) <= bound) continue;
    for (let index = countUpTo(posts, bound); index < posts.length; index += 1) {
      if (!chosen.offer(-(posts[index] as Position))) break;
    }
  }
  const positions = chosen
    .ascending()
    .map((negative) => -negative as Position)
    .reverse();
  return { positions, unfollowed: unfollowedIn(user, positions, shown), more: chosen.rejected };
}

export function isShownTo(user: User, post: Position): boolean {
  for (const { posts, since } of sources(user, { mentions: true }))
    if (post > since && isIn(posts, post)) return true;
  return false;
}

const isIn = (positions: readonly Position[], post: Position): boolean =>
  positions[countUpTo(positions, post) - 1] === post;

const unfollowedIn = (user: User, positions: readonly Position[], { mentions }: Shown): Position[] =>
  mentions === true && user.mentions.length > 0 ? positions.filter((post) => isIn(user.mentions, post)) : [];

function* sources(
  user: User,
  { othersOnly, mentions }: Shown,
): Generator<{ readonly posts: readonly Position[]; readonly since: Position }> {
  if (othersOnly !== true) yield { posts: user.posts, since: NO_POSITION };
  for (const [author, since] of user.following) yield { posts: author.posts, since };
  if (mentions === true) yield { posts: user.mentions, since: NO_POSITION };
}
