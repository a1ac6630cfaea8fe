/** A user's session with a network: a driver of core's `ClientSession`, published as observables and promises. */
import { randomUUID } from 'node:crypto';
import {
  type Address,
  ClientSession,
  DualpingError,
  type Epoch,
  type ListPage,
  MAX_LIST_PAGE,
  type NetworkId,
  type Position,
  type Post,
  type PostPage,
  type PresenceLists,
  position,
  type QueryAnswer,
  type QueryResult,
  type RequestResult,
  type SessionCommand,
  type SessionId,
  type SessionInput,
  type SessionOutput,
  type SessionQuery,
  type SessionState,
  type SessionTarget,
  TIMELINE_ENTRY_POSTS,
  type TimelineStart,
  type UserName,
  type UserPresence,
  unreachable,
} from '@dualping/core';
import { MachineLoop, PROCESS_CLOCK } from '@dualping/runtime';
import createDebug from 'debug';
import { Observable, ReplaySubject, Subject, Subscription } from 'rxjs';
import { NetworkRouters } from './network-routers.js';
import { checkRouters } from './router-client.js';
import { type ServerChannel, serverConnections } from './server-connections.js';
import { ServerLink } from './server-link.js';
import { UnreadPosts } from './unread-posts.js';

const debug = createDebug('dualping:client');

export interface DualpingSessionOptions {
  /** `host:port` of routers of one network, 1 to 16: asked side by side while none has answered. */
  readonly routers: readonly Address[];
  /** Made on first sight. 1 to 32 of `A-Z a-z 0-9 _ -`. */
  readonly user: UserName;
  /**
   * `{history}`: begin with up to so many posts of the past, 0 to 200 (20 when absent).
   * `{resumeAfter}`: begin with every post after a position that was seen earlier, from 1.
   * `false`: no posts, for a program that only writes.
   */
  readonly timeline?: { readonly history: number } | { readonly resumeAfter: number } | false;
  /**
   * Names the session, 1 to 64 characters, hard to guess; a new UUID when absent. A program that is
   * run again with the same id, and then asks for the same in the same order, gets the first answers and changes nothing.
   */
  readonly sessionId?: SessionId;
}

/** Live again after a break. `from` and `to` are the same server when only this client's own link had broken. */
export interface Move {
  readonly from: SessionTarget;
  readonly to: SessionTarget;
  /** To being live again, from when the longest unanswered call was sent, or from when the break was noticed if none was, ms. */
  readonly gapMs: number;
}

/** The answer to a write: it is durable on every in-sync server. */
export interface Written {
  /** Place of its entry in the cluster's journal; for a post its identity. */
  readonly position: Position;
  readonly epoch: Epoch;
}

/** A write that is not acknowledged yet. */
export interface PendingWrite {
  /** Rises with each write of the session. */
  readonly id: number;
  readonly command: SessionCommand;
}

export interface ListPageOptions {
  /** Only users whose names come after this one; from the first on when absent. */
  readonly after?: UserName | undefined;
  /** How many at most, 1 to 2,000; 2,000 when absent. */
  readonly limit?: number;
}

/** Users that `list` puts together: some 25 MB. */
export const MAX_LISTED_USERS = 250_000;

type GrowingLists = { -readonly [Part in keyof PresenceLists]: UserPresence[] };

interface Waiting<Result> {
  resolve(result: Result): void;
  reject(error: DualpingError): void;
}

/**
 * Begins to connect as soon as it is made, and goes on by itself whatever happens to routers and servers: it moves
 * to the next primary, sends unacknowledged writes again (they are done once), and continues the timeline
 * with no gap and no repeat. Ends only by `close()`, or in state `failed` when it can't work as asked.
 *
 * Writes and reads reject with a `DualpingError`: with the reason of the refusal; with `may-have-happened` when
 * nobody can say any more whether a write was done; with `shutting-down` when the session was closed before a write was sent.
 * As with any promise, a rejection that nobody handles ends a Node process.
 *
 * ```ts
 * const session = new DualpingSession({ routers: ['127.0.0.1:7070'], user: 'ann' });
 * session.posts$.subscribe((post) => console.log(`${post.author}: ${post.text}`));
 * session.moves$.subscribe(({ from, to, gapMs }) => console.log(`s${from.serverId} → s${to.serverId}, ${gapMs} ms`));
 * await session.follow('bob');
 * await session.post('hello');
 * await session.close();
 * ```
 */
