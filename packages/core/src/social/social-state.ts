/**
 * Decides the outcome of each committed entry: the state that all servers of a cluster share.
 *
 * Deterministic: the same entries give the same state and the same replies on every server, whenever they are
 * applied; neither clocks nor randomness matter. A command that can't be done is an entry like any
 * other, with a refusal as its outcome, so that a repeated request finds it. Replicated state machine
 * after Schneider; sessions after Ongaro's dissertation, §6.3.
 */
import {
  type Command,
  type Entry,
  isClientCommand,
  isOperatorCommand,
  type OperatorCommand,
  type Origin,
  type Post,
  type PostReference,
  postIn,
  type RemoteCommand,
  type Reply,
} from '../entry.js';
import {
  type ClusterId,
  NO_POSITION,
  type Position,
  type PublicKey,
  type RequestNumber,
  type SessionId,
  type UserName,
  type WallTimeMs,
} from '../ids.js';
import { invariant, unreachable } from '../invariants.js';
import { MAX_SESSIONS } from '../limits.js';
import type { SocialReason } from '../reasons.js';
import type { EdgeChange } from './edge-news.js';
import { type KeyLogin, NameKeys, type UserKey } from './name-keys.js';
import { type Admission, type SessionSpeaker, Sessions } from './sessions.js';
import type { SocialSnapshot } from './snapshot.js';
import { type NewsForOthers, newsAfter, type Reader } from './tail.js';
import {
  isShownTo,
  type NewerPosts,
  type OlderPosts,
  postsAfter,
  postsBefore,
  type Shown,
} from './timeline.js';
import { type UserPage, Users } from './users.js';

export type Effect =
  /** The outcome of a request, for calls that wait for it here. */
  | {
      readonly kind: 'reply';
      readonly sessionId: SessionId;
      readonly requestNo: RequestNumber;
      readonly reply: Reply;
    }
  /**
   * A new post, for the timelines of `audience(post.author)`, which must be read before anything else is
   * applied.
   */
  | {
      readonly kind: 'post';
      readonly post: Post;
      /**
       * Users that the post names and that don't follow the author: readers who asked for such posts see it
       * too.
       */
      readonly named: readonly UserName[];
    }
  /** The outcome of an operator's command, which has no session. */
  | { readonly kind: 'operator-reply'; readonly reply: Reply }
  /** The keys of a user have changed: readers without one of them must be cut off. */
  | { readonly kind: 'keys'; readonly user: UserName }
  /** A user of this cluster is new: the other clusters must learn it. */
  | { readonly kind: 'user'; readonly user: UserName; readonly position: Position }
  /**
   * A user of this cluster follows, or no longer follows, a user of another cluster: that cluster must learn
   * it.
   */
  | { readonly kind: 'edge'; readonly home: ClusterId; readonly change: EdgeChange }
  /** No user here follows that user of another cluster any more. */
  | { readonly kind: 'unwanted'; readonly home: ClusterId; readonly user: UserName };

export interface SocialOptions {
  /** Part of the replicated state's rules: the same on every server. For tests. */
  readonly maxSessions?: number;
}

export class SocialState {
  #applied: Position = NO_POSITION;
  #users = new Users();
  #sessions: Sessions;
  #keys = new NameKeys();
  /** For each other cluster the position up to which its journal was read. */
  #heard = new Map<ClusterId, Position>();

  constructor(options: SocialOptions = {}) {
    this.#sessions = new Sessions(options.maxSessions ?? MAX_SESSIONS);
  }

  /** Position of the last entry applied. */
  get applied(): Position {
    return this.#applied;
  }

