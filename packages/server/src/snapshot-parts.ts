/**
 * A server's own snapshot, as parts for its journal folder.
 *
 * Unlike the snapshot on the wire it has each author's post positions and no texts, which stay in the
 * journal. JSON, because the journal guards the bytes with checksums and readability is worth more here than
 * the last millisecond of a start.
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
  unpackReply,
  unreachable,
} from '@dualping/core';

/**
 * Users or sessions of one part, and posts of all of its users: some 10 ms to encode, and far below the size
 * limit of a part.
 */
const ELEMENTS_A_PART = 500;
const POSTS_A_PART = 50_000;
/** Edges of one part: with the longest names 3 MB. */
const EDGES_A_PART = 50_000;

type Part =
  | {
      readonly kind: 'head';
      readonly position: SocialSnapshot['position'];
      readonly epochStarts: readonly EpochStart[];
      /** Absent in snapshots from before clusters heard of one another. */
      readonly origins?: readonly Origin[];
    }
  | { readonly kind: 'users'; readonly users: readonly UserSnapshot[] }
  /** More followed users of the last user. */
  | { readonly kind: 'follows'; readonly following: readonly FollowSnapshot[] }
  /** More posts of the last user; for a user of another cluster also `origins`. */
  | {
      readonly kind: 'posts';
      readonly posts: readonly Position[];
      readonly origins?: readonly Position[] | undefined;
    }
  | { readonly kind: 'sessions'; readonly sessions: readonly StoredSession[] };

type StoredSession = Omit<SessionSnapshot, 'replies'> & { readonly replies: readonly Reply[] };

export interface StoredSnapshot {
  readonly snapshot: SocialSnapshot;
  readonly epochStarts: readonly EpochStart[];
}

const toStored = (session: SessionSnapshot): StoredSession => ({
  ...session,
  replies: session.replies.map(unpackReply),
});

const encode = (part: Part): Buffer => Buffer.from(JSON.stringify(part));

/**
 * Gives the parts one by one as they are asked for: a server that encoded a long history in one step would be
 * taken for dead.
 */
export function* snapshotToParts({ snapshot, epochStarts }: StoredSnapshot): Generator<Buffer, void> {
  const { position, origins, users, sessions } = snapshot;
  yield encode({ kind: 'head', position, epochStarts, origins });
  yield* userParts(users);
  for (let at = 0; at < sessions.length; at += ELEMENTS_A_PART)
    yield encode({ kind: 'sessions', sessions: sessions.slice(at, at + ELEMENTS_A_PART).map(toStored) });
}

function* userParts(users: readonly UserSnapshot[]): Generator<Buffer, void> {
  let part: UserSnapshot[] = [];
  let posts = 0;
  let edges = 0;
  for (const user of users) {
    part.push({
      ...user,
      posts: user.posts.slice(0, POSTS_A_PART),
      ...(user.origins !== undefined && { origins: user.origins.slice(0, POSTS_A_PART) }),
      following: user.following.slice(0, EDGES_A_PART),
    });
    posts += user.posts.length;
    edges += user.following.length;
    if (part.length < ELEMENTS_A_PART && posts < POSTS_A_PART && edges < EDGES_A_PART) continue;
    yield encode({ kind: 'users', users: part });
    part = [];
    posts = 0;
    edges = 0;
    for (let at = EDGES_A_PART; at < user.following.length; at += EDGES_A_PART)
      yield encode({ kind: 'follows', following: user.following.slice(at, at + EDGES_A_PART) });
    for (let at = POSTS_A_PART; at < user.posts.length; at += POSTS_A_PART)
      yield encode({
        kind: 'posts',
        posts: user.posts.slice(at, at + POSTS_A_PART),
        origins: user.origins?.slice(at, at + POSTS_A_PART),
      });
  }
  if (part.length > 0) yield encode({ kind: 'users', users: part });
}

type ComingUser = Omit<UserSnapshot, 'posts' | 'origins' | 'following'> & {
  readonly posts: Position[];
  readonly origins?: Position[];
  readonly following: FollowSnapshot[];
};

/** The parts are our own and their checksums are right, so their content is not checked again. */
export function snapshotFromParts(parts: Iterable<Buffer>): StoredSnapshot {
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
