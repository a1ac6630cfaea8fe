/**
 * Splits a snapshot into chunks, and assembles chunks into a snapshot.
 *
 * The receiver checks everything before a standby installs a snapshot: the order of the chunks, the ascending
 * positions of posts, the counts in the last chunk, and that every mentioned name exists.
 */
import {
  type CodeSnapshot,
  DualpingError,
  type Entry,
  type EpochStart,
  type FollowSnapshot,
  MAX_SESSIONS,
  type Origin,
  originAfter,
  type Position,
  type SessionSnapshot,
  type SocialSnapshot,
  type UserName,
  unreachable,
} from '@dualping/core';
import { decodeEntry } from './entry.js';
import { PostJudge } from './post-judge.js';
import type { SnapshotChunk, SnapshotUser } from './snapshot.js';

/** The position after which a standby's journal continues, and its epoch, checksum and origins. */
export interface SnapshotHeader {
  readonly position: Position;
  readonly epoch: Extract<SnapshotChunk, { kind: 'header' }>['epoch'];
  readonly checksum: number;
  readonly epochStarts: readonly EpochStart[];
  /** For each other cluster, the position up to which its journal was read. */
  readonly origins: readonly Origin[];
  readonly codes: readonly CodeSnapshot[];
}

/**
 * Users, sessions and posts of one chunk: with all names and replies at their longest about 1 MB, of 4
 * allowed.
 */
const USERS_A_CHUNK = 200;
/**
 * Edges of one chunk, 40 bytes each: more edges of a user come in the next chunk, under the same name.
 */
export const EDGES_A_CHUNK = 20_000;
const SESSIONS_A_CHUNK = 200;
const POST_BYTES_A_CHUNK = 128 * 1024;

/**
 * `posts`: the retained posts as bytes of the journal, ascending, some at a time; may read from a disk
 * meanwhile.
 */
export async function* snapshotChunks(
  snapshot: SocialSnapshot,
  header: Omit<SnapshotHeader, 'position' | 'origins' | 'codes'>,
  posts: Iterable<readonly Buffer[]>,
): AsyncGenerator<SnapshotChunk, void> {
  const { position, origins, codes = [] } = snapshot;
  yield { kind: 'header', position, origins, codes, ...header };
  for (const users of usersInChunks(snapshot.users)) yield { kind: 'users', users };
  for (let at = 0; at < snapshot.sessions.length; at += SESSIONS_A_CHUNK)
    yield { kind: 'sessions', sessions: snapshot.sessions.slice(at, at + SESSIONS_A_CHUNK) };
  let sent = 0;
  let entries: Buffer[] = [];
  let bytes = 0;
  for (const some of posts) {
    for (const entry of some) bytes += entry.length;
    entries.push(...some);
    sent += some.length;
    if (bytes < POST_BYTES_A_CHUNK) continue;
    yield { kind: 'posts', entries };
    entries = [];
    bytes = 0;
  }
  if (entries.length > 0) yield { kind: 'posts', entries };
  yield { kind: 'end', users: snapshot.users.length, sessions: snapshot.sessions.length, posts: sent };
}

function* usersInChunks(users: readonly SnapshotUser[]): Generator<SnapshotUser[]> {
  let chunk: SnapshotUser[] = [];
  let edges = 0;
  for (const user of users)
    for (const part of inParts(user)) {
      const own = part.following.length + (part.left?.length ?? 0);
      if (chunk.length > 0 && (chunk.length === USERS_A_CHUNK || edges + own > EDGES_A_CHUNK)) {
        yield chunk;
        chunk = [];
        edges = 0;
      }
      chunk.push(part);
      edges += own;
    }
  if (chunk.length > 0) yield chunk;
}

