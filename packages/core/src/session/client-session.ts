/**
 * Decides which server a client talks to, what it sends again after a break, and where its timeline goes on.
 *
 * ```
 *              introduced, resolved              connected
 *   resolving ─────────────────────► connecting ───────────► live
 *     ▲   │                            │   ▲                   │
 *     │   │ nobody is there            │   │ a Watch told of   │
 *     │   ▼                            │   │ a newer epoch     │
 *   waiting ◄──── refused twice ───────┤   └───────────────────┤
 *     ▲                                │ link lost             │
 *     └── resolving ◄──────────────────┴───────────────────────┘
 * ```
 *
 * The intuition: a break is *evidence*, so the session takes it to the router at once and the router holds its
 * answer until it has a newer primary. There is nothing to poll and nothing to guess. Back-off is only for when
 * there is nobody to ask, or nobody to talk to. A server that froze breaks nothing; then the router's Watch tells of
 * the newer epoch, and the session leaves by itself. A path that swallows everything breaks nothing either; then the
 * server's signs of life stay away, and the session leaves as after a break.
 *
 * What is asked and unanswered is in `conversation.ts`, the timeline's place in `timeline-cursor.ts`, what is known of
 * the cluster in `cluster-view.ts`, the questions to routers in `router-inquiries.ts`, signs of life in `link-signs.ts`.
 */
import type { Assignment } from '../assignment.js';
import type { Post } from '../entry.js';
import type { Address, Instant, NetworkId } from '../ids.js';
import { NO_POSITION } from '../ids.js';
import { invariant, unreachable } from '../invariants.js';
import type { Machine } from '../machine.js';
import type { Failure } from '../reasons.js';
import { quote } from '../text.js';
import { BackOff } from './back-off.js';
import { ClusterView, type Home } from './cluster-view.js';
import { type Consequence, Conversation } from './conversation.js';
import { earliest } from './earliest.js';
import { LinkSigns } from './link-signs.js';
import { type Inquiry, RouterInquiries } from './router-inquiries.js';
import { RouterRotation } from './router-rotation.js';
import {
  CONNECT_TIMEOUT_MS,
  MAX_HELD_POSTS,
  RECONNECT_BACK_OFF,
  REPLY_TIMEOUT_MS,
} from './session-limits.js';
import type { QueryAnswer, SessionInput, SessionOutput } from './session-messages.js';
import { type ClientSessionOptions, checkOptions } from './session-options.js';
import type { SessionState, SessionTarget } from './session-state.js';
import { TimelineCursor } from './timeline-cursor.js';
import { linkVerdict } from './verdicts.js';

type Phase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'resolving'; readonly because: Failure | undefined }
  | {
      readonly kind: 'connecting';
      readonly link: number;
      readonly target: SessionTarget;
      readonly deadline: Instant;
      /** When the first word on the timeline is due; undefined after it, and while the session is still logging in. */
      readonly firstWordBy: Instant | undefined;
      /** The timeline was asked for; before that the session is still logging in. */
      readonly opening: boolean;
    }
  | { readonly kind: 'live'; readonly link: number; readonly target: SessionTarget }
  | Extract<SessionState, { kind: 'waiting' | 'closed' | 'failed' }>;

type InputOf<Kind extends SessionInput['kind']> = Extract<SessionInput, { kind: Kind }>;

export class ClientSession implements Machine<SessionInput, SessionOutput> {
  readonly #chance: () => number;
  readonly #routers: RouterRotation;
  readonly #inquiries: RouterInquiries;
  readonly #cluster = new ClusterView();
  readonly #conversation: Conversation;
  readonly #cursor: TimelineCursor;
  readonly #signs = new LinkSigns();

  #now: Instant = Number.NEGATIVE_INFINITY;
  #outputs: SessionOutput[] = [];
  #phase: Phase = { kind: 'idle' };
  #reconnect = BackOff.start(RECONNECT_BACK_OFF);
  /** Where the session was live, and when that ended for its user: with what was never answered, or when it was noticed. */
  #left: { readonly target: SessionTarget; readonly at: Instant } | undefined;
  /** It has logged in anew because a server had forgotten it, and was not live since. */
  #renewed = false;
  #lastLink = 0;
  #lastDelivered = NO_POSITION;
  #warm: Address | undefined;

