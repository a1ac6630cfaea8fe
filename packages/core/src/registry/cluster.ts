/**
 * Decides, for one cluster, who may serve as primary and whom a commit waits for.
 *
 * The intuition: an epoch is a licence that is granted once, and only to a copy that has everything
 * which was ever acknowledged; the in-sync set names those copies. The set that the primary waits for is
 * always a superset of the one here (it counts a standby from asking for it, and until told of its
 * removal), so whoever is promoted from here has it all, and no clock is needed for that.
 *
 * Two rules carry the rest, both in `#settle`, which follows every change:
 *  * nobody holds the epoch → the first live in-sync member in registration order gets the next one;
 *  * somebody does → whoever is no longer counted on leaves the in-sync set.
 * So while there is no primary the set stays as it was: each of its members has everything, and any of
 * them that comes back will do.
 *
 * After PacificA (Lin et al., 2008, §2 and §4: the configuration is kept apart from the data) and Kafka's
 * in-sync replicas.
 */
import type {
  Assignment,
  ClusterMode,
  ClusterRecord,
  InSyncCopy,
  JournalEnd,
  Numbered,
  OrderlyEnd,
  PrimaryRef,
} from '../assignment.js';
import {
  type ClusterId,
  type Epoch,
  epoch,
  type Instant,
  NO_EPOCH,
  NO_POSITION,
  nextEpoch,
  type Position,
  position,
  type ServerId,
  serverName,
} from '../ids.js';
import { invariant } from '../invariants.js';
import { MAX_MEMBERS } from '../limits.js';
import type { Figures, MemberMessage } from '../messages.js';
import { isSameCopy, isSameLife, mayBeSameLife } from '../same-life.js';
import { objectionTo } from './admission.js';
import { checkSuccession } from './cluster-law.js';
import { differences, unavailableText } from './cluster-text.js';
import { type Evidence, objectionsText, objectionToPromotion } from './eligibility.js';
import { heardLife, withHeard, withWelcomed } from './lives.js';
import {
  isCountedOn,
  isLive,
  linkOf,
  type Member,
  memberFromRecord,
  memberToRecord,
  type Presence,
} from './member.js';
import { isWithMost, successorOfCutOff, type View } from './partition.js';
import { type Question, retryAfterMs } from './reach.js';
import type { Candidate, Heartbeat, Refusal, RegistryEvent, RegistryLink } from './registry-messages.js';
import { Roster } from './roster.js';
import { holdsText, lossAgainst, objectionToUnclean } from './unclean.js';

/** A change that is ready to be made durable and then told; without an assignment there is nothing to tell. */
export interface SealedChange {
  readonly record: ClusterRecord;
  readonly assignment: Assignment | undefined;
}

/**
 * For how long the removal of a standby that is heard may be put off, in multiples of the silence after which a member counts
 * as lost: the others notice their side of a partition up to one later than the primary, and ask one another for up to one;
 * and one to spare for a busy machine.
 */
const WEIGHED_FACTOR = 3;

/**
 * How often a commit position that goes on rising is made durable, ms: an in-sync copy that is older than this is
 * known as such also by a router that was started again; and one more write every five seconds costs nothing.
 */
const COMMITTED_KEPT_EVERY_MS = 5_000;

interface OlderStore {
  /** Who was told what, for people. */
  readonly detail: string;
  /** The highest that any member was told. */
  readonly seenEpoch: Epoch;
  readonly seenRevision: number;
}

type Attach = Extract<MemberMessage, { readonly kind: 'attach' }>;
type ChangeInSync = Extract<MemberMessage, { readonly kind: 'change-in-sync' }>;

