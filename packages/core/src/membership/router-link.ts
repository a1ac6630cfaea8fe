/**
 * A member's streams to the routers: opened, kept alive, opened again. Servers with a journal and members
 * without one use the same class.
 *
 * A member gives up the router much later than the router gives up a member: ending the stream causes a
 * failover, and a slow router must not cause one.
 *
 * Several routers are dialled in parallel (`DialPlan`), and the first welcome counts. Two addresses may lead
 * to the same router, which keeps the stream with the highest number and closes the others. So a welcome
 * closes only streams with a *lower* number. A stream with a higher number stays until it is answered: the
 * router may already treat it as our stream, and its end as our end.
 *
 * When routers share a store, only the leader welcomes us. The others name the leader: it is dialled at once,
 * and one of their streams is kept (`OtherRouters`).
 */
import { OWN_BUILD } from '../build.js';
import type { Address, Epoch, Instant, LifeId, NetworkId, ServerId } from '../ids.js';
import { invariant } from '../invariants.js';
import type { MemberMessage, Stats } from '../messages.js';
import type { Failure } from '../reasons.js';
import { ROUTER_SILENCE_FACTOR } from '../timing.js';
import { DialPlan } from './dial-plan.js';
import type { LastAnswer } from './last-answer.js';
import type { Attempt, MemberIdentity, RouterLinkOutput } from './membership-messages.js';
import { type LeaderIs, OtherRouters } from './other-routers.js';
import type { MemberTiming } from './pace.js';

/**
 * How long a router may be silent before it welcomes us, ms: a connect and one slow write to its disk. A
 * router whose disk takes longer sends signs of life: a member that gave it up and attached again would make
 * the slow disk write twice.
 */
const WELCOME_TIMEOUT_MS = 3_000;

/**
 * How many different failures are reported until one router welcomes us. Each text is reported once: after a
 * refused connection a foreign program may answer at that address. More than this would be one failure in
 * ever different words.
 */
const MAX_TOLD = 8;

/** A stream on which we have asked to be attached. */
interface Dial {
  readonly attempt: Attempt;
  /** Index of the router in the list. */
  readonly router: number;
  readonly openedAt: Instant;
  until: Instant;
}

/** The stream by which we are attached. */
interface Attached {
  readonly attempt: Attempt;
  readonly router: number;
  /** The term in which the router leads; 0: it shares its store with no other. */
  readonly term: number;
  heardAt: number;
  pingAt: Instant;
  /**
   * Whether the disk has stored the welcome of this life. Before that the member sends nothing, so that the
   * router does not count it as heard.
   */
  isNoted: boolean;
  sequence: number;
  /** The last `change-in-sync` asked on this stream. */
  request: number;
}

/** What the link needs from its owner: its identity, what it has seen, the time, and where outputs go. */
export interface RouterLinkContext {
  readonly identity: MemberIdentity;
  readonly networkId: NetworkId | '';
  readonly highestEpoch: Epoch;
  /**
   * The last life over this journal that was welcomed, as stored on disk; undefined for a member without a
   * disk.
   */
  readonly welcomedLife: LifeId | undefined;
  /** The highest revision that this member knows; 0 when none. */
  readonly revision: number;
  readonly now: Instant;
  /** Listening time, ms. */
  readonly heardMs: number;
  readonly timing: MemberTiming;
  stats(): Stats;
  /** Live members of its cluster that it can't reach now. */
  readonly cannotReach: readonly ServerId[];
  /** Whether it has been asked to stop, and still runs for a moment. */
  readonly isStopping: boolean;
  emit(output: RouterLinkOutput): void;
  /** For people. */
  report(event: 'router-lost', text: string): void;
}

export class RouterLink {
  #attached: Attached | undefined;
  /** By number, ascending. */
  readonly #dials = new Map<Attempt, Dial>();
  readonly #plan: DialPlan;
  readonly #others: OtherRouters;
  /** Whether `#plan` belongs to the present search. */
  #searching = false;
  /** The number of the last stream. */
  #attempts = 0;
  /** The last router that was dialled or that welcomed us; named when there is no stream. */
  #router = 0;
  /** Listening time of the last message from a router that has welcomed us, ms. */
  #heardAt = 0;
  /**
   * How the last dial, or the last stream, was lost, and at which router; undefined since the last welcome.
   */
  #because: Failure | undefined;
  /** Reported reasons why attempts failed since the last welcome. */
  readonly #told = new Set<string>();
  #closed = false;

