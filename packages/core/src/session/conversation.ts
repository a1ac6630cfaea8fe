/**
 * The caller's writes (numbered, exactly once) and reads that have no answer yet, sent over the present link.
 * Decides for each refusal whether the session must leave its server.
 */
import type { PostReference } from '../entry.js';
import type { Instant, SessionId, UserName } from '../ids.js';
import { unreachable } from '../invariants.js';
import { MAX_CLUSTERS, MAX_LIST_PAGE, MAX_PAGE_POSTS } from '../limits.js';
import type { Failure } from '../reasons.js';
import { isKeyText, postProblem, quote, userNameProblem } from '../text.js';
import { BackOff } from './back-off.js';
import { requestDisposition } from './dispositions.js';
import { earliest } from './earliest.js';
import { QueryQueue } from './query-queue.js';
import { type PendingRequest, RequestQueue } from './request-queue.js';
import {
  BUSY_BACK_OFF,
  HELD_UP_AFTER_MS,
  MAX_PENDING_QUERIES,
  MAX_PENDING_REQUESTS,
  REPLY_TIMEOUT_MS,
} from './session-limits.js';
import type {
  PostPage,
  QueryAnswer,
  QueryResult,
  RequestResult,
  SessionCommand,
  SessionOutput,
  SessionQuery,
} from './session-messages.js';
import type { SessionTarget } from './session-state.js';

/**
 * What the session does after a failed call: it goes on, leaves this server, fails, or waits before it asks
 * for a server again, because none admits it now.
 */
export type Consequence = 'go-on' | 'leave' | 'fail' | 'wait';

export interface ConversationOptions {
  readonly sessionId: SessionId;
  readonly user: UserName;
  readonly hasTimeline: boolean;
  readonly chance: () => number;
}

export class Conversation {
  readonly #user: UserName;
  readonly #hasTimeline: boolean;
  readonly #chance: () => number;
  readonly #emit: (output: SessionOutput) => void;
  readonly #requests: RequestQueue;
  readonly #queries = new QueryQueue();
  #busy = BackOff.start(BUSY_BACK_OFF);
  #pausedUntil: Instant | undefined;
  /** Since when a limit has refused every write; undefined: none does. */
  #limitedSince: Instant | undefined;
  #heldUp: Failure | undefined;
  #lastSendNo = 0;

  constructor(options: ConversationOptions, emit: (output: SessionOutput) => void) {
    this.#user = options.user;
    this.#hasTimeline = options.hasTimeline;
    this.#chance = options.chance;
    this.#emit = emit;
    this.#requests = new RequestQueue(options.sessionId, options.user);
  }

  /** As servers know it. */
  get sessionId(): SessionId {
    return this.#requests.sessionId;
  }

  get loggedIn(): boolean {
    return this.#requests.loggedIn;
  }

  /** Requests that are not settled. */
  get pending(): number {
    return this.#requests.pending;
  }

  /** Until when to send nothing, because the server was busy. */
  get pausedUntil(): Instant | undefined {
    return this.#pausedUntil;
  }

  /** Why writes have waited for a while; undefined: they don't. */
  get heldUp(): Failure | undefined {
    return this.#heldUp;
  }

