/**
 * One server of a cluster: takes the role of primary or standby, and decides everything in that role.
 *
 * It never makes itself primary: only an assignment of the router that names exactly this life and journal
 * does. It may *stop* being primary by itself: when the router, or a standby that has joined, names a higher
 * epoch. Same inputs in the same order, same outputs. Design after PacificA: the router is the configuration
 * authority, commits wait for all in-sync members.
 */
import { type Assignment, type InSyncMember, isNewer, namesAsPrimary } from '../assignment.js';
import { type DiskSpace, diskSpaceText } from '../disk-room.js';
import type { PostReference } from '../entry.js';
import {
  type Epoch,
  type Instant,
  type NetworkId,
  NO_EPOCH,
  nextEpoch,
  type Position,
  serverName,
} from '../ids.js';
import { invariant, unreachable } from '../invariants.js';
import { MAX_CLUSTERS, MAX_MEMBERS } from '../limits.js';
import type { Machine } from '../machine.js';
import type { Attempt } from '../membership/membership-messages.js';
import { RouterLink } from '../membership/router-link.js';
import type { RouterMessage, StandbyMessage, TailMessage } from '../messages.js';
import { actionFor, type Reason } from '../reasons.js';
import { ClientRequests, type Serving } from './client-requests.js';
import { Drain } from './drain.js';
import { EarlyJoins } from './early-joins.js';
import { KeptState } from './kept-state.js';
import type { LinkId, ReplicaInput, ReplicaOutput, ReplicaStart, ReplicaTiming } from './messages.js';
import { unnamed, whoIsPrimary } from './named-member.js';
import { isEarly, objectionToJoin, objectionToSnapshot, objectionToTail } from './peer-admission.js';
import { PrimaryRole } from './primary-role.js';
import { Reachability } from './reachability.js';
import { ReplicaContext } from './replica-context.js';
import { RouterFollower } from './router-follower.js';
import { StandbyRole } from './standby-role.js';

type Join = Extract<StandbyMessage, { kind: 'join' }>;

/**
 * How long a primary that is asked to stop goes on before it drains, ms. When all servers are asked at once,
 * the others have reported it by then, and the epoch is not handed to a server that is ending too.
 */
const LEAVING_NOTICE_MS = 200;
/**
 * How long a standby that is asked to stop goes on copying, ms: longer than a primary's notice and drain, so
 * that both end at the same position when both are asked at once.
 */
const LEAVING_LINGER_MS = 500;

/** A primary with a damaged journal asks again after this time if no member took over, ms. */
const DAMAGED_RETRY_MS = 30_000;

export class Replica implements Machine<ReplicaInput, ReplicaOutput> {
  readonly #context: ReplicaContext;
  readonly #router: RouterLink;
  readonly #reachability: Reachability;
  readonly #follower: RouterFollower;
  readonly #standby: StandbyRole;
  #primary: PrimaryRole | undefined;
  #drain: Drain | undefined;
  readonly #requests: ClientRequests;
  readonly #kept: KeptState;
  readonly #earlyJoins = new EarlyJoins();
  /** The damage found in this server's own journal. */
  #damage: string | undefined;
  /** When a primary with a damaged journal asks again to be replaced. */
  #replaceAt: Instant = 0;
  #tickedAt: Instant = 0;
  /** Until when it goes on although it is asked to stop. */
  #lingersUntil: Instant | undefined;
  #stopped = false;

  constructor(start: ReplicaStart, timing: ReplicaTiming) {
    this.#context = new ReplicaContext(start, timing);
    this.#router = new RouterLink(this.#context);
    this.#reachability = new Reachability(this.#context, this.#router);
    this.#standby = new StandbyRole(this.#context, this.#reachability);
    this.#context.whomNotToReach = () =>
      this.#primary === undefined ? this.#reachability.cannotReach : this.#primary.cannotReach;
    this.#follower = new RouterFollower(this.#context, this.#router);
    this.#requests = new ClientRequests(this.#context);
    this.#kept = new KeptState(this.#context, start.snapshotAt);
  }

