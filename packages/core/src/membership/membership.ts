/**
 * A member without a journal: any service that uses the router. It knows whether it is primary now.
 *
 * The router makes a member primary; this machine decides when the member must stop acting as primary. The
 * router may drop a silent member and send its clients to another. So the member considers itself primary
 * only while it has an answer to a question asked less than `deadAfterMs` ago, on a stream that is still
 * open. It gives up a silent *router* much later, as a server does (`RouterLink`), because ending the stream
 * causes a failover.
 */
import { type Assignment, isNewer, namesAsPrimary } from '../assignment.js';
import {
  type Address,
  type ClusterKey,
  type Incarnation,
  type Instant,
  type LifeId,
  MAX_SERVER_ID,
  type NetworkId,
  serverId,
  serverName,
} from '../ids.js';
import { unreachable } from '../invariants.js';
import { MAX_CLUSTERS } from '../limits.js';
import type { Machine } from '../machine.js';
import type { RouterMessage } from '../messages.js';
import { DualpingError } from '../reasons.js';
import { quote, serviceNameProblem } from '../text.js';
import { DEFAULT_TIMING } from '../timing.js';
import { wholeNumber } from '../whole-number.js';
import { LastAnswer } from './last-answer.js';
import { MemberContext } from './member-context.js';
import type { Attempt, MemberState, MembershipInput, MembershipOutput } from './membership-messages.js';
import { RouterRefusals } from './refusal.js';
import { RouterLink } from './router-link.js';

/** How long to wait until a router has received `leave` and made it durable, ms. */
export const LEAVE_TIMEOUT_MS = 2_000;

export interface MembershipOptions {
  /** At least one; dialled in parallel while none has answered. */
  readonly routers: readonly Address[];
  /** Its number, from 1, or the name of a service. */
  readonly cluster: ClusterKey;
  /** Permanent number within the cluster, 1 to 2^31 − 1. */
  readonly serverId: number;
  /** Must rise with each start. */
  readonly incarnation: Incarnation;
  /**
   * Whether the incarnation is the wall clock's time at the start, ms: the error text for a stale one says
   * so.
   */
  readonly incarnationIsTime: boolean;
  /** New at each start. */
  readonly lifeId: LifeId;
  readonly address: Address;
}

type Refused = Extract<RouterMessage, { readonly kind: 'refused' }>;

export class Membership implements Machine<MembershipInput, MembershipOutput> {
  readonly #incarnationIsTime: boolean;
  readonly #context: MemberContext;
  readonly #link: RouterLink;
  readonly #lastAnswer = new LastAnswer();
  readonly #refusals: RouterRefusals;
  #assignment: Assignment | undefined;
  /** Until when to wait for the router's reaction to `leave`; undefined: it doesn't leave. */
  #leaveUntil: Instant | undefined;
  #ending: Extract<MemberState, { readonly kind: 'failed' | 'left' }> | undefined;
  #state: MemberState;

  /** @throws DualpingError `invalid-argument`, quoting the wrong number */
  constructor(options: MembershipOptions) {
    const { routers, address, incarnationIsTime, lifeId } = options;
    this.#incarnationIsTime = incarnationIsTime;
    const identity = {
      routers,
      cluster: judgedKey(options.cluster),
      serverId: serverId(wholeNumber('server id', options.serverId, MAX_SERVER_ID)),
      incarnation: wholeNumber('incarnation', options.incarnation, Number.MAX_SAFE_INTEGER),
      journalId: '',
      lifeId,
      address,
    };
    this.#context = new MemberContext(identity, DEFAULT_TIMING);
    this.#link = new RouterLink(this.#context, this.#lastAnswer);
    this.#refusals = new RouterRefusals(routers);
    this.#state = this.#describe();
  }

  /** As of the last step. */
  get state(): MemberState {
    return this.#state;
  }