  /** `questions` is informed of each ping; given by a member for which the age of an answer matters. */
  constructor(
    readonly context: RouterLinkContext,
    readonly questions?: LastAnswer,
  ) {
    this.#plan = new DialPlan(context.identity.routers.length);
    this.#others = new OtherRouters(context.identity.routers);
  }

  /** Whether a router has welcomed us, so that we may send. */
  get attached(): boolean {
    return this.#attached?.isNoted === true;
  }

  /** The stream by which we are attached. */
  get attachedBy(): Attempt | undefined {
    return this.#attached?.isNoted === true ? this.#attached.attempt : undefined;
  }

  /** Whether it is the stream on which we were last welcomed. */
  isWelcomedBy(attempt: Attempt): boolean {
    return this.#attached?.attempt === attempt;
  }

  get because(): Failure | undefined {
    return this.#because;
  }

  /**
   * The address of the router that we are attached to; else of the one that was dialled last, or is dialled
   * next.
   */
  get address(): Address {
    const next = this.#searching && this.#dials.size === 0 ? this.#plan.next(this.#isDialled) : undefined;
    return this.#addressOf(next?.router ?? this.#router);
  }

  /** Whether this stream of ours is still in use. */
  isCurrent(attempt: Attempt): boolean {
    return this.#attached?.attempt === attempt || this.#dials.has(attempt) || this.#others.has(attempt);
  }