  /** When the oldest unanswered call was sent. */
  get unansweredSince(): Instant | undefined {
    return earliest(this.#requests.oldestSentAt, this.#queries.sentAt);
  }

  /** When the oldest unanswered call will have taken too long. */
  get replyDeadline(): Instant | undefined {
    const oldest = this.unansweredSince;
    return oldest === undefined ? undefined : oldest + REPLY_TIMEOUT_MS;
  }

  /** @param over why the session accepts nothing more, if it has ended */
  submit(ticket: number, command: SessionCommand, over: Failure | undefined): void {
    this.#requests.useTicket(ticket);
    const refusal = commandProblem(command) ?? over ?? this.#requestsFull();
    if (refusal !== undefined) this.#settle(ticket, { kind: 'refused', ...refusal });
    else this.#requests.add(ticket, { ...command, user: this.#user });
  }

  /** @param over why the session accepts nothing more, if it has ended */
  query(ticket: number, query: SessionQuery, over: Failure | undefined): void {
    this.#queries.useTicket(ticket);
    const refusal = this.#queryProblem(query) ?? over ?? this.#queriesFull();
    if (refusal !== undefined) this.#settleQuery(ticket, { kind: 'refused', ...refusal });
    else this.#queries.add(ticket, query);
  }

  /** Requests past posts before any other read. Only on a new link. */
  askForPast(query: SessionQuery): void {
    this.#queries.addPast(query);
  }

  /** Sends what may be sent; reads only over an open timeline. */
  flush(now: Instant, link: number, target: SessionTarget, live: boolean): void {
    if (this.#pausedUntil !== undefined && now < this.#pausedUntil) return;
    this.#pausedUntil = undefined;
    const sessionId = this.#requests.sessionId;
    for (const request of this.#requests.takeDue(now, this.#nextSendNo))
      this.#emit({ kind: 'send', link, target, sessionId, ...request });
    const query = live ? this.#queries.takeDue(now, this.#nextSendNo) : undefined;
    if (query !== undefined) this.#emit({ kind: 'ask', link, target, ...query });
  }

  replied(sendNo: number, result: RequestResult): void {
    if (this.#requests.find(sendNo) === undefined) return;
    this.#busy = this.#busy.reset();
    this.#holdUp(undefined);
    const { ticket } = this.#requests.settle(sendNo);
    if (ticket !== undefined) this.#settle(ticket, result);
  }

  requestFailed(now: Instant, sendNo: number, failure: Failure): Consequence {
    const request = this.#requests.find(sendNo);
    if (request === undefined) return 'go-on';
    const isLogin = request.ticket === undefined;
    const disposition = requestDisposition(failure.reason);
    switch (disposition) {
      case 'retry':
        this.#requests.sendAgain(sendNo);
        if (failure.reason === 'limit-reached') {
          if (isLogin) return 'wait';
          this.#holdUp({ now, failure });
        }
        this.#pause(now);
        return 'go-on';
      case 'gap':
        if (!this.#requests.sendAgainAfterGap(sendNo)) this.#requests.renew();
        return 'go-on';
      case 'expired':
        this.expire(failure);
        return 'go-on';
      case 'refused':
        if (isLogin) return 'fail';
        this.replied(sendNo, { kind: 'refused', ...failure });
        return 'go-on';
      case 'uncertain':
        // A login whose reply is no longer kept did happen, and a login has only one outcome. After any other
        // failure it may be repeated.
        if (isLogin && failure.reason !== 'request-too-old') return 'leave';
        this.replied(sendNo, { kind: 'may-have-happened', ...failure });
        return 'go-on';
      case 'break':
        return 'leave';
      case 'fail':
        return 'fail';
      default:
        return unreachable(disposition);
    }
  }

  /** @returns the page, if it is the one that the session itself had asked for */
  answered(sendNo: number, answer: QueryAnswer): PostPage | undefined {
    const asked = this.#queries.find(sendNo);
    if (asked === undefined) return undefined;
    this.#busy = this.#busy.reset();
    this.#queries.settle();
    if (asked.ticket === undefined) return answer.kind === 'page' ? answer.page : undefined;
    this.#settleQuery(asked.ticket, { kind: 'answered', answer });
    return undefined;
  }

  queryFailed(now: Instant, sendNo: number, failure: Failure): Consequence {
    const asked = this.#queries.find(sendNo);
    if (asked === undefined) return 'go-on';
    const disposition = requestDisposition(failure.reason);
    if (disposition === 'retry') {
      this.#queries.askAgain();
      this.#pause(now);
      return 'go-on';
    }
    if (disposition === 'break' || asked.ticket === undefined) return 'leave';
    this.#queries.settle();
    this.#settleQuery(asked.ticket, { kind: 'refused', ...failure });
    return 'go-on';
  }

  /** Unanswered requests are sent again, in order, over the next link. */
  linkLost(): void {
    this.#requests.sendAllAgain();
    this.#queries.linkLost();
    this.#pausedUntil = undefined;
    this.#busy = this.#busy.reset();
    this.#holdUp(undefined);
  }

  /**
   * The server no longer knows the session: requests that were sent may have happened, the others go to a new
   * session.
   */
  expire(failure: Failure): void {
    this.#settleAll(this.#requests.takeSent(), { kind: 'may-have-happened', ...failure });
    this.#requests.renew();
  }

  /** Settles everything: the session has ended. */
  end(why: Failure): void {
    this.#settleAll(this.#requests.takeSent(), { kind: 'may-have-happened', ...why });
    this.#settleAll(this.#requests.takeRest(), { kind: 'refused', ...why });
    for (const { ticket } of this.#queries.takeAll())
      if (ticket !== undefined) this.#settleQuery(ticket, { kind: 'refused', ...why });
  }

  /** A limit has refused a write; undefined: a write was accepted. */
  #holdUp(limited: { readonly now: Instant; readonly failure: Failure } | undefined): void {
    this.#limitedSince = limited && (this.#limitedSince ?? limited.now);
    const isLong =
      limited !== undefined &&
      this.#limitedSince !== undefined &&
      limited.now - this.#limitedSince >= HELD_UP_AFTER_MS;
    if (limited === undefined) this.#heldUp = undefined;
    else if (isLong) this.#heldUp ??= limited.failure;
  }

  #pause(now: Instant): void {
    this.#busy = this.#busy.next();
    this.#pausedUntil = now + this.#busy.delayMs(this.#chance());
  }

  #queryProblem(query: SessionQuery): Failure | undefined {
    if (query.kind === 'list') return listProblem(query);
    if (query.kind === 'keys') return undefined;
    if (!this.#hasTimeline)
      return { reason: 'invalid-argument', detail: 'this session was begun without a timeline' };
    if (query.kind === 'answered') return undefined;
    const { limit } = query;
    if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE_POSTS) return undefined;
    const detail = `limit is "${limit}": 1 to ${MAX_PAGE_POSTS} posts can be asked for`;
    return { reason: 'invalid-argument', detail };
  }

  #requestsFull(): Failure | undefined {
    if (!this.#requests.full) return undefined;
    const detail = `${MAX_PENDING_REQUESTS} requests of this session are waiting already`;
    return { reason: 'limit-reached', detail };
  }

  #queriesFull(): Failure | undefined {
    if (!this.#queries.full) return undefined;
    return { reason: 'limit-reached', detail: `${MAX_PENDING_QUERIES} reads are waiting already` };
  }

  #settleAll(requests: readonly PendingRequest[], result: RequestResult): void {
    for (const { ticket } of requests) if (ticket !== undefined) this.#settle(ticket, result);
  }

  #settle(ticket: number, result: RequestResult): void {
    this.#emit({ kind: 'settle', ticket, result });
  }

  #settleQuery(ticket: number, result: QueryResult): void {
    this.#emit({ kind: 'settle-query', ticket, result });
  }