  /** Takes one input and returns the outputs, in order. Does nothing after `stopped`. */
  step(now: Instant, input: ReplicaInput): readonly ReplicaOutput[] {
    if (this.#stopped) return [];
    this.#context.advanceTo(now);
    this.#take(input);
    this.#settle();
    this.#leaveIfOver();
    if (this.#drain !== undefined) this.#advanceDrain(this.#drain);
    return this.#context.takeOutputs();
  }

  /** When to `tick` next. */
  nextDeadline(): Instant | undefined {
    if (this.#stopped) return undefined;
    const { now, timing } = this.#context;
    const isWatching =
      this.#primary !== undefined ||
      this.#standby.joined ||
      this.#requests.isHolding ||
      this.#earlyJoins.size > 0;
    const deadline = Math.min(
      this.#router.nextDeadline(),
      this.#standby.nextDeadline(),
      this.#drain?.until ?? Number.POSITIVE_INFINITY,
      (this.#drain === undefined ? this.#lingersUntil : undefined) ?? Number.POSITIVE_INFINITY,
      isWatching ? this.#tickedAt + timing.pingIntervalMs : Number.POSITIVE_INFINITY,
    );
    return deadline === Number.POSITIVE_INFINITY ? undefined : Math.max(deadline, now);
  }

  // Read by views, tests and the simulator's checkers.

  get role(): 'primary' | 'standby' {
    return this.#primary === undefined ? 'standby' : 'primary';
  }
  /**
   * The epoch to assume for a caller that names none, so that a call just before the router's message is
   * held.
   */
  get epochToExpect(): Epoch {
    return this.#primary === undefined ? nextEpoch(this.#context.assignment?.epoch ?? NO_EPOCH) : NO_EPOCH;
  }
  /** The epoch in which it serves; 0 when it doesn't. */
  get servingEpoch(): Epoch {
    return this.#primary?.opened === true ? this.#primary.epoch : NO_EPOCH;
  }
  /** The position of a post in this journal, as far as it is applied; undefined: it is not here. */
  positionOf(post: PostReference): Position | undefined {
    return this.#context.ledger.social.positionOf(post);
  }
  /** The copies that a commit here waits for; none while this is not the primary. */
  get awaited(): readonly InSyncMember[] {
    return this.#primary?.standbys.awaited ?? [];
  }
  get ledger(): ReplicaContext['ledger'] {
    return this.#context.ledger;
  }
  get assignment(): Assignment | undefined {
    return this.#context.assignment;
  }
  /** Whether a router hears it. */
  get isAttached(): boolean {
    return this.#router.attached;
  }
  get stats(): ReturnType<ReplicaContext['stats']> {
    return this.#context.stats();
  }

  #take(input: ReplicaInput): void {
    const context = this.#context;
    const { ledger } = context;
    switch (input.kind) {
      case 'start':
      case 'tick':
        return this.#tick();
      case 'flush':
        return this.#flush();
      case 'stop':
        return this.#stop();
      case 'durable':
        return this.#durable(ledger.durableThrough(input.position, input.checksum));
      case 'truncated':
        return this.#durable(ledger.truncated(input.last, input.checksum));
      case 'snapshot-installed':
        ledger.install(input.installed);
        this.#kept.installed(input.installed.snapshotAt);
        this.#context.report('snapshot', `starts over from a snapshot at ${ledger.committed}`);
        this.#standby.pulled();
        return this.#consider();
      case 'snapshot-failed':
        this.#standby.pullFailed(input.detail);
        return this.#consider();
      case 'journal-failed':
      case 'disk-stalled':
        this.#context.report(input.kind, input.detail);
        return this.#end('storage-failed', input.detail, true);
      case 'disk-room':
        return this.#diskRoom(input.space, input.isLow);
      case 'journal-damaged':
        return this.#journalDamaged(input.detail);
      case 'welcome-noted':
        context.welcomedLife = context.identity.lifeId;
        return this.#router.noted();
      case 'journal-renewed':
        return this.#follower.journalRenewed(input.journalId);
      case 'router-message':
        if (this.#router.isCurrent(input.attempt)) this.#routerMessage(input.attempt, input.message);
        return;
      case 'router-ended':
        if (this.#router.isCurrent(input.attempt))
          this.#router.ended(input.attempt, { reason: 'router-unreachable', detail: input.detail });
        return;
      case 'primary-message':
        if (this.#standby.isCurrent(input.attempt))
          this.#standby.message(input.message, input.entries, input.checksum);
        return;
      case 'primary-ended':
        if (this.#standby.isCurrent(input.attempt)) this.#standby.ended(input.detail);
        return;
      case 'port-refused':
        return this.#standby.portRefused(input.attempt);
      case 'member-probed':
        return this.#reachability.probed(input.probe, input.isReached);
      case 'standby-message':
        return this.#standbyMessage(input.link, input.message);
      case 'standby-ended':
        this.#earlyJoins.ended(input.link);
        this.#primary?.standbyEnded(input.link, input.detail);
        return;
      case 'snapshot-asked':
        return this.#snapshotAsked(input);
      case 'snapshot-ended':
        this.#primary?.snapshots.ended(input.token);
        return;
      case 'cluster-assigned':
        return this.#otherAssigned(input.networkId, input.assignment);
      case 'tail-heard':
        this.#primary?.remoteReader.heard(input.attempt, input.batch);
        return;
      case 'tail-broken':
        this.#primary?.remoteReader.broken(input.attempt, input.detail);
        return;
      case 'tail-asked':
        return this.#tailAsked(input.link, input.message);
      case 'tail-ended':
        this.#primary?.tailEnded(input.link);
        return;
      case 'write':
      case 'list':
      case 'keys':
      case 'operate':
      case 'timeline-open':
        return this.#requests.take(input, this.#serving);
      case 'write-abandoned':
        this.#requests.abandoned(input.token);
        this.#primary?.writes.abandon(input.token);
        return;
      case 'timeline-alive':
        this.#primary?.readerSigns.heard(input.timeline, this.#context.heardMs);
        return;
      case 'timeline-older':
        this.#primary?.readerSigns.heard(input.timeline, this.#context.heardMs);
        this.#context.emit(
          ...(this.#primary?.timelines.older(input.timeline, input.before, input.limit, ledger.social) ?? []),
        );
        return;
      case 'timeline-answered':
        this.#primary?.readerSigns.heard(input.timeline, this.#context.heardMs);
        this.#context.emit(
          ...(this.#primary?.timelines.answered(input.timeline, input.of, ledger.social) ?? []),
        );
        return;
      case 'timeline-full':
        this.#primary?.timelines.full(input.timeline);
        return;
      case 'timeline-writable':
        this.#context.emit(...(this.#primary?.timelines.writable(input.timeline, ledger.social) ?? []));
        return;
      case 'timeline-read-out':
        this.#context.emit(...(this.#primary?.timelines.readOut(input.timeline, ledger.social) ?? []));
        return;
      case 'timeline-ended':
        this.#requests.timelineEnded(input.timeline);
        this.#primary?.timelineEnded(input.timeline);
        return;
      default:
        unreachable(input);
    }
  }

  /** A standby reports it to its primary, which refuses users' writes for all of them. */
  #diskRoom(space: DiskSpace, isLow: boolean): void {
    const context = this.#context;
    context.diskIsLow = isLow;
    const then = isLow ? "users' writes are refused while it is in sync" : "users' writes are accepted again";
    context.report(isLow ? 'disk-low' : 'disk-has-room', `${diskSpaceText(space)}; ${then}`);
    if (this.#primary === undefined) this.#standby.sayDurable();
  }

  /**
   * A standby has nothing that others lack, so it ends. A primary hands over; while no other member has
   * everything it goes on with the state in memory, which is intact.
   */
  #journalDamaged(detail: string): void {
    if (this.#damage !== undefined) return;
    this.#damage = detail;
    const isAlone = this.#primary?.standbys.awaited.length === 1;
    const then = isAlone ? ': no other server is in sync, so it goes on and hands over when one is' : '';
    this.#context.report('journal-damaged', `${detail}${then}`);
    if (this.#primary === undefined) this.#end('storage-failed', detail, true);
    else this.#replaceIfDamaged(this.#primary);
  }

  #replaceIfDamaged(primary: PrimaryRole): void {
    const { now } = this.#context;
    if (this.#damage === undefined || this.#drain !== undefined || now < this.#replaceAt) return;
    if (!primary.opened || primary.standbys.awaited.length === 1) return;
    this.#replaceAt = now + DAMAGED_RETRY_MS;
    this.#beginDrain(true, 'its journal is damaged: takes no more writes and hands over');
  }

  #durable(isNews: boolean): void {
    if (isNews && this.#primary === undefined) this.#standby.sayDurable();
  }

  // The router.

  #routerMessage(attempt: Attempt, message: RouterMessage): void {
    const order = this.#follower.take(attempt, message);
    // This stream may have been opened before the server was asked to stop, so its `attach` did not say so.
    if (message.kind === 'welcome' && order !== undefined && this.#context.isStopping)
      this.#router.send({ kind: 'leaving' });
    switch (order?.kind) {
      case undefined:
        return;
      case 'assigned':
        return this.#assigned(order.assignment, order.lastRequest);
      case 'hand-over':
        if (this.#primary?.epoch === order.epoch && this.#drain === undefined)
          this.#beginDrain(false, 'hands over: takes no more writes');
        return;
      case 'rest':
        if (this.#primary?.epoch === order.epoch) this.#stop();
        return;
      case 'no-successor':
        if (this.#primary?.epoch === order.epoch) this.#drain?.noSuccessor();
        return;
      case 'end':
        return this.#end(order.reason, order.detail, true);
      default:
        unreachable(order);
    }
  }

  #assigned(assignment: Assignment, lastRequest: number | undefined): void {
    const context = this.#context;
    const known = context.assignment;
    if (isNewer(known, assignment)) {
      context.report(
        'refused',
        `ignores an assignment of epoch ${assignment.epoch}, already knows of ${known?.epoch}`,
      );
      return;
    }
    context.assignment = assignment;
    context.see(assignment.epoch);
    const { serverId } = context.identity;
    const others = assignment.members.filter((member) => member.live && member.serverId !== serverId);
    context.emit({ kind: 'keep-warm', addresses: others.map(({ address }) => address) });
    if (this.#primary?.epoch === assignment.epoch) {
      invariant(namesAsPrimary(assignment, context.identity), 'one-primary-per-epoch', {
        epoch: assignment.epoch,
        primary: assignment.primary,
      });
      this.#primary.assigned(assignment, lastRequest);
      this.#judgeEarlyJoins();
    } else {
      this.#consider();
    }
  }

  get #serving(): Serving {
    return { primary: this.#primary, drain: this.#drain, isStopping: this.#context.isStopping };
  }

  /** Takes the role that the newest assignment gives, unless a higher epoch was seen since. */
  #consider(): void {
    const context = this.#context;
    const { assignment } = context;
    if (this.#primary !== undefined && context.highestEpoch > this.#primary.epoch) this.#stepDown();
    if (this.#stopped || assignment === undefined || this.#standby.pulling) return;
    const isOurs = namesAsPrimary(assignment, context.identity) && assignment.epoch === context.highestEpoch;
    if (!isOurs) {
      this.#standby.follow();
      this.#requests.dispatchHeld(this.#serving);
      return;
    }
    if (this.#primary !== undefined) return;
    this.#standby.leave();
    this.#primary = new PrimaryRole(context, this.#router, assignment.epoch, assignment.inSync);
    this.#linger();
    this.#judgeEarlyJoins();
    this.#requests.dispatchHeld(this.#serving);
  }

  #stepDown(): void {
    const { assignment, highestEpoch } = this.#context;
    const primary = assignment?.epoch === highestEpoch ? assignment.primary : undefined;
    const by = primary === undefined ? 'someone else' : serverName(primary.serverId);
    this.#primary?.stepDown(`epoch ${highestEpoch} belongs to ${by}`);
    this.#primary = undefined;
    const leaving = this.#drain?.leaving === true;
    this.#drain = undefined;
    if (this.#damage !== undefined) return this.#end('storage-failed', this.#damage, true);
    if (leaving) this.#end('shutting-down', `handed over to ${by}`, false);
    else this.#linger();
  }

  /** Any input may have moved the commit position. */
  #settle(): void {
    const primary = this.#primary;
    if (primary === undefined) {
      if (!this.#router.attached) this.#standby.askWhetherGone();
      return;
    }
    const wasOpened = primary.opened;
    primary.advance();
    if (!wasOpened && primary.opened) this.#requests.dispatchHeld(this.#serving);
  }

  // Standbys.

  #standbyMessage(link: LinkId, message: StandbyMessage): void {
    const context = this.#context;
    if (message.kind === 'fenced') {
      if (this.#primary?.standbys.has(link) !== true) return;
      context.see(message.epoch);
      return this.#consider();
    }
    if (message.kind === 'join' && !this.#admits(link, message)) return;
    this.#primary?.standbyMessage(link, message);
  }

  /** Whether it may join now; a standby that may not is refused, or waits. */
  #admits(link: LinkId, join: Join): boolean {
    const context = this.#context;
    const objection = objectionToJoin(context, this.#primary, join);
    if (objection !== undefined) context.refuseStandby(link, objection.reason, objection.detail);
    else if (!isEarly(context, this.#primary, join)) return true;
    else if (!this.#earlyJoins.hold(link, join, context.heardMs + context.timing.deadAfterMs))
      context.refuseStandby(link, 'limit-reached', `${MAX_MEMBERS} standbys wait already`);
    return false;
  }

  /** The router has sent something new: decides again about joins that came earlier. */
  #judgeEarlyJoins(): void {
    const context = this.#context;
    const isOver = (join: Join) =>
      objectionToJoin(context, this.#primary, join) !== undefined || !isEarly(context, this.#primary, join);
    for (const { link, join } of this.#earlyJoins.takeWhere(isOver)) this.#standbyMessage(link, join);
  }

  #snapshotAsked(input: Extract<ReplicaInput, { kind: 'snapshot-asked' }>): void {
    const refusal = objectionToSnapshot(this.#context, this.#primary, this.#damage, input);
    if (refusal === undefined) this.#primary?.snapshots.asked(input.token, input.serverId);
    else this.#context.emit({ kind: 'end-snapshot', token: input.token, ...refusal });
  }

  // Other clusters.

  /** A router of another network may be at this address by now: its clusters are not ours. */
  #otherAssigned(networkId: NetworkId, assignment: Assignment): void {
    const { others, identity, clusters } = this.#context;
    if (networkId !== this.#context.networkId) return;
    const known = others.get(assignment.cluster);
    if (assignment.cluster === identity.cluster || assignment.cluster > (clusters || MAX_CLUSTERS)) return;
    if (!isNewer(assignment, known)) return;
    others.set(assignment.cluster, assignment);
    this.#primary?.remoteReader.assigned(assignment);
  }

  #tailAsked(link: LinkId, message: TailMessage): void {
    const refusal =
      message.kind === 'open' ? objectionToTail(this.#context, this.#primary, message) : undefined;
    if (refusal !== undefined) this.#context.emit({ kind: 'end-tail', link, ...refusal });
    else this.#primary?.tailAsked(link, message);
  }

  // Time, and the end.

  #tick(): void {
    const context = this.#context;
    this.#tickedAt = context.now;
    this.#router.tick();
    if (this.#primary === undefined) this.#standby.tick();
    else {
      this.#primary.tick();
      this.#replaceIfDamaged(this.#primary);
    }
    this.#requests.refuseExpired();
    for (const { link, join } of this.#earlyJoins.takeExpired(context.heardMs)) {
      if (join.epoch === this.#primary?.epoch) context.refuseStandby(link, 'unknown-member', unnamed(join));
      else context.refuseStandby(link, 'not-primary', whoIsPrimary(context));
    }
    this.#flush();
  }

  #flush(): void {
    this.#primary?.flush();
    this.#kept.flush();
  }

  #stop(): void {
    if (this.#context.isStopping) return;
    this.#context.isStopping = true;
    this.#router.send({ kind: 'leaving' });
    this.#linger();
    this.#leaveIfOver();
  }

  /**
   * A server that is asked to stop goes on for a while, which depends on its role: the role may change just
   * then, when a handover was under way.
   */
  #linger(): void {
    if (!this.#context.isStopping) return;
    const { now } = this.#context;
    if (this.#primary !== undefined) {
      const isAlone = this.#primary.standbys.awaited.length <= 1;
      this.#lingersUntil = now + (isAlone ? 0 : LEAVING_NOTICE_MS);
    } else this.#lingersUntil = now + LEAVING_LINGER_MS;
  }

  /**
   * Ends a server that was asked to stop. A standby ends at once when there is no primary that could still
   * send entries.
   */
  #leaveIfOver(): void {
    const isOver = this.#context.now >= (this.#lingersUntil ?? Number.POSITIVE_INFINITY);
    if (this.#lingersUntil === undefined || this.#drain !== undefined) return;
    if (this.#primary === undefined) {
      if (isOver || !this.#standby.hasPrimary) this.#end('shutting-down', 'standby stopped', false);
    } else if (isOver) {
      this.#lingersUntil = undefined;
      this.#beginDrain(true, 'is asked to stop: takes no more writes');
    }
  }

  #beginDrain(leaving: boolean, why: string): void {
    this.#drain = new Drain(this.#context, leaving, why);
    this.#primary?.remoteReader.pause('drain', true);
  }

  #advanceDrain(drain: Drain): void {
    const primary = this.#primary;
    if (primary === undefined) return;
    const progress = drain.advance(primary);
    if (progress === 'draining' || progress === 'handed-over') return;
    this.#drain = undefined;
    if (drain.leaving && this.#context.isStopping) {
      const detail = progress === 'gave-up' ? 'no standby took over in time' : 'no standby to hand over to';
      primary.stepDown(detail);
      this.#primary = undefined;
      this.#end('shutting-down', detail, false);
      return;
    }
    this.#context.report(
      'handover',
      progress === 'gave-up' ? 'was not answered in time: goes on' : 'no in-sync standby: goes on',
    );
    primary.remoteReader.pause('drain', false);
    this.#requests.dispatchHeld(this.#serving);
  }

  #end(reason: Reason, detail: string, failed: boolean): void {
    const context = this.#context;
    // Clients get only reasons that make them ask the router again.
    const told = actionFor(reason) === 're-resolve' ? reason : 'not-primary';
    if (this.#primary !== undefined) {
      this.#primary.stepDown(detail, told);
      this.#primary = undefined;
    }
    this.#requests.refuseHeld(told, detail);
    this.#standby.leave();
    this.#router.send({ kind: 'leave', stats: context.stats() });
    this.#router.close();
    this.#stopped = true;
    // After a failure the part that ends the process reports the reason.
    if (!failed) context.report('stopped', detail);
    context.emit({ kind: 'stopped', failed, reason, detail });
  }
}
