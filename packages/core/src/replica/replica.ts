/**
 * One server of a cluster: decides whether it is primary or standby, and everything that follows.
 *
 * It never decides by itself that it is primary: only an assignment of the router that names this very
 * incarnation and journal makes it so. It decides by itself that it is *not*: any word of a higher
 * epoch, from anyone, ends its reign. Same inputs in the same order, same outputs. Design after
 * PacificA: the router is the configuration authority, commits wait for all in-sync members.
 */
import { type Assignment, type InSyncMember, isNewer } from '../assignment.js';
import {
  type Epoch,
  type Instant,
  type JournalId,
  type NetworkId,
  NO_EPOCH,
  nextEpoch,
  serverName,
} from '../ids.js';
import { invariant, unreachable } from '../invariants.js';
import { MAX_CLUSTERS, MAX_MEMBERS } from '../limits.js';
import type { Machine } from '../machine.js';
import type { Attempt } from '../membership/membership-messages.js';
import { RouterRefusals } from '../membership/refusal.js';
import { RouterLink } from '../membership/router-link.js';
import type { RouterMessage, StandbyMessage, TailMessage } from '../messages.js';
import { actionFor, type Failure, type Reason } from '../reasons.js';
import { isSameCopy, isSameLife } from '../same-life.js';
import { signsOfLife } from '../signs-of-life.js';
import { quote } from '../text.js';
import { Drain } from './drain.js';
import { Ground } from './ground.js';
import { HeldRequests } from './held-requests.js';
import type {
  ClientRequest,
  LinkId,
  ReplicaInput,
  ReplicaOutput,
  ReplicaStart,
  ReplicaTiming,
  SnapshotQuestion,
} from './messages.js';
import { isLiveMember, namedMember, unnamed } from './named-member.js';
import { PrimaryRole, SNAPSHOT_EVERY_ENTRIES } from './primary-role.js';
import { Reachability } from './reachability.js';
import { StandbyRole } from './standby-role.js';

type Join = Extract<StandbyMessage, { kind: 'join' }>;
type Place = Pick<SnapshotQuestion, 'networkId' | 'cluster'>;
type Refused = Extract<RouterMessage, { kind: 'refused' }>;

/**
 * How long a new life waits for the end of the one before, ms: a server that is started again right after its end is
 * here before the router knows of that; a copy of a folder whose original runs waits in vain.
 */
const PREDECESSOR_PATIENCE_MS = 5_000;
/**
 * How long a primary that is asked to stop goes on before it drains, ms. When all servers are asked at once the others
 * have said so by then, and the epoch is not handed from one that ends to the next.
 */
const LEAVING_NOTICE_MS = 200;
/**
 * How long a standby that is asked to stop goes on copying, ms: longer than a primary's notice and its drain, so that both
 * end at the same position when both are asked at once.
 */
const LEAVING_LINGER_MS = 500;

/** A primary with a damaged journal that nobody took over from asks again after this time, ms. */
const DAMAGED_RETRY_MS = 30_000;

export class Replica implements Machine<ReplicaInput, ReplicaOutput> {
  readonly #ground: Ground;
  readonly #router: RouterLink;
  readonly #reachability: Reachability;
  readonly #refusals: RouterRefusals;
  /** Since when the life before has been in the way, listening time, ms. */
  /** Another journal id is being made durable. */
  #isRenewing = false;
  #predecessorSince: number | undefined;
  /** What was noted last of what this server knows. */
  #noted = '';
  readonly #standby: StandbyRole;
  #primary: PrimaryRole | undefined;
  #drain: Drain | undefined;
  readonly #held = new HeldRequests();
  /** Standbys that came before the router's word that this is the primary. `until` is listening time, ms. */
  readonly #earlyJoins = new Map<LinkId, { readonly join: Join; readonly until: number }>();
  #snapshotAt: number;
  /** What was found damaged in the own journal. */
  #damage: string | undefined;
  /** When a primary with a damaged journal asks to be replaced, if it can be. */
  #replaceAt: Instant = 0;
  #tickedAt: Instant = 0;
  #stopping = false;
  /** Until when it goes on although it is asked to stop. */
  #lingersUntil: Instant | undefined;
  #stopped = false;