export class DualpingSession {
  readonly user: UserName;
  readonly #machine: ClientSession;
  readonly #routers: NetworkRouters;
  readonly #posts = new UnreadPosts();
  /** Says its last word also to who comes when all is over, which a BehaviorSubject does not. */
  readonly #states = new ReplaySubject<SessionState>(1);
  #state: SessionState;
  readonly #moves = new Subject<Move>();
  readonly #writes = new Map<number, Waiting<Written> & PendingWrite>();
  readonly #writesChanged = new Subject<void>();
  readonly #reads = new Map<number, Waiting<QueryAnswer>>();
  readonly #loop: MachineLoop<SessionInput, SessionOutput>;
  #lastTicket = 0;
  #link: { readonly no: number; readonly link: ServerLink } | undefined;
  /** Questions to routers that are on their way. */
  readonly #asks = new Map<number, Subscription>();
  /** To where the next move probably goes. */
  #warm: ServerChannel | undefined;
  #watch: Subscription | undefined;
  /** The network whose routers are watched. */
  #watched: NetworkId | undefined;
  #ended = false;

  /** Where the session is: the latest state at once, then each change. Completes after `closed` or `failed`, which late subscribers get too. */
  readonly state$: Observable<SessionState>;
  /**
   * The timeline, ascending by position, each post once. What comes before the first subscriber is kept for it (at most
   * 10,000 posts, else it gets an error `limit-reached`); later subscribers get what comes later. Completes with the session.
   */
  readonly posts$: Observable<Post>;
  /** Each return to life after a break. Completes with the session. */
  readonly moves$: Observable<Move>;
  /** Writes that are not acknowledged yet, oldest first: at once, then at each change. Completes with the session. */
  readonly pending$: Observable<readonly PendingWrite[]>;

