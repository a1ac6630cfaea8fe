/**
 * Reads snapshots of earlier versions, whose parts are JSON. A journal that was installed from another server
 * may begin with one, so such a folder must open. They are not written any more.
 */
import {
  type EpochStart,
  type FollowSnapshot,
  type Origin,
  type Position,
  packReply,
  type Reply,
  type SessionSnapshot,
  type SocialSnapshot,
  type UserSnapshot,
  unreachable,
} from '@dualping/core';
import type { StoredSnapshot } from './snapshot-parts.js';

type Part =
  | {
      readonly kind: 'head';
      readonly position: SocialSnapshot['position'];
      readonly epochStarts: readonly EpochStart[];
      /** Absent in snapshots from before clusters read one another. */
      readonly origins?: readonly Origin[];
    }
  | { readonly kind: 'users'; readonly users: readonly UserSnapshot[] }
  /** Continues the followed users of the last user. */
  | { readonly kind: 'follows'; readonly following: readonly FollowSnapshot[] }
  /** Continues the posts of the last user; for a user of another cluster also the `origins`. */
  | {
      readonly kind: 'posts';
      readonly posts: readonly Position[];
      readonly origins?: readonly Position[] | undefined;
    }
  | { readonly kind: 'sessions'; readonly sessions: readonly StoredSession[] };

type StoredSession = Omit<SessionSnapshot, 'replies'> & { readonly replies: readonly Reply[] };

type ComingUser = Omit<UserSnapshot, 'posts' | 'origins' | 'following'> & {
  readonly posts: Position[];
  readonly origins?: Position[];
  readonly following: FollowSnapshot[];
};

/** `{`: the first byte of such a part, and of no other. */
export const JSON_MARK = 0x7b;

export function snapshotFromJson(parts: readonly Buffer[]): StoredSnapshot {
  const users: ComingUser[] = [];
  const sessions: SessionSnapshot[] = [];
  let head: Extract<Part, { kind: 'head' }> | undefined;
  for (const bytes of parts) {
    const part = JSON.parse(bytes.toString('utf8')) as Part;
    switch (part.kind) {
      case 'head':
        head = part;
        break;
      case 'users':
        for (const user of part.users) users.push(comingFrom(user));
        break;
      case 'follows':
        for (const edge of part.following) users.at(-1)?.following.push(edge);
        break;
      case 'posts':
        for (const position of part.posts) users.at(-1)?.posts.push(position);
        for (const position of part.origins ?? []) users.at(-1)?.origins?.push(position);
        break;
      case 'sessions':
        for (const session of part.sessions)
          sessions.push({ ...session, replies: session.replies.map(packReply) });
        break;
      default:
        unreachable(part);
    }
  }
  if (head === undefined) throw new Error('a snapshot without its head');
  const { position, epochStarts, origins = [] } = head;
  return { snapshot: { position, users, sessions, origins }, epochStarts };
}

const comingFrom = ({ posts, origins, following, ...user }: UserSnapshot): ComingUser => ({
  ...user,
  posts: [...posts],
  ...(origins !== undefined && { origins: [...origins] }),
  following: [...following],
});