  /** Applies the next entry. The effect of a new post comes before the reply. */
  apply(entry: Entry): Effect[] {
    const { position, command, sessionId, requestNo } = entry;
    invariant(position === this.#applied + 1, 'applied-in-order', { position, applied: this.#applied });
    this.#applied = position;
    if (command.kind === 'epoch-start') return [];
    if (isOperatorCommand(command)) return this.#operate(command, position);
    if (!isClientCommand(command)) return this.#hear(command, entry);

    const effects: Effect[] = [];
    const reason = this.#perform(command, entry, effects);
    const post = reason === undefined ? postIn(entry) : undefined;
    if (post !== undefined) effects.push(this.#posted(post));
    if (sessionId !== '') {
      const reply: Reply =
        reason === undefined ? { kind: 'ok', position } : { kind: 'refused', position, reason };
      this.#sessions.record(sessionId, requestNo, command.user, reply, this.#speakerAfter(command, reason));
      effects.push({ kind: 'reply', sessionId, requestNo, reply });
    }
    return effects;
  }

  /**
   * What to do with a request, by the applied state. Requests accepted and not yet applied are unknown here:
   * check those first, also for the user of the session.
   */
  admit(sessionId: SessionId, requestNo: RequestNumber, user: UserName): Admission {
    return this.#sessions.admit(sessionId, requestNo, user);
  }

  /** How many users this cluster has. */
  get userCount(): number {
    return this.#users.own;
  }

  /** Whether a caller with this key, or with none, may use the name, by the applied state. */
  speaks(user: UserName, key: PublicKey | undefined): boolean {
    return this.#keys.speaks(user, key);
  }

  /** Why this login would be refused if it were applied next; undefined: it would not. */
  whyNoLogin(user: UserName, login: KeyLogin | undefined, timeMs: WallTimeMs): SocialReason | undefined {
    return this.#keys.whyRefused(user, login, timeMs);
  }

  /** The keys of a user, including the last revoked ones, in the order in which they were bound. */
  keysOf(user: UserName): readonly UserKey[] {
    return this.#keys.of(user);
  }

  /** Whether this is a user of this cluster. */
  has(user: UserName): boolean {
    const known = this.#users.get(user);
    return known !== undefined && known.home === undefined;
  }

  /** The other cluster whose user this is; undefined for a user of this one and for an unknown name. */
  homeOf(user: UserName): ClusterId | undefined {
    return this.#users.get(user)?.home;
  }

  /** The position of a post in this journal; undefined: it is not here. */
  positionOf(post: PostReference): Position | undefined {
    return this.#users.positionOf(post);
  }

  // What clusters send to one another.

  /** The position of another cluster up to which everything wanted has been read. */
  heardOf(cluster: ClusterId): Position {
    return this.#heard.get(cluster) ?? NO_POSITION;
  }

  /** Whether a user here follows this user. */
  isFollowed(user: UserName): boolean {
    return (this.#users.get(user)?.followers.size ?? 0) > 0;
  }

  /** Users of other clusters that a user here follows. */
  followedRemote(): Iterable<{ readonly name: UserName; readonly home: ClusterId }> {
    return this.#users.followedRemote();
  }

  /** The first `limit` items after a position for another cluster. */
  newsAfter(reader: Reader, after: Position, limit: number): NewsForOthers {
    return newsAfter(this.#users, reader, after, limit);
  }

  /**
   * The users who see a post that `author` makes now: the author and the followers, in no particular order.
   */
  *audience(author: UserName): Generator<UserName> {
    const user = this.#users.get(author);
    if (user === undefined) return;
    yield user.name;
    for (const follower of user.followers) yield follower.name;
  }

  /**
   * The last `limit` posts of a timeline before a position (without one, of all posts). Empty for an unknown
   * user.
   */
  timelineBefore(user: UserName, before: Position | undefined, limit: number, shown: Shown = {}): OlderPosts {
    const known = this.#users.get(user);
    return known === undefined
      ? { positions: [], unfollowed: [], oldest: true }
      : postsBefore(known, before, limit, shown, this.#users.log);
  }

  /** Whether a post is in the timeline of a user. */
  isInTimeline(user: UserName, post: Position): boolean {
    const known = this.#users.get(user);
    return known !== undefined && isShownTo(known, post);
  }

  /** The first `limit` posts of a timeline after a position: to continue after a break. */
  timelineAfter(user: UserName, after: Position, limit: number, shown: Shown = {}): NewerPosts {
    const known = this.#users.get(user);
    return known === undefined
      ? { positions: [], unfollowed: [], more: false }
      : postsAfter(known, after, limit, shown, this.#users.log);
  }

  /**
   * Users by name, the first `limit` after one; for each, whether it follows `asker` and is followed by
   * `asker`.
   */
  listAfter(asker: UserName, after: UserName | undefined, limit: number): UserPage {
    return this.#users.page(asker, after, limit);
  }

  /** Positions of all kept posts, ascending. */
  retainedPosts(): Iterable<Position> {
    return this.#users.posts();
  }

  /**
   * A copy as plain data; later entries don't change it. Made in one step: 50 ms with a million posts of
   * 10,000 users in as many full sessions, 100 ms with 100,000 of both.
   */
  toSnapshot(): SocialSnapshot {
    const codes = this.#keys.codes();
    return {
      position: this.#applied,
      origins: this.#origins(),
      users: this.#users.toSnapshot((user) => this.#keys.ringOf(user)),
      sessions: this.#sessions.toSnapshot(),
      ...(codes.length > 0 && { codes }),
    };
  }

  static fromSnapshot(snapshot: SocialSnapshot, options: SocialOptions = {}): SocialState {
    const state = new SocialState(options);
    state.#applied = snapshot.position;
    state.#users = Users.fromSnapshot(snapshot.users);
    for (const { name, keys } of snapshot.users) if (keys !== undefined) state.#keys.restore(name, keys);
    state.#keys.restoreCodes(snapshot.codes ?? []);
    state.#heard = new Map(snapshot.origins.map(({ cluster, position }) => [cluster, position]));
    state.#sessions = Sessions.fromSnapshot(snapshot.sessions, options.maxSessions);
    return state;
  }

  #posted(post: Post): Effect {
    return { kind: 'post', post, named: this.#users.mention(post) };
  }

  #origins(): Origin[] {
    return Array.from(this.#heard, ([cluster, position]) => ({ cluster, position })).sort(
      (one, other) => one.cluster - other.cluster,
    );
  }

  #hear(command: RemoteCommand, entry: Entry): Effect[] {
    const { cluster, position } = command.origin;
    const heard = this.heardOf(cluster);
    invariant(position > heard, 'remote-applied-once', { at: entry.position, cluster, position, heard });
    this.#heard.set(cluster, position);
    switch (command.kind) {
      case 'remote-user':
        this.#users.registerRemote(command.user, cluster, entry.position);
        return [];
      case 'remote-post': {
        const post = postIn(entry);
        const isTheirs = this.#users.postRemote(command.user, command.origin, entry.position);
        return isTheirs && post !== undefined ? [this.#posted(post)] : [];
      }
      case 'remote-follow':
        this.#users.followRemote(command.user, cluster, command.target, entry.position);
        return [];
      case 'remote-unfollow':
        this.#users.unfollowRemote(command.user, cluster, command.target);
        return [];
      case 'remote-through':
        return [];
      default:
        return unreachable(command);
    }
  }

  /**
   * Entries of a user of another cluster change nothing here, even if they were appended before that was
   * known. This is decided when an entry is applied, so that no order of requests gives a state in which a
   * user of one cluster has posted in another.
   */
  #perform(command: Command, entry: Entry, effects: Effect[]): SocialReason | undefined {
    const { position: at, sessionId } = entry;
    const user = this.#users.get(command.user);
    if (user?.home !== undefined) return 'wrong-cluster';
    if (command.kind !== 'register' && this.#isMute(command.user, sessionId)) return 'wrong-key';
    switch (command.kind) {
      case 'register':
        return this.#login(command, entry, effects);
      case 'invite-device':
        this.#keys.makeCode(command.code, command.user, command.untilMs, at);
        return undefined;
      case 'revoke-key': {
        const reason = this.#keys.revoke(command.user, command.key, at);
        if (reason === undefined) effects.push({ kind: 'keys', user: command.user });
        return reason;
      }
      case 'follow': {
        const reason = this.#users.follow(command.user, command.target, at);
        if (reason === undefined) this.#edgeChanged(command, at, effects);
        return reason;
      }
      case 'unfollow': {
        const reason = this.#users.unfollow(command.user, command.target);
        if (reason === undefined) this.#edgeChanged(command, at, effects);
        return reason;
      }
      case 'post':
        return this.#users.post(user, command.answers, at);
      default:
        return unreachable(command);
    }
  }

  /**
   * Whether a session may not, or no longer, act for its user. A session that was forgotten since its request
   * was accepted was checked at that time.
   */
  #isMute(user: UserName, sessionId: SessionId): boolean {
    const speaker = this.#sessions.speakerOf(sessionId);
    if (speaker === undefined) return false;
    return speaker === 'mute' || !this.#keys.speaksAs(user, speaker);
  }

  #login(
    { user, login }: Extract<Command, { readonly kind: 'register' }>,
    { position: at, timeMs }: Entry,
    effects: Effect[],
  ): SocialReason | undefined {
    const reason = this.#keys.whyRefused(user, login, timeMs);
    if (reason !== undefined) return reason;
    const wasOwned = this.#keys.isOwned(user);
    this.#keys.admit(user, login, timeMs, at);
    if (this.#users.register(user, at)) effects.push({ kind: 'user', user, position: at });
    // Readers without a key are cut off.
    else if (!wasOwned && login !== undefined) effects.push({ kind: 'keys', user });
    return undefined;
  }

  /** The key of a session that begins with this command. */
  #speakerAfter(command: Command, reason: SocialReason | undefined): SessionSpeaker {
    if (command.kind !== 'register') return 0;
    if (reason !== undefined) return reason === 'wrong-cluster' ? 0 : 'mute';
    return command.login === undefined ? 0 : (this.#keys.numberOf(command.user, command.login.key) ?? 'mute');
  }

  #operate(command: OperatorCommand, at: Position): Effect[] {
    const { user, code, untilMs } = command;
    const refused = (reason: SocialReason): Effect[] => [
      { kind: 'operator-reply', reply: { kind: 'refused', position: at, reason } },
    ];
    const effects: Effect[] = [];
    if (user !== undefined && this.homeOf(user) !== undefined) return refused('wrong-cluster');
    if (command.kind === 'reset-keys') {
      if (!this.has(command.user)) return refused('unknown-user');
      // Not for a repetition: the owner may have logged in since.
      if (!this.#keys.hasCode(code)) {
        this.#keys.revokeAll(command.user, at);
        effects.push({ kind: 'keys', user: command.user });
      }
    } else if (user !== undefined && this.#keys.isOwned(user) && !this.#keys.hasCode(code))
      return refused('name-taken');
    this.#keys.makeCode(code, user, untilMs, at);
    effects.push({ kind: 'operator-reply', reply: { kind: 'ok', position: at } });
    return effects;
  }

  /**
   * A follow has changed. If the target is a user of another cluster, that cluster must learn it.
   */
  #edgeChanged(
    { kind, user, target: name }: Extract<Command, { readonly target: UserName }>,
    position: Position,
    effects: Effect[],
  ): void {
    const target = this.#users.get(name);
    const home = target?.home;
    if (target === undefined || home === undefined) return;
    const change = { position, user, target: name, follows: kind === 'follow' };
    this.#users.edgeChanged(home, change);
    effects.push({ kind: 'edge', home, change });
    if (target.followers.size === 0) effects.push({ kind: 'unwanted', home, user: name });
  }
}