  readonly #nextSendNo = (): number => {
    this.#lastSendNo += 1;
    return this.#lastSendNo;
  };
}

function listProblem({ after, limit }: Extract<SessionQuery, { kind: 'list' }>): Failure | undefined {
  const detail = after === undefined ? undefined : userNameProblem(after);
  if (detail !== undefined) return { reason: 'invalid-user-name', detail };
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIST_PAGE) return undefined;
  return {
    reason: 'invalid-argument',
    detail: `limit is "${limit}": 1 to ${MAX_LIST_PAGE} users can be asked for`,
  };
}

function commandProblem(command: SessionCommand): Failure | undefined {
  if (command.kind === 'post') {
    const detail = postProblem(command.text);
    if (detail !== undefined) return { reason: 'invalid-post', detail };
    return command.answers === undefined ? undefined : referenceProblem(command.answers);
  }
  if (command.kind === 'invite-device' || command.kind === 'revoke-key') {
    const hash = command.kind === 'revoke-key' ? command.key : command.code;
    if (isKeyText(hash)) return undefined;
    const what = command.kind === 'revoke-key' ? 'a key' : 'the hash of a code';
    return {
      reason: 'invalid-argument',
      detail: `${quote(hash)} is not ${what}: it has 43 characters of base64url`,
    };
  }
  const detail = userNameProblem(command.target);
  return detail === undefined ? undefined : { reason: 'invalid-user-name', detail };
}

function referenceProblem({ home, position, author }: PostReference): Failure | undefined {
  const detail = userNameProblem(author);
  if (detail !== undefined) return { reason: 'invalid-user-name', detail };
  if (!isOrdinal(position, Number.MAX_SAFE_INTEGER))
    return {
      reason: 'invalid-argument',
      detail: `the post that is answered is at "${position}": positions begin with 1`,
    };
  if (home === undefined || isOrdinal(home, MAX_CLUSTERS)) return undefined;
  return {
    reason: 'invalid-argument',
    detail: `the post that is answered is of cluster "${home}": there are 1 to ${MAX_CLUSTERS}`,
  };
}

const isOrdinal = (value: number, most: number): boolean =>
  Number.isSafeInteger(value) && value >= 1 && value <= most;
