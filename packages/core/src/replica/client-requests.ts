/** Decides for each request of a client whether to serve it, hold it for a moment, or refuse it. */
import { NO_EPOCH, type UserName } from '../ids.js';
import { unreachable } from '../invariants.js';
import type { Reason } from '../reasons.js';
import { signsOfLife } from '../signs-of-life.js';
import { quote } from '../text.js';
import { isNumeric } from '../user-cluster.js';
import type { Drain } from './drain.js';
import { HeldRequests } from './held-requests.js';
import type { ClientRequest, LinkId, Token } from './messages.js';
import { whoIsPrimary } from './named-member.js';
import type { PrimaryRole } from './primary-role.js';
import type { ReplicaContext } from './replica-context.js';

/** The role and state of this server now. */
export interface Serving {
  readonly primary: PrimaryRole | undefined;
  readonly drain: Drain | undefined;
  /** It was asked to stop. */
  readonly isStopping: boolean;
}

export class ClientRequests {
  readonly #context: ReplicaContext;
  readonly #held = new HeldRequests();

  constructor(context: ReplicaContext) {
    this.#context = context;
  }

  /** Whether any request waits. */
  get isHolding(): boolean {
    return this.#held.size > 0;
  }

  take(request: ClientRequest, serving: Serving): void {
    this.#request(request, this.#context.heardMs + this.#context.timing.deadAfterMs, serving);
  }

  /** Decides about the held requests again: the role or state of this server has changed. */
  dispatchHeld(serving: Serving): void {
    for (const { request, until } of this.#held.takeAll()) this.#request(request, until, serving);
  }

  /** The client waits no longer. */
  abandoned(token: Token): void {
    this.#held.dropToken(token);
  }

  timelineEnded(timeline: LinkId): void {
    this.#held.dropTimeline(timeline);
  }

  refuseExpired(): void {
    for (const request of this.#held.takeExpired(this.#context.heardMs))
      this.#refuse(request, 'not-primary', whoIsPrimary(this.#context));
  }

  refuseHeld(reason: Reason, detail: string): void {
    for (const { request } of this.#held.takeAll()) this.#refuse(request, reason, detail);
  }

  /** Serves, holds or refuses a request. `until`: how long it may be held, listening time, ms. */
  #request(request: ClientRequest, until: number, { primary, drain, isStopping }: Serving): void {
    const context = this.#context;
    const user = userOf(request);
    if (user === undefined && context.clusters > 1)
      return this.#refuse(
        request,
        'invalid-argument',
        `an invitation is missing its name: it is needed in a network of ${context.clusters} clusters`,
      );
    const home = (user && context.homeByName(user)) ?? context.identity.cluster;
    if (home !== context.identity.cluster)
      return this.#refuse(request, 'wrong-cluster', `${quote(user ?? '')} is a user of cluster ${home}`);
    if (this.#isUnproved(request, user)) {
      const detail = `${quote(user ?? '')} can't be used without a key here: only names of digits can`;
      return this.#refuse(request, 'permission-denied', detail);
    }
    const knownEpoch = primary?.epoch ?? context.assignment?.epoch ?? NO_EPOCH;
    const isEarly = request.epoch > knownEpoch;
    if (isStopping && primary === undefined)
      return this.#refuse(request, 'shutting-down', 'the server is about to end');
    if (primary === undefined || isEarly) {
      if (isEarly && this.#hold(request, until, primary)) return;
      return this.#refuse(request, 'not-primary', whoIsPrimary(context));
    }
    if (primary.isolated)
      return this.#refuse(request, 'not-primary', 'the server is cut off from the others');
    const isWrite = request.kind === 'write' || request.kind === 'operate';
    const mustWait = isWrite ? drain !== undefined : !primary.opened;
    if (mustWait) {
      // Until after the end of the drain: an abandoned drain admits the waiting writes.
      const patience = drain === undefined ? until : until + Math.max(0, drain.until - context.now);
      if (!this.#hold(request, patience, primary))
        this.#refuse(request, 'busy', 'too many requests wait here');
      return;
    }
    switch (request.kind) {
      case 'write':
        return primary.writes.write(request);
      case 'list':
        return primary.list(request);
      case 'keys':
        return primary.keys(request);
      case 'operate':
        return primary.writes.operate(request);
      case 'timeline-open':
        return primary.openTimeline(request);
      default:
        unreachable(request);
    }
  }

  /**
   * Whether the caller has proved nothing, although this server requires a proof. On the classic wire names
   * of digits without keys need none.
   */
  #isUnproved(request: ClientRequest, user: UserName | undefined): boolean {
    if (this.#context.registration === undefined || request.kind === 'operate') return false;
    return request.by === undefined && !isNumeric(user ?? '');
  }

  /**
   * @returns whether there was room. A waiting reader gets a sign of life, or it would give this server up
   */
  #hold(request: ClientRequest, until: number, primary: PrimaryRole | undefined): boolean {
    if (!this.#held.hold(request, until)) return false;
    if (request.kind === 'timeline-open' && request.signs)
      this.#context.emit({
        kind: 'timeline-sign',
        timeline: request.timeline,
        signs: signsOfLife(this.#context.timing, primary?.timelines.size ?? 0),
      });
    return true;
  }

  #refuse(request: ClientRequest, reason: Reason, detail: string): void {
    if (request.kind === 'timeline-open')
      this.#context.emit({ kind: 'timeline-end', timeline: request.timeline, reason, detail });
    else this.#context.emit({ kind: 'refuse', token: request.token, reason, detail });
  }
}

/** Undefined: the request is not about one user. */
const userOf = (request: ClientRequest): UserName | undefined =>
  request.kind === 'write' || request.kind === 'operate' ? request.command.user : request.user;
