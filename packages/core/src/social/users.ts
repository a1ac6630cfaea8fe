/**
 * The users, who follows whom since when, and the journal positions of each user's posts.
 *
 * Texts are not kept here: a post is one number in its author's list and one in the log, and the journal has
 * the rest. A million posts cost 14 to 34 MB, depending on the spare room in the lists.
 */
import type { Answers, Origin, Post, PostReference } from '../entry.js';
import { type ClusterId, NO_POSITION, type Position, previousPosition, type UserName } from '../ids.js';
import { MAX_MENTIONS } from '../limits.js';
import type { SocialReason } from '../reasons.js';
import { namesIn } from '../text.js';
import { type EdgeChange, EdgeNews } from './edge-news.js';
import { PostLog } from './post-log.js';
import { countUpTo } from './selection.js';
import type { FollowSnapshot, KeysSnapshot, UserSnapshot } from './snapshot.js';

export interface User {
  readonly name: UserName;
  /** Counted from 0 in the order in which users were made. */
  readonly number: number;
  /** Position of the entry that made the user. */
  readonly since: Position;
  /** The cluster of the user; undefined: this one. */
  readonly home: ClusterId | undefined;
  /** Each followed user, with the position of the entry that began it: earlier posts are not shown. */
  readonly following: Map<User, Position>;
  /** Followers of this cluster. */
  readonly followers: Set<User>;
  /** Ascending. */
  readonly posts: Position[];
  /** Of a user of another cluster: where each of the posts was accepted there, ascending. */
  readonly origins: Position[] | undefined;
  /** The last posts that name this user, of authors whom it did not follow then, ascending. */
  mentions: readonly Position[];
}

/** A user, with the follows between this user and the asker. */
export interface ListedUser {
  readonly user: UserName;
  readonly follows: boolean;
  readonly isFollowed: boolean;
}

export interface UserPage {
  /** By name, ascending. */
  readonly users: readonly ListedUser[];
  /** The next page begins after this name; undefined: this is the last page. */
  readonly next: UserName | undefined;
}

type OfPosts = 'posts' | 'origins' | 'mentions';
type Outcome = SocialReason | undefined;

/**
 * Most new users that are inserted into the order one by one. With more, the whole order is rebuilt, which
 * takes about as long as this many insertions.
 */
const MOST_INSERTED = 32;
/** Shared by the many users that no post names. */
const NOBODY_NAMED: readonly Position[] = [];

export class Users {
  readonly log = new PostLog();
  readonly #byName = new Map<UserName, User>();
  /** Users of this cluster in the order in which they were made; other clusters get them in this order. */
  readonly #own: User[] = [];
  readonly #ownSince: Position[] = [];
  /** Users of other clusters who follow users of this one, as far as known. */
  readonly #elsewhere = new Map<User, Set<User>>();
  /** What to send to each other cluster about the followers of its users. */
  readonly #edgeNews = new Map<ClusterId, EdgeNews>();
  /** By name, without those in `#added`, which are inserted when a list is requested. */
  #byNameInOrder: User[] = [];
  #added: User[] = [];

  /** How many users this cluster has. */
  get own(): number {
    return this.#own.length;
  }

  get(name: UserName): User | undefined {
    return this.#byName.get(name);
  }

