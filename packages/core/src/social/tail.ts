/**
 * What this cluster sends to others: new users, posts of wanted authors, and followers of the other cluster's
 * users.
 *
 * It is collected from the state when it is requested, however long the reader was away: nothing is kept for
 * a reader that is away. The cost is one search for each followed author, plus the returned items.
 */
import { type ClusterId, NO_POSITION, type Position, type UserName } from '../ids.js';
import type { EdgeChange } from './edge-news.js';
import { countUpTo, Largest } from './selection.js';
import type { Users } from './users.js';

export type NewsItem =
  | { readonly kind: 'user'; readonly position: Position; readonly user: UserName }
  /** Its text is in the journal. */
  | { readonly kind: 'post'; readonly position: Position }
  | {
      readonly kind: 'follow' | 'unfollow';
      readonly position: Position;
      readonly user: UserName;
      readonly target: UserName;
    };

export interface NewsForOthers {
  /** By position, ascending. */
  readonly items: readonly NewsItem[];
  /** More follows after the last of them. */
  readonly more: boolean;
}

export interface Reader {
  /** The cluster that reads. */
  readonly cluster: ClusterId;
  /** Authors whose posts it wants. */
  readonly authors: Iterable<UserName>;
}

export function newsAfter(
  users: Users,
  { cluster, authors }: Reader,
  after: Position,
  limit: number,
): NewsForOthers {
  // The smallest numbers are the largest negative ones.
  const chosen = new Largest(limit);
  for (const { since } of users.ownSince(after)) if (!chosen.offer(-since)) break;
  for (const { position } of users.edgesInto(cluster, after)) if (!chosen.offer(-position)) break;
  for (const name of authors) {
    const author = users.get(name);
    if (author === undefined || author.home !== undefined) continue;
    const { posts } = author;
    if ((posts[posts.length - 1] ?? NO_POSITION) <= after) continue;
    for (let index = countUpTo(posts, after); index < posts.length; index += 1)
      if (!chosen.offer(-(posts[index] as Position))) break;
  }
  const positions = chosen.ascending().map((negative) => -negative as Position);
  return { items: positions.reverse().map((at) => itemAt(users, cluster, at)), more: chosen.rejected };
}

function itemAt(users: Users, cluster: ClusterId, position: Position): NewsItem {
  const made = users.ownMadeAt(position);
  if (made !== undefined) return { kind: 'user', position, user: made.name };
  const edge = users.edgeInto(cluster, position);
  return edge === undefined ? { kind: 'post', position } : newsOfEdge(edge);
}

export const newsOfEdge = ({ position, user, target, follows }: EdgeChange): NewsItem => ({
  kind: follows ? 'follow' : 'unfollow',
  position,
  user,
  target,
});
