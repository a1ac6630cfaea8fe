/**
 * Takes each request of a session once, in the order of its numbers.
 *
 * The social state knows the applied requests and keeps their replies. This class knows the requests in
 * flight: appended and not yet committed, with the calls that wait for them. A repeated request in flight
 * waits together with the first; a request repeated later gets the kept reply.
 */
import { type Command, type Entry, isClientCommand, type Reply } from '../entry.js';
import type { RequestNumber, SessionId, UserName } from '../ids.js';
import { MAX_UNCOMMITTED_ENTRIES, SESSION_WINDOW } from '../limits.js';
import type { Failure, Reason } from '../reasons.js';
import type { SocialState } from '../social/index.js';
import type { Token, WriteRequest } from './messages.js';

interface SessionOnTheWay {
  readonly user: UserName;
  last: RequestNumber;
  readonly waiting: Map<RequestNumber, Token[]>;
}

export type Admission =
  | { readonly kind: 'append' }
  | { readonly kind: 'wait' }
  | { readonly kind: 'known'; readonly reply: Reply }
  | ({ readonly kind: 'refused' } & Failure);

const refused = (reason: Reason, detail: string): Admission => ({ kind: 'refused', reason, detail });

export class PendingRequests {
  readonly #sessions = new Map<SessionId, SessionOnTheWay>();
  /** The request for which each call waits, to find a call that is given up. */
  readonly #places = new Map<Token, { readonly sessionId: SessionId; readonly requestNo: RequestNumber }>();
  #onTheWay = 0;

  /**
   * Decides what to do with a request. `append`: the caller must append its entry in this step.
   * @param refusalOf called last, for a request that would become an entry: why it may not
   */
  admit(
    request: WriteRequest,
    social: SocialState,
    refusalOf: (command: Command) => Failure | undefined = () => undefined,
  ): Admission {
    const { sessionId, requestNo, command } = request;
    const session = this.#sessions.get(sessionId);
    if (session !== undefined && session.user !== command.user)
      return refused(
        'session-mismatch',
        `session "${sessionId}" belongs to "${session.user}", not to "${command.user}"`,
      );
    const calls = session?.waiting.get(requestNo);
    if (session !== undefined && calls !== undefined) {
      if (calls.length >= SESSION_WINDOW)
        return refused(
          'busy',
          `${SESSION_WINDOW} calls wait for request ${requestNo} of session "${sessionId}"`,
        );
      this.#wait(session, request);
      return { kind: 'wait' };
    }
    if (session === undefined || requestNo <= session.last) {
      const known = social.admit(sessionId, requestNo, command.user);
      if (known.kind === 'known') return known;
      // The session was forgotten since. If it began again now, its request 1 would come after a later one in
      // flight.
      if (known.kind === 'new' && session !== undefined)
        return refused(
          'session-expired',
          `session "${sessionId}" is no longer kept; request ${session.last} of it is still on its way`,
        );
      if (known.kind === 'refused')
        return refused(
          known.reason,
          `request ${requestNo} of session "${sessionId}" of "${command.user}": ${known.reason}`,
        );
    } else if (requestNo > session.last + 1) {
      return refused(
        'sequence-gap',
        `request ${requestNo} of session "${sessionId}" came before ${session.last + 1}`,
      );
    }
    if ((requestNo === 1) !== (command.kind === 'register'))
      return refused(
        'invalid-argument',
        `request ${requestNo} of session "${sessionId}" is "${command.kind}": login is request 1, and only that`,
      );
    if ((session?.waiting.size ?? 0) >= SESSION_WINDOW)
      return refused('busy', `session "${sessionId}" has ${SESSION_WINDOW} requests unanswered`);
    if (this.#onTheWay >= MAX_UNCOMMITTED_ENTRIES)
      return refused('busy', `${MAX_UNCOMMITTED_ENTRIES} entries wait to be committed`);
    const refusal = refusalOf(command);
    if (refusal !== undefined) return refused(refusal.reason, refusal.detail);
    this.#wait(this.#onItsWay(sessionId, requestNo, command.user), request);
    return { kind: 'append' };
  }

  /**
   * A new primary takes over entries that its predecessor appended: they are in flight, and no call waits
   * here.
   */
  takeOver(entries: Iterable<Entry>): void {
    for (const { sessionId, requestNo, command } of entries)
      if (isClientCommand(command)) this.#onItsWay(sessionId, requestNo, command.user);
  }

  /** The request was applied: returns the calls that wait for its reply. */
  settle(sessionId: SessionId, requestNo: RequestNumber): readonly Token[] {
    const session = this.#sessions.get(sessionId);
    const tokens = session?.waiting.get(requestNo);
    if (session === undefined || tokens === undefined) return [];
    session.waiting.delete(requestNo);
    if (session.waiting.size === 0) this.#sessions.delete(sessionId);
    for (const token of tokens) this.#places.delete(token);
    this.#onTheWay -= 1;
    return tokens;
  }

  /** The caller is gone; the entry is committed nevertheless. */
  abandon(token: Token): void {
    const place = this.#places.get(token);
    if (place === undefined) return;
    this.#places.delete(token);
    const tokens = this.#sessions.get(place.sessionId)?.waiting.get(place.requestNo);
    if (tokens !== undefined) tokens.splice(tokens.indexOf(token), 1);
  }

  /** Returns every waiting call, to be sent back to the router; the requests stay in flight. */
  dismiss(): readonly Token[] {
    const tokens = [...this.#places.keys()];
    this.#places.clear();
    for (const { waiting } of this.#sessions.values()) for (const calls of waiting.values()) calls.length = 0;
    return tokens;
  }

  /** No longer primary: requests in flight may survive or not. No call may be waiting any more. */
  clear(): void {
    this.#sessions.clear();
    this.#onTheWay = 0;
  }

  #onItsWay(sessionId: SessionId, requestNo: RequestNumber, user: UserName): SessionOnTheWay {
    let session = this.#sessions.get(sessionId);
    if (session === undefined) {
      session = { user, last: requestNo, waiting: new Map() };
      this.#sessions.set(sessionId, session);
    }
    session.last = requestNo;
    session.waiting.set(requestNo, []);
    this.#onTheWay += 1;
    return session;
  }

  #wait(session: SessionOnTheWay, request: WriteRequest): void {
    session.waiting.get(request.requestNo)?.push(request.token);
    this.#places.set(request.token, { sessionId: request.sessionId, requestNo: request.requestNo });
  }
}