  /** A known name only logs in again. @returns whether the user is new */
  register(name: UserName, at: Position): boolean {
    if (this.#byName.has(name)) return false;
    this.#add(name, at, undefined);
    return true;
  }

  /** Does nothing if the name is known: the first user keeps it. */
  registerRemote(name: UserName, home: ClusterId, at: Position): void {
    if (!this.#byName.has(name)) this.#add(name, at, home);
  }

  /** @returns whether this is a user of that cluster */
  postRemote(name: UserName, { cluster, position }: Origin, at: Position): boolean {
    const user = this.#byName.get(name);
    if (user?.home !== cluster) return false;
    user.posts.push(at);
    user.origins?.push(position);
    this.log.add(at, user.number);
    return true;
  }

  /**
   * Keeps a post for the users of this cluster that it names (by `@name`, or as an answer to them) and that
   * don't follow its author. Followers have it in their timeline already.
   * @returns their names
   */
  mention({ author, text, answers, position }: Post): UserName[] {
    const named: UserName[] = [];
    const names = namesIn(text);
    if (names.size === 0 && answers === undefined) return named;
    const by = this.#byName.get(author);
    for (const name of answers === undefined ? names : new Set([answers.author, ...names])) {
      const user = this.#byName.get(name);
      if (by === undefined || user === undefined || user === by) continue;
      if (user.home !== undefined || user.following.has(by)) continue;
      user.mentions = [...user.mentions.slice(1 - MAX_MENTIONS), position];
      named.push(name);
    }
    return named;
  }

  /** The position of a post in this journal; undefined: it is not here. */
  positionOf({ home, position, author }: PostReference): Position | undefined {
    const user = this.#byName.get(author);
    if (user === undefined || user.home !== home) return undefined;
    const places = user.origins ?? user.posts;
    const index = countUpTo(places, previousPosition(position));
    return places[index] === position ? user.posts[index] : undefined;
  }

  /** The users of this cluster who were made after a position, from the first on. */
  *ownSince(after: Position): Generator<User> {
    for (let index = countUpTo(this.#ownSince, after); index < this.#own.length; index += 1)
      yield this.#own[index] as User;
  }

  /** The user of this cluster that the entry at this position made. */
  ownMadeAt(at: Position): User | undefined {
    const user = this.#own[countUpTo(this.#ownSince, at) - 1];
    return user?.since === at ? user : undefined;
  }

  /** Users of other clusters that a user here follows. */
  *followedRemote(): Generator<{ readonly name: UserName; readonly home: ClusterId }> {
    for (const { name, home, followers } of this.#byName.values())
      if (home !== undefined && followers.size > 0) yield { name, home };
  }

  /** What to send to a cluster about the followers of its users, after a position, ascending. */
  edgesInto(cluster: ClusterId, after: Position): Iterable<EdgeChange> {
    return this.#edgeNews.get(cluster)?.after(after) ?? [];
  }

  /** The change for that cluster that the entry at this position made. */
  edgeInto(cluster: ClusterId, at: Position): EdgeChange | undefined {
    return this.#edgeNews.get(cluster)?.at(at);
  }

  /** Stores for the cluster of the followed user that a follow from here began or ended. */
  edgeChanged(home: ClusterId, change: EdgeChange): void {
    const news = this.#edgeNews.get(home) ?? new EdgeNews();
    this.#edgeNews.set(home, news);
    news.changed(change);
  }

  /**
   * A user of that cluster follows a user of ours. Does nothing if they are not users of these clusters, or
   * if the follow is known.
   */
  followRemote(name: UserName, home: ClusterId, targetName: UserName, at: Position): void {
    const [user, target] = this.#pair(name, home, targetName);
    if (user === undefined || target === undefined || user.following.has(target)) return;
    this.#connectElsewhere(user, target, at);
  }

  unfollowRemote(name: UserName, home: ClusterId, targetName: UserName): void {
    const [user, target] = this.#pair(name, home, targetName);
    if (user === undefined || target === undefined) return;
    user.following.delete(target);
    this.log.edgeChanged(user);
    this.#elsewhere.get(target)?.delete(user);
  }

  follow(name: UserName, targetName: UserName, at: Position): Outcome {
    if (name === targetName) return 'cannot-follow-self';
    const user = this.#byName.get(name);
    if (user === undefined) return 'unknown-user';
    const target = this.#byName.get(targetName);
    if (target === undefined) return 'unknown-target';
    if (user.following.has(target)) return 'already-following';
    connect(user, target, at);
    this.log.edgeChanged(user);
    return undefined;
  }

  unfollow(name: UserName, targetName: UserName): Outcome {
    if (name === targetName) return 'cannot-unfollow-self';
    const user = this.#byName.get(name);
    if (user === undefined) return 'unknown-user';
    const target = this.#byName.get(targetName);
    if (target === undefined) return 'unknown-target';
    if (!user.following.delete(target)) return 'not-following';
    this.log.edgeChanged(user);
    target.followers.delete(user);
    return undefined;
  }

  /** @param user as `get` returns it */
  post(user: User | undefined, answers: Answers | undefined, at: Position): Outcome {
    if (user === undefined) return 'unknown-user';
    if (answers !== undefined && this.positionOf(answers) === undefined) return 'unknown-post';
    user.posts.push(at);
    this.log.add(at, user.number);
    return undefined;
  }

  /**
   * The first `limit` users whose names come after one. The cost grows with the limit, plus a little for each
   * new user since the last list.
   */
  page(asker: UserName, after: UserName | undefined, limit: number): UserPage {
    const all = this.#inOrder();
    const from = after === undefined ? 0 : placeAfter(all, after);
    const user = this.#byName.get(asker);
    const elsewhere = user && this.#elsewhere.get(user);
    const users = all.slice(from, from + limit).map(
      (each): ListedUser => ({
        user: each.name,
        follows: user?.followers.has(each) === true || elsewhere?.has(each) === true,
        isFollowed: user?.following.has(each) === true,
      }),
    );
    return { users, next: from + users.length < all.length ? users.at(-1)?.user : undefined };
  }

  #inOrder(): readonly User[] {
    const added = this.#added;
    if (added.length > MOST_INSERTED) this.#byNameInOrder = merged(this.#byNameInOrder, added.sort(byName));
    else
      for (const user of added)
        this.#byNameInOrder.splice(placeAfter(this.#byNameInOrder, user.name), 0, user);
    if (added.length > 0) this.#added = [];
    return this.#byNameInOrder;
  }

  /** Positions of all posts, ascending. */
  posts(): Position[] {
    let count = 0;
    for (const user of this.#byName.values()) count += user.posts.length;
    const all = new Float64Array(count);
    let at = 0;
    for (const { posts } of this.#byName.values()) {
      all.set(posts, at);
      at += posts.length;
    }
    return Array.from(all.sort()) as Position[];
  }

  /** @param keysOf the keys of a name, which are kept elsewhere */
  toSnapshot(keysOf: (user: UserName) => KeysSnapshot | undefined): UserSnapshot[] {
    const snapshots: UserSnapshot[] = [];
    const left = this.#leftByUser();
    for (const user of this.#byName.values()) {
      const { name, since, home, following: follows, posts, origins, mentions } = user;
      const following: FollowSnapshot[] = [];
      for (const [target, from] of follows) following.push({ target: target.name, since: from });
      const ended = left.get(name);
      const keys = keysOf(name);
      snapshots.push({
        name,
        since,
        following,
        posts: posts.slice(),
        ...(home !== undefined && { home }),
        ...(origins !== undefined && { origins: origins.slice() }),
        ...(mentions.length > 0 && { mentions }),
        ...(ended !== undefined && { left: ended }),
        ...(keys !== undefined && { keys }),
      });
    }
    return snapshots;
  }

  static fromSnapshot(snapshots: readonly UserSnapshot[]): Users {
    const users = new Users();
    for (const snapshot of snapshots) users.#add(snapshot.name, snapshot.since, snapshot.home, snapshot);
    const changes: (EdgeChange & { readonly home: ClusterId })[] = [];
    for (const { name, following, left = [] } of snapshots) {
      const user = users.#known(name);
      for (const { target: targetName, since } of following) {
        const target = users.#known(targetName);
        if (user.home !== undefined) users.#connectElsewhere(user, target, since);
        else connect(user, target, since);
        if (user.home === undefined && target.home !== undefined)
          changes.push({ position: since, user: name, target: targetName, follows: true, home: target.home });
      }
      for (const { target, since } of left) {
        const { home } = users.#known(target);
        if (home !== undefined) changes.push({ position: since, user: name, target, follows: false, home });
      }
    }
    changes.sort((one, other) => one.position - other.position);
    for (const { home, ...change } of changes) users.edgeChanged(home, change);
    return users;
  }

  /**
   * For each user the users of other clusters that it no longer follows, in the order in which the follows
   * ended.
   */
  #leftByUser(): ReadonlyMap<UserName, FollowSnapshot[]> {
    const ended: EdgeChange[] = [];
    for (const news of this.#edgeNews.values())
      for (const change of news.after(NO_POSITION)) if (!change.follows) ended.push(change);
    ended.sort((one, other) => one.position - other.position);
    const left = new Map<UserName, FollowSnapshot[]>();
    for (const { user, target, position: since } of ended) {
      const ofUser = left.get(user) ?? [];
      ofUser.push({ target, since });
      left.set(user, ofUser);
    }
    return left;
  }

  #connectElsewhere(user: User, target: User, since: Position): void {
    user.following.set(target, since);
    this.log.edgeChanged(user);
    const followers = this.#elsewhere.get(target) ?? new Set();
    this.#elsewhere.set(target, followers.add(user));
  }

  /** The user of that cluster, and the user of this one. */
  #pair(
    name: UserName,
    home: ClusterId,
    targetName: UserName,
  ): readonly [User | undefined, User | undefined] {
    const user = this.#byName.get(name);
    const target = this.#byName.get(targetName);
    return [user?.home === home ? user : undefined, target?.home === undefined ? target : undefined];
  }

  #add(
    name: UserName,
    since: Position,
    home: ClusterId | undefined,
    { posts = [], origins = [], mentions = NOBODY_NAMED }: Partial<Pick<UserSnapshot, OfPosts>> = {},
  ): void {
    const user: User = {
      name,
      number: this.#byName.size,
      since,
      home,
      following: new Map(),
      followers: new Set(),
      posts: posts.slice(),
      origins: home === undefined ? undefined : origins.slice(),
      mentions,
    };
    this.#byName.set(name, user);
    for (const post of user.posts) this.log.add(post, user.number);
    if (home === undefined) {
      this.#own.push(user);
      this.#ownSince.push(since);
    }
    this.#added.push(user);
  }

  #known(name: UserName): User {
    const user = this.#byName.get(name);
    if (user === undefined) throw new Error(`the snapshot follows ${name}, whom it does not have`);
    return user;
  }
}

function connect(user: User, target: User, since: Position): void {
  user.following.set(target, since);
  target.followers.add(user);
}

const byName = (one: User, other: User): number => (one.name < other.name ? -1 : 1);

function merged(some: readonly User[], others: readonly User[]): User[] {
  const all: User[] = [];
  let at = 0;
  for (const other of others) {
    const to = placeAfter(some, other.name);
    for (; at < to; at += 1) all.push(some[at] as User);
    all.push(other);
  }
  for (; at < some.length; at += 1) all.push(some[at] as User);
  return all;
}

/** The index of the first user whose name comes after `name`. */
function placeAfter(users: readonly User[], name: UserName): number {
  let from = 0;
  let to = users.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((users[middle] as User).name <= name) from = middle + 1;
    else to = middle;
  }
  return from;
}
