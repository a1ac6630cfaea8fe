/**
 * Which posts a user sees: one's own, and those of whom one follows, made since one followed them; and, for
 * who wants them, those of others that name one. Of these each was made while one did not follow its author,
 * so none is among the rest.
 *
 * Nothing is stored per timeline: it is put together when asked for, and costs at most one look per followed
 * author plus the posts given.
 */
import { NO_POSITION, type Position } from '../ids.js';
import type { PostLog } from './post-log.js';
import { countUpTo, Largest } from './selection.js';
import type { User } from './users.js';

/** What a timeline is to have. */
export interface Shown {
  /** Nothing of one's own. */
  readonly othersOnly?: boolean;
  /** Also what names one, of authors whom one does not follow. */
  readonly mentions?: boolean;
}

export interface OlderPosts {
  /** Ascending. */
  readonly positions: readonly Position[];
  /** Those of them that are there only because they name the user. */
  readonly unfollowed: readonly Position[];
  /** Nothing older is left. */
  readonly oldest: boolean;
}

export interface NewerPosts {
  /** Ascending. */
  readonly positions: readonly Position[];
  /** As in `OlderPosts`. */
  readonly unfollowed: readonly Position[];
  /** More follow after the last of them. */
  readonly more: boolean;
}

/** The last `limit` posts before a position (of all, without one). */
export function postsBefore(
  user: User,
  before: Position | undefined,
  limit: number,
  shown: Shown,
  log: PostLog,
): OlderPosts {
  // One more than is given tells whether anything older is left.
  const wanted = limit + 1;
  const { posts: walked, downTo } = log.walkBack(user, before, wanted, shown.othersOnly !== true);
  const newest = withMentions(walked, user, downTo, before, shown);
  const older = newest.length < wanted ? merged(user, downTo, wanted - newest.length, shown) : [];
  const found = [...older, ...newest];
  const positions = found.slice(Math.max(0, found.length - limit));
  return { positions, unfollowed: unfollowedIn(user, positions, shown), oldest: found.length <= limit };
}

/** What was walked, and what names the user between there and `before`. Ascending. */
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

/** The last `limit` posts before a position, out of the lists of all who are shown. Ascending. */
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

/** The first `limit` posts after a position. */
export function postsAfter(user: User, after: Position, limit: number, shown: Shown): NewerPosts {
  // The smallest numbers are the largest negative ones.
  const chosen = new Largest(limit);
  for (const { posts, since } of sources(user, shown)) {
    const bound = Math.max(after, since);
    // Most authors have posted nothing since: seen at the end of their list, without a search.
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