function inParts({ following, left = [], ...user }: SnapshotUser): SnapshotUser[] {
  if (following.length + left.length <= EDGES_A_CHUNK) return [partOf(user, following, left)];
  const parts: SnapshotUser[] = [];
  for (let at = 0; at < following.length; at += EDGES_A_CHUNK)
    parts.push(partOf(user, following.slice(at, at + EDGES_A_CHUNK), []));
  for (let at = 0; at < left.length; at += EDGES_A_CHUNK)
    parts.push(partOf(user, [], left.slice(at, at + EDGES_A_CHUNK)));
  return parts;
}

type UserWithoutEdges = Omit<SnapshotUser, 'following' | 'left'>;

const partOf = (
  user: UserWithoutEdges,
  following: readonly FollowSnapshot[],
  left: readonly FollowSnapshot[],
): SnapshotUser => ({ ...user, following, ...(left.length > 0 && { left }) });

export interface AssembledSnapshot {
  readonly header: SnapshotHeader;
  readonly snapshot: SocialSnapshot;
}

interface ComingUser {
  readonly user: UserWithoutEdges;
  readonly following: FollowSnapshot[];
  readonly left: FollowSnapshot[];
  readonly posts: Position[];
  readonly origins: Position[];
}

const ORDER: readonly SnapshotChunk['kind'][] = ['header', 'users', 'sessions', 'posts', 'end'];

const refused = (text: string): DualpingError => new DualpingError('invalid-argument', `snapshot: ${text}`);

/** Takes the chunks one by one; throws `invalid-argument` at the first that does not fit. */
export class SnapshotAssembly {
  #stage = -1;
  #header: SnapshotHeader | undefined;
  readonly #users = new Map<UserName, ComingUser>();
  #lastUser: ComingUser | undefined;
  readonly #sessions = new Map<string, SessionSnapshot>();
  /** Positions of posts that name a user and have not come yet. */
  readonly #mentioned = new Set<Position>();
  #posts = 0;
  #lastPost = 0;
  #whole = false;
  readonly #judge = new PostJudge();

  /** Returns the position of each post of the chunk; none for other chunks. */
  add(chunk: SnapshotChunk): readonly Position[] {
    this.#checkOrder(chunk.kind);
    switch (chunk.kind) {
      case 'header': {
        const { kind: _, ...header } = chunk;
        checkOrigins(header.origins);
        this.#header = header;
        for (const { madeAt, spentAt = madeAt } of header.codes)
          for (const at of [madeAt, spentAt]) this.#upTo(at, 'a code');
        return [];
      }
      case 'users':
        for (const user of chunk.users) this.#addUser(user);
        return [];
      case 'sessions':
        for (const session of chunk.sessions) this.#addSession(session);
        return [];
      case 'posts':
        return chunk.entries.map((bytes) => this.#addPost(bytes));
      case 'end':
        this.#finish(chunk);
        return [];
      default:
        return unreachable(chunk);
    }
  }

  /** The complete snapshot, once `end` has come; undefined before. */
  get assembled(): AssembledSnapshot | undefined {
    if (!this.#whole || this.#header === undefined) return undefined;
    return {
      header: this.#header,
      snapshot: {
        position: this.#header.position,
        users: [...this.#users.values()].map(({ user, following, left, posts, origins }) => ({
          ...partOf(user, following, left),
          posts,
          ...(user.home !== undefined && { origins }),
        })),
        sessions: [...this.#sessions.values()],
        origins: this.#header.origins,
        ...(this.#header.codes.length > 0 && { codes: this.#header.codes }),
      },
    };
  }

  #checkOrder(kind: SnapshotChunk['kind']): void {
    const stage = ORDER.indexOf(kind);
    const first = this.#stage === -1;
    if (first !== (kind === 'header')) throw refused(first ? `begins with ${kind}` : 'has two headers');
    if (this.#whole) throw refused(`${kind} follows its end`);
    if (stage < this.#stage) throw refused(`${kind} follows ${ORDER[this.#stage]}`);
    this.#stage = stage;
  }

  #upTo(position: Position, what: string): void {
    const end = this.#header?.position ?? 0;
    if (position > end) throw refused(`${what} is at position ${position}, after the snapshot's ${end}`);
  }

  #addUser(user: SnapshotUser): void {
    const known = this.#users.get(user.name);
    // More of the last user; no other user may come twice.
    const { following, left = [], ...rest } = user;
    if (known !== undefined && known === this.#lastUser && following.length + left.length > 0) {
      known.following.push(...following);
      known.left.push(...left);
      return;
    }
    if (known !== undefined) throw refused(`user "${user.name}" is there twice`);
    this.#upTo(user.since, `user "${user.name}"`);
    for (const { since, revokedAt = since } of user.keys?.keys ?? [])
      for (const at of [since, revokedAt]) this.#upTo(at, `a key of "${user.name}"`);
    this.#mentions(user);
    this.#lastUser = { user: rest, following: [...following], left: [...left], posts: [], origins: [] };
    this.#users.set(user.name, this.#lastUser);
  }

  #mentions({ name, mentions = [] }: SnapshotUser): void {
    let last = 0;
    for (const position of mentions) {
      if (position <= last)
        throw refused(`"${name}" is named at ${position} after ${last}: they must ascend`);
      last = position;
      this.#mentioned.add(position);
    }
  }