  /** @throws DualpingError `invalid-user-name`, `invalid-argument` */
  constructor(options: ClientSessionOptions) {
    checkOptions(options);
    const { routers, timeline, chance, sessionId, user } = options;
    this.#chance = chance;
    this.#routers = new RouterRotation([...routers]);
    this.#inquiries = new RouterInquiries(this.#routers);
    this.#cursor = new TimelineCursor(timeline);
    this.#conversation = new Conversation(
      { sessionId, user, chance, hasTimeline: timeline.kind !== 'none' },
      (output) => this.#emit(output),
    );
  }

  get state(): SessionState {
    const phase = this.#phase;
    switch (phase.kind) {
      case 'idle':
        return { kind: 'resolving', router: this.#routers.current, because: undefined };
      case 'resolving':
        return { kind: 'resolving', router: this.#routers.current, because: phase.because };
      case 'connecting':
      case 'live':
        return { kind: phase.kind, target: phase.target };
      case 'waiting':
      case 'closed':
      case 'failed':
        return phase;
      default:
        return unreachable(phase);
    }
  }

  /**
   * Of which network and cluster it is: as the last router said that has introduced itself, and for good once a server has
   * served. Undefined before.
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
        return this.#inquiries.deadline;
      case 'connecting':
        return earliest(earliest(phase.deadline, phase.firstWordBy), this.#conversation.pausedUntil);
      case 'live': {
        const { replyDeadline, pausedUntil } = this.#conversation;
        return earliest(earliest(replyDeadline, pausedUntil), this.#signs.deadline);
      }
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
    this.#signs.advance(now);
    this.#outputs = [];
    this.#take(input);
    const phase = this.#phase;
    if (phase.kind === 'connecting' || phase.kind === 'live')
      this.#conversation.flush(now, phase.link, phase.target, phase.kind === 'live');
    this.#keepWarm();
    return this.#outputs;
  }

  #take(input: SessionInput): void {
    switch (input.kind) {
      case 'start':
        if (this.#phase.kind === 'idle') this.#resolve(undefined);
        break;
      case 'introduced':
        this.#introduced(input);
        break;
      case 'resolved':
        this.#resolved(input);
        break;
      case 'ask-failed':
        this.#askFailed(this.#inquiries.take(input.askNo), input);
        break;
      case 'assignment-learned':
        this.#learn(input.networkId, input.assignment);
        break;
      case 'connected':
        this.#connected(input);
        break;
      case 'link-lost':
        this.#linkLost(input.link, input);
        break;
      case 'posts':
        this.#posts(input);
        break;
      case 'sign':
        this.#signed(input);
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
        this.#open();
        break;
      case 'request-failed':
        this.#draw(this.#conversation.requestFailed(this.#now, input.sendNo, failureOf(input)), input);
        this.#open();
        break;
      case 'query-answered':
        this.#answered(input.sendNo, input.answer);
        break;
      case 'query-failed':
        this.#draw(this.#conversation.queryFailed(this.#now, input.sendNo, failureOf(input)), input);
        break;
      case 'retry-now':
        if (this.#phase.kind === 'waiting') this.#resolve(this.#phase.because);
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

  #resolve(because: Failure | undefined): void {
    this.#inquiries.beginRound();
    this.#askNext(because);
  }

  /** Asks the router that has its turn now. @returns whether one has */
  #askNext(because: Failure | undefined): boolean {
    const router = this.#inquiries.takeNext(this.#now);
    if (router === undefined) return false;
    this.#ask(router, because);
    return true;
  }

  /** Asks a router: what it is, when that isn't known; else who is primary. */
  #ask(router: Address, because: Failure | undefined): void {
    const { failoverWaitMs, failedEpoch } = this.#cluster;
    const isIntroduced = this.#routers.isIntroduced(router);
    const waitMs = isIntroduced ? this.#inquiries.holdMs(this.#now, failoverWaitMs) : 0;
    const { askNo } = this.#inquiries.ask(router, this.#now, waitMs);
    this.#enter({ kind: 'resolving', because });
    if (isIntroduced) this.#emit({ kind: 'resolve', askNo, router, failedEpoch, waitMs });
    else this.#emit({ kind: 'introduce', askNo, router, anew: false });
  }

  /** What a router was asked before that has said something since is asked again, by the connection that works. */
  #cancelAt(router: Address): void {
    for (const askNo of this.#inquiries.cancelAt(router)) this.#emit({ kind: 'cancel-ask', askNo });
  }

  #introduced(input: InputOf<'introduced'>): void {
    const phase = this.#phase;
    const inquiry = this.#inquiries.take(input.askNo);
    if (phase.kind !== 'resolving' || inquiry === undefined) return;
    if (this.#cluster.hasServed && this.#isForeign(inquiry, input.networkId)) return;
    const { router } = inquiry;
    this.#routers.introduced(router);
    this.#cancelAt(router);
    this.#cluster.introduce(input.networkId, input.cluster, input.clusters, input.failoverWaitMs);
    if (input.assignment !== undefined) this.#cluster.remember(input.assignment);
    const { target, newerTarget, unavailableReason } = this.#cluster;
    if (newerTarget !== undefined) {
      this.#routers.answered(router);
      this.#connect(newerTarget);
    } else if (target !== undefined) this.#ask(router, phase.because);
    // The router holds its next answer for a while: until then this is why nobody serves.
    else this.#ask(router, { reason: 'no-available-server', detail: unavailableReason });
  }

  #resolved(input: InputOf<'resolved'>): void {
    const inquiry = this.#inquiries.take(input.askNo);
    if (this.#phase.kind !== 'resolving' || inquiry === undefined) return;
    if (this.#isForeign(inquiry, input.networkId)) return;
    this.#routers.answered(inquiry.router);
    this.#cluster.remember(input.assignment);
    const { target, unavailableReason } = this.#cluster;
    if (target !== undefined) this.#connect(target);
    else this.#wait({ reason: 'no-available-server', detail: unavailableReason });
  }

  #askFailed(inquiry: Inquiry | undefined, given: Failure): void {
    const phase = this.#phase;
    if (phase.kind !== 'resolving' || inquiry === undefined) return;
    const failure = failureOf(given);
    switch (failure.reason) {
      case 'no-available-server': // the answer of a healthy router
        this.#routers.answered(inquiry.router);
        this.#wait(failure);
        return;
      case 'unknown-cluster':
      case 'invalid-user-name':
        this.#end({ kind: 'failed', because: failure });
        return;
      default:
        break;
    }
    this.#cancelAt(inquiry.router);
    this.#inquiries.failed(inquiry.router, failure.reason);
    if (this.#askNext(phase.because ?? failure) || !this.#inquiries.isEmpty) return;
    if (this.#routers.hopeless) this.#end({ kind: 'failed', because: failure });
    else this.#wait(failure);
  }

  #learn(networkId: NetworkId, assignment: Assignment): void {
    // Until a router has introduced itself there is no network that this could be of.
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

  /** Whether a router of another network answers: nothing of it is believed, and another one is asked. */
  #isForeign(inquiry: Inquiry, networkId: NetworkId): boolean {
    const own = this.#cluster.networkId;
    if (own === undefined || own === networkId) return false;
    const detail = `router ${inquiry.router} is of network ${quote(networkId)}, this session began in ${quote(own)}`;
    this.#askFailed(inquiry, { reason: 'wrong-network', detail });
    return true;
  }

  #wait(because: Failure): void {
    this.#reconnect = this.#reconnect.next();
    const { attempt } = this.#reconnect;
    const retryAt = this.#now + this.#reconnect.delayMs(this.#chance());
    this.#enter({ kind: 'waiting', retryAt, attempt, because, ...this.#cluster.named });
  }

  // The link to a server.

  #connect(target: SessionTarget): void {
    this.#lastLink += 1;
    const deadline = this.#now + CONNECT_TIMEOUT_MS;
    const link = this.#lastLink;
    this.#enter({ kind: 'connecting', link, target, deadline, firstWordBy: undefined, opening: false });
    this.#open();
  }

  /** Opens the timeline, if it isn't and the login is done: before that a new user has none. */
  #open(): void {
    const phase = this.#phase;
    if (phase.kind !== 'connecting' || phase.opening || !this.#conversation.loggedIn) return;
    this.#phase = { ...phase, opening: true, firstWordBy: this.#now + this.#signs.firstWordMs };
    const { link, target } = phase;
    const { sessionId } = this.#conversation;
    this.#emit({ kind: 'open', link, target, sessionId, ...this.#cursor.opening() });
  }

  #connected(input: InputOf<'connected'>): void {
    const phase = this.#phase;
    if (phase.kind !== 'connecting' || phase.link !== input.link) return;
    const { link, target } = phase;
    if (input.serverId !== target.serverId || input.epoch < target.epoch) {
      const detail = `${target.address} is s${input.serverId} of epoch ${input.epoch}, not s${target.serverId} of epoch ${target.epoch}`;
      this.#leave({ reason: 'not-primary', detail });
      return;
    }
    const opened = this.#cursor.opened(input.committed);
    if (opened.kind === 'rewound') {
      this.#lastDelivered = NO_POSITION;
      this.#drop(link, false);
      this.#connect(target);
      return;
    }
    if (opened.kind === 'page-needed')
      this.#conversation.askForPast({ kind: 'older', before: opened.before, limit: opened.limit });
    this.#signs.begin(input.signs);
    this.#live(link, { ...target, epoch: input.epoch });
  }

  #signed(input: InputOf<'sign'>): void {
    const phase = this.#phase;
    if ((phase.kind !== 'connecting' && phase.kind !== 'live') || phase.link !== input.link) return;
    if (phase.kind === 'live') return this.#signs.sign(input.signs);
    this.#signs.hasWord();
    this.#phase = { ...phase, firstWordBy: undefined };
  }

  #live(link: number, target: SessionTarget): void {
    const left = this.#left;
    this.#left = undefined;
    this.#renewed = false;
    this.#reconnect = this.#reconnect.reset();
    this.#cluster.served();
    this.#enter({ kind: 'live', link, target });
    if (left !== undefined)
      this.#emit({ kind: 'moved', from: left.target, to: target, gapMs: this.#now - left.at });
  }

  #linkLost(link: number, given: Failure): void {
    const phase = this.#phase;
    if ((phase.kind !== 'connecting' && phase.kind !== 'live') || phase.link !== link) return;
    const failure = failureOf(given);
    const verdict = linkVerdict(failure.reason);
    switch (verdict) {
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
        unreachable(verdict);
    }
  }

  /** The server has forgotten who this is: logs in anew, there and then. */
  #renew(failure: Failure): void {
    const phase = this.#phase;
    if (phase.kind !== 'connecting' && phase.kind !== 'live') return;
    if (this.#renewed) {
      this.#leave(failure); // it was told already
      return;
    }
    this.#renewed = true;
    if (phase.kind === 'live') this.#left = { target: phase.target, at: this.#endedAt() };
    this.#drop(phase.link, false);
    this.#conversation.expire(failure);
    this.#connect(phase.target);
  }

  /** What a failed call means for the link that it was on. */
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
      default:
        unreachable(consequence);
    }
  }

  #endedAt(): Instant {
    return Math.min(this.#now, this.#conversation.unansweredSince ?? this.#now);
  }

  /** Leaves its server: for a newer primary if one is known, else to ask for one. */
  #leave(failure: Failure, isSilent = false): void {
    const phase = this.#phase;
    if (phase.kind !== 'connecting' && phase.kind !== 'live') return;
    const { target } = phase;
    if (phase.kind === 'live') this.#left = { target, at: this.#endedAt() };
    this.#drop(phase.link, isSilent);
    const failedBefore = this.#cluster.fail(target.epoch);
    const newer = this.#cluster.newerTarget;
    if (newer !== undefined) this.#connect(newer);
    else if (failedBefore) this.#wait(failure);
    else this.#resolve(failure);
  }

  #drop(link: number, isSilent: boolean): void {
    this.#signs.end();
    this.#emit({ kind: 'drop', link, isSilent });
    this.#conversation.linkLost();
  }

  #posts(input: InputOf<'posts'>): void {
    if (this.#phase.kind !== 'live' || this.#phase.link !== input.link) return;
    this.#signs.heard();
    const shown = this.#cursor.take(input.posts);
    if (shown !== undefined) this.#deliver(shown);
    else {
      const detail = `more than ${MAX_HELD_POSTS} posts came before the page of older ones`;
      this.#leave({ reason: 'limit-reached', detail });
    }
  }

  #answered(sendNo: number, answer: QueryAnswer): void {
    if (answer.kind === 'page') this.#signs.heard();
    const page = this.#conversation.answered(sendNo, answer);
    if (page !== undefined) this.#deliver(this.#cursor.takePast(page.posts));
  }

  #deliver(posts: readonly Post[]): void {
    if (posts.length === 0) return;
    for (const { position } of posts) {
      const last = this.#lastDelivered;
      invariant(position > last, 'timeline-only-rises', { position, last });
      this.#lastDelivered = position;
    }
    this.#emit({ kind: 'deliver', posts });
  }

  // Time, and the end.

  #tick(): void {
    const phase = this.#phase;
    switch (phase.kind) {
      case 'waiting':
        if (this.#now >= phase.retryAt) this.#resolve(phase.because);
        break;
      case 'resolving':
        this.#tickInquiries(phase.because);
        break;
      case 'connecting':
        this.#tickConnecting(phase);
        break;
      case 'live':
        this.#tickLink(phase);
        break;
      case 'idle':
      case 'closed':
      case 'failed':
        break;
      default:
        unreachable(phase);
    }
  }

  #tickInquiries(because: Failure | undefined): void {
    for (const inquiry of this.#inquiries.takeDue(this.#now)) {
      this.#emit({ kind: 'cancel-ask', askNo: inquiry.askNo });
      const detail = `router ${inquiry.router} did not answer in time`;
      this.#askFailed(inquiry, { reason: 'router-unreachable', detail });
    }
    if (this.#phase.kind !== 'resolving') return;
    for (const router of this.#inquiries.takeAnew(this.#now)) {
      const { askNo } = this.#inquiries.ask(router, this.#now, 0);
      this.#emit({ kind: 'introduce', askNo, router, anew: true });
    }
    this.#askNext(because);
  }

  #tickConnecting({ target, deadline, firstWordBy }: Extract<Phase, { kind: 'connecting' }>): void {
    if (firstWordBy !== undefined && this.#now >= firstWordBy) {
      const waitedMs = this.#signs.firstWordMs;
      this.#signs.wasWordless();
      this.#leave(silence(target, waitedMs), true);
    } else if (this.#now >= deadline) this.#leave(silence(target, CONNECT_TIMEOUT_MS), true);
  }

  #tickLink({ link, target }: Extract<Phase, { kind: 'live' }>): void {
    const { replyDeadline } = this.#conversation;
    const silentMs = this.#signs.takeSilence();
    if (silentMs !== undefined) this.#leave(silence(target, silentMs), true);
    else if (replyDeadline !== undefined && this.#now >= replyDeadline)
      this.#leave(silence(target, REPLY_TIMEOUT_MS), true);
    else if (this.#signs.takeDue()) this.#emit({ kind: 'give-sign', link });
  }

  #end(state: Extract<SessionState, { kind: 'closed' | 'failed' }>): void {
    const phase = this.#phase;
    if (phase.kind === 'connecting' || phase.kind === 'live') this.#drop(phase.link, false);
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

  #enter(phase: Phase): void {
    if (phase.kind !== 'resolving')
      for (const askNo of this.#inquiries.cancel()) this.#emit({ kind: 'cancel-ask', askNo });
    this.#phase = phase;
    this.#emit({ kind: 'state', state: this.state });
  }

  #emit(output: SessionOutput): void {
    this.#outputs.push(output);
  }
}

const CLOSED: Failure = Object.freeze({ reason: 'shutting-down', detail: 'the session has been closed' });

const failureOf = ({ reason, detail }: Failure): Failure => ({ reason, detail });

const silence = (target: SessionTarget, ms: number): Failure => ({
  reason: 'may-have-happened',
  detail: `${target.address} did not answer for ${ms.toFixed(0)} ms`,
});

const deposed = (target: SessionTarget, assignment: Assignment): Failure => ({
  reason: 'fenced',
  detail: `${target.address} served epoch ${target.epoch}, epoch ${assignment.epoch} has been granted since`,
});