export class Cluster {
  #mode: ClusterMode | undefined;
  #epoch: Epoch;
  #revision: number;
  #primary: PrimaryRef | undefined;
  #inSync: readonly InSyncCopy[];
  #lastUncleanEpoch: Epoch;
  /** The highest commit position that an in-sync member has told. Each in-sync copy has everything up to it. */
  #committed: Position;
  #orderlyEnd: OrderlyEnd | undefined;
  #committedKept: Position;
  #committedKeptAt: Instant = Number.NEGATIVE_INFINITY;
  /** The router has been started and still waits for members that it knows: they are compared before one is promoted. */
  #isStarting: boolean;
  /** Why nobody serves although somebody could, until an operator has decided. */
  #dispute: string | undefined;
  /** A member was told more than this router's store holds: it grants no epoch any more, until an operator has decided. */
  #olderStore: OlderStore | undefined;
  /** What the store held when this router started; undefined: it does not matter any more. */
  #loaded: Numbered | undefined;
  readonly #roster: Roster;
  #changed = false;
  /** What is kept lags too far behind, though there is nothing to tell. */
  #mustKeep = false;
  /** How the last primary was lost, for people; kept until there is another. */
  #loss: { readonly at: Instant; readonly why: string } | undefined;
  #events: RegistryEvent[] = [];
  #assignment: Assignment;
  /** Listening time of the last promotion after a loss, ms: see `#objectionTo`. */
  #grantedMs = 0;
  #awaitsWord = false;
  /** Standbys whose removal is put off: since when, and when it was asked for last, in listening time, ms. */
  readonly #weighed = new Map<ServerId, { readonly firstMs: number; readonly lastMs: number }>();

  constructor(
    readonly id: ClusterId,
    record: ClusterRecord | undefined,
    readonly evidence: Evidence,
  ) {
    this.#mode = record?.mode;
    this.#epoch = record?.epoch ?? NO_EPOCH;
    this.#primary = record?.primary;
    this.#inSync = record?.inSync ?? [];
    this.#lastUncleanEpoch = record?.lastUncleanEpoch ?? NO_EPOCH;
    this.#committed = record?.committed ?? NO_POSITION;
    this.#orderlyEnd = record?.orderlyEnd;
    this.#committedKept = this.#committed;
    this.#isStarting = record !== undefined;
    const members = (record?.members ?? []).map((member) =>
      memberFromRecord(
        member,
        member.serverId === record?.primary?.serverId ||
          this.#inSync.some((copy) => isSameCopy(copy, member)),
      ),
    );
    this.#roster = new Roster(
      members,
      ({ serverId }) =>
        serverId === this.#primary?.serverId || this.#inSync.some((copy) => copy.serverId === serverId),
    );
    this.#loaded = record;
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

  /** A member would have been promoted if it had been heard: with the next word of any member that is decided again. */
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