  /** @throws DualpingError `invalid-argument`, `invalid-user-name`, quoting the value */
  constructor(options: DualpingSessionOptions) {
    const routers = checkRouters(options.routers);
    this.user = options.user;
    this.#machine = new ClientSession({
      routers,
      user: options.user,
      sessionId: options.sessionId ?? randomUUID(),
      timeline: timelineStart(options.timeline),
      chance: Math.random,
    });
    this.#routers = NetworkRouters.acquire(routers);
    this.#state = this.#machine.state;
    this.#states.next(this.#state);
    this.state$ = this.#states.asObservable();
    this.posts$ = this.#posts.posts$;
    this.moves$ = this.#moves.asObservable();
    this.pending$ = new Observable((subscriber) => {
      subscriber.next(this.pending);
      return this.#writesChanged.subscribe({
        next: () => subscriber.next(this.pending),
        complete: () => subscriber.complete(),
      });
    });
    this.#loop = new MachineLoop(this.#machine, {
      clock: PROCESS_CLOCK,
      perform: (output) => this.#perform(output),
      performed: () => {
        if (this.#state.kind === 'closed' || this.#state.kind === 'failed') this.#end();
      },
    });
    this.#step({ kind: 'start' });
  }

  /** Where the session is now. */
  get state(): SessionState {
    return this.#state;
  }

  /** Writes that are not acknowledged yet, oldest first. */
  get pending(): readonly PendingWrite[] {
    return [...this.#writes.values()].map(({ id, command }) => ({ id, command }));
  }

  /** @param text 1 to 1,000 characters, no control characters but `\n`; else rejects with `invalid-post` */
  post(text: string): Promise<Written> {
    return this.#write({ kind: 'post', text });
  }

  /** Rejects with `unknown-target`, `already-following`, `cannot-follow-self`, `invalid-user-name`. */
  follow(target: UserName): Promise<Written> {
    return this.#write({ kind: 'follow', target });
  }

  /** Rejects with `unknown-target`, `not-following`, `cannot-unfollow-self`, `invalid-user-name`. */
  unfollow(target: UserName): Promise<Written> {
    return this.#write({ kind: 'unfollow', target });
  }

  /**
   * All users, the user's followers, whom the user follows; each with presence. Rejects with `limit-reached` when there are
   * more than 250,000 users: `listPages` is for any number of them.
   */
  async list(): Promise<PresenceLists> {
    const lists: GrowingLists = { users: [], followers: [], following: [] };
    for await (const page of this.listPages()) {
      for (const part of ['users', 'followers', 'following'] as const) lists[part].push(...page[part]);
      if (lists.users.length <= MAX_LISTED_USERS) continue;
      const detail = `there are more than ${MAX_LISTED_USERS} users: list them page by page`;
      throw new DualpingError('limit-reached', detail);
    }
    return lists;
  }

  /**
   * The same page by page, in the order of names (as ASCII has it); each page has all three parts of one range of names.
   * @param limit users of a page at most, 1 to 2,000
   */
  async *listPages(limit: number = MAX_LIST_PAGE): AsyncGenerator<ListPage, void> {
    let after: UserName | undefined;
    do {
      const page = await this.listPage({ after, limit });
      yield page;
      after = page.next;
    } while (after !== undefined);
  }

  /** One page. Rejects with `invalid-argument`, `invalid-user-name`, quoting the value. */
  async listPage({ after, limit = MAX_LIST_PAGE }: ListPageOptions = {}): Promise<ListPage> {
    const answer = await this.#read({ kind: 'list', after, limit });
    if (answer.kind !== 'lists') throw new DualpingError('internal', 'a list was answered by a page');
    return answer.lists;
  }

  /**
   * A page of the timeline, ascending.
   * @param before only posts before this position
   * @param limit how many at most, 1 to 200
   */
  async older(before: number, limit: number = TIMELINE_ENTRY_POSTS): Promise<PostPage> {
    const answer = await this.#read({ kind: 'older', before: positionFrom(before, 'before'), limit });
    if (answer.kind !== 'page') throw new DualpingError('internal', 'a page was answered by a list');
    return answer.page;
  }

  /** Ends a countdown: in state `waiting` tries again now. */
  retryNow(): void {
    this.#step({ kind: 'retry-now' });
  }

  /** Ends the session. What is unacknowledged is rejected; to have it done, await it first. Idempotent. */
  close(): void {
    this.#step({ kind: 'close' });
  }

  #write(command: SessionCommand): Promise<Written> {
    return new Promise((resolve, reject) => {
      this.#lastTicket += 1;
      const ticket = this.#lastTicket;
      this.#writes.set(ticket, { id: ticket, command, resolve, reject });
      this.#step({ kind: 'submit', ticket, command });
      this.#writesChanged.next();
    });
  }

  #read(query: SessionQuery): Promise<QueryAnswer> {
    return new Promise((resolve, reject) => {
      this.#lastTicket += 1;
      this.#reads.set(this.#lastTicket, { resolve, reject });
      this.#step({ kind: 'query', ticket: this.#lastTicket, query });
    });
  }

  // Driving the machine.

  readonly #step = (input: SessionInput): void => this.#loop.feed(input);

  #perform(output: SessionOutput): void {
    switch (output.kind) {
      case 'introduce':
        this.#introduce(output);
        break;
      case 'resolve':
        this.#resolve(output);
        break;
      case 'cancel-ask':
        this.#asks.get(output.askNo)?.unsubscribe();
        this.#asks.delete(output.askNo);
        break;
      case 'open':
        this.#linkOf(output).open(output);
        break;
      case 'send':
        this.#linkOf(output).send(output);
        break;
      case 'ask':
        this.#linkOf(output).ask(output);
        break;
      case 'give-sign':
        if (this.#link?.no === output.link) this.#link.link.giveSign();
        break;
      case 'drop':
        if (this.#link?.no === output.link) this.#dropLink(output.isSilent);
        break;
      case 'warm':
        this.#keepWarm(output.address);
        break;
      case 'settle':
        this.#settle(output.ticket, output.result);
        break;
      case 'settle-query':
        this.#settleQuery(output.ticket, output.result);
        break;
      case 'deliver':
        this.#posts.deliver(output.posts);
        break;
      case 'state':
        this.#enter(output.state);
        break;
      case 'moved': {
        const { from, to, gapMs } = output;
        debug(
          '%s: moved from s%d to s%d, epoch %d, in %d ms',
          this.user,
          from.serverId,
          to.serverId,
          to.epoch,
          gapMs,
        );
        this.#moves.next({ from, to, gapMs });
        break;
      }
      default:
        unreachable(output);
    }
  }

  #introduce({ askNo, router, anew }: Extract<SessionOutput, { kind: 'introduce' }>): void {
    if (anew) this.#routers.redial(router);
    this.#askRouter(askNo, this.#routers.introduce(router, this.user), (told) => {
      this.#step({ ...told, kind: 'introduced', askNo });
      // Not before: until a router has introduced itself there is nobody to watch.
      if (!this.#ended) this.#watchHome();
    });
  }

  #resolve({ askNo, router, failedEpoch, waitMs }: Extract<SessionOutput, { kind: 'resolve' }>): void {
    const { home } = this.#machine;
    if (home === undefined) throw new DualpingError('internal', 'asked for a primary of no cluster');
    const answer$ = this.#routers.available(router, { cluster: home.cluster, failedEpoch, waitMs });
    this.#askRouter(askNo, answer$, (told) => this.#step({ ...told, kind: 'resolved', askNo }));
  }

  #askRouter<Answer>(askNo: number, answer$: Observable<Answer>, take: (answer: Answer) => void): void {
    const answer = new Subscription();
    this.#asks.set(askNo, answer);
    answer.add(
      answer$.subscribe({
        next: (told) => {
          this.#asks.delete(askNo);
          take(told);
        },
        error: (error: unknown) => {
          this.#asks.delete(askNo);
          if (!(error instanceof DualpingError)) throw error;
          this.#step({ kind: 'ask-failed', askNo, reason: error.reason, detail: error.detail });
        },
      }),
    );
  }

  #watchHome(): void {
    const { home } = this.#machine;
    if (home === undefined || home.networkId === this.#watched) return;
    this.#watched = home.networkId;
    this.#watch?.unsubscribe();
    // Kept first: what is told at once may end the session.
    this.#watch = new Subscription();
    const watched = this.#routers.watch(home.networkId, home.cluster).subscribe({
      next: ({ networkId, assignments }) => {
        for (const assignment of assignments)
          this.#step({ kind: 'assignment-learned', networkId, assignment });
      },
      // Without it the session still moves at every break.
      error: (error: DualpingError) => debug('%s: the watch ended: %s', this.user, error.message),
    });
    this.#watch.add(watched);
  }

  #linkOf({ link: no, target }: { readonly link: number; readonly target: SessionTarget }): ServerLink {
    if (this.#link?.no === no) return this.#link.link;
    this.#dropLink();
    const link = new ServerLink(this.user, serverConnections.acquire(target.address, 'calls'), this.#step);
    this.#link = { no, link };
    return link;
  }

  #keepWarm(address: Address | undefined): void {
    const before = this.#warm;
    this.#warm = address === undefined ? undefined : serverConnections.acquire(address, 'warmth');
    before?.release();
  }

  #dropLink(isSilent = false): void {
    const { kind } = this.#machine.state;
    if (kind === 'closed' || kind === 'failed') this.#link?.link.leave();
    else this.#link?.link.drop(isSilent);
    this.#link = undefined;
  }

  #settle(ticket: number, result: RequestResult): void {
    const write = this.#writes.get(ticket);
    if (write === undefined) return;
    this.#writes.delete(ticket);
    switch (result.kind) {
      case 'ok':
        write.resolve({ position: result.position, epoch: result.epoch });
        break;
      case 'refused':
        write.reject(new DualpingError(result.reason, result.detail));
        break;
      case 'may-have-happened':
        write.reject(new DualpingError('may-have-happened', `${result.reason}: ${result.detail}`));
        break;
      default:
        unreachable(result);
    }
    this.#writesChanged.next();
  }

  #settleQuery(ticket: number, result: QueryResult): void {
    const read = this.#reads.get(ticket);
    if (read === undefined) return;
    this.#reads.delete(ticket);
    if (result.kind === 'answered') read.resolve(result.answer);
    else read.reject(new DualpingError(result.reason, result.detail));
  }

  #enter(state: SessionState): void {
    debug('%s: %o', this.user, state);
    this.#state = state;
    this.#states.next(state);
  }

  /** Leaves nothing open that would hold a process. */
  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watch?.unsubscribe();
    this.#dropLink();
    this.#keepWarm(undefined);
    for (const answer of this.#asks.values()) answer.unsubscribe();
    this.#routers.release();
    this.#states.complete();
    this.#posts.complete();
    this.#moves.complete();
    this.#writesChanged.complete();
  }
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
