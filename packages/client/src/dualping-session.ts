/** A user's session with a network: core's `ClientSession`, published as observables and promises. */
import { randomUUID } from 'node:crypto';
import {
  type Address,
  ClientSession,
  DualpingError,
  deviceNameProblem,
  type KeyOfUser,
  type ListPage,
  MAX_LIST_PAGE,
  type Position,
  type Post,
  type PostPage,
  type PostReference,
  type PresenceLists,
  position,
  type SessionId,
  type SessionState,
  type SessionTarget,
  TIMELINE_ENTRY_POSTS,
  type TimelineStart,
  type UserName,
  type UserPresence,
} from '@dualping/core';
import type { DeviceKey, NetworkCredentials } from '@dualping/protocol';
import { PROCESS_CLOCK, SessionDriver } from '@dualping/runtime';
import createDebug from 'debug';
import { type Observable, ReplaySubject, Subject } from 'rxjs';
import type { CallOptions } from './abortable.js';
import type { ClockDifference } from './clock-difference.js';
import { GrpcSessionNetwork } from './grpc-session-network.js';
import { processKey } from './process-keys.js';
import { requireOptions } from './required-options.js';
import { checkRouters } from './router-client.js';
import { UnreadPosts } from './unread-posts.js';
import { UserTokens } from './user-tokens.js';
import { type PendingWrite, WaitingRequests, type Written } from './waiting-requests.js';

const debug = createDebug('dualping:client');

/** What a `DualpingSession` is made with. */
export interface DualpingSessionOptions {
  /** `host:port` of routers of one network, 1 to 16. Until one has answered, all are asked in parallel. */
  readonly routers: readonly Address[];
  /** Created at the first login. 1 to 32 of `A-Z a-z 0-9 _ -`. */
  readonly user: UserName;
  /**
   * `{history}`: begin with up to this many past posts, 0 to 200 (20 when absent). `{resumeAfter}`: begin
   * with every post after an earlier seen position, from 1. `false`: no posts, for a program that only
   * writes.
   */
  readonly timeline?: { readonly history: number } | { readonly resumeAfter: number } | false;
  /**
   * Also posts that name the user, by `@name` or by answering a post of theirs, by authors whom the user does
   * not follow; they are marked `unfollowed`. They come from the user's own cluster, and from authors of
   * other clusters who have a follower in it. `false` when absent.
   */
  readonly mentions?: boolean;
  /**
   * Names the session, 1 to 64 characters, hard to guess; a new UUID when absent. A program that runs again
   * with the same id and sends the same requests in the same order gets the first answers, and nothing is
   * done twice.
   */
  readonly sessionId?: SessionId;
  /** Of the network: they verify the certificates of its routers and servers. Without TLS when absent. */
  readonly credentials?: NetworkCredentials | undefined;
  /**
   * With credentials: the key of this device, which proves who the user is. The first key that logs in owns
   * the name. When absent a key is made for each name, and lost with the process: give one to use a name
   * again, or in several programs.
   */
  readonly key?: DeviceKey | undefined;
  /** The user's name for the key: 1 to 40 of letters, digits, space, `. _ -`. `program` when absent. */
  readonly device?: string | undefined;
  /** The code of an invitation, or a one-time code, if a new key needs one. */
  readonly code?: string | undefined;
}

/**
 * The session is live again after a break. `from` and `to` are the same server when only this client's own
 * link had broken.
 */
export interface Move {
  readonly from: SessionTarget;
  readonly to: SessionTarget;
  /**
   * Time until the session was live again, ms: from when the oldest unanswered call was sent, or, without
   * such a call, from when the break was noticed.
   */
  readonly gapMs: number;
}

/** The requested page of all users. */
export interface ListPageOptions extends CallOptions {
  /** Only users whose names come after this one; from the first on when absent. */
  readonly after?: UserName | undefined;
  /** How many at most, 1 to 2,000; 2,000 when absent. */
  readonly limit?: number;
}

