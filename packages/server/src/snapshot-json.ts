/**
 * Reads snapshots of earlier versions, whose parts are JSON. The journal of a server that was installed from
 * another's begins with one, so such a folder must open. They are not written any more.
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
      /** Absent in what was written before clusters heard of one another. */
      readonly origins?: readonly Origin[];
    }
  | { readonly kind: 'users'; readonly users: readonly UserSnapshot[] }
  /** Goes on where the users whom the last user follows ended. */
  | { readonly kind: 'follows'; readonly following: readonly FollowSnapshot[] }
  /** Goes on where the last user's posts ended; `origins` too, of a user of another cluster. */
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

/** `{`: what such a part begins with, and no other. */
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
