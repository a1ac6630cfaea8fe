/**
 * Decides, for one cluster, who serves as primary and who is in sync, from the evidence about its members.
 *
 * What an epoch and an in-sync copy are worth stands in `configuration.ts`, who can be promoted in
 * `promotion.ts`. Here the members come and go, and the two rules that apply after every change carry the
 * rest, both in `#settle`:
 *  * nobody holds the epoch → the first live in-sync member in registration order gets the next one;
 *  * somebody does → whoever is no longer counted on leaves the in-sync set.
 * So while there is no primary the set stays as it was: each of its members has everything, and any of
 * them that comes back will do.
 */
import type { Assignment, ClusterRecord, JournalEnd, Numbered } from '../assignment.js';
import {
  type ClusterId,
  type Epoch,
  type Instant,
  NO_EPOCH,
  type Position,
  type ServerId,
  serverName,
} from '../ids.js';
import { MAX_MEMBERS } from '../limits.js';
import type { Figures, MemberMessage } from '../messages.js';
import { isSameCopy, isSameLife, mayBeSameLife } from '../same-life.js';
import { objectionTo } from './admission.js';
import { checkSuccession } from './cluster-law.js';
import { adviceText, differences, noSuccessorText, unavailableText } from './cluster-text.js';
import {
  type Configuration,
  copyOf,
  dependsOn,
  endedInOrder,
  type Grant,
  granted,
  heard,
  holdsAnotherCopy,
  holdsCopy,
  isWhole,
  restoredFrom,
  welcomed,
  withCommitted,
  withCopy,
  withFirstMember,
  withOnly,
  withoutMembers,
} from './configuration.js';
import { type Evidence, objectionsText } from './eligibility.js';
import { heardLife } from './lives.js';
import {
  isCountedOn,
  isLive,
  linkOf,
  type Member,
  memberFromRecord,
  memberToInfo,
  memberToRecord,
  type Presence,
  takeEvidence,
  takeLife,
  takeRefusedLife,
} from './member.js';
import { OlderStore } from './older-store.js';
import { isWithMost, PutOffRemovals } from './partition.js';
import { mayServe, Promotion } from './promotion.js';
import { type Question, retryAfterMs } from './reach.js';
import type { Candidate, Refusal, RegistryEvent, RegistryLink } from './registry-messages.js';
import { Roster } from './roster.js';
import { holdsText, lossAgainst, objectionToUnclean } from './unclean.js';

/**
 * A change that is ready to be made durable and then told; without an assignment there is nothing to tell.
 */
export interface SealedChange {
  readonly record: ClusterRecord;
  readonly assignment: Assignment | undefined;
}

/**
 * How often a commit position that goes on rising is made durable, ms: an in-sync copy that is older than
 * this is known as such also by a router that was started again; and one more write every five seconds costs
 * nothing.
 */
const COMMITTED_KEPT_EVERY_MS = 5_000;

type Attach = Extract<MemberMessage, { readonly kind: 'attach' }>;
type ChangeInSync = Extract<MemberMessage, { readonly kind: 'change-in-sync' }>;

export class Cluster {
  #configuration: Configuration;
  #revision: number;
  #committedKept: Position;
  #committedKeptAt: Instant = Number.NEGATIVE_INFINITY;
  /**
   * The router has been started and still waits for members that it knows: they are compared before one is
   * promoted.
   */
  #isStarting: boolean;
  /** Why nobody serves although somebody could, until an operator has decided. */
  #dispute: string | undefined;
  /** Until an operator has decided, it grants no epoch. */
  readonly #olderStore: OlderStore;
  readonly #roster: Roster;
  #changed = false;
  /** What is kept lags too far behind, though there is nothing to tell. */
  #mustKeep = false;
  /** How the last primary was lost, for people; kept until there is another. */
  #loss: { readonly at: Instant; readonly why: string } | undefined;
  #events: RegistryEvent[] = [];
  #assignment: Assignment;
  /** Listening time of the last promotion after a loss, ms: see `#settle`. */
  #grantedMs = 0;
  #awaitsWord = false;
  readonly #putOff = new PutOffRemovals();

