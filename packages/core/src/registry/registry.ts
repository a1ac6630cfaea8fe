/**
 * Decides who is available, in every cluster of one network.
 *
 * Input is what the router heard, and when; output is what it must do about it. The same inputs in the
 * same order give the same outputs, so any failover can be replayed. What is to be promoted and who
 * is in sync is decided by `Cluster`; this is about evidence (streams, silence, reports) and about who is told.
 *
 * Within a step everything that a change leads to comes after its `persist`: an assignment is durable
 * before anyone is told of it (persisted-before-spoken). The disk may take seconds for that, and is not the members'
 * fault: a pong goes out at once, and a member's silence counts from its welcome. One pong waits: that to a member
 * without a journal while a new epoch of its cluster waits. To such a member it says that it is still primary.
 *
 * Silence is counted in listening time, so a router that was itself stopped does not blame its members. One that was
 * stopped for so long that they may have given it up takes the ends of their streams for that, as after a restart.
 */
import type { Assignment, ClusterRecord } from '../assignment.js';
import type { ClusterId, Instant, NetworkId, ServerId } from '../ids.js';
import { NO_EPOCH, serverName } from '../ids.js';
import { invariant, unreachable } from '../invariants.js';
import { MAX_CLUSTERS } from '../limits.js';
import type { Machine } from '../machine.js';
import { memberServiceName } from '../member-service.js';
import type { Figures, MemberMessage, RouterMessage } from '../messages.js';
import { isSameLife } from '../same-life.js';
import { MIN_PINGS_BEFORE_DEAD, ROUTER_SILENCE_FACTOR, type Timing } from '../timing.js';
import { noSuchCluster, objectionToJournal, objectionToNetwork, objectionToStore } from './admission.js';
import { Cluster } from './cluster.js';
import type { Companion } from './companions.js';
import { Deadlines } from './deadlines.js';
import { Desk } from './desk.js';
import { Durable } from './durable.js';
import type { Evidence } from './eligibility.js';
import { HEARD_PINGS, Hearing } from './hearing.js';
import { HeartbeatDesk } from './heartbeat-desk.js';
import { linkOf, type Presence } from './member.js';
import { type Audience, Outcome } from './outcome.js';
import { Probes } from './reach.js';
import { DEFAULT_HEARTBEAT_TIMEOUT_MS, DISK_SIGN_INTERVAL_MS } from './registry-limits.js';
import type { Candidate, Refusal, RegistryInput, RegistryLink, RegistryOutput } from './registry-messages.js';
import { Silence } from './silence.js';

export interface RegistryOptions {
  readonly networkId: NetworkId;
  /** How many there are, for good. */
  readonly clusters: number;
  readonly timing: Timing;
  /** What was made durable last of each cluster that ever had a member. */
  readonly records: readonly ClusterRecord[];
  /** How long a unary heartbeat counts, ms. */
  readonly heartbeatTimeoutMs?: number;
  /** Members with a journal are promoted only after a `probe` has reached them. Default: nobody is asked. */
  readonly dialsBack?: boolean;
}

/** What a view shows of a member beside its assignment. */
export interface MemberFigures {
  readonly cluster: ClusterId;
  readonly serverId: ServerId;
  readonly figures: Figures;
  /** Listening time since it was last heard. */
  readonly ageMs: number;
}

interface Attached {
  readonly cluster: Cluster;
  readonly serverId: ServerId;
  readonly attempt: number;
  /** Without a journal: a pong tells it that it may go on as primary. */
  readonly isRouted: boolean;
  /** Whether it has said anything since it attached: its member knows that it is in, and has not given it up unheard. */
  confirmed: boolean;
  /** The revision with which it is welcomed; undefined once it has been. */
  welcomedIn: number | undefined;
  /** The highest `change-in-sync` that came on this stream. */
  lastRequest: number;
  figures: Figures | undefined;
  /** As its last ping said. */
  cannotReach: ReadonlySet<ServerId>;
}

