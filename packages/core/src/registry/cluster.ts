/**
 * The members of one cluster, each with the evidence that it is live. Seals the changes of a step.
 *
 * The consequences are decided elsewhere: `configuration.ts` says how the epoch and the in-sync set may
 * change, `epoch-grants.ts` which member gets the next epoch, and `promotion.ts` which members can get it.
 */
import {
  type Assignment,
  type ClusterRecord,
  type HistoryEntry,
  type JournalEnd,
  type Numbered,
  namesAsPrimary,
} from '../assignment.js';
import {
  type ClusterId,
  type ClusterKey,
  type Instant,
  NO_EPOCH,
  type Position,
  position,
  type ServerId,
  type ServiceName,
  serverName,
} from '../ids.js';
import { MAX_MEMBERS } from '../limits.js';
import type { MemberMessage, Stats } from '../messages.js';
import { isSameCopy, mayBeSameLife } from '../same-life.js';
import { objectionTo } from './admission.js';
import { checkSuccession } from './cluster-law.js';
import { type ClusterName, ClusterState } from './cluster-state.js';
import { differences } from './cluster-text.js';
import {
  copyOf,
  endedInOrder,
  heard,
  holdsCopy,
  isWhole,
  welcomed,
  withCommitted,
  withCopy,
  withFirstMember,
  withoutMembers,
} from './configuration.js';
import type { Evidence } from './eligibility.js';
import { EpochGrants } from './epoch-grants.js';
import { heardLife, isHeardOnly } from './lives.js';
import {
  isCountedOn,
  isLive,
  linkOf,
  type Member,
  memberToInfo,
  type Presence,
  takeEvidence,
  takeLife,
} from './member.js';
import { Orders } from './orders.js';
import { type Question, retryAfterMs } from './reach.js';
import type { Candidate, Refusal, RegistryEvent, RegistryLink } from './registry-messages.js';

/**
 * A change that is ready to be made durable and then announced; without an assignment there is nothing to
 * announce.
 */
export interface SealedChange {
  readonly record: ClusterRecord;
  readonly assignment: Assignment | undefined;
}

/**
 * How often a rising commit position is made durable, ms. So even a restarted router recognises an in-sync
 * copy that ends before it; one more write every five seconds costs nothing.
 */
const COMMITTED_KEPT_EVERY_MS = 5_000;

type Attach = Extract<MemberMessage, { readonly kind: 'attach' }>;

export class Cluster {
  /** Decides which member gets the epoch, and which copies count in it. */
  readonly grants: EpochGrants;
  /** What operators order. */
  readonly orders: Orders;
  readonly #state: ClusterState;
  /** The commit position that was last made durable, and when. */
  #committedKept: Position;
  #committedKeptAt: Instant = Number.NEGATIVE_INFINITY;
  /** The durable record lags too far behind, though there is nothing to announce. */
  #mustKeep = false;
  #assignment: Assignment;