  /**
   * The same as in `state`, for a check between two steps: after a freeze the machine has not been stepped
   * yet.
   */
  isPrimaryAt(now: Instant): boolean {
    const { timing } = this.#context;
    if (this.#ending !== undefined || this.#leaveUntil !== undefined) return false;
    return this.#link.attached && this.#isNamed() && now < this.#lastAnswer.validUntil(timing.deadAfterMs);
  }

  /**
   * Takes one input and returns what to do, in order. Does nothing after `failed` or `left`.
   */
  step(now: Instant, input: MembershipInput): readonly MembershipOutput[] {
    if (this.#ending !== undefined) return [];
    this.#context.pace.advanceTo(now);
    this.#take(input);
    const state = this.#describe();
    if (!isSame(state, this.#state)) this.#context.emit({ kind: 'state', state });
    this.#state = state;
    return this.#context.takeOutputs();
  }

  /** When to `tick` next; undefined: never again. */
  nextDeadline(): Instant | undefined {
    if (this.#ending !== undefined) return undefined;
    if (this.#leaveUntil !== undefined) return this.#leaveUntil;
    const { now, timing } = this.#context;
    const claimEnds = this.isPrimaryAt(now)
      ? this.#lastAnswer.validUntil(timing.deadAfterMs)
      : Number.POSITIVE_INFINITY;
    return Math.max(now, Math.min(this.#link.nextDeadline(), claimEnds));
  }

  #take(input: MembershipInput): void {
    switch (input.kind) {
      case 'tick':
        return this.#tick();
      case 'leave':
        return this.#leave();
      case 'router-message':
        if (this.#link.isCurrent(input.attempt)) this.#heard(input.attempt, input.message);
        return;
      case 'router-ended': {
        if (!this.#link.isCurrent(input.attempt)) return;
        const { attempt, reason, detail } = input;
        if (this.#leaveUntil !== undefined && this.#link.attachedBy === attempt) this.#end({ kind: 'left' });
        else this.#link.ended(attempt, { reason, detail });
        return;
      }
      default:
        return unreachable(input);
    }
  }

  #tick(): void {
    if (this.#leaveUntil === undefined) this.#link.tick();
    else if (this.#context.now >= this.#leaveUntil) this.#end({ kind: 'left' });
  }

  #leave(): void {
    if (this.#leaveUntil !== undefined) return;
    if (!this.#link.attached) return this.#end({ kind: 'left' });
    this.#link.send({ kind: 'leave', stats: this.#context.stats() });
    this.#leaveUntil = this.#context.now + LEAVE_TIMEOUT_MS;
  }

  #heard(attempt: Attempt, message: RouterMessage): void {
    const { pace } = this.#context;
    if (message.kind === 'welcome' && this.#isForeign(message.networkId, attempt)) return;
    if (message.kind === 'leader-is') return this.#link.leaderIs(attempt, message);
    this.#link.heard(attempt);
    if (message.kind === 'welcome') this.#link.welcomed(attempt, message.term);
    else if (message.kind !== 'refused' && !this.#link.isWelcomedBy(attempt)) return;
    switch (message.kind) {
      case 'welcome':
        this.#refusals.welcomed();
        pace.keepTime(message.pingIntervalMs, message.deadAfterMs);
        if (this.#context.networkId === '') this.#context.networkId = message.networkId;
        return this.#assigned(message.assignment);
      case 'pong':
        pace.keepTime(message.pingIntervalMs);
        return this.#lastAnswer.answered(message.sequence);
      case 'assignment':
        return this.#assigned(message.assignment);
      case 'please-hand-over':
        return this.#handOver(message.epoch);
      case 'no-successor':
      case 'please-rest': // only of a primary with a journal
        return;
      case 'refused':
        return this.#refused(attempt, message);
      default:
        return unreachable(message);
    }
  }

  /**
   * Whether the router that welcomes us belongs to another network. Then its messages are ignored, and
   * another router is asked.
   */
  #isForeign(networkId: NetworkId, attempt: Attempt): boolean {
    const own = this.#context.networkId;
    if (own === '' || own === networkId) return false;
    const detail = `it is of network ${quote(networkId)}, this member of ${quote(own)}`;
    this.#link.refused(attempt, { reason: 'wrong-network', detail });
    return true;
  }

  /** An older assignment, or one of a lower epoch, is ignored, whichever router sends it. */
  #assigned(assignment: Assignment): void {
    if (isNewer(this.#assignment, assignment) || assignment.epoch < this.#context.highestEpoch) return;
    this.#assignment = assignment;
    this.#context.highestEpoch = assignment.epoch;
    this.#context.revision = assignment.revision;
  }

  /**
   * Hands over at once. The service's own unfinished work is not known here; it goes on at the old member.
   */
  #handOver(epoch: Assignment['epoch']): void {
    if (this.#leaveUntil !== undefined || this.#assignment?.epoch !== epoch || !this.#isNamed()) return;
    this.#link.send({ kind: 'hand-over', epoch, leaving: false });
    // An answer to an older question can't show whether another member has taken the epoch; answers from now
    // on do.
    this.#lastAnswer.forget();
  }

  #refused(attempt: Attempt, refused: Refused): void {
    const { reason, detail } = refused;
    if (this.#leaveUntil !== undefined) return this.#end({ kind: 'left' });
    const refusal = `refuses ${serverName(this.#context.identity.serverId)}: ${detail}`;
    const router = this.#link.addressOf(attempt);
    // A newer stream of ours may have superseded it, if both led to one router. If it was another life, the
    // answer on our newer stream will say so.
    if (reason === 'superseded' && this.#link.isOvertaken(attempt))
      return this.#link.ended(attempt, { reason, detail: refusal });
    if (!this.#refusals.isFinal(refused, router, this.#context.networkId))
      return this.#link.refused(attempt, { reason, detail: refusal });
    const advice = reason === 'stale-incarnation' && this.#incarnationIsTime ? `. ${CLOCK_WENT_BACK}` : '';
    const because = { reason, detail: `router ${router}: ${refusal}${advice}` };
    this.#end({ kind: 'failed', because });
  }

  #end(ending: Extract<MemberState, { readonly kind: 'failed' | 'left' }>): void {
    this.#link.close();
    this.#ending = ending;
  }

  /** Whether the newest assignment names exactly this life as its available primary. */
  #isNamed(): boolean {
    const assignment = this.#assignment;
    return assignment?.available === true && namesAsPrimary(assignment, this.#context.identity);
  }

  #describe(): MemberState {
    if (this.#ending !== undefined) return this.#ending;
    const router = this.#link.address;
    const assignment = this.#assignment;
    if (!this.#link.attached || assignment === undefined)
      return { kind: 'connecting', router, because: this.#link.because };
    const isPrimary = this.isPrimaryAt(this.#context.now);
    return { kind: 'attached', router, epoch: assignment.epoch, isPrimary, assignment };
  }
}

function judgedKey(key: ClusterKey): ClusterKey {
  if (typeof key === 'number') return wholeNumber('cluster', key, MAX_CLUSTERS);
  const problem = serviceNameProblem(key);
  if (problem !== undefined) throw new DualpingError('invalid-argument', problem);
  return key;
}

const CLOCK_WENT_BACK =
  'This number is the wall clock at the start, in milliseconds: that clock has gone back, or the other was ahead. Set it right, or give an incarnation above that one';

function isSame(one: MemberState, other: MemberState): boolean {
  switch (one.kind) {
    case 'connecting':
      return (
        other.kind === 'connecting' &&
        one.router === other.router &&
        one.because?.reason === other.because?.reason &&
        one.because?.detail === other.because?.detail
      );
    case 'attached':
      return (
        other.kind === 'attached' &&
        one.router === other.router &&
        one.isPrimary === other.isPrimary &&
        one.assignment.revision === other.assignment.revision
      );
    case 'failed':
    case 'left':
      return one.kind === other.kind;
    default:
      return unreachable(one);
  }
}