/** The number of a pong that answers no ping: those count from 1. */
const ANSWERS_NOTHING = 0;
const NO_SERVERS: ReadonlySet<ServerId> = new Set();

/** One kind of input; of message. */
type Call<Kind extends RegistryInput['kind']> = Extract<RegistryInput, { readonly kind: Kind }>;
type Say<Kind extends MemberMessage['kind']> = Extract<MemberMessage, { readonly kind: Kind }>;

export class Registry implements Machine<RegistryInput, RegistryOutput> {
  readonly #networkId: NetworkId;
  readonly #clusters: readonly Cluster[];
  readonly #timing: Timing;
  readonly #hearing: Hearing;
  readonly #silence: Silence;
  readonly #dialsBack: boolean;
  readonly #probes = new Probes();
  /** An operator was told that no member is heard. */
  #isTroubled = false;
  readonly #desk = new Desk();
  /** Announced servers, and when their places lapse. */
  readonly #announced = new Deadlines<{ readonly cluster: Cluster; readonly serverId: ServerId }>();
  readonly #heartbeats: HeartbeatDesk;
  readonly #attached = new Map<RegistryLink, Attached>();
  readonly #durable: Durable;
  /** Links that we have ended and that may still bring messages which were on their way. */
  readonly #closed = new Set<RegistryLink>();
  /** Until when, in listening time, members that are awaited may attach again; undefined: nobody is awaited. */
  #graceEndMs: number | undefined;
  /** The router was away or cut off: until then, in listening time, streams may come that were given up meanwhile. */
  #awayUntilMs = 0;
  /** When members that wait for their welcome hear next that the router is there; undefined: none has waited. */
  #signAt: Instant | undefined;
  #now: Instant | undefined;