  constructor(start: ReplicaStart, timing: ReplicaTiming) {
    this.#ground = new Ground(start, timing);
    this.#router = new RouterLink(this.#ground);
    this.#reachability = new Reachability(this.#ground);
    this.#standby = new StandbyRole(this.#ground, this.#reachability);
    this.#ground.whomNotToReach = () =>
      this.#primary === undefined ? this.#reachability.cannotReach : this.#primary.cannotReach;
    this.#refusals = new RouterRefusals(start.identity.routers);
    this.#snapshotAt = start.snapshot.position;
  }

  /** Takes one input and gives what is to be done, in order. Does nothing any more after `stopped`. */
  step(now: Instant, input: ReplicaInput): readonly ReplicaOutput[] {
    if (this.#stopped) return [];
    this.#ground.advanceTo(now);
    this.#take(input);
    this.#linger();
    if (this.#drain !== undefined) this.#advanceDrain(this.#drain);
    return this.#ground.takeOutputs();
  }

  /** When to `tick` next. */
  nextDeadline(): Instant | undefined {
    if (this.#stopped) return undefined;
    const { now, timing } = this.#ground;
    const isWatching =
      this.#primary !== undefined || this.#standby.joined || this.#held.size + this.#earlyJoins.size > 0;
    const deadline = Math.min(
      this.#router.nextDeadline(),
      this.#standby.nextDeadline(),
      this.#drain?.until ?? Number.POSITIVE_INFINITY,
      (this.#drain === undefined ? this.#lingersUntil : undefined) ?? Number.POSITIVE_INFINITY,
      isWatching ? this.#tickedAt + timing.pingIntervalMs : Number.POSITIVE_INFINITY,
    );
    return deadline === Number.POSITIVE_INFINITY ? undefined : Math.max(deadline, now);
  }

  // What others may look at: views, tests, the simulator's checkers.

  get role(): 'primary' | 'standby' {
    return this.#primary === undefined ? 'standby' : 'primary';
  }
  /** The epoch to name for a caller who knows of none: so one who comes a moment before the router's word is held. */
  get epochToExpect(): Epoch {
    return this.#primary === undefined ? nextEpoch(this.#ground.assignment?.epoch ?? NO_EPOCH) : NO_EPOCH;
  }
  /** The epoch in which it serves; 0 when it doesn't. */
  get servingEpoch(): Epoch {
    return this.#primary?.opened === true ? this.#primary.epoch : NO_EPOCH;
  }
  /** Whose copies a commit here waits for; nobody's while this is not the primary. */
  get awaited(): readonly InSyncMember[] {
    return this.#primary?.standbys.awaited ?? [];
  }
  get ledger(): Ground['ledger'] {
    return this.#ground.ledger;
  }
  get assignment(): Assignment | undefined {
    return this.#ground.assignment;
  }

  #take(input: ReplicaInput): void {
    const ground = this.#ground;
    const { ledger } = ground;
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
        ledger.install(input.snapshot, input.epochStarts, input.checksum);
        this.#snapshotAt = input.snapshot.position;
        this.#ground.report('snapshot', `starts over from a snapshot at ${input.snapshot.position}`);
        this.#standby.pulled();
        return this.#consider();
      case 'snapshot-failed':
        this.#standby.pullFailed(input.detail);
        return this.#consider();
      case 'journal-failed':
      case 'disk-stalled':
        this.#ground.report(input.kind, input.detail);
        return this.#end('storage-failed', input.detail, true);
      case 'journal-damaged':
        return this.#journalDamaged(input.detail);
      case 'welcome-noted':
        ground.welcomedLife = ground.identity.lifeId;
        return this.#router.noted();
      case 'journal-renewed':
        return this.#journalRenewed(input.journalId);
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
      case 'member-probed':
        return this.#reachability.probed(input.probe, input.isReached);
      case 'standby-message':
        return this.#standbyMessage(input.link, input.message);
      case 'standby-ended':
        this.#earlyJoins.delete(input.link);
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
        this.#primary?.tailing.heard(input.attempt, input.batch);
        if (this.#primary !== undefined) this.#advancePrimary(this.#primary);
        return;
      case 'tail-broken':
        this.#primary?.tailing.broken(input.attempt, input.detail);
        return;
      case 'tail-asked':
        return this.#tailAsked(input.link, input.message);
      case 'tail-ended':
        this.#primary?.tailEnded(input.link);
        return;
      case 'write':
      case 'list':
      case 'timeline-open':
        return this.#request(input, this.#ground.heardMs + this.#ground.timing.deadAfterMs);
      case 'write-abandoned':
        this.#held.dropToken(input.token);
        this.#primary?.abandonWrite(input.token);
        return;
      case 'timeline-alive':
        this.#primary?.readerSigns.heard(input.timeline, this.#ground.heardMs);
        return;
      case 'timeline-older':
        this.#primary?.readerSigns.heard(input.timeline, this.#ground.heardMs);
        this.#ground.emit(
          ...(this.#primary?.timelines.older(input.timeline, input.before, input.limit, ledger.social) ?? []),
        );
        return;
      case 'timeline-full':
        this.#primary?.timelines.full(input.timeline);
        return;
      case 'timeline-writable':
        this.#ground.emit(...(this.#primary?.timelines.writable(input.timeline, ledger.social) ?? []));
        return;
      case 'timeline-ended':
        this.#held.dropTimeline(input.timeline);
        this.#primary?.timelineEnded(input.timeline);
        return;
      default:
        unreachable(input);
    }
  }

  /**
   * A standby has nothing that others lack, so it ends. A primary hands over; as long as nobody else has everything it goes on
   * with what is in memory, which is whole.
   */
  #journalDamaged(detail: string): void {
    if (this.#damage !== undefined) return;
    this.#damage = detail;
    const isAlone = this.#primary?.standbys.awaited.length === 1;
    const then = isAlone ? ': nobody else is in sync, so it goes on and hands over when somebody is' : '';
    this.#ground.report('journal-damaged', `${detail}${then}`);
    if (this.#primary === undefined) this.#end('storage-failed', detail, true);
    else this.#replaceIfDamaged(this.#primary);
  }

  #replaceIfDamaged(primary: PrimaryRole): void {
    const { now } = this.#ground;
    if (this.#damage === undefined || this.#drain !== undefined || now < this.#replaceAt) return;
    if (!primary.opened || primary.standbys.awaited.length === 1) return;
    this.#replaceAt = now + DAMAGED_RETRY_MS;
    this.#beginDrain(true, 'its journal is damaged: takes no more writes and hands over');
  }

  #durable(isNews: boolean): void {
    if (!isNews) return;
    if (this.#primary === undefined) this.#standby.sayDurable();
    else this.#advancePrimary(this.#primary);
  }

  // The router's word.

  #routerMessage(attempt: Attempt, message: RouterMessage): void {
    const ground = this.#ground;
    this.#router.heard(attempt);
    const isAnswer = message.kind === 'welcome' || message.kind === 'refused';
    if (!isAnswer && !this.#router.isWelcomedBy(attempt)) return;
    switch (message.kind) {
      case 'welcome':
        return this.#welcomed(attempt, message);
      case 'pong':
        return ground.keepTime(message.pingIntervalMs);
      case 'assignment':
        return this.#assigned(message.assignment, message.lastRequest);
      case 'please-hand-over':
        if (this.#primary?.epoch === message.epoch && this.#drain === undefined)
          this.#beginDrain(false, 'hands over: takes no more writes');
        return;
      case 'no-successor':
        if (this.#primary?.epoch === message.epoch) this.#drain?.noSuccessor();
        return;
      case 'refused':
        return this.#refused(attempt, message);
      default:
        unreachable(message);
    }
  }

  #welcomed(attempt: Attempt, message: Extract<RouterMessage, { kind: 'welcome' }>): void {
    const ground = this.#ground;
    const problem = this.#storeProblem(message);
    if (problem !== undefined) return this.#disbelieve(attempt, problem);
    this.#router.welcomed(attempt);
    this.#refusals.welcomed();
    this.#predecessorSince = undefined;
    ground.clusters = message.clusters;
    ground.keepTime(message.pingIntervalMs, message.deadAfterMs);
    ground.networkId = message.networkId;
    const { lifeId } = ground.identity;
    if (ground.welcomedLife !== lifeId)
      ground.emit({ kind: 'note-welcome', networkId: message.networkId, lifeId });
    ground.report(
      'attached',
      `attached to the router at ${this.#router.address}, network ${message.networkId}`,
    );
    return this.#assigned(message.assignment, undefined);
  }

  /**
   * Why this router must not be followed: it is another network's, its folder is older than what we have been told, or it
   * is a copy that has gone its own way.
   */
  #storeProblem({ networkId, assignment }: Extract<RouterMessage, { kind: 'welcome' }>): string | undefined {
    const ground = this.#ground;
    if (ground.networkId !== '' && networkId !== ground.networkId)
      return `it is of network ${networkId}, this server belongs to ${ground.networkId}`;
    const { revision, highestEpoch, assignment: known } = ground;
    if (isNewer({ epoch: highestEpoch, revision }, assignment))
      return `it knows epoch ${assignment.epoch}, revision ${assignment.revision}; this server was told epoch ${highestEpoch}, revision ${revision}: its folder is older`;
    if (known !== undefined && !isNewer(assignment, known) && !isSameConfiguration(known, assignment))
      return `its revision ${assignment.revision} is not the one that this server was told: its folder is a copy`;
    return undefined;
  }

  /** Goes on as it is, says so, and asks another router, or this one later. */
  #disbelieve(attempt: Attempt, problem: string): void {
    const detail = `does not follow the router at ${this.#router.addressOf(attempt)}: ${problem}`;
    if (this.#refusals.isNews(detail)) this.#ground.report('refused', detail);
    this.#router.refused(attempt, { reason: 'router-store-too-old', detail });
  }

  #refused(attempt: Attempt, message: Refused): void {
    const ground = this.#ground;
    // By another stream of ours, if both led to one router. If it was by another life, that one's answer will say so.
    if (message.reason === 'superseded' && this.#router.isOvertaken(attempt))
      return this.#router.ended(attempt, message);
    const address = this.#router.addressOf(attempt);
    const text = `the router at ${address} refuses this server: ${message.reason}: ${message.detail}`;
    if (message.reason === 'older-copy' && this.#mayRenew(message)) {
      this.#router.refused(attempt, message);
      if (this.#isRenewing) return;
      this.#isRenewing = true;
      ground.report('older-copy', `${text}. It goes on as a new journal, which has to catch up`);
      ground.emit({ kind: 'renew-journal' });
      return;
    }
    if (this.#isInTheWayForGood(message)) return this.#end('duplicate-server', text, true);
    if (this.#refusals.isFinal(message, address, ground.networkId))
      return this.#end(message.reason, text, true);
    if (this.#refusals.isNews(text)) ground.report('refused', text);
    this.#router.refused(attempt, message);
  }

  /** A life that has never been welcomed has promised nothing yet: it may come as another. */
  #mayRenew({ networkId }: Refused): boolean {
    const ours = this.#ground.networkId;
    return !this.#refusals.hasServed && (ours === '' || networkId === ours);
  }

  #isInTheWayForGood({ reason }: Refused): boolean {
    if (reason !== 'predecessor-is-live' || this.#refusals.hasServed) return false;
    const { heardMs } = this.#ground;
    this.#predecessorSince ??= heardMs;
    return heardMs - this.#predecessorSince >= PREDECESSOR_PATIENCE_MS;
  }

  #journalRenewed(journalId: JournalId): void {
    const ground = this.#ground;
    this.#isRenewing = false;
    ground.identity = { ...ground.identity, journalId };
    ground.welcomedLife = '';
    this.#router.retry();
    this.#router.tick();
  }

  #assigned(assignment: Assignment, lastRequest: number | undefined): void {
    const ground = this.#ground;
    const known = ground.assignment;
    if (known !== undefined && isNewer(known, assignment)) {
      ground.report(
        'refused',
        `ignores an assignment of epoch ${assignment.epoch}, already knows of ${known?.epoch}`,
      );
      return;
    }
    ground.assignment = assignment;
    ground.see(assignment.epoch);
    const { serverId } = ground.identity;
    const others = assignment.members.filter((member) => member.live && member.serverId !== serverId);
    ground.emit({ kind: 'keep-warm', addresses: others.map(({ address }) => address) });
    if (this.#primary?.epoch === assignment.epoch) {
      invariant(this.#namesUs(assignment), 'one-primary-per-epoch', {
        epoch: assignment.epoch,
        primary: assignment.primary,
      });
      this.#primary.assigned(assignment, lastRequest);
      this.#advancePrimary(this.#primary);
      this.#judgeEarlyJoins();
    } else {
      this.#consider();
    }
  }

  #namesUs({ primary }: Assignment): boolean {
    return primary !== undefined && isSameLife(primary, this.#ground.identity);
  }

  /** Takes the role that the newest assignment gives, unless a higher epoch was seen since. */
  #consider(): void {
    const ground = this.#ground;
    const { assignment } = ground;
    if (this.#primary !== undefined && ground.highestEpoch > this.#primary.epoch) this.#stepDown();
    if (this.#stopped || assignment === undefined || this.#standby.pulling) return;
    const isOurs = this.#namesUs(assignment) && assignment.epoch === ground.highestEpoch;
    if (!isOurs) {
      this.#standby.follow();
      this.#dispatchHeld();
      return;
    }
    if (this.#primary !== undefined) return;
    this.#standby.leave();
    this.#primary = new PrimaryRole(ground, this.#router, assignment.epoch, assignment.inSync);
    this.#advancePrimary(this.#primary);
    this.#judgeEarlyJoins();
    this.#dispatchHeld();
  }

  #stepDown(): void {
    const { assignment, highestEpoch } = this.#ground;
    const primary = assignment?.epoch === highestEpoch ? assignment.primary : undefined;
    const by = primary === undefined ? 'someone else' : serverName(primary.serverId);
    this.#primary?.stepDown(`epoch ${highestEpoch} belongs to ${by}`);
    this.#primary = undefined;
    const leaving = this.#drain?.leaving === true;
    this.#drain = undefined;
    if (this.#damage !== undefined) return this.#end('storage-failed', this.#damage, true);
    if (leaving) this.#end('shutting-down', `handed over to ${by}`, false);
  }

  #advancePrimary(primary: PrimaryRole): void {
    const wasOpened = primary.opened;
    primary.advance();
    if (!wasOpened && primary.opened) this.#dispatchHeld();
  }

  // Standbys.

  #standbyMessage(link: LinkId, message: StandbyMessage): void {
    const ground = this.#ground;
    if (message.kind === 'fenced') {
      if (this.#primary?.standbys.has(link) !== true) return;
      ground.see(message.epoch);
      return this.#consider();
    }
    if (message.kind === 'join') {
      const refusal = this.#joinProblem(message);
      if (refusal !== undefined) return ground.refuseStandby(link, refusal.reason, refusal.detail);
      if (this.#isEarly(message)) {
        if (this.#earlyJoins.size >= MAX_MEMBERS)
          return ground.refuseStandby(link, 'limit-reached', `${MAX_MEMBERS} standbys wait already`);
        this.#earlyJoins.set(link, { join: message, until: ground.heardMs + ground.timing.deadAfterMs });
        return;
      }
    }
    this.#primary?.standbyMessage(link, message);
    if (this.#primary !== undefined) this.#advancePrimary(this.#primary);
  }

  #joinProblem(join: Join): Failure | undefined {
    const problem = this.#placeProblem(join);
    if (problem !== undefined) return problem;
    const { assignment } = this.#ground;
    const known = Math.max(this.#primary?.epoch ?? NO_EPOCH, assignment?.epoch ?? NO_EPOCH);
    const isOurs = this.#primary?.epoch === join.epoch;
    if (join.epoch < known || (join.epoch === known && !isOurs))
      return {
        reason: join.epoch < known ? 'fenced' : 'not-primary',
        detail: `this server is not primary of epoch ${join.epoch}, it knows of epoch ${known}`,
      };
    return undefined;
  }

  /** Whether the router has yet to say that this server is primary, or that the standby is a member. */
  #isEarly(join: Join): boolean {
    const isServing = join.epoch === this.#primary?.epoch;
    return !isServing || namedMember(this.#ground.assignment, join) === undefined;
  }

  /** The router has told something new: those who came before it are judged again. */
  #judgeEarlyJoins(): void {
    for (const [link, { join }] of [...this.#earlyJoins]) {
      const problem = this.#joinProblem(join);
      if (problem === undefined && this.#isEarly(join)) continue;
      this.#earlyJoins.delete(link);
      this.#standbyMessage(link, join);
    }
  }

  #snapshotAsked(input: Extract<ReplicaInput, { kind: 'snapshot-asked' }>): void {
    const refusal = this.#snapshotProblem(input);
    if (refusal === undefined) this.#primary?.snapshots.asked(input.token, input.serverId);
    else this.#ground.emit({ kind: 'end-snapshot', token: input.token, ...refusal });
  }

  #snapshotProblem(question: SnapshotQuestion): Failure | undefined {
    const ground = this.#ground;
    const problem = this.#placeProblem(question);
    if (problem !== undefined) return problem;
    if (this.#primary?.opened !== true || this.#primary.epoch !== question.epoch)
      return { reason: 'not-primary', detail: `this server does not serve epoch ${question.epoch}` };
    if (!isLiveMember(ground.assignment, question))
      return { reason: 'unknown-member', detail: `${unnamed(question)} as live` };
    if (this.#damage !== undefined)
      return { reason: 'storage-failed', detail: damagedAtPrimary(this.#damage) };
    return undefined;
  }

  /** Whether somebody means another network or cluster. */
  #placeProblem({ networkId, cluster }: Place): Failure | undefined {
    const { identity, networkId: ours } = this.#ground;
    if (networkId !== ours)
      return {
        reason: 'wrong-network',
        detail: `network ${quote(networkId)} is not this server's ${quote(ours)}`,
      };
    if (cluster !== identity.cluster)
      return {
        reason: 'wrong-cluster',
        detail: `cluster ${cluster} is not this server's ${identity.cluster}`,
      };
    return undefined;
  }

  // Other clusters.

  /** A router of another network may sit at an address by now: its clusters are none of ours. */
  #otherAssigned(networkId: NetworkId, assignment: Assignment): void {
    const { others, identity, clusters } = this.#ground;
    if (networkId !== this.#ground.networkId) return;
    const known = others.get(assignment.cluster);
    if (assignment.cluster === identity.cluster || assignment.cluster > (clusters || MAX_CLUSTERS)) return;
    if (known !== undefined && !isNewer(assignment, known)) return;
    others.set(assignment.cluster, assignment);
    this.#primary?.tailing.assigned(assignment);
  }

  #tailAsked(link: LinkId, message: TailMessage): void {
    const refusal = message.kind === 'open' ? this.#tailProblem(message) : undefined;
    if (refusal !== undefined) this.#ground.emit({ kind: 'end-tail', link, ...refusal });
    else this.#primary?.tailAsked(link, message);
  }

  #tailProblem(open: Extract<TailMessage, { kind: 'open' }>): Failure | undefined {
    const { identity, others } = this.#ground;
    const problem = this.#placeProblem(open);
    if (problem !== undefined) return problem;
    if (open.from === identity.cluster)
      return { reason: 'wrong-cluster', detail: `cluster ${open.from} is this server's own` };
    // One stream for each primary that the router names: who claims to be another takes nobody's place.
    const known = others.get(open.from)?.epoch;
    if (known === undefined)
      return { reason: 'unknown-cluster', detail: `the router has named no cluster ${open.from} here` };
    if (open.fromEpoch < known)
      return {
        reason: 'fenced',
        detail: `cluster ${open.from} has a later epoch than ${open.fromEpoch}: ${known}`,
      };
    if (open.fromEpoch > known)
      return {
        reason: 'not-primary',
        detail: `the router has not told of epoch ${open.fromEpoch} of cluster ${open.from} here`,
      };
    const primary = this.#primary;
    if (primary === undefined || !primary.opened || primary.isolated || primary.epoch !== open.epoch)
      return { reason: 'not-primary', detail: `this server does not serve epoch ${open.epoch}` };
    return undefined;
  }

  // Clients.

  /** Serves, holds or refuses a request. `until`: how long it may be held, listening time, ms. */
  #request(request: ClientRequest, until: number): void {
    const ground = this.#ground;
    const primary = this.#primary;
    const user = request.kind === 'write' ? request.command.user : request.user;
    const home = ground.homeByName(user) ?? ground.identity.cluster;
    if (home !== ground.identity.cluster)
      return this.#refuse(request, 'wrong-cluster', `${quote(user)} is a user of cluster ${home}`);
    const knownEpoch = primary?.epoch ?? ground.assignment?.epoch ?? NO_EPOCH;
    const isEarly = request.epoch > knownEpoch;
    if (this.#stopping && primary === undefined)
      return this.#refuse(request, 'shutting-down', 'the server is about to end');
    if (primary === undefined || isEarly) {
      if (isEarly && this.#hold(request, until)) return;
      return this.#refuse(request, 'not-primary', this.#whoIsPrimary());
    }
    if (primary.isolated)
      return this.#refuse(request, 'not-primary', 'the server is cut off from the others');
    const mustWait = request.kind === 'write' ? this.#drain !== undefined : !primary.opened;
    if (mustWait) {
      // Beyond the end of the drain: one that is given up lets in what waited for it.
      const patience =
        this.#drain === undefined ? until : until + Math.max(0, this.#drain.until - ground.now);
      if (!this.#hold(request, patience)) this.#refuse(request, 'busy', 'too many requests wait here');
      return;
    }
    switch (request.kind) {
      case 'write':
        primary.write(request);
        return this.#advancePrimary(primary);
      case 'list':
        return primary.list(request);
      case 'timeline-open':
        return primary.openTimeline(request);
      default:
        unreachable(request);
    }
  }

  /** @returns whether there was room. A reader is told that somebody is there, or it would give this server up */
  #hold(request: ClientRequest, until: number): boolean {
    if (!this.#held.hold(request, until)) return false;
    if (request.kind === 'timeline-open' && request.signs)
      this.#ground.emit({
        kind: 'timeline-sign',
        timeline: request.timeline,
        signs: signsOfLife(this.#ground.timing, this.#primary?.timelines.size ?? 0),
      });
    return true;
  }

  #dispatchHeld(): void {
    for (const { request, until } of this.#held.takeAll()) this.#request(request, until);
  }

  #refuse(request: ClientRequest, reason: Reason, detail: string): void {
    if (request.kind === 'timeline-open')
      this.#ground.emit({ kind: 'timeline-end', timeline: request.timeline, reason, detail });
    else this.#ground.emit({ kind: 'refuse', token: request.token, reason, detail });
  }

  #whoIsPrimary(): string {
    const { assignment, identity } = this.#ground;
    const primary = assignment?.primary;
    const us = serverName(identity.serverId);
    return primary === undefined
      ? `${us} is not primary and knows of none`
      : `${us} is not primary; ${serverName(primary.serverId)} is, in epoch ${assignment?.epoch}`;
  }

  // Time, and the end.

  #tick(): void {
    const ground = this.#ground;
    this.#tickedAt = ground.now;
    this.#router.tick();
    if (this.#primary === undefined) this.#standby.tick();
    else {
      this.#primary.tick();
      this.#replaceIfDamaged(this.#primary);
    }
    for (const request of this.#held.takeExpired(ground.heardMs))
      this.#refuse(request, 'not-primary', this.#whoIsPrimary());
    for (const [link, { join, until }] of [...this.#earlyJoins]) {
      if (until > ground.heardMs) continue;
      this.#earlyJoins.delete(link);
      if (join.epoch === this.#primary?.epoch) ground.refuseStandby(link, 'unknown-member', unnamed(join));
      else ground.refuseStandby(link, 'not-primary', this.#whoIsPrimary());
    }
    this.#flush();
  }

  #flush(): void {
    this.#primary?.flush();
    this.#noteKnown();
    const { social, outline } = this.#ground.ledger;
    if (social.applied - this.#snapshotAt < SNAPSHOT_EVERY_ENTRIES) return;
    this.#snapshotAt = social.applied;
    const epochStarts = outline.epochStartsThrough(social.applied);
    this.#ground.emit({ kind: 'save-snapshot', snapshot: social.toSnapshot(), epochStarts });
  }

  #noteKnown(): void {
    const known = this.#ground.known();
    const text = `${known.committed} ${known.epoch} ${known.revision}`;
    if (text === this.#noted) return;
    this.#noted = text;
    this.#ground.emit({ kind: 'note-known', known });
  }

  #stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#router.send({ kind: 'leaving' });
    const { now } = this.#ground;
    if (this.#primary !== undefined) {
      const isAlone = this.#primary.standbys.awaited.length <= 1;
      this.#lingersUntil = now + (isAlone ? 0 : LEAVING_NOTICE_MS);
    } else this.#lingersUntil = now + LEAVING_LINGER_MS;
    this.#linger();
  }

  /** The end of what is asked to stop: a standby's at once when there is no primary whose last entries could come yet. */
  #linger(): void {
    const isOver = this.#ground.now >= (this.#lingersUntil ?? Number.POSITIVE_INFINITY);
    if (this.#lingersUntil === undefined || this.#drain !== undefined) return;
    if (this.#primary === undefined) {
      if (isOver || !this.#standby.hasPrimary) this.#end('shutting-down', 'standby stopped', false);
    } else if (isOver) {
      this.#lingersUntil = undefined;
      this.#beginDrain(true, 'is asked to stop: takes no more writes');
    }
  }

  #beginDrain(leaving: boolean, why: string): void {
    this.#drain = new Drain(this.#ground, leaving, why);
    this.#primary?.tailing.pause(true);
  }

  #advanceDrain(drain: Drain): void {
    const primary = this.#primary;
    if (primary === undefined) return;
    const progress = drain.advance(primary);
    if (progress === 'draining' || progress === 'handed-over') return;
    this.#drain = undefined;
    if (drain.leaving && this.#stopping) {
      const detail = progress === 'gave-up' ? 'nobody took over in time' : 'no standby to hand over to';
      primary.stepDown(detail);
      this.#primary = undefined;
      this.#end('shutting-down', detail, false);
      return;
    }
    this.#ground.report(
      'handover',
      progress === 'gave-up' ? 'was not answered in time: goes on' : 'no in-sync standby: goes on',
    );
    primary.tailing.pause(false);
    this.#dispatchHeld();
  }

  #end(reason: Reason, detail: string, failed: boolean): void {
    const ground = this.#ground;
    // Only reasons that send a client on to the next primary are told to it.
    const told = actionFor(reason) === 're-resolve' ? reason : 'not-primary';
    if (this.#primary !== undefined) {
      this.#primary.stepDown(detail, told);
      this.#primary = undefined;
    }
    for (const { request } of this.#held.takeAll()) this.#refuse(request, told, detail);
    this.#standby.leave();
    this.#router.send({ kind: 'leave', figures: ground.figures() });
    this.#router.close();
    this.#stopped = true;
    // Why it failed is said by whoever ends the process, with the reason.
    if (!failed) ground.report('stopped', detail);
    ground.emit({ kind: 'stopped', failed, reason, detail });
  }
}

/** For whoever can't get a snapshot: whose disk it is. */
export const damagedAtPrimary = (damage: string): string =>
  `the journal of the primary is damaged: ${damage}`;
/** Whether both say the same of who serves and whom a commit waits for. */
function isSameConfiguration(one: Assignment, other: Assignment): boolean {
  if (one.epoch !== other.epoch || one.inSync.length !== other.inSync.length) return false;
  const isSamePrimary =
    one.primary === undefined || other.primary === undefined
      ? one.primary === other.primary
      : isSameLife(one.primary, other.primary);
  return (
    isSamePrimary &&
    one.inSync.every((copy) => other.inSync.some((it) => isSameCopy(it, copy) && it.lifeId === copy.lifeId))
  );
}