/** Most users that `list` collects: about 25 MB. */
export const MAX_LISTED_USERS = 250_000;

type GrowingLists = { -readonly [Part in keyof PresenceLists]: UserPresence[] };

/**
 * The session begins to connect as soon as it is made, and recovers by itself from failures of routers and
 * servers: it moves to the next primary, sends unacknowledged writes again (they are done once), and
 * continues the timeline with no gap and no repeat. It ends only by `close()`, or in state `failed` when it
 * can't work as asked.
 *
 * Writes and reads reject with a `DualpingError`: with the reason of the refusal; with `may-have-happened`
 * when it can no longer be known whether a write was done; with `shutting-down` when the session was closed
 * before a write was sent. As with any promise, an unhandled rejection ends a Node process. A signal ends
 * only the waiting, not the write.
 *
 * ```ts
 * const session = new DualpingSession({ routers: ['127.0.0.1:7070'], user: 'ann' });
 * session.posts$.subscribe((post) => console.log(`${post.author}: ${post.text}`));
 * session.moves$.subscribe(({ from, to, gapMs }) =>
 *   console.log(`s${from.serverId} → s${to.serverId}, ${gapMs} ms`),
 * );
 * await session.follow('bob');
 * await session.post('hello');
 * session.close();
 * ```
 */
export class DualpingSession {
  /** The user of this session. */
  readonly user: UserName;
  readonly #driver: SessionDriver;
  readonly #posts = new UnreadPosts();
  /**
   * Late subscribers get the last state too, also after completion, which a BehaviorSubject does not offer.
   */
  readonly #states = new ReplaySubject<SessionState>(1);
  #state: SessionState;
  readonly #moves = new Subject<Move>();
  readonly #clocks = new ReplaySubject<ClockDifference>(1);
  readonly #requests: WaitingRequests;

  /**
   * Emits the latest state at once, then each change. Completes after `closed` or `failed`, which late
   * subscribers get too.
   */
  readonly state$: Observable<SessionState>;
  /**
   * The timeline, ascending by position, each post once. Posts that arrive before the first subscriber are
   * kept for it (at most 10,000, else it gets an error `limit-reached`); later subscribers get only later
   * posts. Completes with the session.
   */
  readonly posts$: Observable<Post>;
  /** Emits each time the session is live again after a break. Completes with the session. */
  readonly moves$: Observable<Move>;
  /**
   * Emits at each contact with a router whose wall clock differs from this machine's by more than five
   * minutes. A late subscriber gets the newest at once. The session works nevertheless. Only with
   * credentials.
   */
  readonly clocks$: Observable<ClockDifference>;
  /**
   * Emits the writes that are not acknowledged yet, oldest first: at once, then at each change. Completes
   * with the session.
   */
  readonly pending$: Observable<readonly PendingWrite[]>;

