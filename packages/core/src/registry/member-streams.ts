/**
 * Serves the streams of members: takes their messages, sends them assignments, and drops silent ones.
 *
 * The disk may take seconds for a changed assignment. Members must not suffer from that: a pong goes out at
 * once, and a member's silence counts from its welcome. One kind of pong waits: to a member without a
 * journal, while a new epoch of its cluster waits for the disk, because such a member stays primary because
 * of pongs.
 */
import type { Assignment, ClusterRecord } from '../assignment.js';
import type { ClusterId, Instant, ServerId } from '../ids.js';
import { NO_EPOCH, serverName } from '../ids.js';
import { unreachable } from '../invariants.js';
import type { MemberMessage, RouterMessage, Stats } from '../messages.js';
import { isSameLife } from '../same-life.js';
import { objectionToJournal, objectionToStore } from './admission.js';
import type { AssignmentCalls } from './assignment-calls.js';
import { Cluster } from './cluster.js';
import type { Clusters } from './clusters.js';
import type { Durable } from './durable.js';
import type { Listening } from './listening.js';
import { linkOf, type Presence } from './member.js';
import type { Probes } from './reach.js';
import { DISK_SIGN_INTERVAL_MS } from './registry-limits.js';
import type { Candidate, Refusal, RegistryLink } from './registry-messages.js';
import type { StepOutputs } from './step-outputs.js';

/** What a view shows of a member, in addition to its assignment. */
export interface MemberFigures {
  readonly cluster: ClusterId;
  readonly serverId: ServerId;
  readonly stats: Stats;
  /** Listening time since it was last heard. */
  readonly ageMs: number;
}

export interface MemberStreamsParts {
  readonly clusters: Clusters;
  readonly listening: Listening;
  readonly assignmentCalls: AssignmentCalls;
  readonly durable: Durable;
  /** Undefined: members are not dialled back. */
  readonly probes: Probes | undefined;
  /** Outputs of the present step. */
  readonly outputs: StepOutputs;
  readonly reattachGraceMs: number;
}

interface Attached {
  readonly cluster: Cluster;
  readonly serverId: ServerId;
  readonly attempt: number;
  /** It has no journal: a pong allows it to go on as primary. */
  readonly isRouted: boolean;
  /** Whether it has sent a message since it attached: then it has received our welcome. */
  confirmed: boolean;
  /** The revision with which it is welcomed; undefined once it has been. */
  welcomedIn: number | undefined;
  /** The highest `change-in-sync` that came on this stream. */
  lastRequest: number;
  stats: Stats | undefined;
}

/** The sequence of a pong that answers no ping: pings count from 1. */
const ANSWERS_NOTHING = 0;

type Say<Kind extends MemberMessage['kind']> = Extract<MemberMessage, { readonly kind: Kind }>;

export class MemberStreams {
  readonly #clusters: Clusters;
  readonly #listening: Listening;
  readonly #assignmentCalls: AssignmentCalls;
  readonly #durable: Durable;
  readonly #probes: Probes | undefined;
  readonly #outputs: StepOutputs;
  readonly #reattachGraceMs: number;
  readonly #attached = new Map<RegistryLink, Attached>();
  /** Streams that the registry has ended; messages that were on their way may still arrive on them. */
  readonly #closed = new Set<RegistryLink>();
  /**
   * Until when, in listening time, awaited members may attach again; undefined: none is awaited.
   */
  #graceEndMs: number | undefined;
  /**
   * When members that wait for their welcome get the next sign of life; undefined: none waits.
   */
  #signAt: Instant | undefined;
  /** The ping that came in the present step. */
  #pinged:
    | { readonly link: RegistryLink; readonly attached: Attached; readonly sequence: number }
    | undefined;

  constructor(parts: MemberStreamsParts) {
    this.#clusters = parts.clusters;
    this.#listening = parts.listening;
    this.#assignmentCalls = parts.assignmentCalls;
    this.#durable = parts.durable;
    this.#probes = parts.probes;
    this.#outputs = parts.outputs;
    this.#reattachGraceMs = parts.reattachGraceMs;
    this.#graceEndMs = parts.reattachGraceMs;
  }

  /** Last stats of all live members that ping. */
  stats(): MemberFigures[] {
    const all: MemberFigures[] = [];
    for (const [link, { cluster, serverId, stats }] of this.#attached) {
      const ageMs = this.#listening.silence.silentMs(this.#listening.heardMs, link) ?? 0;
      if (stats !== undefined) all.push({ cluster: cluster.id, serverId, stats, ageMs });
    }
    return all;
  }

