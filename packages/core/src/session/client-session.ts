/**
 * Decides which server a client talks to, what it sends again after a break, and where its timeline
 * continues.
 *
 * ```
 *              introduced, resolved              connected
 *   resolving ─────────────────────► connecting ───────────► live
 *     ▲   │                            │   ▲                   │
 *     │   │ no server there            │   │ Watch announced   │
 *     │   ▼                            │   │ a newer epoch     │
 *   waiting ◄──── refused twice ───────┤   └───────────────────┤
 *     ▲                                │ link lost             │
 *     └── resolving ◄──────────────────┴───────────────────────┘
 * ```
 *
 * The intuition: a break is *evidence*, so the session asks the router at once, and the router holds its
 * answer until it has a newer primary. So the session neither polls nor guesses. It backs off only when there
 * is no router or no server. A frozen server does not break its connections; then the router's Watch
 * announces the newer epoch, and the session leaves by itself. A path that drops all packets does not break
 * them either; then the server's signs of life are missing, and the session leaves as after a break.
 *
 * `primary-search.ts` finds the primary, `cluster-view.ts` has what is known about the cluster,
 * `server-link.ts` the link to the primary, `conversation.ts` the unanswered requests and reads.
 */
import type { Assignment } from '../assignment.js';
import type { Address, Instant, NetworkId } from '../ids.js';
import { invariant, unreachable } from '../invariants.js';
import type { Machine } from '../machine.js';
import type { Failure } from '../reasons.js';
import { BackOff } from './back-off.js';
import { ClusterView, type Home } from './cluster-view.js';
import { type Consequence, Conversation } from './conversation.js';
import { linkDisposition } from './dispositions.js';
import { failureOf } from './failure-of.js';
import { type Found, PrimarySearch } from './primary-search.js';
import { type Connected, type LinkPhase, ServerLink } from './server-link.js';
import { RECONNECT_BACK_OFF } from './session-limits.js';
import type { SessionInput, SessionOutput } from './session-messages.js';
import { type ClientSessionOptions, checkOptions } from './session-options.js';
import type { SessionState, SessionTarget } from './session-state.js';

type Phase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'resolving' }
  | LinkPhase
  | Extract<SessionState, { kind: 'waiting' | 'closed' | 'failed' }>;

export class ClientSession implements Machine<SessionInput, SessionOutput> {
  readonly #chance: () => number;
  readonly #cluster = new ClusterView();
  readonly #search: PrimarySearch;
  readonly #conversation: Conversation;
  readonly #link: ServerLink;

  #now: Instant = Number.NEGATIVE_INFINITY;
  #outputs: SessionOutput[] = [];
  #phase: Phase = { kind: 'idle' };
  #reconnect = BackOff.start(RECONNECT_BACK_OFF);
  /**
   * Where the session was last live, and when that ended for its user: when the oldest unanswered call was
   * sent, or without one when the break was noticed.
   */
  #left: { readonly target: SessionTarget; readonly at: Instant } | undefined;
  /** Whether it has logged in again because a server had forgotten it, and has not been live since. */
  #renewed = false;
  #warm: Address | undefined;
  /** The last published reason why writes wait. */
  #toldHeldUp: Failure | undefined;