  readonly #audience: Audience = {
    tell: (link, assignment, isWelcome) => this.#tell(link, assignment, isWelcome),
    content: (assignment) => this.#desk.content(assignment),
  };
  /** Of the present step. */
  #outcome = new Outcome();
  /** The ping that came in the present step. */
  #pinged:
    | { readonly link: RegistryLink; readonly attached: Attached; readonly sequence: number }
    | undefined;

  constructor({
    networkId,
    clusters,
    timing,
    records,
    heartbeatTimeoutMs,
    dialsBack = false,
  }: RegistryOptions) {
    invariant(clusters >= 1 && clusters <= MAX_CLUSTERS, 'limit-is-kept', { clusters });
    this.#networkId = networkId;
    this.#timing = timing;
    this.#graceEndMs = timing.reattachGraceMs;
    // One look may count for two pings, but never for so much that a member which kept its time is
    // dropped for the one look that came late.
    const { pingIntervalMs, deadAfterMs } = timing;
    const spareMs = deadAfterMs - (MIN_PINGS_BEFORE_DEAD - 1) * pingIntervalMs;
    const hearing = new Hearing(Math.min(2 * pingIntervalMs, spareMs));
    const silence = new Silence(timing);
    this.#hearing = hearing;
    this.#silence = silence;
    this.#dialsBack = dialsBack;
    const evidence: Evidence = {
      get heardMs() {
        return hearing.heardMs;
      },
      get isQuiet() {
        return hearing.isQuiet;
      },
      get deadAfterMs() {
        return silence.deadAfterMs();
      },
      isHeard: (link, sinceMs) => !hearing.isQuiet && silence.isHeard(hearing.heardMs, link, sinceMs),
      cannotReach: (link) => this.#attached.get(link)?.cannotReach ?? NO_SERVERS,
      forgetComplaint: (link) => {
        const attached = this.#attached.get(link);
        if (attached !== undefined) attached.cannotReach = NO_SERVERS;
      },
    };
    const byCluster = new Map(records.map((record) => [record.cluster, record]));
    this.#clusters = Array.from(
      { length: clusters },
      (_, at) => new Cluster(at + 1, byCluster.get(at + 1), evidence),
    );
    this.#durable = new Durable(this.#clusters.map(({ assignment }) => assignment));
    this.#heartbeats = new HeartbeatDesk(this.#clusters, heartbeatTimeoutMs ?? DEFAULT_HEARTBEAT_TIMEOUT_MS);
  }

  /** Time in which it was there to listen, and heard at least one member, ms. */
  get #heardMs(): number {
    return this.#hearing.heardMs;
  }

  /** As they may be told now: at the start, and after the outputs of a step are performed. */
  assignments(): Assignment[] {
    return this.#clusters.map((cluster) => cluster.assignment);
  }

  /** Last figures of all live members that ping. */
  figures(): MemberFigures[] {
    const all: MemberFigures[] = [];
    for (const [link, { cluster, serverId, figures }] of this.#attached) {
      const ageMs = this.#silence.silentMs(this.#heardMs, link) ?? 0;
      if (figures !== undefined) all.push({ cluster: cluster.id, serverId, figures, ageMs });
    }
    return all;
  }

  /** Processes beside servers, in the order in which they registered. */
  companions(): readonly Companion[] {
    return this.#heartbeats.companions;
  }

  step(now: Instant, input: RegistryInput): RegistryOutput[] {
    this.#hearing.advance(now);
    if (this.#silence.isQuiet(this.#heardMs)) this.#hearing.begin();
    this.#noteAbsence(now);
    this.#now = now;
    this.#outcome = new Outcome();
    this.#take(now, input);
    // After the input: whatever came is a sign of life, however late we looked.
    this.#expire(now);
    const told = this.#outcome.seal(now, this.#audience);
    for (const output of told) if (output.kind === 'changed') this.#durable.sealed(output.assignment);
    // Only now: a wait that ends in the step that contents it has not been in vain.
    this.#desk.expire(now, this.#clusters, this.#outcome);
    this.#heartbeats.confirm(this.#outcome);
    this.#answerPing();
    return told.concat(this.#outcome.rest(this.#durable));
  }

  /** When to be stepped at the latest; undefined: not before there is an input. */
  nextDeadline(): Instant | undefined {
    const deadlines = [
      this.#nextLook(),
      this.#signAt,
      this.#desk.nextDeadline(),
      this.#announced.next(),
      this.#probes.nextDeadline(),
    ];
    const due = deadlines.filter((at) => at !== undefined);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** While anybody is listened for, look as often as they ping, or the listening clock falls behind. */
  #nextLook(): Instant | undefined {
    const now = this.#now;
    if (now === undefined) return 0;
    // Nothing falls due in listening time before a member is heard.
    if (this.#hearing.isQuiet) return now + this.#timing.pingIntervalMs;
    const graceMs = this.#graceEndMs === undefined ? undefined : this.#graceEndMs - this.#heardMs;
    const deathMs = this.#silence.nextDeathInMs(this.#heardMs);
    const silenceMs = this.#heartbeats.nextSilenceInMs(this.#heardMs);
    const due = [graceMs, deathMs, silenceMs].filter((ms) => ms !== undefined);
    return due.length === 0 ? undefined : now + Math.min(this.#timing.pingIntervalMs, ...due);
  }

  #take(now: Instant, input: RegistryInput): void {
    switch (input.kind) {
      case 'link-message':
        return this.#linkMessage(now, input.link, input.message);
      case 'link-ended':
        return this.#linkEnded(now, input.link, input.reason);
      case 'add-master':
        return this.#addMaster(now, input);
      case 'register-server':
        return this.#registerServer(now, input);
      case 'heartbeat':
        return this.#heartbeats.take(
          now,
          this.#heardMs,
          input,
          this.#cluster(input.heartbeat.cluster),
          this.#outcome,
        );
      case 'crash':
        return this.#crash(now, input);
      case 'get-available':
      case 'handover':
      case 'promote':
        return this.#call(now, input);
      case 'cancel':
        return this.#desk.cancel(input.token);
      case 'told':
        return this.#told(input.records);
      case 'probed':
        return this.#probed(now, input);
      case 'tick':
        return;
      default:
        return unreachable(input);
    }
  }

  #call(now: Instant, input: Call<'get-available' | 'handover' | 'promote'>): void {
    const cluster = this.#cluster(input.cluster);
    if (!(cluster instanceof Cluster)) return this.#outcome.refuse(input.token, cluster);
    switch (input.kind) {
      case 'get-available':
        return this.#desk.getAvailable(now, cluster, input, this.#outcome);
      case 'handover':
        return this.#desk.handover(now, cluster, input.token, this.#outcome);
      case 'promote':
        return this.#desk.promote(now, cluster, input, this.#outcome);
      default:
        return unreachable(input);
    }
  }

  // Members

  #linkMessage(now: Instant, link: RegistryLink, message: MemberMessage): void {
    if (this.#closed.has(link)) return;
    const attached = this.#attached.get(link);
    if (attached === undefined) {
      if (message.kind === 'attach') return this.#attach(now, link, message);
      const detail = `the first message of a stream has to be "attach", this one is "${message.kind}"`;
      return this.#refuseLink(link, { reason: 'invalid-argument', detail });
    }
    if (!attached.confirmed) {
      attached.confirmed = true;
      attached.cluster.heard(attached.serverId);
      this.#outcome.touch(attached.cluster);
    }
    this.#hear(link);
    if (attached.cluster.awaitsWord) this.#outcome.touch(attached.cluster);
    switch (message.kind) {
      case 'attach':
        return this.#secondAttach(now, link, attached);
      case 'ping':
        return this.#ping(now, link, attached, message);
      case 'change-in-sync':
        attached.lastRequest = Math.max(attached.lastRequest, message.request);
        attached.cluster.changeInSync(link, message);
        return this.#outcome.owe(link, attached.cluster);
      case 'hand-over':
        return this.#handOver(link, attached, message);
      case 'dispute':
        return this.#dispute(link, attached, message);
      case 'leaving':
        return attached.cluster.leaving(attached.serverId);
      case 'leave':
        attached.cluster.noteEnd(now, attached.serverId, message.figures);
        attached.cluster.left(attached.serverId, link, message.figures);
        return this.#dropLink(now, link, 'it is leaving');
      default:
        return unreachable(message);
    }
  }

  #attach(now: Instant, link: RegistryLink, attach: Say<'attach'>): void {
    const cluster = objectionToJournal(attach) ?? this.#placeOf(attach);
    if (!(cluster instanceof Cluster)) return this.#refuseLink(link, cluster);
    // First: to a store that has lost something, the newest folder looks like a copy of another one.
    const tooOld = objectionToStore(attach, cluster.latestToldTo(attach.serverId));
    if (tooOld !== undefined) return this.#refuseOlderStore(link, cluster, attach, tooOld);
    const objection = cluster.objectionTo(attach);
    if (objection !== undefined) return this.#refuseLink(link, objection);
    if (this.#isOvertaken(cluster, attach))
      return this.#close(link, `${serverName(attach.serverId)} has opened another stream since`);

    const { serverId, attempt } = attach;
    cluster.outdoRevision(attach);
    this.#admit(now, cluster, attach, { kind: 'stream', link });
    this.#attached.set(link, {
      cluster,
      serverId,
      attempt,
      isRouted: attach.journalId === '',
      confirmed: false,
      welcomedIn: undefined,
      lastRequest: 0,
      figures: undefined,
      cannotReach: NO_SERVERS,
    });
    this.#noteWord();
    this.#silence.expect(this.#heardMs, link);
    this.#signAt ??= now + DISK_SIGN_INTERVAL_MS;
    const question = this.#dialsBack && attach.replicates ? cluster.toReach(serverId) : undefined;
    if (question !== undefined) this.#probes.add(now, question);
    this.#outcome.welcome(link, cluster);
    this.#outcome.report(
      'attached',
      `cluster ${cluster.id}: ${serverName(attach.serverId)} is attached, incarnation ${attach.incarnation}, at ${attach.address}`,
    );
  }

  /** Who has what, only the members know now: this router grants no epoch any more, until it has a newer store. */
  #refuseOlderStore(link: RegistryLink, cluster: Cluster, attach: Say<'attach'>, refusal: Refusal): void {
    if (cluster.noticeOlderStore(attach, refusal.detail)) {
      this.#outcome.touch(cluster);
      this.#outcome.report(
        'older-store',
        `cluster ${cluster.id}: no epoch is granted any more: ${refusal.detail}; start this router with its newest folder, or an operator chooses whose journal counts (admin promote --unclean)`,
      );
    }
    this.#refuseLink(link, refusal);
  }

  /** Whether a later stream of the same life stands: the network may bring the earlier one last. */
  #isOvertaken(cluster: Cluster, attach: Say<'attach'>): boolean {
    const known = cluster.find(attach.serverId);
    const standing = known === undefined ? undefined : linkOf(known);
    if (known === undefined || standing === undefined) return false;
    const isSame = isSameLife(known, attach) && known.address === attach.address;
    return isSame && attach.attempt > 0 && attach.attempt < (this.#attached.get(standing)?.attempt ?? 0);
  }

  /** Where a server belongs, whichever way it comes, or what speaks against it. */
  #clusterFor(candidate: Candidate): Cluster | Refusal {
    const cluster = this.#placeOf(candidate);
    return cluster instanceof Cluster ? (cluster.objectionTo(candidate) ?? cluster) : cluster;
  }

  #placeOf(candidate: Candidate): Cluster | Refusal {
    return objectionToNetwork(candidate, this.#networkId) ?? this.#cluster(candidate.cluster);
  }

  #cluster(id: ClusterId): Cluster | Refusal {
    return this.#clusters[id - 1] ?? noSuchCluster(id, this.#clusters.length);
  }

  /** On the evidence of a stream, of a heartbeat, or of a supervisor's word. */
  #admit(now: Instant, cluster: Cluster, candidate: Candidate, evidence: Presence): void {
    const replaced = cluster.admit(now, candidate, evidence);
    this.#outcome.touch(cluster);
    if (replaced === undefined) return;
    const detail = `incarnation ${candidate.incarnation} of ${serverName(candidate.serverId)} has come at ${candidate.address}`;
    this.#detach(replaced);
    this.#outcome.send(replaced, {
      kind: 'refused',
      networkId: this.#networkId,
      reason: 'superseded',
      detail,
    });
    this.#close(replaced, detail);
  }

  #secondAttach(now: Instant, link: RegistryLink, { serverId }: Attached): void {
    this.#dropLink(now, link, 'it attached twice on one stream', {
      reason: 'invalid-argument',
      detail: `${serverName(serverId)} has attached on this stream already`,
    });
  }

  #ping(
    now: Instant,
    link: RegistryLink,
    attached: Attached,
    { sequence, figures, cannotReach = [] }: Say<'ping'>,
  ): void {
    attached.figures = figures;
    attached.cluster.noteEnd(now, attached.serverId, figures);
    attached.cannotReach = cannotReach.length === 0 ? NO_SERVERS : new Set(cannotReach);
    if (cannotReach.length > 0) attached.cluster.replaceCutOff();
    if (attached.cluster.mustKeep || attached.cluster.isChanged) this.#outcome.touch(attached.cluster);
    const { pingIntervalMs } = this.#silence;
    this.#silence.told(link, pingIntervalMs);
    this.#pinged = { link, attached, sequence };
    if (link === attached.cluster.primaryLink) this.#desk.primaryPinged(attached.cluster, this.#outcome);
  }

  /** At the end of the step: only then is it known what waits for the disk. */
  #answerPing(): void {
    if (this.#pinged === undefined) return;
    const { link, attached, sequence } = this.#pinged;
    this.#pinged = undefined;
    const { pingIntervalMs } = this.#silence;
    const pong = { kind: 'pong', sequence, pingIntervalMs } as const;
    const { id, assignment } = attached.cluster;
    const isWelcomed = attached.welcomedIn === undefined;
    const epochWaits = (this.#durable.of(id)?.epoch ?? NO_EPOCH) < assignment.epoch;
    if (isWelcomed && !(attached.isRouted && epochWaits)) return this.#outcome.sendAtOnce(link, pong);
    // Its claim must not outlive the epoch that waits; but it hears that the router is there.
    if (isWelcomed) this.#outcome.sendAtOnce(link, { ...pong, sequence: ANSWERS_NOTHING });
    this.#outcome.send(link, pong);
  }

  /** From their welcome on members can be heard, so from then on their silence counts. */
  #told(records: readonly ClusterRecord[]): void {
    for (const record of records) {
      this.#durable.told(record);
      const cluster = this.#cluster(record.cluster);
      if (!(cluster instanceof Cluster)) continue;
      for (const link of cluster.links()) this.#noteWelcome(link, record.revision);
    }
  }

  #noteWelcome(link: RegistryLink, toldRevision: number): void {
    const attached = this.#attached.get(link);
    if (attached?.welcomedIn === undefined || attached.welcomedIn > toldRevision) return;
    attached.welcomedIn = undefined;
    this.#silence.heard(this.#heardMs, link);
  }

  #handOver(link: RegistryLink, attached: Attached, asked: Say<'hand-over'>): void {
    const { cluster, serverId } = attached;
    this.#outcome.owe(link, cluster);
    if (cluster.handOver(link, asked.epoch, asked.leaving)) return;
    if (link !== cluster.primaryLink || asked.epoch !== cluster.assignment.epoch) return;
    const detail = cluster.whyNoHandover();
    this.#outcome.send(link, { kind: 'no-successor', epoch: asked.epoch });
    this.#outcome.report(
      'handover',
      `cluster ${cluster.id}: ${serverName(serverId)} can't hand over: ${detail}`,
    );
    this.#desk.handoverFailed(cluster, detail, this.#outcome);
  }

  #dispute(link: RegistryLink, { cluster }: Attached, { epoch, serverId, detail }: Say<'dispute'>): void {
    if (cluster.dispute(link, epoch, serverId, detail)) this.#outcome.touch(cluster);
  }

  #linkEnded(now: Instant, link: RegistryLink, reason: string): void {
    if (this.#closed.delete(link)) return;
    if (this.#wasGivenUp(link)) this.#expectBack(link);
    else this.#drop(now, link, reason);
  }

  /** While we were away: a stream that stood before, or one that was opened meanwhile and is heard of now together with its end. */
  #wasGivenUp(link: RegistryLink): boolean {
    if (this.#isNoticed || this.#silence.isExcused(link)) return true;
    return this.#heardMs < this.#awayUntilMs && this.#attached.get(link)?.confirmed === false;
  }

  /** Whoever gave the router up while it was away comes back at once, and has lost nothing. */
  #expectBack(link: RegistryLink): void {
    const attached = this.#detach(link);
    if (attached === undefined) return;
    attached.cluster.expectBack(attached.serverId);
    this.#graceEndMs = this.#heardMs + this.#timing.reattachGraceMs;
    this.#outcome.touch(attached.cluster);
  }

  /** Ends the stream and drops the member that held it. */
  #dropLink(now: Instant, link: RegistryLink, why: string, refusal?: Refusal): void {
    this.#drop(now, link, why);
    if (refusal !== undefined) return this.#refuseLink(link, refusal);
    this.#close(link, why);
  }

  #drop(now: Instant, link: RegistryLink, why: string): void {
    const attached = this.#detach(link);
    if (attached === undefined) return;
    attached.cluster.drop(now, attached.serverId, why);
    this.#outcome.touch(attached.cluster);
  }

  #detach(link: RegistryLink): Attached | undefined {
    const attached = this.#attached.get(link);
    this.#attached.delete(link);
    this.#silence.forget(link);
    return attached;
  }

  // Calls about members

  #addMaster(now: Instant, { token, candidate }: Call<'add-master'>): void {
    const cluster = this.#clusterFor(candidate);
    if (!(cluster instanceof Cluster)) return this.#outcome.refuse(token, cluster);
    const graceMs = this.#timing.reattachGraceMs;
    if (cluster.announce(candidate)) {
      this.#announced.add(now + graceMs, { cluster, serverId: candidate.serverId });
      this.#outcome.touch(cluster);
      this.#outcome.report(
        'announced',
        `cluster ${cluster.id}: ${serverName(candidate.serverId)} is announced, at ${candidate.address}`,
      );
    }
    const { pingIntervalMs } = this.#silence;
    const deadAfterMs = this.#silence.deadAfterMs();
    this.#outcome.answer(token, { kind: 'announced', pingIntervalMs, deadAfterMs, graceMs });
  }

  #registerServer(now: Instant, { token, candidate }: Call<'register-server'>): void {
    const cluster = this.#clusterFor(candidate);
    if (!(cluster instanceof Cluster)) return this.#outcome.refuse(token, cluster);
    this.#admit(now, cluster, candidate, { kind: 'watched' });
    if (cluster.isChanged)
      this.#outcome.report(
        'registered',
        `cluster ${cluster.id}: ${serverName(candidate.serverId)} is registered by its supervisor, incarnation ${candidate.incarnation}, at ${candidate.address}`,
      );
    this.#outcome.answer(token, { kind: 'registered' });
  }

  #crash(now: Instant, input: Call<'crash'>): void {
    const { token, serverId, incarnation } = input;
    const cluster = this.#cluster(input.cluster);
    if (!(cluster instanceof Cluster)) return this.#outcome.refuse(token, cluster);
    const member = cluster.find(serverId);
    if (member === undefined) {
      const detail = `cluster ${cluster.id} knows no ${serverName(serverId)}`;
      return this.#outcome.refuse(token, { reason: 'unknown-member', detail });
    }
    // Late, doubled and older reports are about a life that is over already.
    let dropped = false;
    if (member.incarnation === incarnation) {
      const { presence } = member;
      const why = `its supervisor reports a crash${input.detail === '' ? '' : `: ${input.detail}`}`;
      dropped = cluster.drop(now, serverId, why);
      this.#outcome.touch(cluster);
      if (dropped && presence.kind === 'stream') {
        this.#detach(presence.link);
        this.#close(presence.link, why);
      }
    }
    this.#outcome.answer(token, { kind: 'crash-noted', dropped });
  }

  // Dial-back

  #probed(now: Instant, { probe, detail }: Call<'probed'>): void {
    const question = this.#probes.answered(probe);
    const cluster = question === undefined ? undefined : this.#clusters[question.cluster - 1];
    if (question === undefined || cluster === undefined) return;
    const againMs = cluster.reached(question, detail);
    if (againMs !== undefined) this.#probes.add(now + againMs, question);
    this.#outcome.touch(cluster);
  }

  // Time

  /** A member speaks. If none did for long, every member's silence starts anew. */
  #hear(link: RegistryLink): void {
    this.#noteWord();
    this.#silence.heard(this.#heardMs, link);
  }

  #noteWord(): void {
    if (!this.#hearing.isQuiet) return;
    for (const cluster of this.#clusters) if (cluster.awaitsWord) this.#outcome.touch(cluster);
    if (this.#isNoticed) this.#wasAway();
    this.#hearing.end();
    if (!this.#isTroubled) return;
    this.#isTroubled = false;
    this.#outcome.report('hears-again', 'members are heard again: every silence starts anew');
    this.#outcome.say({ kind: 'trouble', detail: undefined });
  }

  /** No member is heard, for so long that it would have dropped one. */
  get #isNoticed(): boolean {
    const { pingIntervalMs } = this.#silence;
    const silentMs = this.#hearing.lastedMs + HEARD_PINGS * pingIntervalMs; // with which the quiet began
    return this.#hearing.isQuiet && silentMs >= this.#silence.deadAfterMs();
  }

  #noteQuiet(): void {
    if (this.#isTroubled || !this.#isNoticed) return;
    this.#isTroubled = true;
    const detail = `no member is heard on any stream: the router may be cut off, so it drops and promotes no member until one is heard`;
    this.#outcome.report('hears-nobody', detail);
    this.#outcome.say({ kind: 'trouble', detail });
  }

  #dropSilent(now: Instant): void {
    for (const { link, silentMs, isExcused } of this.#silence.dead(this.#heardMs)) {
      const why = `nothing was heard of it for ${Math.round(silentMs)} ms`;
      if (!isExcused) this.#dropLink(now, link, why);
      else {
        this.#expectBack(link);
        this.#close(link, why);
      }
    }
  }

  /** Before the clock of this step is `#now`. */
  #noteAbsence(now: Instant): void {
    const deadAfterMs = this.#silence.deadAfterMs();
    // They count from when they last heard the router, which was before it stopped: hence one `deadAfterMs` less.
    if (this.#now !== undefined && now - this.#now >= (ROUTER_SILENCE_FACTOR - 1) * deadAfterMs)
      this.#wasAway();
  }

  /** Members may have given the router up: silence starts anew, and the ends of streams that stood before prove nothing. */
  #wasAway(): void {
    this.#silence.startAnew(this.#heardMs);
    this.#awayUntilMs = this.#heardMs + this.#silence.deadAfterMs();
  }

  #expire(now: Instant): void {
    for (const { probe, question } of this.#probes.takeDue(now))
      this.#outcome.say({
        kind: 'probe',
        probe,
        address: question.address,
        service: memberServiceName(question),
      });
    if (this.#hearing.isQuiet) this.#noteQuiet();
    else this.#dropSilent(now);
    this.#heartbeats.expire(now, this.#heardMs, this.#outcome);
    if (this.#signAt !== undefined && now >= this.#signAt) this.#giveSigns(now);
    if (this.#graceEndMs !== undefined && this.#heardMs >= this.#graceEndMs) {
      this.#graceEndMs = undefined;
      for (const cluster of this.#clusters) {
        cluster.endGrace(now);
        this.#outcome.touch(cluster);
      }
    }
    for (let due = this.#announced.takeDue(now); due; due = this.#announced.takeDue(now)) {
      due.cluster.lapse(due.serverId);
      this.#outcome.touch(due.cluster);
    }
  }

  /** Welcomes wait for the disk. */
  #giveSigns(now: Instant): void {
    const { expected, pingIntervalMs } = this.#silence;
    for (const link of expected)
      this.#outcome.sendAtOnce(link, { kind: 'pong', sequence: ANSWERS_NOTHING, pingIntervalMs });
    this.#signAt = expected.length === 0 ? undefined : now + DISK_SIGN_INTERVAL_MS;
  }

  // Outputs

  #tell(link: RegistryLink, assignment: Assignment, isWelcome: boolean): RouterMessage {
    if (!isWelcome) {
      const lastRequest = this.#attached.get(link)?.lastRequest ?? 0;
      return { kind: 'assignment', assignment, lastRequest };
    }
    const attached = this.#attached.get(link);
    if (attached !== undefined) attached.welcomedIn = assignment.revision;
    this.#noteWelcome(link, this.#durable.of(assignment.cluster)?.revision ?? 0);
    const { pingIntervalMs } = this.#silence;
    const deadAfterMs = this.#silence.deadAfterMs();
    return {
      kind: 'welcome',
      networkId: this.#networkId,
      clusters: this.#clusters.length,
      pingIntervalMs,
      deadAfterMs,
      assignment,
    };
  }

  #refuseLink(link: RegistryLink, { reason, detail }: Refusal): void {
    this.#outcome.send(link, { kind: 'refused', networkId: this.#networkId, reason, detail });
    this.#close(link, reason);
    this.#outcome.report('refused', `a server is refused (${reason}): ${detail}`);
  }

  #close(link: RegistryLink, why: string): void {
    this.#closed.add(link);
    this.#outcome.close(link, why);
  }
}