  nextDeadline(): Instant | undefined {
    return this.#signAt;
  }

  /** Listening time until awaited members are given up; undefined: none is awaited. */
  get graceMs(): number | undefined {
    return this.#graceEndMs === undefined ? undefined : this.#graceEndMs - this.#listening.heardMs;
  }

  /** Something came on a stream. */
  take(now: Instant, link: RegistryLink, message: MemberMessage): void {
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
      this.#outputs.touch(attached.cluster);
    }
    this.#hear(link);
    if (attached.cluster.grants.awaitsWord) this.#outputs.touch(attached.cluster);
    switch (message.kind) {
      case 'attach':
        return this.#secondAttach(now, link, attached);
      case 'ping':
        return this.#ping(now, link, attached, message);
      case 'change-in-sync':
        attached.lastRequest = Math.max(attached.lastRequest, message.request);
        attached.cluster.grants.changeInSync(link, message);
        return this.#outputs.owe(link, attached.cluster);
      case 'hand-over':
        return this.#handOver(link, attached, message);
      case 'dispute':
        return this.#dispute(link, attached, message);
      case 'leaving':
        return attached.cluster.leaving(attached.serverId);
      case 'leave':
        attached.cluster.noteEnd(now, attached.serverId, message.stats);
        attached.cluster.left(attached.serverId, link, message.stats);
        return this.#dropLink(now, link, 'it is leaving');
      default:
        return unreachable(message);
    }
  }

  #attach(now: Instant, link: RegistryLink, attach: Say<'attach'>): void {
    const cluster = objectionToJournal(attach) ?? this.#clusters.placeOf(attach);
    if (!(cluster instanceof Cluster)) return this.#refuseLink(link, cluster);
    // Checked first: for a store that has lost something, the newest folder looks like an older copy.
    const tooOld = objectionToStore(attach, cluster.latestToldTo(attach.serverId));
    if (tooOld !== undefined) return this.#refuseOlderStore(link, cluster, attach, tooOld);
    const objection = cluster.objectionTo(attach);
    if (objection !== undefined) return this.#refuseLink(link, objection);
    if (this.#isOvertaken(cluster, attach))
      return this.#close(link, `${serverName(attach.serverId)} has opened another stream since`);

    const { serverId, attempt } = attach;
    cluster.outdoRevision(attach);
    this.admit(now, cluster, attach, { kind: 'stream', link });
    this.#attached.set(link, {
      cluster,
      serverId,
      attempt,
      isRouted: attach.journalId === '',
      confirmed: false,
      welcomedIn: undefined,
      lastRequest: 0,
      stats: undefined,
    });
    this.#noteWord();
    this.#listening.silence.expect(this.#listening.heardMs, link);
    this.#signAt ??= now + DISK_SIGN_INTERVAL_MS;
    const question = attach.replicates && this.#probes !== undefined ? cluster.toReach(serverId) : undefined;
    if (question !== undefined) this.#probes?.add(now, question);
    this.#outputs.welcome(link, cluster);
    this.#outputs.report(
      'attached',
      `${cluster.title}: ${serverName(attach.serverId)} is attached, incarnation ${attach.incarnation}, at ${attach.address}`,
    );
  }

  /**
   * This router can't know any more which member has everything: it grants no epochs until it gets a newer
   * store or an operator decides.
   */
  #refuseOlderStore(link: RegistryLink, cluster: Cluster, attach: Say<'attach'>, refusal: Refusal): void {
    if (cluster.noticeOlderStore(attach, refusal.detail)) {
      this.#outputs.touch(cluster);
      this.#outputs.report(
        'older-store',
        `${cluster.title}: no epoch is granted any more: ${refusal.detail}; start this router with its newest folder, or an operator chooses which journal counts (admin promote --unclean)`,
      );
    }
    this.#refuseLink(link, refusal);
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
    { sequence, stats, cannotReach = [] }: Say<'ping'>,
  ): void {
    attached.stats = stats;
    attached.cluster.noteEnd(now, attached.serverId, stats);
    this.#listening.noteComplaint(link, cannotReach);
    if (cannotReach.length > 0) attached.cluster.complained(now);
    if (attached.cluster.mustKeep || attached.cluster.isChanged) this.#outputs.touch(attached.cluster);
    const { pingIntervalMs } = this.#listening.silence;
    this.#listening.silence.told(link, pingIntervalMs);
    this.#pinged = { link, attached, sequence };
    if (link === attached.cluster.primaryLink)
      this.#assignmentCalls.primaryPinged(attached.cluster, this.#outputs);
  }

  /** Answers the ping of this step, at its end: only then is it known what waits for the disk. */
  answerPing(): void {
    if (this.#pinged === undefined) return;
    const { link, attached, sequence } = this.#pinged;
    this.#pinged = undefined;
    const { pingIntervalMs } = this.#listening.silence;
    const pong = { kind: 'pong', sequence, pingIntervalMs } as const;
    const { id, assignment } = attached.cluster;
    const isWelcomed = attached.welcomedIn === undefined;
    const epochWaits = (this.#durable.of(id)?.epoch ?? NO_EPOCH) < assignment.epoch;
    if (isWelcomed && !(attached.isRouted && epochWaits)) return this.#outputs.sendAtOnce(link, pong);
    // It must not stay primary beyond the epoch that waits for the disk; but it gets a sign of life.
    if (isWelcomed) this.#outputs.sendAtOnce(link, { ...pong, sequence: ANSWERS_NOTHING });
    this.#outputs.send(link, pong);
  }

  /** A member sends messages only after its welcome, so its silence counts from then on. */
  told(records: readonly ClusterRecord[]): void {
    for (const record of records) {
      this.#durable.told(record);
      const cluster = this.#clusters.find(record.cluster);
      if (!(cluster instanceof Cluster)) continue;
      for (const link of cluster.links()) this.#noteWelcome(link, record.revision);
    }
  }

  #noteWelcome(link: RegistryLink, toldRevision: number): void {
    const attached = this.#attached.get(link);
    if (attached?.welcomedIn === undefined || attached.welcomedIn > toldRevision) return;
    attached.welcomedIn = undefined;
    this.#listening.silence.welcomed(this.#listening.heardMs, link);
  }

  #handOver(link: RegistryLink, attached: Attached, asked: Say<'hand-over'>): void {
    const { cluster, serverId } = attached;
    this.#outputs.owe(link, cluster);
    if (cluster.grants.handOver(link, asked.epoch, asked.leaving)) return;
    if (link !== cluster.primaryLink || asked.epoch !== cluster.assignment.epoch) return;
    const detail = cluster.grants.whyNoHandover();
    this.#outputs.send(link, { kind: 'no-successor', epoch: asked.epoch });
    this.#outputs.report('handover', `${cluster.title}: ${serverName(serverId)} can't hand over: ${detail}`);
    this.#assignmentCalls.handoverFailed(cluster, detail, this.#outputs);
  }

  #dispute(link: RegistryLink, { cluster }: Attached, { epoch, serverId, detail }: Say<'dispute'>): void {
    if (cluster.grants.dispute(link, epoch, serverId, detail)) this.#outputs.touch(cluster);
  }

  /** The stream is over. */
  ended(now: Instant, link: RegistryLink, reason: string): void {
    if (this.#closed.delete(link)) return;
    if (this.#listening.wasGivenUp(link, this.#attached.get(link)?.confirmed)) this.#expectBack(link);
    else this.#drop(now, link, reason);
  }

  /** A member that gave up the router while it was away attaches again at once, and has lost nothing. */
  #expectBack(link: RegistryLink): void {
    const attached = this.#detach(link);
    if (attached === undefined) return;
    attached.cluster.expectBack(attached.serverId);
    this.#graceEndMs = this.#listening.heardMs + this.#reattachGraceMs;
    this.#outputs.touch(attached.cluster);
  }

  /** Ends the stream and drops the member that held it. */
  #dropLink(now: Instant, link: RegistryLink, why: string, refusal?: Refusal): void {
    this.#drop(now, link, why);
    if (refusal !== undefined) return this.#refuseLink(link, refusal);
    this.#close(link, why);
  }

  /** Ends the stream of a member that was dropped on other evidence. */
  end(link: RegistryLink, why: string): void {
    this.#detach(link);
    this.#close(link, why);
  }

  #drop(now: Instant, link: RegistryLink, why: string): void {
    const attached = this.#detach(link);
    if (attached === undefined) return;
    attached.cluster.drop(now, attached.serverId, why);
    this.#outputs.touch(attached.cluster);
  }

  #detach(link: RegistryLink): Attached | undefined {
    const attached = this.#attached.get(link);
    this.#attached.delete(link);
    this.#listening.forget(link);
    return attached;
  }

  /** Whether a later stream of the same life is open: the network may deliver the earlier one last. */
  #isOvertaken(cluster: Cluster, attach: Say<'attach'>): boolean {
    const known = cluster.find(attach.serverId);
    const standing = known === undefined ? undefined : linkOf(known);
    if (known === undefined || standing === undefined) return false;
    const isSame = isSameLife(known, attach) && known.address === attach.address;
    return isSame && attach.attempt > 0 && attach.attempt < (this.#attached.get(standing)?.attempt ?? 0);
  }

  /** Admits a member on the evidence of a stream or of a supervisor. */
  admit(now: Instant, cluster: Cluster, candidate: Candidate, evidence: Presence): void {
    this.#clusters.keep(cluster);
    const replaced = cluster.admit(now, candidate, evidence);
    this.#outputs.touch(cluster);
    if (replaced === undefined) return;
    const detail = `incarnation ${candidate.incarnation} of ${serverName(candidate.serverId)} has come at ${candidate.address}`;
    this.#detach(replaced);
    this.#outputs.send(replaced, {
      kind: 'refused',
      networkId: this.#clusters.networkId,
      reason: 'superseded',
      detail,
    });
    this.#close(replaced, detail);
  }

  /** A message came from a member. If none came for long, every member's silence starts from zero. */
  #hear(link: RegistryLink): void {
    this.#noteWord();
    this.#listening.silence.heard(this.#listening.heardMs, link);
  }

  #noteWord(): void {
    if (!this.#listening.isQuiet) return;
    for (const cluster of this.#clusters.all) if (cluster.grants.awaitsWord) this.#outputs.touch(cluster);
    if (!this.#listening.endQuiet()) return;
    this.#outputs.report('hears-again', 'members are heard again: every silence starts from zero');
    this.#outputs.say({ kind: 'trouble', detail: undefined });
  }

  /** Drops members that have been silent for too long; none while no member is heard. */
  dropSilent(now: Instant): void {
    if (this.#listening.isQuiet) return this.#noteQuiet();
    if (!this.#listening.mayJudge) return;
    for (const { link, silentMs, isExcused } of this.#listening.silence.dead(this.#listening.heardMs)) {
      const why = `nothing was heard from it for ${Math.round(silentMs)} ms`;
      if (!isExcused) this.#dropLink(now, link, why);
      else {
        this.#expectBack(link);
        this.#close(link, why);
      }
    }
  }

  #noteQuiet(): void {
    if (!this.#listening.noteTrouble()) return;
    const detail = `no member is heard on any stream: the router may be cut off, so it drops and promotes no member until one is heard`;
    this.#outputs.report('hears-nobody', detail);
    this.#outputs.say({ kind: 'trouble', detail });
  }

  /** Does what is due: signs of life to members that wait for their welcome, and the end of the grace. */
  expire(now: Instant): void {
    if (this.#signAt !== undefined && now >= this.#signAt) this.#giveSigns(now);
    if (this.#graceEndMs === undefined || this.#listening.heardMs < this.#graceEndMs) return;
    this.#graceEndMs = undefined;
    for (const cluster of this.#clusters.all) {
      cluster.endGrace(now);
      this.#outputs.touch(cluster);
    }
  }

  /** Sends signs of life while welcomes wait for the disk. */
  #giveSigns(now: Instant): void {
    const { expected, pingIntervalMs } = this.#listening.silence;
    for (const link of expected)
      this.#outputs.sendAtOnce(link, { kind: 'pong', sequence: ANSWERS_NOTHING, pingIntervalMs });
    this.#signAt = expected.length === 0 ? undefined : now + DISK_SIGN_INTERVAL_MS;
  }

  /** The message that carries an assignment on this link. */
  tell(link: RegistryLink, assignment: Assignment, isWelcome: boolean): RouterMessage {
    if (!isWelcome) {
      const lastRequest = this.#attached.get(link)?.lastRequest ?? 0;
      return { kind: 'assignment', assignment, lastRequest };
    }
    const attached = this.#attached.get(link);
    if (attached !== undefined) attached.welcomedIn = assignment.revision;
    this.#noteWelcome(link, this.#durable.of(assignment.cluster)?.revision ?? 0);
    const { pingIntervalMs } = this.#listening.silence;
    const deadAfterMs = this.#listening.deadAfterMs;
    return {
      kind: 'welcome',
      networkId: this.#clusters.networkId,
      clusters: this.#clusters.count,
      pingIntervalMs,
      deadAfterMs,
      assignment,
    };
  }

  #refuseLink(link: RegistryLink, { reason, detail }: Refusal): void {
    this.#outputs.send(link, { kind: 'refused', networkId: this.#clusters.networkId, reason, detail });
    this.#close(link, reason);
    this.#outputs.report('refused', `a server is refused (${reason}): ${detail}`);
  }

  #close(link: RegistryLink, why: string): void {
    this.#closed.add(link);
    this.#outputs.close(link, why);
  }
}