  #addSession(session: SessionSnapshot): void {
    if (this.#sessions.has(session.sessionId)) throw refused('a session is there twice');
    if (!this.#users.has(session.user)) throw refused(`a session is of "${session.user}", who is no user`);
    if (this.#sessions.size === MAX_SESSIONS) throw refused(`has more than ${MAX_SESSIONS} sessions`);
    this.#sessions.set(session.sessionId, session);
  }

  #addPost(bytes: Buffer): Position {
    const judged = this.#judge.judge(bytes);
    const author = judged && this.#users.get(judged.user);
    if (judged === undefined || author === undefined || author.user.home !== undefined)
      return this.#addDecoded(decodeEntry(bytes));
    this.#inOrder(judged.position);
    author.posts.push(judged.position);
    return judged.position;
  }

  #addDecoded(entry: Entry): Position {
    const { command } = entry;
    if (command.kind !== 'post' && command.kind !== 'remote-post')
      throw refused(`entry ${entry.position} is a ${command.kind}, not a post`);
    const author = this.#users.get(command.user);
    if (author === undefined)
      throw refused(`entry ${entry.position} is by "${command.user}", who is no user`);
    // Older journals, from before servers refused users of other clusters, have posts that such users made
    // here.
    if (command.kind === 'remote-post' && author.user.home !== command.origin.cluster)
      throw refused(`entry ${entry.position} is by "${command.user}", who is of another cluster`);
    this.#inOrder(entry.position);
    author.posts.push(entry.position);
    if (author.user.home !== undefined) author.origins.push(originAfter(author.origins, entry));
    return entry.position;
  }

  #inOrder(post: Position): void {
    if (post <= this.#lastPost)
      throw refused(`entry ${post} follows entry ${this.#lastPost}: posts must ascend`);
    this.#upTo(post, 'a post');
    this.#lastPost = post;
    this.#posts += 1;
    this.#mentioned.delete(post);
  }

  #finish(end: Extract<SnapshotChunk, { kind: 'end' }>): void {
    const came = `${this.#users.size} users, ${this.#sessions.size} sessions, ${this.#posts} posts`;
    const said = `${end.users} users, ${end.sessions} sessions, ${end.posts} posts`;
    if (came !== said) throw refused(`${came} came, but its end says ${said}`);
    const [missing] = this.#mentioned;
    if (missing !== undefined) throw refused(`a user is named at ${missing}, where there is no post`);
    for (const { user, following, left } of this.#users.values())
      for (const { target } of [...following, ...left])
        if (!this.#users.has(target)) throw refused(`"${user.name}" follows "${target}", who is no user`);
    this.#whole = true;
  }
}

function checkOrigins(origins: readonly Origin[]): void {
  let last = 0;
  for (const { cluster } of origins) {
    if (cluster <= last) throw refused(`cluster ${cluster} follows cluster ${last}: they must ascend`);
    last = cluster;
  }
}