  /** @throws DualpingError `invalid-user-name`, `invalid-argument` */
  constructor(options: ClientSessionOptions) {
    checkOptions(options);
    const { routers, timeline, chance, sessionId, user } = options;
    this.#chance = chance;
    this.#search = new PrimarySearch(routers, this.#cluster, {
      emit: (output) => this.#emit(output),
      asking: () => this.#enter({ kind: 'resolving' }),
    });
    this.#conversation = new Conversation(
      { sessionId, user, chance, hasTimeline: timeline.kind !== 'none' },
      (output) => this.#emit(output),
    );
    this.#link = new ServerLink(timeline, this.#conversation, (output) => this.#emit(output));
  }

  get state(): SessionState {
    const phase = this.#phase;
    switch (phase.kind) {
      case 'idle':
      case 'resolving':
        return { kind: 'resolving', router: this.#search.router, because: this.#search.because };
      case 'connecting':
        return { kind: phase.kind, target: phase.target };
      case 'live': {
        const { heldUp } = this.#conversation;
        return { kind: phase.kind, target: phase.target, ...(heldUp !== undefined && { heldUp }) };
      }
      case 'waiting':
      case 'closed':
      case 'failed':
        return phase;
      default:
        return unreachable(phase);
    }
  }

  /**
   * Its network and cluster, by the last router that answered `Connect`; fixed once a server has served.
   * Undefined before.
   */
  get home(): Home | undefined {
    return this.#cluster.home;
  }

  /** Requests that are not settled yet. */
  get pending(): number {
    return this.#conversation.pending;
  }

  nextDeadline(): Instant | undefined {
    const phase = this.#phase;
    switch (phase.kind) {
      case 'waiting':
        return phase.retryAt;
      case 'resolving':
        return this.#search.deadline;
      case 'connecting':
      case 'live':
        return this.#link.deadline;
      case 'idle':
      case 'closed':
      case 'failed':
        return undefined;
      default:
        return unreachable(phase);
    }
  }

  step(now: Instant, input: SessionInput): readonly SessionOutput[] {
    invariant(now >= this.#now, 'time-does-not-go-back', { now, before: this.#now });
    this.#now = now;
    this.#link.advance(now);
    this.#outputs = [];
    this.#take(input);
    const phase = this.#phase;
    if (phase.kind === 'connecting' || phase.kind === 'live')
      this.#conversation.flush(now, phase.link, phase.target, phase.kind === 'live');
    this.#keepWarm();
    this.#sayWhetherHeldUp();
    return this.#outputs;
  }

  #take(input: SessionInput): void {
    switch (input.kind) {
      case 'start':
        if (this.#phase.kind === 'idle') this.#search.begin(this.#now, undefined);
        break;
      case 'introduced':
        this.#found(this.#search.introduced(this.#now, input));
        break;
      case 'resolved':
        this.#found(this.#search.resolved(this.#now, input));
        break;
      case 'ask-failed':
        this.#found(this.#search.failed(this.#now, input));
        break;
      case 'assignment-learned':
        this.#learn(input.networkId, input.assignment);
        break;
      case 'connected':
        this.#connected(this.#link.connected(input));
        break;
      case 'link-lost':
        this.#linkLost(input.link, input);
        break;
      case 'posts':
        this.#leaveIf(this.#link.posts(input), false);
        break;
      case 'sign':
        this.#link.signed(input);
        break;
      case 'submit':
        this.#conversation.submit(input.ticket, input.command, this.#whyOver);
        break;
      case 'query':
        this.#conversation.query(input.ticket, input.query, this.#whyOver);
        break;
      case 'reply':
        this.#conversation.replied(input.sendNo, {
          kind: 'ok',
          position: input.position,
          epoch: input.epoch,
        });
        this.#link.open(this.#now);
        break;
      case 'request-failed':
        this.#draw(this.#conversation.requestFailed(this.#now, input.sendNo, failureOf(input)), input);
        this.#link.open(this.#now);
        break;
      case 'query-answered':
        this.#link.answered(input.sendNo, input.answer);
        break;
      case 'query-failed':
        this.#draw(this.#conversation.queryFailed(this.#now, input.sendNo, failureOf(input)), input);
        break;
      case 'retry-now':
        if (this.#phase.kind === 'waiting') this.#search.begin(this.#now, this.#phase.because);
        break;
      case 'close':
        if (!this.#isOver) this.#end({ kind: 'closed' });
        break;
      case 'tick':
        this.#tick();
        break;
      default:
        unreachable(input);
    }
  }

  // Finding the primary.

  #found(found: Found | undefined): void {
    switch (found?.kind) {
      case undefined:
        break;
      case 'primary':
        this.#connect(found.target);
        break;
      case 'nobody':
        this.#wait(found.because);
        break;
      case 'hopeless':
        this.#end({ kind: 'failed', because: found.because });
        break;
      default:
        unreachable(found);
    }
  }

  #learn(networkId: NetworkId, assignment: Assignment): void {
    // Before a router has answered `Connect` the session has no network to compare with.
    if (this.#cluster.networkId !== networkId || this.#isOver) return;
    const wasAvailable = this.#cluster.available;
    if (!this.#cluster.remember(assignment)) return;
    const phase = this.#phase;
    const { target, newerTarget } = this.#cluster;
    switch (phase.kind) {
      case 'resolving':
        if (newerTarget !== undefined) this.#connect(newerTarget);
        break;
      case 'waiting': {
        const back = wasAvailable ? newerTarget : target;
        if (back !== undefined) this.#connect(back);
        break;
      }
      case 'connecting':
      case 'live':
        if (assignment.epoch > phase.target.epoch) this.#leave(deposed(phase.target, assignment));
        break;
      case 'idle':
      case 'closed':
      case 'failed':
        break;
      default:
        unreachable(phase);
    }
  }

  #wait(because: Failure): void {
    this.#reconnect = this.#reconnect.next();
    const { attempt } = this.#reconnect;
    const retryAt = this.#now + this.#reconnect.delayMs(this.#chance());
    this.#enter({ kind: 'waiting', retryAt, attempt, because, ...this.#cluster.named });
  }

  // The link to a server.

  #connect(target: SessionTarget): void {
    this.#enter(this.#link.connect(this.#now, target));
    this.#link.open(this.#now);
  }

  #connected(connected: Connected | undefined): void {
    const phase = this.#phase;
    switch (connected?.kind) {
      case undefined:
        break;
      case 'live':
        this.#live(connected);
        break;
      case 'rewound':
        this.#link.drop(false);
        if (phase.kind === 'connecting') this.#connect(phase.target);
        break;
      case 'wrong':
        this.#leave(connected.because);
        break;
      default:
        unreachable(connected);
    }
  }

  #live(phase: LinkPhase): void {
    const left = this.#left;
    this.#left = undefined;
    this.#renewed = false;
    this.#reconnect = this.#reconnect.reset();
    this.#cluster.served();
    this.#enter(phase);
    if (left !== undefined)
      this.#emit({ kind: 'moved', from: left.target, to: phase.target, gapMs: this.#now - left.at });
  }

  #linkLost(link: number, given: Failure): void {
    const phase = this.#phase;
    if ((phase.kind !== 'connecting' && phase.kind !== 'live') || phase.link !== link) return;
    const failure = failureOf(given);
    const disposition = linkDisposition(failure.reason);
    switch (disposition) {
      case 'break':
        this.#leave(failure);
        break;
      case 'fail':
        this.#end({ kind: 'failed', because: failure });
        break;
      case 'renew':
        this.#renew(failure);
        break;
      default:
        unreachable(disposition);
    }
  }

  /** The server has forgotten the session: logs in again at once, at the same server. */
  #renew(failure: Failure): void {
    const phase = this.#phase;
    if (phase.kind !== 'connecting' && phase.kind !== 'live') return;
    if (this.#renewed) {
      this.#leave(failure); // the caller has its result already
      return;
    }
    this.#renewed = true;
    if (phase.kind === 'live') this.#left = { target: phase.target, at: this.#endedAt() };
    this.#link.drop(false);
    this.#conversation.expire(failure);
    this.#connect(phase.target);
  }

  /** Does what a failed call means for its link. */
  #draw(consequence: Consequence, given: Failure): void {
    switch (consequence) {
      case 'go-on':
        break;
      case 'leave':
        this.#leave(failureOf(given));
        break;
      case 'fail':
        this.#end({ kind: 'failed', because: failureOf(given) });
        break;
      case 'wait':
        this.#link.drop(false);
        this.#wait(failureOf(given));
        break;
      default:
        unreachable(consequence);
    }
  }

  #endedAt(): Instant {
    return Math.min(this.#now, this.#conversation.unansweredSince ?? this.#now);
  }

  /** Leaves its server: goes to a newer primary if one is known, else asks a router. */
  #leave(failure: Failure, isSilent = false): void {
    const phase = this.#phase;
    if (phase.kind !== 'connecting' && phase.kind !== 'live') return;
    const { target } = phase;
    if (phase.kind === 'live') this.#left = { target, at: this.#endedAt() };
    this.#link.drop(isSilent);
    const failedBefore = this.#cluster.fail(target.epoch);
    const newer = this.#cluster.newerTarget;
    if (newer !== undefined) this.#connect(newer);
    else if (failedBefore) this.#wait(failure);
    else this.#search.begin(this.#now, failure);
  }

  #leaveIf(failure: Failure | undefined, isSilent: boolean): void {
    if (failure !== undefined) this.#leave(failure, isSilent);
  }

  // Time, and the end.

  #tick(): void {
    const phase = this.#phase;
    switch (phase.kind) {
      case 'waiting':
        if (this.#now >= phase.retryAt) this.#search.begin(this.#now, phase.because);
        break;
      case 'resolving':
        this.#found(this.#search.tick(this.#now));
        break;
      case 'connecting':
      case 'live':
        this.#leaveIf(this.#link.tick(this.#now), true);
        break;
      case 'idle':
      case 'closed':
      case 'failed':
        break;
      default:
        unreachable(phase);
    }
  }

  #end(state: Extract<SessionState, { kind: 'closed' | 'failed' }>): void {
    this.#link.drop(false);
    this.#enter(state);
    this.#conversation.end(state.kind === 'failed' ? state.because : CLOSED);
  }

  get #isOver(): boolean {
    return this.#whyOver !== undefined;
  }

  get #whyOver(): Failure | undefined {
    if (this.#phase.kind === 'failed') return this.#phase.because;
    return this.#phase.kind === 'closed' ? CLOSED : undefined;
  }

  #keepWarm(): void {
    const successor = this.#isOver ? undefined : this.#cluster.successor;
    if (successor === this.#warm) return;
    this.#warm = successor;
    this.#emit({ kind: 'warm', address: successor });
  }

  /** Publishes a state again that has changed only in this. */
  #sayWhetherHeldUp(): void {
    const { heldUp } = this.#conversation;
    if (heldUp === this.#toldHeldUp) return;
    this.#toldHeldUp = heldUp;
    if (this.#phase.kind === 'live') this.#emit({ kind: 'state', state: this.state });
  }

  #enter(phase: Phase): void {
    if (phase.kind !== 'resolving') this.#search.cancel();
    this.#phase = phase;
    this.#toldHeldUp = this.#conversation.heldUp;
    this.#emit({ kind: 'state', state: this.state });
  }

  #emit(output: SessionOutput): void {
    this.#outputs.push(output);
  }
}

const CLOSED: Failure = Object.freeze({ reason: 'shutting-down', detail: 'the session has been closed' });

const deposed = (target: SessionTarget, assignment: Assignment): Failure => ({
  reason: 'fenced',
  detail: `${target.address} served epoch ${target.epoch}, epoch ${assignment.epoch} has been granted since`,
});