  /** @throws DualpingError `invalid-argument`, `invalid-user-name`, quoting the value */
  constructor(options: DualpingSessionOptions) {
    requireOptions('DualpingSession', options, ['routers', 'user']);
    const routers = checkRouters(options.routers);
    this.user = options.user;
    const machine = new ClientSession({
      routers,
      user: options.user,
      sessionId: options.sessionId ?? randomUUID(),
      timeline: timelineStart(options.timeline),
      chance: Math.random,
    });
    this.#state = machine.state;
    this.#states.next(this.#state);
    this.state$ = this.#states.asObservable();
    this.posts$ = this.#posts.posts$;
    this.moves$ = this.#moves.asObservable();
    this.clocks$ = this.#clocks.asObservable();
    this.#requests = new WaitingRequests((input) => this.#driver.feed(input));
    this.pending$ = this.#requests.pending$;
    const reader = { user: options.user, mentions: options.mentions ?? false };
    const { credentials } = options;
    const network = new GrpcSessionNetwork(
      routers,
      reader,
      credentials && {
        dialling: credentials,
        tokens: tokensOf(options, credentials),
        clockTold: (difference) => this.#clocks.next(difference),
      },
    );
    this.#driver = new SessionDriver(machine, {
      clock: PROCESS_CLOCK,
      network,
      listener: {
        settled: (ticket, result) => this.#requests.settled(ticket, result),
        querySettled: (ticket, result) => this.#requests.querySettled(ticket, result),
        delivered: (posts) => this.#posts.deliver(posts),
        entered: (state) => this.#enter(state),
        moved: (move) => this.#move(move),
        ended: () => {
          network.release();
          this.#complete();
        },
      },
    });
    this.#driver.feed({ kind: 'start' });
  }

  /** The present state. */
  get state(): SessionState {
    return this.#state;
  }

  /** Writes that are not acknowledged yet, oldest first. */
  get pending(): readonly PendingWrite[] {
    return this.#requests.pending;
  }

  /**
   * @param text 1 to 1,000 characters, no control characters but `\n`; else rejects with `invalid-post`
   * @param answers the post that it answers, as this session or another one of the user's cluster received
   * it; rejects with `unknown-post` when that cluster has no such post
   */
  post(text: string, answers?: PostReference, options?: CallOptions): Promise<Written> {
    return this.#requests.write({ kind: 'post', text, ...(answers !== undefined && { answers }) }, options);
  }

  /** Rejects with `unknown-target`, `already-following`, `cannot-follow-self`, `invalid-user-name`. */
  follow(target: UserName, options?: CallOptions): Promise<Written> {
    return this.#requests.write({ kind: 'follow', target }, options);
  }

  /** Rejects with `unknown-target`, `not-following`, `cannot-unfollow-self`, `invalid-user-name`. */
  unfollow(target: UserName, options?: CallOptions): Promise<Written> {
    return this.#requests.write({ kind: 'unfollow', target }, options);
  }

  /**
   * All users, the user's followers, and the users that the user follows; each with presence. Rejects with
   * `limit-reached` when there are more than 250,000 users: `listPages` is for any number of them.
   */
  async list(options?: CallOptions): Promise<PresenceLists> {
    const lists: GrowingLists = { users: [], followers: [], following: [] };
    for await (const page of this.listPages(MAX_LIST_PAGE, options)) {
      for (const part of ['users', 'followers', 'following'] as const) lists[part].push(...page[part]);
      if (lists.users.length <= MAX_LISTED_USERS) continue;
      const detail = `there are more than ${MAX_LISTED_USERS} users: list them page by page`;
      throw new DualpingError('limit-reached', detail);
    }
    return lists;
  }

  /**
   * The same page by page, in ASCII order of names; each page has all three parts of one range of names.
   * @param limit users of a page at most, 1 to 2,000
   */
  async *listPages(limit: number = MAX_LIST_PAGE, options: CallOptions = {}): AsyncGenerator<ListPage, void> {
    let after: UserName | undefined;
    do {
      const page = await this.listPage({ ...options, after, limit });
      yield page;
      after = page.next;
    } while (after !== undefined);
  }

  /** One page. Rejects with `invalid-argument`, `invalid-user-name`, quoting the value. */
  async listPage({ after, limit = MAX_LIST_PAGE, signal }: ListPageOptions = {}): Promise<ListPage> {
    const answer = await this.#requests.read({ kind: 'list', after, limit }, { signal });
    if (answer.kind !== 'lists') throw new DualpingError('internal', 'a list was answered by a page');
    return answer.lists;
  }

  /**
   * A page of the timeline, ascending.
   * @param before only posts before this position
   * @param limit how many at most, 1 to 200
   */
  async older(
    before: number,
    limit: number = TIMELINE_ENTRY_POSTS,
    options?: CallOptions,
  ): Promise<PostPage> {
    const query = { kind: 'older', before: positionFrom(before, 'before'), limit } as const;
    const answer = await this.#requests.read(query, options);
    if (answer.kind !== 'page') throw new DualpingError('internal', 'a page was answered by a list');
    return answer.page;
  }

  /**
   * The post that a post of the timeline answers, also if its author is not followed. `undefined` when the
   * user's cluster does not have it: its author is of another cluster, and no user of this one followed them
   * at the time.
   * @param of position of the post that answers
   */
  async answered(of: number, options?: CallOptions): Promise<Post | undefined> {
    const answer = await this.#requests.read({ kind: 'answered', of: positionFrom(of, 'of') }, options);
    if (answer.kind !== 'answered') throw new DualpingError('internal', 'a post was answered by a list');
    return answer.post;
  }

  /** The user's keys, including the last revoked ones, in the order in which they were bound. */
  async keys(options?: CallOptions): Promise<readonly KeyOfUser[]> {
    const answer = await this.#requests.read({ kind: 'keys' }, options);
    if (answer.kind !== 'keys') throw new DualpingError('internal', 'a list of keys was answered by another');
    return answer.keys;
  }

  /**
   * Admits another device of the user.
   * @param code the SHA-256 of the code that the device will show, base64url: 43 characters
   * @param untilMs until when it is valid, ms since 1970, at most 31 days ahead
   */
  inviteDevice(code: string, untilMs: number, options?: CallOptions): Promise<Written> {
    return this.#requests.write({ kind: 'invite-device', code, untilMs }, options);
  }

  /**
   * From then on the key is invalid, and its timelines end. Rejects with `unknown-key`, and with
   * `last-key` for the only one.
   */
  revokeKey(key: string, options?: CallOptions): Promise<Written> {
    return this.#requests.write({ kind: 'revoke-key', key }, options);
  }

  /** In state `waiting`: tries again now. */
  retryNow(): void {
    this.#driver.feed({ kind: 'retry-now' });
  }

  /**
   * Ends the session. Unacknowledged writes are rejected: await them first if they must be done. Idempotent.
   */
  close(): void {
    this.#driver.feed({ kind: 'close' });
  }

  /** `using session = new DualpingSession(…)` closes it at the end of its block. */
  [Symbol.dispose](): void {
    this.close();
  }

  #enter(state: SessionState): void {
    debug('%s: %o', this.user, state);
    this.#state = state;
    this.#states.next(state);
  }

  #move({ from, to, gapMs }: Move): void {
    debug(
      '%s: moved from s%d to s%d, epoch %d, in %d ms',
      this.user,
      from.serverId,
      to.serverId,
      to.epoch,
      gapMs,
    );
    this.#moves.next({ from, to, gapMs });
  }

  #complete(): void {
    this.#states.complete();
    this.#posts.complete();
    this.#moves.complete();
    this.#clocks.complete();
    this.#requests.complete();
  }
}

/** The default name of a program's device. */
const DEFAULT_DEVICE = 'program';

function tokensOf(
  { user, key, device = DEFAULT_DEVICE, code }: DualpingSessionOptions,
  credentials: NetworkCredentials,
): UserTokens {
  const problem = deviceNameProblem(device);
  if (problem !== undefined) throw new DualpingError('invalid-argument', problem);
  return new UserTokens(user, { key: key ?? processKey(credentials, user), device, code }, credentials);
}

function timelineStart(timeline: DualpingSessionOptions['timeline']): TimelineStart {
  if (timeline === false) return { kind: 'none' };
  if (timeline === undefined) return { kind: 'history', posts: TIMELINE_ENTRY_POSTS };
  if ('history' in timeline) return { kind: 'history', posts: timeline.history };
  return { kind: 'after', position: positionFrom(timeline.resumeAfter, 'resumeAfter') };
}

function positionFrom(value: number, name: string): Position {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new DualpingError('invalid-argument', `${name} is "${value}": give the position of a post`);
  return position(value);
}