  /**
   * Whom a heartbeat is from. It names no life: one from the same address is taken for the same (a routed member has
   * nothing that a restart could lose for us), one from another address for the next.
   */
  candidateFor({ serverId, address }: Heartbeat): Candidate {
    const known = this.find(serverId);
    const before =
      known === undefined ? 0 : known.address === address ? known.incarnation - 1 : known.incarnation;
    return {
      networkId: '',
      cluster: this.id,
      serverId,
      incarnation: before + 1,
      journalId: '',
      lifeId: '',
      welcomedLife: '',
      address,
    };
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
      mode: this.#mode,
      known,
      primary: this.#primary,
      copy: this.#copyOf(candidate),
      committed: this.#committed,
    });
  }

  /**
   * The last revision of the present epoch that this router, or one before it with the same store, can have told this
   * member. What was numbered since the start says nothing to one that has not attached since: another router may have
   * used the same numbers.
   */
  latestToldTo(serverId: ServerId): Numbered {
    const { epoch, revision } = this.#assignment;
    const loaded = this.#loaded;
    if (loaded === undefined || this.find(serverId)?.hasAttached !== false) return { epoch, revision };
    return { epoch, revision: loaded.epoch === epoch ? loaded.revision : 0 };
  }

  /**
   * A member was told more than this router's store holds. Returns whether that is news. Of one that is not known here it
   * proves nothing: it may be anybody.
   */
  noticeOlderStore(attach: Attach, detail: string): boolean {
    const known = this.find(attach.serverId);
    if (attach.networkId === '' || known === undefined || !isSameCopy(known, attach)) return false;
    const before = this.#olderStore;
    this.#olderStore = {
      detail: before?.detail ?? detail,
      seenEpoch: epoch(Math.max(before?.seenEpoch ?? NO_EPOCH, attach.epoch)),
      seenRevision: Math.max(before?.seenRevision ?? 0, attach.revision),
    };
    if (!isLive(known)) {
      const { incarnation, lifeId, address } = attach;
      known.refused = { incarnation, lifeId, address };
      known.end = attach.figures;
    }
    if (before !== undefined) return false;
    this.#changed = true;
    return true;
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
    return isLive(member) || (this.#olderStore !== undefined && member.refused !== undefined);
  }

  /** A member speaks for the first time since it was welcomed: its folder has noted the welcome. */
  heard(serverId: ServerId): void {
    const member = this.find(serverId);
    if (member === undefined || member.heard) return;
    member.heard = true;
    this.#adopt(member);
    const copy = this.#copyOf(member);
    if (copy === undefined) return;
    const heard = withHeard(copy, member.lifeId);
    if (heard === copy) return;
    this.#inSync = this.#inSync.map((other) => (other === copy ? heard : other));
    this.#changed = true;
  }

  /** A member is asked to stop, and goes on for a moment. */
  leaving(serverId: ServerId): void {
    const member = this.find(serverId);
    if (member !== undefined) member.isLeaving = true;
  }

  /** A member ends in order: when it is the primary, it has stopped writes, and everything acknowledged is in its journal. */
  left(serverId: ServerId, link: RegistryLink, { lastEpoch, durable, checksum }: Figures): void {
    if (this.#mode !== 'replicated' || link !== this.primaryLink) return;
    if (this.#primary?.serverId !== serverId) return;
    this.#orderlyEnd = { lastEpoch, durable, checksum };
  }

  /** A member whose journal ends exactly where everything ended in order has everything. */
  #adopt(member: Member): void {
    const end = this.#orderlyEnd;
    if (end === undefined || this.#copyOf(member) !== undefined) return;
    const { lastEpoch, durable, checksum } = member.end;
    const isWhole = lastEpoch === end.lastEpoch && durable === end.durable && checksum === end.checksum;
    if (!isWhole) return;
    const { serverId, journalId, lifeId } = member;
    this.#inSync = [...this.#inSync, { serverId, journalId, lives: [lifeId] }];
    this.#changed = true;
    this.#event(
      'in-sync',
      `${serverName(serverId)} ends where everything ended in order, at ${durable}: it is in sync`,
    );
  }

  /** What a member says of its journal. */
  noteEnd(now: Instant, serverId: ServerId, said: JournalEnd): void {
    const member = this.find(serverId);
    if (member === undefined) return;
    const { lastEpoch, durable, committed, checksum } = said;
    member.end = { lastEpoch, durable, committed, checksum };
    if (!this.#holdsCopy(member)) return;
    this.#committed = position(Math.max(this.#committed, committed));
    const isDue = now - this.#committedKeptAt >= COMMITTED_KEPT_EVERY_MS;
    if (isDue && this.#committed > this.#committedKept) this.#mustKeep = true;
  }

  /**
   * Takes in a server that `objectionTo` has nothing against, on the evidence given. Returns the stream
   * that it replaces. Another life of a known server means that the known one is over: it is dropped
   * first, and with it goes any claim to the epoch.
   */
  admit(now: Instant, candidate: Candidate, evidence: Presence): RegistryLink | undefined {
    this.#mode ??= candidate.journalId === '' ? 'routed' : 'replicated';
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
    const isAgain = known !== undefined && mayBeSameLife(known, candidate);
    const isHeard = isAgain && known.heard && known.lifeId === candidate.lifeId;
    // A supervisor names no life. The one that was here is over, and may have been a copy's.
    const isAnyLife = evidence.kind === 'watched' && known !== undefined && !isCountedOn(known);
    if (!isAgain || member.address !== candidate.address) member.reach = { kind: 'unasked' };
    member.incarnation = candidate.incarnation;
    member.journalId = candidate.journalId;
    if (!isAgain || isAnyLife || candidate.lifeId !== '') member.lifeId = candidate.lifeId;
    member.address = candidate.address;
    this.#inSync = this.#inSync.map((copy) =>
      isSameCopy(copy, candidate) && candidate.lifeId !== '' ? withWelcomed(copy, candidate) : copy,
    );
    const copy = this.#copyOf(candidate);
    member.heard = isHeard || (copy !== undefined && heardLife(copy) === member.lifeId);
    member.refused = undefined;
    member.isLeaving = false;
    member.isAtRest = !this.isAvailable;
    if (candidate.figures !== undefined) this.noteEnd(now, member.serverId, candidate.figures);
    member.liveness = evidence.kind === 'watched' || evidence.kind === 'heartbeat' ? evidence.kind : 'stream';
    member.presence = evidence;
    if (evidence.kind === 'stream') member.hasAttached = true;
    this.#changed = true;
    return replaced;
  }

  /** Keeps a place for a server that will come. Returns whether it is new here. */
  announce(candidate: Candidate): boolean {
    if (this.find(candidate.serverId) !== undefined) return false;
    this.#mode ??= candidate.journalId === '' ? 'routed' : 'replicated';
    this.#roster.register(candidate);
    this.#changed = true;
    return true;
  }

  /** The place of a server that has not come after all is free again. */
  lapse(serverId: ServerId): void {
    const member = this.find(serverId);
    if (member?.presence.kind !== 'announced') return;
    this.#roster.remove(member);
    if (this.#roster.all.length === 0 && this.#epoch === NO_EPOCH) this.#mode = undefined;
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
    if (this.#mode !== 'replicated' || link !== this.primaryLink || asked.epoch !== this.#epoch) return;
    const held = this.#inSync.some((copy) => isSameCopy(copy, asked));
    if (asked.change === 'add') {
      const member = this.find(asked.serverId);
      if (held || member === undefined || !isLive(member) || !member.heard || !isSameLife(asked, member))
        return;
      const { serverId, journalId, lifeId } = member;
      this.#inSync = [...this.#inSync, { serverId, journalId, lives: [lifeId] }];
      const itsLink = linkOf(member);
      if (itsLink !== undefined) this.evidence.forgetComplaint(itsLink);
    } else {
      if (!held || asked.serverId === this.#primary?.serverId) return;
      if (this.#isWeighed(asked.serverId, link)) return;
      this.#inSync = this.#inSync.filter((copy) => !isSameCopy(copy, asked));
    }
    this.#changed = true;
  }

  /** A primary that most of the live in-sync members can't reach, while they reach one another, is replaced. */
  replaceCutOff(): void {
    const primary = this.#primary;
    if (this.#mode !== 'replicated' || primary === undefined || !this.isAvailable) return;
    const id = successorOfCutOff(primary.serverId, this.#views(), (candidate) => {
      const member = this.find(candidate);
      return member !== undefined && this.#objectionTo(member) === undefined;
    });
    const successor = id === undefined ? undefined : this.find(id);
    if (successor === undefined) return;
    this.#event(
      'cut-off',
      `${this.#primaryName()}, primary of epoch ${this.#epoch}, is cut off: most of the in-sync members can't reach it`,
    );
    this.#grant(successor, 'old-leaves', `in place of ${this.#primaryName()}, which others can't reach`);
  }

  /**
   * What live in-sync members said last of the others; without the primary's. Also of one that is a little late: it counts
   * until it is dropped for silence, or a busy machine would decide who is cut off.
   */
  #views(): View[] {
    return this.#roster.all.flatMap((member) => {
      const link = linkOf(member);
      const isOther = member.serverId !== this.#primary?.serverId && this.#holdsCopy(member);
      if (link === undefined || !isOther) return [];
      return [{ serverId: member.serverId, cannotReach: this.evidence.cannotReach(link) }];
    });
  }

  /**
   * The primary can't reach a standby that is live here. If the primary may be the one that is cut off, its request is put
   * off until the others had the time to say so; the primary asks again.
   */
  #isWeighed(standby: ServerId, link: RegistryLink): boolean {
    const { heardMs, deadAfterMs } = this.evidence;
    const primary = this.#primary;
    if (primary === undefined) return false;
    const view = { serverId: primary.serverId, cannotReach: this.evidence.cannotReach(link) };
    if (isWithMost(view, standby, this.#views())) {
      this.#weighed.delete(standby);
      return false;
    }
    const before = this.#weighed.get(standby);
    const isFresh = before === undefined || heardMs - before.lastMs > WEIGHED_FACTOR * deadAfterMs;
    const firstMs = isFresh ? heardMs : before.firstMs;
    this.#weighed.set(standby, { firstMs, lastMs: heardMs });
    return heardMs - firstMs < WEIGHED_FACTOR * deadAfterMs;
  }

  /** Where to ask for a handover, or why it is impossible. */
  linkToHandOver(): RegistryLink | Refusal {
    const refusal = (detail: string): Refusal => ({ reason: 'handover-impossible', detail });
    if (!this.isAvailable)
      return refusal(`cluster ${this.id} has no primary now: ${this.#unavailableReason()}`);
    if (this.#successor() === undefined) return refusal(this.whyNoHandover());
    return this.primaryLink ?? refusal(`${this.#primaryName()} holds no stream on which to be asked`);
  }

  /** The primary gives its epoch up. Returns whether there was somebody to take over. */
  handOver(link: RegistryLink, epoch: Epoch, leaving: boolean): boolean {
    if (link !== this.primaryLink || epoch !== this.#epoch) return false;
    const successor = this.#successor();
    if (successor === undefined) return false;
    this.#grant(successor, leaving ? 'old-leaves' : 'old-stays', `handed over by ${this.#primaryName()}`);
    return true;
  }

  /**
   * The primary says that it lacks what another live member knows as committed. That one takes over if it may; else
   * nobody serves: to go on would lose what was acknowledged. Returns whether that changes anything.
   */
  dispute(link: RegistryLink, epoch: Epoch, serverId: ServerId, detail: string): boolean {
    if (link !== this.primaryLink || epoch !== this.#epoch || this.#dispute !== undefined) return false;
    const holder = this.find(serverId);
    if (holder === undefined || !isLive(holder)) return false;
    if (this.#mayServe(holder) && this.#objectionTo(holder) === undefined)
      this.#grant(holder, 'old-leaves', detail);
    else {
      this.#dispute = detail;
      this.#changed = true;
    }
    return true;
  }

  /**
   * Makes a live member primary although it may lack acknowledged writes. Refuses one that has less than another live
   * member, unless `acceptLoss`.
   */
  promoteUnclean(serverId: ServerId, acceptLoss: boolean): Refusal | undefined {
    const member = this.find(serverId);
    const refusal = (reason: Refusal['reason'], detail: string): Refusal => ({ reason, detail });
    if (this.isAvailable && (!this.#isPrimaryInDoubt() || serverId === this.#primary?.serverId)) {
      const there = `cluster ${this.id} is available, ${this.#primaryName()} is primary of epoch ${this.#epoch}`;
      const isSame = serverId === this.#primary?.serverId;
      const way = this.#objections().length === 0 ? `use a handover${this.orStopIt()}` : this.whyNoHandover();
      return refusal('invalid-argument', isSame ? `${there} already` : `${there}: ${way}`);
    }
    if (member === undefined)
      return refusal('unknown-member', `cluster ${this.id} knows no ${serverName(serverId)}`);
    if (!this.#isHere(member)) return refusal('member-not-live', `${serverName(serverId)} is not live`);
    // Its disk may have yet to note the welcome: its next life would be taken for an older copy.
    if (!member.heard && this.#mode === 'replicated' && member.presence.kind === 'stream')
      return refusal('member-not-live', `${serverName(serverId)} has not been heard since its welcome yet`);
    if (this.#roster.all.some((other) => other.presence.kind === 'awaited'))
      return refusal('invalid-argument', `not yet: ${this.#unavailableReason()}`);
    if (this.#dispute === undefined && this.#olderStore === undefined && this.#mayServe(member)) {
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
    if (holder === undefined || this.#mode !== 'replicated') return false;
    const isComplainedOf = this.#views().some(({ cannotReach }) => cannotReach.has(holder.serverId));
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
    this.#committedKept = this.#committed;
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
    return {
      cluster: this.id,
      mode: this.#mode,
      epoch: this.#epoch,
      revision: this.#revision,
      primary: this.#primary,
      inSync: this.#inSync,
      lastUncleanEpoch: this.#lastUncleanEpoch,
      committed: this.#committed,
      orderlyEnd: this.#orderlyEnd,
      members: this.#roster.all.map(memberToRecord),
    };
  }

  #holder(): Member | undefined {
    const primary = this.#primary;
    return primary === undefined ? undefined : this.#roster.all.find((member) => isSameLife(primary, member));
  }

  #copyOf(life: { readonly serverId: ServerId; readonly journalId: string }): InSyncCopy | undefined {
    return this.#inSync.find((copy) => isSameCopy(copy, life));
  }

  #holdsCopy(member: Member): boolean {
    return this.#copyOf(member)?.lives.includes(member.lifeId) === true;
  }

  /**
   * It has everything acknowledged, as far as this router can know: it holds a copy of the set, this very life has been
   * heard, and its journal does not end before what others call committed.
   */
  #mayServe(member: Member): boolean {
    if (!isLive(member)) return false;
    if (this.#mode === 'routed') return true;
    if (!member.heard) return false;
    if (this.#primary === undefined) return true;
    const isShort = member.isAtRest && member.end.durable < this.#committed;
    return this.#holdsCopy(member) && !isShort;
  }

  /** The set has a copy of this server, and it is not the one that the server has now. */
  #holdsAnotherCopy({ serverId, journalId }: Member): boolean {
    return this.#inSync.some((copy) => copy.serverId === serverId && copy.journalId !== journalId);
  }

  /**
   * First of those who may be promoted; a new life of the lost primary only when there is nobody else.
   * `sinceMs`: who has not been heard since then may not.
   */
  #successor(sinceMs = 0): Member | undefined {
    const may = this.#candidates().filter((member) => this.#objectionTo(member, sinceMs) === undefined);
    return may.find((member) => member.serverId !== this.#primary?.serverId) ?? may[0];
  }

  /** Live members whose promotion is safe. */
  #candidates(): Member[] {
    if (this.#olderStore !== undefined || this.#dispute !== undefined) return [];
    return this.#roster.all.filter(
      (member) =>
        (this.#primary === undefined || !isSameLife(this.#primary, member)) && this.#mayServe(member),
    );
  }

  #objectionTo(member: Member, sinceMs = 0): string | undefined {
    // It would take the epoch with it, and the orderly end of the one before, after which everybody may begin again.
    if (member.isLeaving) return 'is leaving';
    if (this.#mode === 'routed') return this.evidence.isQuiet ? 'is not heard now' : undefined;
    return objectionToPromotion(member, this.evidence, sinceMs);
  }

  /** Safe candidates that nevertheless can't be promoted now, and why. */
  #objections(sinceMs = 0): (readonly [Member, string])[] {
    return this.#candidates().flatMap((member) => {
      const why = this.#objectionTo(member, sinceMs);
      return why === undefined ? [] : [[member, why] as const];
    });
  }

  /** For people, while a handover has no successor. */
  whyNoHandover(): string {
    const objections = this.#objections();
    if (objections.length === 0) return `nobody but ${this.#primaryName()} is live and in sync`;
    const isUnreached = objections.some(([{ reach }]) => reach.kind === 'unreachable');
    const way = 'restart it with the right --advertise, or the router with --no-dial-back if others reach it';
    const why = `nobody can take over from ${this.#primaryName()}: ${objectionsText(objections)}`;
    return isUnreached ? `${why}: ${way}` : why;
  }

  /** What else an operator can do where a handover does not work, as the end of a sentence; empty: nothing. */
  orStopIt(): string {
    const successor = this.#successor();
    if (successor === undefined) return '';
    return `, or stop ${this.#primaryName()}: ${serverName(successor.serverId)} then takes over by itself`;
  }

  /** The operator's ways out when only members that can't be reached could be promoted. */
  #advice(objections: readonly (readonly [Member, string])[]): string {
    const [unreached] = objections.find(([{ reach }]) => reach.kind === 'unreachable') ?? [];
    if (unreached === undefined) return '';
    return `: restart it with the right --advertise, or "dualping admin promote ${unreached.serverId} --unclean" takes it as it is`;
  }

  /**
   * The router dials its members back, and this one, which has just attached, is not promoted until it was reached
   * once in this life. Returns what to ask; undefined when it was reached before.
   */
  toReach(serverId: ServerId): Question | undefined {
    const member = this.find(serverId);
    if (member === undefined || member.reach.kind === 'reachable') return undefined;
    if (member.reach.kind === 'unasked') member.reach = { kind: 'unknown' };
    const { incarnation, lifeId, address } = member;
    return { cluster: this.id, serverId, incarnation, lifeId, address };
  }

  /** The answer, with why it could not be reached. Returns after how long to ask again, ms; undefined: not again. */
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
    const isPrimary = this.#primary !== undefined && isSameLife(this.#primary, member);
    if (isPrimary) this.#loss = { at: now, why };
    const role = isPrimary ? `primary of epoch ${this.#epoch}` : 'standby';
    this.#event('dropped', `${serverName(member.serverId)} (${role}) is dropped: ${why}`);
  }

  #settle(now: Instant): void {
    const holder = this.#holder();
    if (this.isAvailable) for (const member of this.#roster.all) member.isAtRest = false;
    this.#awaitsWord = false;
    if ((holder === undefined || !isCountedOn(holder)) && !this.#awaitsCandidates()) {
      // A router that is cut off loses its streams one by one. So the second promotion waits until its candidate
      // has spoken since the first: then it is not the next to be lost.
      const successor = this.#successor(this.#grantedMs);
      if (successor === undefined) this.#awaitsWord = this.#candidates().length > 0;
      else {
        this.#grant(successor, 'old-leaves', this.#afterWhat(now));
        this.#grantedMs = this.evidence.heardMs;
      }
    }
    this.#prune();
  }

  /** After a start of this router: others of the in-sync set may come yet, and have more than an older copy. */
  #awaitsCandidates(): boolean {
    return (
      this.#isStarting &&
      this.#mode === 'replicated' &&
      this.#roster.all.some(
        (member) => member.presence.kind === 'awaited' && this.#copyOf(member) !== undefined,
      )
    );
  }

  /** Of a promotion, for people. */
  #afterWhat(now: Instant): string {
    const loss = this.#loss;
    if (loss !== undefined)
      return `${Math.round(now - loss.at)} ms after ${this.#primaryName()} was dropped (${loss.why})`;
    if (this.#epoch === NO_EPOCH) return 'the first';
    return `since ${this.#primaryName()} was gone when the router started`;
  }

  /** Only under a live primary: see the head of this file. */
  #prune(): void {
    if (!this.isAvailable) return;
    const counted = this.#roster.all.filter(isCountedOn);
    const stay = this.#inSync.filter((copy) => counted.some((member) => isSameCopy(copy, member)));
    if (stay.length === this.#inSync.length) return;
    this.#inSync = stay;
    this.#changed = true;
  }

  #grant(member: Member, how: 'old-leaves' | 'old-stays' | 'unclean', why: string): void {
    const old = this.#primary;
    invariant(
      how === 'unclean' || old === undefined || this.#mode === 'routed' || this.#holdsCopy(member),
      'promoted-was-in-sync',
      { cluster: this.id, serverId: member.serverId, journalId: member.journalId, inSync: this.#inSync },
    );
    if (how === 'unclean') this.#outdoOlderStore(member);
    const { serverId, incarnation, journalId, lifeId } = member;
    this.#epoch = nextEpoch(this.#epoch);
    this.#orderlyEnd = undefined;
    this.#primary = { serverId, incarnation, journalId, lifeId };
    if (how === 'unclean') {
      this.#lastUncleanEpoch = this.#epoch;
      this.#committed = member.end.committed;
    }
    if (this.#mode === 'replicated') {
      if (old === undefined || how === 'unclean') this.#inSync = [{ serverId, journalId, lives: [lifeId] }];
      else if (how === 'old-leaves' && !isSameCopy(old, member))
        this.#inSync = this.#inSync.filter((copy) => !isSameCopy(copy, old));
    }
    this.#loss = undefined;
    this.#weighed.clear();
    this.#dispute = undefined;
    this.#changed = true;
    this.#event('promoted', `${serverName(serverId)} is primary of epoch ${this.#epoch}, ${why}`);
  }

  /** From now on this store is the newest: what is granted now is past everything that any member was told. */
  #outdoOlderStore(chosen: Member): void {
    const older = this.#olderStore;
    if (older === undefined) return;
    this.#olderStore = undefined;
    this.#loaded = undefined;
    this.#epoch = epoch(Math.max(this.#epoch, older.seenEpoch));
    this.#revision = Math.max(this.#revision, older.seenRevision);
    const { refused } = chosen;
    if (refused === undefined || isLive(chosen)) return;
    // Not live before it attaches again, which it tries all the time.
    chosen.incarnation = refused.incarnation;
    chosen.lifeId = refused.lifeId;
    chosen.address = refused.address;
    chosen.reach = { kind: 'unasked' };
    chosen.presence = { kind: 'gone' };
  }

  #primaryName(): string {
    return this.#primary === undefined ? 'nobody' : serverName(this.#primary.serverId);
  }

  #unavailableReason(): string {
    const holder = this.#holder();
    if (this.#dispute !== undefined)
      return `${this.#dispute}; an operator has to decide whose journal counts (admin promote --unclean)`;
    if (holder !== undefined && isLive(holder)) return '';
    if (this.#olderStore !== undefined) return this.#olderStore.detail;
    const objections = this.#objections(this.#grantedMs);
    return unavailableText({
      cluster: this.id,
      epoch: this.#epoch,
      primary: this.#primary,
      inSync: this.#inSync,
      awaited: this.#roster.all.filter((member) => member.presence.kind === 'awaited'),
      replaced: this.#roster.all.filter((member) => isLive(member) && this.#holdsAnotherCopy(member)),
      why: this.#loss?.why,
      objections: objectionsText(objections),
      advice: this.#advice(objections),
    });
  }

  #describe(): Assignment {
    return Object.freeze({
      cluster: this.id,
      revision: this.#revision,
      epoch: this.#epoch,
      primary: this.#primary,
      available: this.isAvailable,
      unavailableReason: this.#unavailableReason(),
      inSync: this.#inSync.map((copy) => ({
        serverId: copy.serverId,
        journalId: copy.journalId,
        lifeId: heardLife(copy),
      })),
      lastUncleanEpoch: this.#lastUncleanEpoch,
      members: this.#roster.all.map((member) => ({
        serverId: member.serverId,
        incarnation: member.incarnation,
        journalId: member.journalId,
        lifeId: member.lifeId,
        address: member.address,
        liveness: member.liveness,
        live: isLive(member),
        inSync: this.#holdsCopy(member),
        unreachable: member.reach.kind === 'unreachable',
      })),
    });
  }

  #event(event: RegistryEvent['event'], text: string): void {
    this.#events.push({ event, text: `cluster ${this.id}: ${text}` });
  }
}