  constructor(
    name: ClusterName,
    record: ClusterRecord | undefined,
    /** Members may have got assignments before this router started. */
    isStarting: boolean,
    evidence: Evidence,
  ) {
    this.#state = new ClusterState(name, record, evidence);
    this.grants = new EpochGrants(this.#state, isStarting);
    this.orders = new Orders(this.#state, this.grants);
    this.#committedKept = this.#state.configuration.committed;
    this.#assignment = this.#describe();
  }

  get id(): ClusterId {
    return this.#state.name.id;
  }

  /** Undefined: a cluster of users. */
  get service(): ServiceName | undefined {
    return this.#state.name.service;
  }

  /** What identifies it to people. */
  get key(): ClusterKey {
    return this.#state.key;
  }

  /** For people: `cluster 3`, `service orders`. */
  get title(): string {
    return this.#state.title;
  }

  /** What has happened to it, the oldest first. */
  get history(): readonly HistoryEntry[] {
    return this.#state.history;
  }

  /** As of the last `seal`. */
  get assignment(): Assignment {
    return this.#assignment;
  }

  /** The stream of the holder of the epoch, if it is live. */
  get primaryLink(): RegistryLink | undefined {
    return this.#state.primaryLink;
  }

  get isChanged(): boolean {
    return this.#state.isChanged;
  }

  /** Whether a `seal` is due for the durable record, though there is nothing to announce. */
  get mustKeep(): boolean {
    return this.#mustKeep;
  }

  /** Streams of live members, the primary's first, because all others wait for its next action. */
  links(): RegistryLink[] {
    const primary = this.primaryLink;
    const others = this.#state.roster.all
      .map(linkOf)
      .filter((link) => link !== undefined && link !== primary);
    return [primary, ...others].filter((link) => link !== undefined);
  }

  find(serverId: ServerId): Member | undefined {
    return this.#state.roster.find(serverId);
  }

  /** Members that send heartbeats. */
  get callers(): ServerId[] {
    return this.#state.roster.all
      .filter((it) => it.presence.kind === 'heartbeat')
      .map(({ serverId }) => serverId);
  }

  /** Why this server can't be a member here now; undefined when it can. */
  objectionTo(candidate: Candidate): Refusal | undefined {
    const known = this.find(candidate.serverId);
    if (known === undefined && this.#state.roster.isFull)
      return {
        reason: 'limit-reached',
        detail: `${this.title} has ${MAX_MEMBERS} members already, the most there can be`,
      };
    return objectionTo(candidate, {
      mode: this.#state.configuration.mode,
      known,
      primary: this.#state.configuration.primary,
      copy: copyOf(this.#state.configuration, candidate),
      committed: this.#state.configuration.committed,
    });
  }

  /** The last revision of the present epoch that this member can have got from this store. */
  latestToldTo(serverId: ServerId): Numbered {
    const { roster, olderStore } = this.#state;
    const hasAttached = this.find(serverId)?.hasAttached ?? roster.hasForgotten;
    return olderStore.latestTold(this.#assignment, hasAttached);
  }

  /**
   * A member knows a newer state than this router's store. Returns whether that is news. An unknown member
   * proves nothing, because it may be a stranger. But if the store is from before the first epoch, it may
   * know none of the members.
   */
  noticeOlderStore(attach: Attach, detail: string): boolean {
    const known = this.find(attach.serverId) ?? this.#memberBeforeFirstEpoch(attach);
    if (attach.networkId === '' || known === undefined || !isSameCopy(known, attach)) return false;
    const isNews = this.#state.olderStore.notice(attach, detail);
    if (known.presence.kind !== 'stream') {
      const { incarnation, lifeId, welcomedLife, address } = attach;
      known.refused = { incarnation, lifeId, welcomedLife, address };
      known.end = attach.stats;
    }
    if (isNews) this.#state.touch();
    return isNews;
  }

  #memberBeforeFirstEpoch(attach: Attach): Member | undefined {
    const { epoch, mode } = this.#state.configuration;
    const isUnknown = attach.networkId === '' || epoch > NO_EPOCH || this.#state.roster.isFull;
    if (isUnknown || mode === 'routed' || !attach.replicates) return undefined;
    this.#state.configure(withFirstMember(this.#state.configuration, attach));
    return this.#state.roster.register(attach);
  }

  /** A member got higher revisions from a copy of this store: the next revisions are above them. */
  outdoRevision({ networkId, revision, ...life }: Attach): void {
    const known = this.find(life.serverId);
    if (networkId === '' || known === undefined || !isSameCopy(known, life)) return;
    this.#state.numberPast(revision);
  }

  /** A member sends its first message after its welcome: its folder has stored the welcome. */
  heard(serverId: ServerId): void {
    const member = this.find(serverId);
    if (member === undefined || member.heard) return;
    member.heard = true;
    this.#adopt(member);
    this.#state.configure(heard(this.#state.configuration, member));
  }

  /** A member was asked to stop, and still runs for a moment. */
  leaving(serverId: ServerId): void {
    const member = this.find(serverId);
    if (member !== undefined) member.isLeaving = true;
  }

  /**
   * A member ends in order. If it is the primary, it takes no more writes, and everything acknowledged is in
   * its journal.
   */
  left(serverId: ServerId, link: RegistryLink, stats: Stats): void {
    const { mode, primary } = this.#state.configuration;
    if (mode !== 'replicated' || link !== this.primaryLink || primary?.serverId !== serverId) return;
    // This alone is neither announced nor made durable: the end of its stream comes next, and with it a
    // change.
    this.#state.note(endedInOrder(this.#state.configuration, stats));
  }

  /**
   * A member whose journal ends exactly where the cluster ended in order has everything, and is in sync
   * again.
   */
  #adopt(member: Member): void {
    const { serverId, end } = member;
    if (!isWhole(this.#state.configuration, end) || copyOf(this.#state.configuration, member) !== undefined)
      return;
    this.#state.configure(withCopy(this.#state.configuration, member));
    this.#state.event(
      'in-sync',
      `${serverName(serverId)} ends where everything ended in order, at ${end.durable}: it is in sync`,
    );
  }

  /** A member says where its journal ends. */
  noteEnd(now: Instant, serverId: ServerId, said: JournalEnd): void {
    const member = this.find(serverId);
    if (member === undefined) return;
    const { lastEpoch, durable, committed, checksum } = said;
    member.end = { lastEpoch, durable, committed, checksum };
    if (!holdsCopy(this.#state.configuration, member)) return;
    // After an unclean promotion it may know of more than its disk has: if it dies then, its own copy must
    // not pass for an older one. Not announced, and made durable only from time to time.
    const held = position(Math.min(committed, durable));
    this.#state.note(withCommitted(this.#state.configuration, held));
    const isDue = now - this.#committedKeptAt >= COMMITTED_KEPT_EVERY_MS;
    if (isDue && this.#state.configuration.committed > this.#committedKept) this.#mustKeep = true;
  }

  /**
   * Admits a server without an objection (`objectionTo`), on the given evidence. Returns the stream that it
   * replaces. Another life of a known server means that the known life is over: the known life is dropped
   * first, and loses any claim to the epoch.
   */
  admit(now: Instant, candidate: Candidate, evidence: Presence): RegistryLink | undefined {
    this.#state.configure(withFirstMember(this.#state.configuration, candidate));
    const known = this.find(candidate.serverId);
    const replaced = known === undefined ? undefined : linkOf(known);
    if (known !== undefined && isCountedOn(known)) {
      const isAgain = mayBeSameLife(known, candidate);
      // A server that holds a stream or sends heartbeats needs no report from its supervisor.
      if (isAgain && evidence.kind === 'watched' && isLive(known)) return undefined;
      if (!isAgain) {
        this.#leave(now, known, `its incarnation ${candidate.incarnation} has attached`);
        this.grants.settle(now); // before it is admitted: it keeps nothing that its former life held
      }
    }
    const member = known ?? this.#state.roster.register(candidate);
    takeLife(member, candidate, evidence);
    this.#state.configure(welcomed(this.#state.configuration, candidate));
    const copy = copyOf(this.#state.configuration, candidate);
    if (copy !== undefined && isHeardOnly(copy, member.lifeId)) member.heard = true;
    member.isAtRest = !this.#state.isAvailable;
    if (candidate.stats !== undefined) this.noteEnd(now, member.serverId, candidate.stats);
    takeEvidence(member, evidence);
    this.#state.touch();
    return replaced;
  }

  /** Reserves a place for a server that will attach. Returns whether it is new here. */
  announce(candidate: Candidate): boolean {
    if (this.find(candidate.serverId) !== undefined) return false;
    this.#state.configure(withFirstMember(this.#state.configuration, candidate));
    this.#state.roster.register(candidate);
    this.#state.touch();
    return true;
  }

  /** An announced server has not attached: its place is free again. */
  lapse(serverId: ServerId): void {
    const member = this.find(serverId);
    if (member?.presence.kind !== 'announced') return;
    this.#state.roster.remove(member);
    if (this.#state.roster.all.length === 0) this.#state.configure(withoutMembers(this.#state.configuration));
    this.#state.touch();
  }

  /**
   * There is no more evidence that the member is live. Returns whether there was. The consequences are
   * decided at `seal`, for all members dropped in the step together. Otherwise a member could be promoted
   * although the same step drops it next, and another one would lose its place in the in-sync set for that.
   */
  drop(now: Instant, serverId: ServerId, why: string): boolean {
    const member = this.find(serverId);
    if (member === undefined || !isCountedOn(member)) return false;
    this.#leave(now, member, why);
    return true;
  }

  /**
   * Its stream has ended, but that proves nothing about the member: it may attach again until the grace ends.
   */
  expectBack(serverId: ServerId): void {
    const member = this.find(serverId);
    if (member?.presence.kind !== 'stream') return;
    member.presence = { kind: 'awaited' };
    this.#state.touch();
    this.#state.event(
      'awaited',
      `${serverName(serverId)} gave the router up while it was away, and may attach again`,
    );
  }

  /**
   * A member reports which members it can't reach. That may show that the primary is cut off, or, while it is
   * awaited, that it is gone.
   */
  complained(now: Instant): void {
    this.grants.replaceCutOff();
    const { givenUp } = this.grants;
    if (givenUp === undefined) return;
    this.#leave(now, givenUp, "the router was away, and most of the in-sync members can't reach it either");
  }

  /** The grace after the router was away is over: awaited members that have not attached are gone. */
  endGrace(now: Instant): void {
    this.grants.endStart();
    for (const member of this.#state.roster.all)
      if (member.presence.kind === 'awaited')
        this.#leave(now, member, 'it has not attached again since the router was away');
  }

  /**
   * Ends the step for this cluster: numbers the changes, checks them, and returns them to be made durable.
   */
  seal(now: Instant): SealedChange | undefined {
    this.grants.settle(now);
    // The reason why the cluster is unavailable also depends on which members are heard.
    if (!this.#state.isAvailable && this.grants.unavailableReason() !== this.#assignment.unavailableReason)
      this.#state.touch();
    const mustKeep = this.#mustKeep;
    this.#mustKeep = false;
    if (!this.#state.isChanged && !mustKeep) return undefined;
    this.#committedKept = this.#state.configuration.committed;
    this.#committedKeptAt = now;
    if (!this.#state.isChanged) return { record: this.#state.record(), assignment: undefined };
    const before = this.#assignment;
    this.#state.seal();
    this.#assignment = this.#describe();
    checkSuccession(before, this.#assignment);
    for (const { event, text } of differences(before, this.#assignment)) this.#state.event(event, text);
    return { record: this.#state.record(), assignment: this.#assignment };
  }

  /** Events since the last time. */
  takeEvents(): RegistryEvent[] {
    return this.#state.takeEvents();
  }

  /**
   * The router dials back this member, which has just attached; the member is not promoted until it was
   * reached once in this life. Returns the question to ask; undefined when the member was reached before.
   */
  toReach(serverId: ServerId): Question | undefined {
    const member = this.find(serverId);
    if (member === undefined || member.reach.kind === 'reachable') return undefined;
    if (member.reach.kind === 'unasked') member.reach = { kind: 'unknown' };
    const { incarnation, lifeId, address } = member;
    return { cluster: this.id, serverId, incarnation, lifeId, address };
  }

  /**
   * The answer to a question. `detail` says why the member could not be reached; undefined: it was reached.
   * Returns after how long to ask again, ms; undefined: not again.
   */
  reached(question: Question, detail: string | undefined): number | undefined {
    const { serverId, address } = question;
    const member = this.find(serverId);
    const isThatOne =
      member?.incarnation === question.incarnation &&
      member.lifeId === question.lifeId &&
      member.address === address;
    if (!isThatOne || member.presence.kind !== 'stream') return undefined; // it is asked when it attaches again
    const before = member.reach;
    const wasUnreachable = before.kind === 'unreachable';
    const name = serverName(serverId);
    if (detail === undefined) {
      member.reach = { kind: 'reachable' };
      this.#state.touch();
      if (wasUnreachable)
        this.#state.event('reached', `${name} is reached at ${address} now, and may be promoted`);
      return undefined;
    }
    const failures = wasUnreachable ? before.failures + 1 : 1;
    member.reach = { kind: 'unreachable', detail, failures };
    if (!wasUnreachable) {
      this.#state.touch();
      const advice = 'is its --advertise right?';
      const text = `${name} can't be reached at ${address} (${detail}), and is not promoted until it is: ${advice}`;
      this.#state.event('unreachable', text);
    }
    return retryAfterMs(failures);
  }

  #leave(now: Instant, member: Member, why: string): void {
    member.presence = { kind: 'gone' };
    this.#state.touch();
    const { epoch } = this.#state.configuration;
    const isPrimary = namesAsPrimary(this.#state.configuration, member);
    if (isPrimary) this.grants.lost(now, why);
    const role = isPrimary ? `primary of epoch ${epoch}` : 'standby';
    this.#state.event('dropped', `${serverName(member.serverId)} (${role}) is dropped: ${why}`);
  }

  #describe(): Assignment {
    const { epoch, primary, inSync, lastUncleanEpoch, suspended } = this.#state.configuration;
    const { id: cluster, service } = this.#state.name;
    return Object.freeze({
      cluster,
      ...(service !== undefined && { service }),
      revision: this.#state.revision,
      epoch,
      primary,
      available: this.#state.isAvailable,
      unavailableReason: this.grants.unavailableReason(),
      ...(suspended !== undefined && { suspended }),
      ...(this.#state.roster.all.length > 0 && { level: this.#state.level }),
      inSync: inSync.map((copy) => ({
        serverId: copy.serverId,
        journalId: copy.journalId,
        lifeId: heardLife(copy),
      })),
      lastUncleanEpoch,
      members: this.#state.roster.all.map((member) =>
        memberToInfo(member, holdsCopy(this.#state.configuration, member)),
      ),
    });
  }
}