  /** The address of the router at the other end of a current stream. */
  addressOf(attempt: Attempt): Address {
    return this.#addressOf(
      this.#dials.get(attempt)?.router ?? this.#others.routerOf(attempt) ?? this.#router,
    );
  }

  /**
   * Whether a later stream was opened: the router may then have closed this one in its favour, if both led
   * there.
   */
  isOvertaken(attempt: Attempt): boolean {
    return attempt < this.#attempts;
  }

  /** Whether nothing was heard for `deadAfterMs` from a router that has welcomed us. */
  isLost(): boolean {
    return this.context.heardMs - this.#heardAt >= this.context.timing.deadAfterMs;
  }

  send(message: MemberMessage): void {
    if (this.#attached?.isNoted === true)
      this.context.emit({ kind: 'to-router', attempt: this.#attached.attempt, message });
  }

  /**
   * A number for the next question on this stream. Counted here and not by the role that asks: a server that
   * is primary twice on one stream must not take answers to its earlier questions for answers to its later
   * ones.
   */
  nextRequest(): number {
    const attached = this.#attached;
    invariant(attached !== undefined, 'waits-for-superset', { dials: this.#dials.size });
    attached.request += 1;
    return attached.request;
  }

  /** We are attached by this stream from now on. No effect when it was welcomed before. */
  welcomed(attempt: Attempt, term = 0): void {
    const { context } = this;
    const dial = this.#dials.get(attempt);
    if (dial === undefined) return;
    this.#dials.delete(attempt);
    for (const needless of this.#others.attached(dial.router, term)) this.#stopListening(needless);
    if (this.#attached !== undefined) this.#hangUp(this.#attached.attempt);
    for (const lower of [...this.#dials.keys()].filter((other) => other < attempt)) {
      this.#dials.delete(lower);
      this.#hangUp(lower);
    }
    this.#because = undefined;
    this.#told.clear();
    this.#searching = false;
    this.#router = dial.router;
    const isNoted = context.welcomedLife === undefined || context.welcomedLife === context.identity.lifeId;
    this.#attached = {
      attempt,
      router: dial.router,
      term,
      heardAt: context.heardMs,
      pingAt: isNoted ? context.now : Number.POSITIVE_INFINITY,
      isNoted,
      sequence: 0,
      request: 0,
    };
    this.heard(attempt);
    this.questions?.begin(dial.openedAt);
  }

  /** The router there does not lead, and names the leader: it is dialled, unless we are attached to it. */
  leaderIs(attempt: Attempt, message: LeaderIs): void {
    const dial = this.#dials.get(attempt);
    if (dial !== undefined) {
      this.#dials.delete(attempt);
      this.#others.add(attempt, dial.router);
    }
    this.#others.told(attempt, this.context.now, message);
    this.#dialLeader();
  }

  /** Dials the named leader, if this member is not attached to it. */
  #dialLeader(): void {
    const leader = this.#others.leaderAfter(this.#attached?.term ?? 0);
    if (leader !== undefined && !this.#isDialing(leader)) this.#open(leader);
  }

  /** The disk has stored the welcome of this life. The router waits for our first message. */
  noted(): void {
    const attached = this.#attached;
    if (attached === undefined || attached.isNoted) return;
    attached.isNoted = true;
    this.#ping(attached);
    // It was asked to stop after its `attach`, and could not say so before.
    if (this.context.isStopping) this.send({ kind: 'leaving' });
  }

  /**
   * A message came on this stream. Only the router that has welcomed us would tell us about a newer epoch: a
   * refusal, or a sign of life before a welcome, may come from a router of another network, or from an older
   * copy of ours.
   */
  heard(attempt: Attempt): void {
    if (this.#attached?.attempt === attempt) {
      this.#attached.heardAt = this.context.heardMs;
      this.#heardAt = this.context.heardMs;
    }
    const dial = this.#dials.get(attempt);
    if (dial !== undefined) dial.until = this.context.now + WELCOME_TIMEOUT_MS;
  }

  /** A stream is over. Reports a loss, and the first failure in a row to find a router. */
  ended(attempt: Attempt, because: Failure): void {
    const other = this.#others.routerOf(attempt);
    if (other !== undefined) this.#stoppedListening(attempt, other);
    else if (this.#attached?.attempt === attempt) this.#lost(this.#attached, because);
    else this.#failed(attempt, because);
  }

  /**
   * The router refuses us, or must not be believed: gives the stream up, and dials the next router, later
   * also this one again.
   */
  refused(attempt: Attempt, because: Failure): void {
    if (this.isCurrent(attempt)) this.#giveUp(attempt, because);
  }

  /**
   * Attaches again at once, under another identity. Streams of the former identity are given up: their
   * answers would be about another member.
   */
  askAnew(): void {
    if (this.#attached !== undefined) this.#hangUp(this.#attached.attempt);
    for (const attempt of this.#dials.keys()) this.#hangUp(attempt);
    this.#attached = undefined;
    this.#dials.clear();
    this.#searching = false;
  }

  /** Sends a ping now, to report early which members this one can't reach. */
  pingNow(): void {
    if (this.#attached?.isNoted === true) this.#ping(this.#attached);
  }

  close(): void {
    this.#closed = true;
    if (this.#attached !== undefined) this.#hangUp(this.#attached.attempt);
    for (const attempt of this.#dials.keys()) this.#hangUp(attempt);
    for (const attempt of this.#others.clear()) this.#hangUp(attempt);
    this.#attached = undefined;
    this.#dials.clear();
  }

  tick(): void {
    if (this.#closed) return;
    const attached = this.#attached;
    for (const silent of this.#others.silent(this.context.now))
      this.#giveUp(silent, silence('it no longer said who leads'));
    if (attached === undefined) this.#search();
    else this.#keepAlive(attached);
  }

  nextDeadline(): Instant {
    if (this.#closed) return Number.POSITIVE_INFINITY;
    if (this.#attached !== undefined) return this.#attached.pingAt;
    if (!this.#searching) return this.context.now;
    let first = this.#plan.next(this.#isDialled)?.at ?? Number.POSITIVE_INFINITY;
    first = Math.min(first, this.#others.nextSilence());
    for (const { until } of this.#dials.values()) first = Math.min(first, until);
    return first;
  }

  #lost(attached: Attached, because: Failure): void {
    const { context } = this;
    const address = this.#addressOf(attached.router);
    this.#attached = undefined;
    this.#router = attached.router;
    this.#because = { reason: because.reason, detail: `router ${address}: ${because.detail}` };
    context.report('router-lost', `lost the router at ${address}: ${because.detail}`);
    // The router may have closed the lost stream in favour of one of these.
    for (const dial of this.#dials.values()) dial.until = context.now + WELCOME_TIMEOUT_MS;
  }

  #failed(attempt: Attempt, because: Failure): void {
    const { context } = this;
    const dial = this.#dials.get(attempt);
    if (dial === undefined) return;
    this.#dials.delete(attempt);
    if (this.#attached !== undefined) return;
    const address = this.#addressOf(dial.router);
    this.#because = { reason: because.reason, detail: `router ${address}: ${because.detail}` };
    const text = `can't attach to the router at ${address}, goes on trying: ${because.detail}`;
    if (!this.#told.has(text) && this.#told.size < MAX_TOLD) {
      this.#told.add(text);
      context.report('router-lost', text);
    }
    this.#plan.failed(dial.router, context.now, this.#isDialled);
  }

  #search(): void {
    const { now, timing } = this.context;
    if (!this.#searching) this.#plan.begin(this.#router, now, timing.pingIntervalMs);
    this.#searching = true;
    for (const { attempt, until } of [...this.#dials.values()])
      if (now >= until) this.#giveUp(attempt, silence(`no welcome within ${WELCOME_TIMEOUT_MS} ms`));
    for (const router of this.#plan.due(now, this.#isDialled)) this.#open(router);
  }

  #keepAlive(attached: Attached): void {
    const { context } = this;
    const silentMs = context.heardMs - attached.heardAt;
    if (silentMs >= context.timing.deadAfterMs * ROUTER_SILENCE_FACTOR)
      this.#giveUp(attached.attempt, silence(`nothing heard for ${silentMs.toFixed(0)} ms`));
    else if (context.now >= attached.pingAt) {
      this.#ping(attached);
      if (attached.term > 0) this.#keepListening();
    }
  }

  /**
   * While attached to a leader, listens to one of the other routers. A dial that takes long is kept: it may
   * still be answered.
   */
  #keepListening(): void {
    const { now } = this.context;
    const isDialing = [...this.#dials.values()].some(({ until }) => now < until);
    if (isDialing || !this.#others.isEmpty) return;
    const router = this.#others.toListenTo(now, this.#isDialled);
    if (router !== undefined) this.#open(router);
  }

  /** That router leads now, or is gone. */
  #stoppedListening(attempt: Attempt, router: number): void {
    this.#others.remove(attempt);
    if (this.#attached === undefined) this.#plan.failed(router, this.context.now, this.#isDialled);
    this.#dialLeader();
  }

  #stopListening(attempt: Attempt): void {
    this.#others.remove(attempt);
    this.#hangUp(attempt);
  }

  #giveUp(attempt: Attempt, because: Failure): void {
    this.#hangUp(attempt);
    this.ended(attempt, because);
  }

  #hangUp(attempt: Attempt): void {
    this.context.emit({ kind: 'close-router', attempt });
  }

  #open(router: number): void {
    const { context } = this;
    const { now } = context;
    const { cluster, serverId, incarnation, journalId, lifeId, address } = context.identity;
    this.#attempts += 1;
    const attempt = this.#attempts;
    this.#router = router;
    this.#dials.set(attempt, { attempt, router, openedAt: now, until: now + WELCOME_TIMEOUT_MS });
    context.emit({
      kind: 'open-router',
      attempt,
      address: this.#addressOf(router),
      message: {
        kind: 'attach',
        networkId: context.networkId,
        cluster,
        serverId,
        incarnation,
        journalId,
        lifeId,
        welcomedLife: context.welcomedLife ?? '',
        address,
        epoch: context.highestEpoch,
        revision: context.revision,
        stats: context.stats(),
        replicates: journalId !== '',
        attempt,
        leaving: context.isStopping,
        build: OWN_BUILD,
      },
    });
  }

  #ping(attached: Attached): void {
    attached.sequence += 1;
    attached.pingAt = this.context.now + this.context.timing.pingIntervalMs;
    const { sequence } = attached;
    this.send({
      kind: 'ping',
      sequence,
      stats: this.context.stats(),
      cannotReach: this.context.cannotReach,
    });
    this.questions?.asked(sequence, this.context.now, this.context.timing.deadAfterMs);
  }

  #addressOf(router: number): Address {
    return this.#others.addressOf(router);
  }

  #isDialing(router: number): boolean {
    for (const dial of this.#dials.values()) if (dial.router === router) return true;
    return false;
  }

  /** No need to dial that router: it is being dialled, or has said that it does not lead. */
  readonly #isDialled = (router: number): boolean =>
    this.#isDialing(router) || this.#others.isListening(router);
}

const silence = (detail: string): Failure => ({ reason: 'router-unreachable', detail });