  constructor(
    readonly id: ClusterId,
    record: ClusterRecord | undefined,
    readonly evidence: Evidence,
  ) {
    this.#configuration = restoredFrom(id, record);
    this.#committedKept = this.#configuration.committed;
    this.#isStarting = record !== undefined;
    const members = (record?.members ?? []).map((member) =>
      memberFromRecord(
        member,
        member.serverId === record?.primary?.serverId || copyOf(this.#configuration, member) !== undefined,
      ),
    );
    this.#roster = new Roster(members, ({ serverId }) => dependsOn(this.#configuration, serverId));
    this.#olderStore = new OlderStore(record);
    // Nobody is attached any more, so this is not the assignment that was told last. It need not be made
    // durable: until something is, every restart makes the same of the same record.
    this.#revision = record === undefined ? 0 : record.revision + 1;
    this.#assignment = this.#describe();
  }

  /** As of the last `seal`. */
  get assignment(): Assignment {
    return this.#assignment;
  }

  get isAvailable(): boolean {
    const holder = this.#holder();
    return this.#dispute === undefined && holder !== undefined && isLive(holder);
  }

  /** The link of whoever holds the epoch and is live. */
  get primaryLink(): RegistryLink | undefined {
    const holder = this.#holder();
    return holder === undefined ? undefined : linkOf(holder);
  }

  get isChanged(): boolean {
    return this.#changed;
  }

  /**
   * A member would have been promoted if it had been heard: with the next word of any member that is decided
   * again.
   */
  get awaitsWord(): boolean {
    return this.#awaitsWord;
  }

  /** Whether a `seal` is due for what is kept, though nothing has changed that is told. */
  get mustKeep(): boolean {
    return this.#mustKeep;
  }

  /** Streams of live members, the primary's first: everybody else waits for what it does next. */
  links(): RegistryLink[] {
    const primary = this.primaryLink;
    const others = this.#roster.all.map(linkOf).filter((link) => link !== undefined && link !== primary);
    return [primary, ...others].filter((link) => link !== undefined);
  }

  find(serverId: ServerId): Member | undefined {
    return this.#roster.find(serverId);
  }

  /** Members that are known by their heartbeats. */
  get callers(): ServerId[] {
    return this.#roster.all.filter((it) => it.presence.kind === 'heartbeat').map(({ serverId }) => serverId);
  }

  /** Why this server can't be a member here now; undefined when it can. */
  objectionTo(candidate: Candidate): Refusal | undefined {
    const known = this.find(candidate.serverId);
    if (known === undefined && this.#roster.isFull)
      return {
        reason: 'limit-reached',
        detail: `cluster ${this.id} has ${MAX_MEMBERS} members already, the most there can be`,
      };
    return objectionTo(candidate, {
      mode: this.#configuration.mode,
      known,
      primary: this.#configuration.primary,
      copy: copyOf(this.#configuration, candidate),
      committed: this.#configuration.committed,
    });
  }

  /** The last revision of the present epoch that this member can have been told with this store. */
  latestToldTo(serverId: ServerId): Numbered {
    return this.#olderStore.latestTold(this.#assignment, this.find(serverId)?.hasAttached !== false);
  }

  /**
   * A member was told more than this router's store holds. Returns whether that is news. Of one that is not
   * known here it proves nothing: it may be anybody.
   */
  noticeOlderStore(attach: Attach, detail: string): boolean {
    const known = this.find(attach.serverId);
    if (attach.networkId === '' || known === undefined || !isSameCopy(known, attach)) return false;
    const isNews = this.#olderStore.notice(attach, detail);
    if (!isLive(known)) {
      const { incarnation, lifeId, address } = attach;
      known.refused = { incarnation, lifeId, address };
      known.end = attach.figures;
    }
    if (isNews) this.#changed = true;
    return isNews;
  }

  /** A member was told of later revisions by a copy of the store: what it is told now comes after them. */
  outdoRevision({ networkId, revision, ...life }: Attach): void {
    const known = this.find(life.serverId);
    if (networkId === '' || known === undefined || !isSameCopy(known, life)) return;
    if (revision > this.#revision) this.#changed = true;
    this.#revision = Math.max(this.#revision, revision);
  }

  /** It is live, or only kept out because this router's store is older. */
  #isHere(member: Member): boolean {
    return isLive(member) || (this.#olderStore.detail !== undefined && member.refused !== undefined);
  }

  /** A member speaks for the first time since it was welcomed: its folder has noted the welcome. */
  heard(serverId: ServerId): void {
    const member = this.find(serverId);
    if (member === undefined || member.heard) return;
    member.heard = true;
    this.#adopt(member);
    this.#configure(heard(this.#configuration, member));
  }

  /** A member is asked to stop, and goes on for a moment. */
  leaving(serverId: ServerId): void {
    const member = this.find(serverId);
    if (member !== undefined) member.isLeaving = true;
  }

  /**
   * A member ends in order: when it is the primary, it has stopped writes, and everything acknowledged is in
   * its journal.
   */
  left(serverId: ServerId, link: RegistryLink, figures: Figures): void {
    const { mode, primary } = this.#configuration;
    if (mode !== 'replicated' || link !== this.primaryLink || primary?.serverId !== serverId) return;
    // Neither told nor kept by itself: the end of its stream comes next.
    this.#configuration = endedInOrder(this.#configuration, figures);
  }

  /** A member whose journal ends exactly where everything ended in order has everything. */
  #adopt(member: Member): void {
    const { serverId, end } = member;
    if (!isWhole(this.#configuration, end) || copyOf(this.#configuration, member) !== undefined) return;
    this.#configure(withCopy(this.#configuration, member));
    this.#event(
      'in-sync',
      `${serverName(serverId)} ends where everything ended in order, at ${end.durable}: it is in sync`,
    );
  }

  /** What a member says of its journal. */
  noteEnd(now: Instant, serverId: ServerId, said: JournalEnd): void {
    const member = this.find(serverId);
    if (member === undefined) return;
    const { lastEpoch, durable, committed, checksum } = said;
    member.end = { lastEpoch, durable, committed, checksum };
    if (!holdsCopy(this.#configuration, member)) return;
    // Not told, and kept only from time to time.
    this.#configuration = withCommitted(this.#configuration, committed);
    const isDue = now - this.#committedKeptAt >= COMMITTED_KEPT_EVERY_MS;
    if (isDue && this.#configuration.committed > this.#committedKept) this.#mustKeep = true;
  }

  /**
   * Takes in a server that `objectionTo` has nothing against, on the evidence given. Returns the stream
   * that it replaces. Another life of a known server means that the known one is over: it is dropped
   * first, and with it goes any claim to the epoch.
   */
  admit(now: Instant, candidate: Candidate, evidence: Presence): RegistryLink | undefined {
    this.#configure(withFirstMember(this.#configuration, candidate));
    const known = this.find(candidate.serverId);
    const replaced = known === undefined ? undefined : linkOf(known);
    if (known !== undefined && isCountedOn(known)) {
      const isAgain = mayBeSameLife(known, candidate);
      // Who holds a stream or sends heartbeats needs no supervisor's word for it.
      if (isAgain && evidence.kind === 'watched' && isLive(known)) return undefined;
      if (!isAgain) {
        this.#leave(now, known, `incarnation ${candidate.incarnation} of it has come`);
        this.#settle(now); // before it comes: nothing that its former life held is its own
      }
    }
    const member = known ?? this.#roster.register(candidate);
    takeLife(member, candidate, evidence);
    this.#configure(welcomed(this.#configuration, candidate));
    const copy = copyOf(this.#configuration, candidate);
    if (copy !== undefined && heardLife(copy) === member.lifeId) member.heard = true;
    member.isAtRest = !this.isAvailable;
    if (candidate.figures !== undefined) this.noteEnd(now, member.serverId, candidate.figures);
    takeEvidence(member, evidence);
    this.#changed = true;
    return replaced;
  }

  /** Keeps a place for a server that will come. Returns whether it is new here. */
  announce(candidate: Candidate): boolean {
    if (this.find(candidate.serverId) !== undefined) return false;
    this.#configure(withFirstMember(this.#configuration, candidate));
    this.#roster.register(candidate);
    this.#changed = true;
    return true;
  }

  /** The place of a server that has not come after all is free again. */
  lapse(serverId: ServerId): void {
    const member = this.find(serverId);
    if (member?.presence.kind !== 'announced') return;
    this.#roster.remove(member);
    if (this.#roster.all.length === 0) this.#configure(withoutMembers(this.#configuration));
    this.#changed = true;
  }

  /**
   * There is no more evidence that the member is there. Returns whether there was. What follows is
   * decided at `seal`, for all that are dropped in a step at once: or one would be promoted, and another
   * lose its place in the in-sync set for it, that is itself about to be dropped.
   */
  drop(now: Instant, serverId: ServerId, why: string): boolean {
    const member = this.find(serverId);
    if (member === undefined || !isCountedOn(member)) return false;
    this.#leave(now, member, why);
    return true;
  }

  /** Its stream has ended, which says nothing about the member: it may attach again until the grace ends. */
  expectBack(serverId: ServerId): void {
    const member = this.find(serverId);
    if (member?.presence.kind !== 'stream') return;
    member.presence = { kind: 'awaited' };
    this.#changed = true;
    this.#event(
      'awaited',
      `${serverName(serverId)} gave the router up while it was away, and may attach again`,
    );
  }

  /** Whoever was expected back after the router was away and has not come is gone. */
  endGrace(now: Instant): void {
    this.#isStarting = false;
    for (const member of this.#roster.all)
      if (member.presence.kind === 'awaited')
        this.#leave(now, member, 'it has not attached again since the router was away');
  }

  /** Grants the request of a live primary in its epoch, as far as it can be. */
  changeInSync(link: RegistryLink, asked: ChangeInSync): void {
    const { mode, epoch, primary } = this.#configuration;
    if (mode !== 'replicated' || link !== this.primaryLink || asked.epoch !== epoch) return;
    const isCounted = copyOf(this.#configuration, asked) !== undefined;
    if (asked.change === 'add') {
      const member = this.find(asked.serverId);
      if (isCounted || member === undefined || !isLive(member) || !member.heard || !isSameLife(asked, member))
        return;
      this.#configure(withCopy(this.#configuration, member));
      const itsLink = linkOf(member);
      if (itsLink !== undefined) this.evidence.forgetComplaint(itsLink);
    } else {
      if (!isCounted || asked.serverId === primary?.serverId) return;
      if (this.#isPutOff(asked.serverId, link)) return;
      this.#configure(withOnly(this.#configuration, (copy) => !isSameCopy(copy, asked)));
    }
  }

  /**
   * A primary that most of the live in-sync members can't reach, while they reach one another, is replaced.
   */
  replaceCutOff(): void {
    const { mode, epoch } = this.#configuration;
    if (mode !== 'replicated' || !this.isAvailable) return;
    const successor = this.#promotion().successorOfCutOff();
    if (successor === undefined) return;
    const name = this.#primaryName();
    this.#event(
      'cut-off',
      `${name}, primary of epoch ${epoch}, is cut off: most of the in-sync members can't reach it`,
    );
    this.#grant(successor, 'old-leaves', `in place of ${name}, which others can't reach`);
  }

  /**
   * The primary can't reach a standby that is live here. If the primary may be the one that is cut off, its
   * request is put off until the others had the time to say so; the primary asks again.
   */
  #isPutOff(standby: ServerId, link: RegistryLink): boolean {
    const { primary } = this.#configuration;
    if (primary === undefined) return false;
    const { heardMs, deadAfterMs } = this.evidence;
    const view = { serverId: primary.serverId, cannotReach: this.evidence.cannotReach(link) };
    if (!isWithMost(view, standby, this.#promotion().views()))
      return this.#putOff.putOff(heardMs, deadAfterMs, standby);
    this.#putOff.settle(standby);
    return false;
  }

  /** Where to ask for a handover, or why it is impossible. */
  linkToHandOver(): RegistryLink | Refusal {
    const refusal = (detail: string): Refusal => ({ reason: 'handover-impossible', detail });
    if (!this.isAvailable)
      return refusal(`cluster ${this.id} has no primary now: ${this.#unavailableReason()}`);
    if (this.#promotion().successor() === undefined) return refusal(this.whyNoHandover());
    return this.primaryLink ?? refusal(`${this.#primaryName()} holds no stream on which to be asked`);
  }

  /** The primary gives its epoch up. Returns whether there was somebody to take over. */
  handOver(link: RegistryLink, epoch: Epoch, leaving: boolean): boolean {
    if (link !== this.primaryLink || epoch !== this.#configuration.epoch) return false;
    const successor = this.#promotion().successor();
    if (successor === undefined) return false;
    this.#grant(successor, leaving ? 'old-leaves' : 'old-stays', `handed over by ${this.#primaryName()}`);
    return true;
  }

  /**
   * The primary says that it lacks what another live member knows as committed. That one takes over if it
   * may; else nobody serves: to go on would lose what was acknowledged. Returns whether that changes
   * anything.
   */
  dispute(link: RegistryLink, epoch: Epoch, serverId: ServerId, detail: string): boolean {
    if (link !== this.primaryLink || epoch !== this.#configuration.epoch || this.#dispute !== undefined)
      return false;
    const holder = this.find(serverId);
    if (holder === undefined || !isLive(holder)) return false;
    const isFit =
      mayServe(this.#configuration, holder) && this.#promotion().objectionTo(holder) === undefined;
    if (isFit) this.#grant(holder, 'old-leaves', detail);
    else {
      this.#dispute = detail;
      this.#changed = true;
    }
    return true;
  }

  /**
   * Makes a live member primary although it may lack acknowledged writes. Refuses one that has less than
   * another live member, unless `acceptLoss`.
   */
  promoteUnclean(serverId: ServerId, acceptLoss: boolean): Refusal | undefined {
    const member = this.find(serverId);
    const refusal = (reason: Refusal['reason'], detail: string): Refusal => ({ reason, detail });
    const { mode, epoch, primary } = this.#configuration;
    const isSame = serverId === primary?.serverId;
    if (this.isAvailable && (!this.#isPrimaryInDoubt() || isSame)) {
      const there = `cluster ${this.id} is available, ${this.#primaryName()} is primary of epoch ${epoch}`;
      const isObjected = this.#promotion().objections().length > 0;
      const way = isObjected ? this.whyNoHandover() : `use a handover${this.orStopIt()}`;
      return refusal('invalid-argument', isSame ? `${there} already` : `${there}: ${way}`);
    }
    if (member === undefined)
      return refusal('unknown-member', `cluster ${this.id} knows no ${serverName(serverId)}`);
    if (!this.#isHere(member)) return refusal('member-not-live', `${serverName(serverId)} is not live`);
    // Its disk may have yet to note the welcome: its next life would be taken for an older copy.
    if (!member.heard && mode === 'replicated' && member.presence.kind === 'stream')
      return refusal('member-not-live', `${serverName(serverId)} has not been heard since its welcome yet`);
    if (this.#roster.all.some((other) => other.presence.kind === 'awaited'))
      return refusal('invalid-argument', `not yet: ${this.#unavailableReason()}`);
    if (!this.#isHalted && mayServe(this.#configuration, member)) {
      // It has everything: only the router's doubt whether it can be reached is overruled.
      const how = this.isAvailable ? 'old-stays' : 'old-leaves';
      this.#grant(member, how, 'promoted by an operator; it has everything, nothing is lost');
      return undefined;
    }
    const others = this.#roster.all.filter((other) => other !== member && other.journalId !== '');
    const losses = others.map((other) => lossAgainst(member, other));
    const consequences = [holdsText(member), ...losses].join('; ');
    const objection = objectionToUnclean(
      member,
      others.filter((other) => this.#isHere(other)),
    );
    if (objection !== undefined && !acceptLoss)
      return refusal('invalid-argument', `${objection}. ${consequences}`);
    this.#grant(member, 'unclean', 'promoted unclean by an operator');
    this.#event('unclean-promotion', `${serverName(serverId)} was promoted UNCLEAN. ${consequences}`);
    return undefined;
  }

  /** There is a primary, and the router or an in-sync member can't reach it. */
  #isPrimaryInDoubt(): boolean {
    const holder = this.#holder();
    if (holder === undefined || this.#configuration.mode !== 'replicated') return false;
    const isComplainedOf = this.#promotion()
      .views()
      .some(({ cannotReach }) => cannotReach.has(holder.serverId));
    return isComplainedOf || holder.reach.kind === 'unreachable';
  }

  /** Closes what was changed: numbers it, checks it, and gives it out to be made durable. */
  seal(now: Instant): SealedChange | undefined {
    this.#settle(now);
    // Why nobody serves also depends on who is heard.
    if (!this.isAvailable && this.#unavailableReason() !== this.#assignment.unavailableReason)
      this.#changed = true;
    const mustKeep = this.#mustKeep;
    this.#mustKeep = false;
    if (!this.#changed && !mustKeep) return undefined;
    this.#committedKept = this.#configuration.committed;
    this.#committedKeptAt = now;
    if (!this.#changed) return { record: this.record(), assignment: undefined };
    this.#changed = false;
    const before = this.#assignment;
    this.#revision += 1;
    this.#assignment = this.#describe();
    checkSuccession(before, this.#assignment);
    for (const { event, text } of differences(before, this.#assignment)) this.#event(event, text);
    return { record: this.record(), assignment: this.#assignment };
  }

  /** Events since the last time. */
  takeEvents(): RegistryEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  record(): ClusterRecord {
    const members = this.#roster.all.map(memberToRecord);
    return { ...this.#configuration, revision: this.#revision, members };
  }

  #holder(): Member | undefined {
    const { primary } = this.#configuration;
    return primary === undefined ? undefined : this.#roster.all.find((member) => isSameLife(primary, member));
  }

  /** Only an operator can say who is promoted. */
  get #isHalted(): boolean {
    return this.#dispute !== undefined || this.#olderStore.detail !== undefined;
  }

  #promotion(): Promotion {
    return new Promotion(this.#configuration, this.#roster.all, this.evidence, this.#isHalted);
  }

  #configure(configuration: Configuration): void {
    if (configuration === this.#configuration) return;
    this.#configuration = configuration;
    this.#changed = true;
  }

  /** For people, while a handover has no successor. */
  whyNoHandover(): string {
    return noSuccessorText(this.#primaryName(), this.#promotion().objections());
  }

  /**
   * What else an operator can do where a handover does not work, as the end of a sentence; empty: nothing.
   */
  orStopIt(): string {
    const successor = this.#promotion().successor();
    if (successor === undefined) return '';
    return `, or stop ${this.#primaryName()}: ${serverName(successor.serverId)} then takes over by itself`;
  }

  /**
   * The router dials its members back, and this one, which has just attached, is not promoted until it was
   * reached once in this life. Returns what to ask; undefined when it was reached before.
   */
  toReach(serverId: ServerId): Question | undefined {
    const member = this.find(serverId);
    if (member === undefined || member.reach.kind === 'reachable') return undefined;
    if (member.reach.kind === 'unasked') member.reach = { kind: 'unknown' };
    const { incarnation, lifeId, address } = member;
    return { cluster: this.id, serverId, incarnation, lifeId, address };
  }

  /**
   * The answer, with why it could not be reached. Returns after how long to ask again, ms; undefined: not
   * again.
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
      this.#changed = true;
      if (wasUnreachable) this.#event('reached', `${name} is reached at ${address} now, and may be promoted`);
      return undefined;
    }
    const failures = wasUnreachable ? before.failures + 1 : 1;
    member.reach = { kind: 'unreachable', detail, failures };
    if (!wasUnreachable) {
      this.#changed = true;
      const advice = 'is its --advertise right?';
      const text = `${name} can't be reached at ${address} (${detail}), and is not promoted until it is: ${advice}`;
      this.#event('unreachable', text);
    }
    return retryAfterMs(failures);
  }

  #leave(now: Instant, member: Member, why: string): void {
    member.presence = { kind: 'gone' };
    this.#changed = true;
    const { primary, epoch } = this.#configuration;
    const isPrimary = primary !== undefined && isSameLife(primary, member);
    if (isPrimary) this.#loss = { at: now, why };
    const role = isPrimary ? `primary of epoch ${epoch}` : 'standby';
    this.#event('dropped', `${serverName(member.serverId)} (${role}) is dropped: ${why}`);
  }

  #settle(now: Instant): void {
    const holder = this.#holder();
    if (this.isAvailable) for (const member of this.#roster.all) member.isAtRest = false;
    this.#awaitsWord = false;
    if ((holder === undefined || !isCountedOn(holder)) && !this.#awaitsCandidates()) {
      // A router that is cut off loses its streams one by one. So the second promotion waits until its
      // candidate has spoken since the first: then it is not the next to be lost.
      const promotion = this.#promotion();
      const successor = promotion.successor(this.#grantedMs);
      if (successor === undefined) this.#awaitsWord = promotion.candidates().length > 0;
      else {
        this.#grant(successor, 'old-leaves', this.#afterWhat(now));
        this.#grantedMs = this.evidence.heardMs;
      }
    }
    this.#prune();
  }

  /**
   * After a start of this router: others of the in-sync set may come yet, and have more than an older copy.
   */
  #awaitsCandidates(): boolean {
    return (
      this.#isStarting &&
      this.#configuration.mode === 'replicated' &&
      this.#roster.all.some(
        (member) => member.presence.kind === 'awaited' && copyOf(this.#configuration, member) !== undefined,
      )
    );
  }

  /** Of a promotion, for people. */
  #afterWhat(now: Instant): string {
    const loss = this.#loss;
    if (loss !== undefined)
      return `${Math.round(now - loss.at)} ms after ${this.#primaryName()} was dropped (${loss.why})`;
    if (this.#configuration.epoch === NO_EPOCH) return 'the first';
    return `since ${this.#primaryName()} was gone when the router started`;
  }

  /** Only under a live primary: see the head of this file. */
  #prune(): void {
    if (!this.isAvailable) return;
    const counted = this.#roster.all.filter(isCountedOn);
    this.#configure(
      withOnly(this.#configuration, (copy) => counted.some((member) => isSameCopy(copy, member))),
    );
  }

  #grant(member: Member, how: Grant, why: string): void {
    if (how === 'unclean') this.#outdoOlderStore(member);
    this.#configure(granted(this.#configuration, member, how));
    this.#loss = undefined;
    this.#putOff.clear();
    this.#dispute = undefined;
    const { epoch } = this.#configuration;
    this.#event('promoted', `${serverName(member.serverId)} is primary of epoch ${epoch}, ${why}`);
  }

  /**
   * From now on this store is the newest: what is granted now is past everything that any member was told.
   */
  #outdoOlderStore(chosen: Member): void {
    const told = this.#olderStore.outdo();
    if (told === undefined) return;
    const { epoch } = this.#configuration;
    if (told.epoch > epoch) this.#configure({ ...this.#configuration, epoch: told.epoch });
    this.#revision = Math.max(this.#revision, told.revision);
    takeRefusedLife(chosen);
  }

  #primaryName(): string {
    const { primary } = this.#configuration;
    return primary === undefined ? 'nobody' : serverName(primary.serverId);
  }

  #unavailableReason(): string {
    const holder = this.#holder();
    if (this.#dispute !== undefined)
      return `${this.#dispute}; an operator has to decide whose journal counts (admin promote --unclean)`;
    if (holder !== undefined && isLive(holder)) return '';
    const { epoch, primary, inSync } = this.#configuration;
    const { detail } = this.#olderStore;
    if (detail !== undefined) return detail;
    const objections = this.#promotion().objections(this.#grantedMs);
    return unavailableText({
      cluster: this.id,
      epoch,
      primary,
      inSync,
      awaited: this.#roster.all.filter((member) => member.presence.kind === 'awaited'),
      replaced: this.#roster.all.filter(
        (member) => isLive(member) && holdsAnotherCopy(this.#configuration, member),
      ),
      why: this.#loss?.why,
      objections: objectionsText(objections),
      advice: adviceText(objections),
    });
  }

  #describe(): Assignment {
    const { epoch, primary, inSync, lastUncleanEpoch } = this.#configuration;
    return Object.freeze({
      cluster: this.id,
      revision: this.#revision,
      epoch,
      primary,
      available: this.isAvailable,
      unavailableReason: this.#unavailableReason(),
      inSync: inSync.map((copy) => ({
        serverId: copy.serverId,
        journalId: copy.journalId,
        lifeId: heardLife(copy),
      })),
      lastUncleanEpoch,
      members: this.#roster.all.map((member) => memberToInfo(member, holdsCopy(this.#configuration, member))),
    });
  }

  #event(event: RegistryEvent['event'], text: string): void {
    this.#events.push({ event, text: `cluster ${this.id}: ${text}` });
  }
}
