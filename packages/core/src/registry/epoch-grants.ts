/**
 * Decides which member gets the next epoch of a cluster and which copies count in it: after a loss, or when a
 * primary or an operator asks.
 *
 * Everything follows from two rules in `settle`, which runs after every change:
 *  * no member holds the epoch → the first live in-sync member in registration order gets the next one;
 *  * a member holds it → members that are neither live nor awaited leave the in-sync set.
 * So while there is no primary the set stays as it was: each of its members has everything, and any of them
 * that comes back can be promoted.
 */
import type { Epoch, Instant, ServerId } from '../ids.js';
import { NO_EPOCH, serverName } from '../ids.js';
import type { MemberMessage } from '../messages.js';
import { isSameCopy, isSameLife } from '../same-life.js';
import type { ClusterState } from './cluster-state.js';
import { adviceText, atRestText, noSuccessorText, unavailableText } from './cluster-text.js';
import {
  copyOf,
  type Grant,
  type Granter,
  granted,
  holdsAnotherCopy,
  mayBeGranted,
  withCopy,
  withOnly,
} from './configuration.js';
import { objectionsText } from './eligibility.js';
import { isCountedOn, isLive, linkOf, type Member, takeRefusedLife } from './member.js';
import { isGivenUp, isWithMost, PutOffRemovals } from './partition.js';
import { mayServe } from './promotion.js';
import type { Refusal, RegistryLink } from './registry-messages.js';
import { holdsText, lossAgainst, objectionToUnclean } from './unclean.js';

type ChangeInSync = Extract<MemberMessage, { readonly kind: 'change-in-sync' }>;

export class EpochGrants {
  readonly #state: ClusterState;
  /**
   * The router has started and still waits for known members: it compares them before it promotes one.
   */
  #isStarting: boolean;
  /** How the last primary was lost, for people; kept until there is a new one. */
  #loss: { readonly at: Instant; readonly why: string } | undefined;
  /** Listening time of the last promotion after a loss, ms: see `settle`. */
  #grantedMs = 0;
  #awaitsWord = false;
  readonly #putOff = new PutOffRemovals();
  /** The successor of the primary of that epoch that the last operator asked for. */
  #wanted: { readonly epoch: Epoch; readonly serverId: ServerId } | undefined;

  /** `isStarting`: members that the router knows from before may attach again. */
  constructor(state: ClusterState, isStarting: boolean) {
    this.#state = state;
    this.#isStarting = isStarting;
  }

  /**
   * A member would have been promoted if it had been heard: the next message from any member leads to a new
   * decision.
   */
  get awaitsWord(): boolean {
    return this.#awaitsWord;
  }

  /** The primary is gone. */
  lost(now: Instant, why: string): void {
    this.#loss = { at: now, why };
  }

  /** Members that the router knew when it started have attached again, or are gone. */
  endStart(): void {
    this.#isStarting = false;
  }

  /** Applies the two rules above; called after every change. */
  settle(now: Instant): void {
    const holder = this.#state.holder;
    if (this.#state.isAvailable) for (const member of this.#state.roster.all) member.isAtRest = false;
    this.#awaitsWord = false;
    if ((holder === undefined || !isCountedOn(holder)) && !this.#awaitsCandidates()) {
      // A router that is cut off loses its streams one by one. So the second promotion waits for a message of
      // its candidate since the first: then this candidate is not the next one lost.
      const promotion = this.#state.promotion;
      const successor = promotion.successor(this.#grantedMs, this.#mayInherit);
      if (successor === undefined) this.#awaitsWord = promotion.candidates().some(this.#mayInherit);
      else {
        this.#grant(successor, 'old-leaves', 'itself', this.#afterWhat(now));
        this.#grantedMs = this.#state.evidence.heardMs;
      }
    }
    this.#prune();
  }

  /** Whether the member may have the epoch of a lost primary, by what an operator has ordered. */
  readonly #mayInherit = ({ serverId }: Member): boolean =>
    mayBeGranted(this.#state.configuration, serverId, 'itself');

  /**
   * After a start of this router other members of the in-sync set may still attach, with more than an older
   * copy has. And a store without an epoch may be older than the first epoch: a member that knows that epoch
   * attaches within the grace, and names it.
   */
  #awaitsCandidates(): boolean {
    const { mode, epoch } = this.#state.configuration;
    if (!this.#isStarting || mode !== 'replicated') return false;
    if (epoch === NO_EPOCH) return true;
    return this.#state.roster.all.some(
      (member) =>
        member.presence.kind === 'awaited' && copyOf(this.#state.configuration, member) !== undefined,
    );
  }

  /** The cause of a promotion, as text. */
  #afterWhat(now: Instant): string {
    const loss = this.#loss;
    if (loss !== undefined)
      return `${Math.round(now - loss.at)} ms after ${this.#state.primaryName} was dropped (${loss.why})`;
    if (this.#state.configuration.epoch === NO_EPOCH) return 'the first';
    return `since ${this.#state.primaryName} was gone when the router started`;
  }

  /** Only under a live primary: see the top of this file. */
  #prune(): void {
    if (!this.#state.isAvailable) return;
    const counted = this.#state.roster.all.filter(isCountedOn);
    this.#state.configure(
      withOnly(this.#state.configuration, (copy) => counted.some((member) => isSameCopy(copy, member))),
    );
  }

  #grant(member: Member, how: Grant, by: Granter, why: string): void {
    if (how === 'unclean') this.#outdoOlderStore(member);
    const { refused } = member;
    const lifeBefore = refused?.lifeId === member.lifeId ? refused.welcomedLife : undefined;
    const holder = { ...member, ...(lifeBefore !== undefined && { lifeBefore }) };
    this.#state.configure(granted(this.#state.configuration, holder, how, by));
    this.#loss = undefined;
    this.#putOff.clear();
    this.#state.setDispute(undefined);
    const { epoch } = this.#state.configuration;
    this.#state.event('promoted', `${serverName(member.serverId)} is primary of epoch ${epoch}, ${why}`);
    this.#state.remember(how === 'unclean' ? 'promoted-unclean' : 'promoted', why, member.serverId);
  }

  /**
   * From now on this store counts as the newest: its next numbers are above every number that a member knows.
   */
  #outdoOlderStore(chosen: Member): void {
    const told = this.#state.olderStore.outdo();
    if (told === undefined) return;
    const { epoch } = this.#state.configuration;
    if (told.epoch > epoch) this.#state.configure({ ...this.#state.configuration, epoch: told.epoch });
    this.#state.numberPast(told.revision);
    takeRefusedLife(chosen);
  }

  /** Grants a request of the live primary of that epoch, if the rules allow it. */
  changeInSync(link: RegistryLink, asked: ChangeInSync): void {
    const { mode, epoch, primary } = this.#state.configuration;
    if (mode !== 'replicated' || link !== this.#state.primaryLink || asked.epoch !== epoch) return;
    const isCounted = copyOf(this.#state.configuration, asked) !== undefined;
    if (asked.change === 'add') {
      const member = this.#state.roster.find(asked.serverId);
      if (isCounted || member === undefined || !isLive(member) || !member.heard || !isSameLife(asked, member))
        return;
      this.#state.configure(withCopy(this.#state.configuration, member));
      const itsLink = linkOf(member);
      if (itsLink !== undefined) this.#state.evidence.forgetComplaint(itsLink);
    } else {
      if (!isCounted || asked.serverId === primary?.serverId) return;
      if (this.#isPutOff(asked.serverId, link)) return;
      this.#state.configure(withOnly(this.#state.configuration, (copy) => !isSameCopy(copy, asked)));
    }
  }

  /**
   * A primary that most of the live in-sync members can't reach, while they reach one another, is replaced.
   */
  replaceCutOff(): void {
    const { mode, epoch } = this.#state.configuration;
    if (mode !== 'replicated' || !this.#state.isAvailable) return;
    const successor = this.#state.promotion.successorOfCutOff();
    if (successor === undefined || !this.#mayInherit(successor)) return;
    const name = this.#state.primaryName;
    this.#state.event(
      'cut-off',
      `${name}, primary of epoch ${epoch}, is cut off: most of the in-sync members can't reach it`,
    );
    this.#grant(successor, 'old-leaves', 'itself', `in place of ${name}, which others can't reach`);
  }

  /**
   * A primary that is awaited since this router was away, and that most members of its set can't reach
   * either.
   */
  get givenUp(): Member | undefined {
    const { holder, configuration } = this.#state;
    const { mode, inSync } = configuration;
    if (mode !== 'replicated' || holder?.presence.kind !== 'awaited') return undefined;
    const views = this.#state.promotion.views();
    return isGivenUp(holder.serverId, views, inSync.length) ? holder : undefined;
  }

  /**
   * The primary can't reach a standby that is live here. If the primary may be the one that is cut off, the
   * request is put off until the others had time to report that; the primary asks again.
   */
  #isPutOff(standby: ServerId, link: RegistryLink): boolean {
    const { primary } = this.#state.configuration;
    if (primary === undefined) return false;
    const { heardMs, deadAfterMs } = this.#state.evidence;
    const view = { serverId: primary.serverId, cannotReach: this.#state.evidence.cannotReach(link) };
    if (!isWithMost(view, standby, this.#state.promotion.views()))
      return this.#putOff.putOff(heardMs, deadAfterMs, standby);
    this.#putOff.settle(standby);
    return false;
  }

  /**
   * The stream on which to ask for a handover, or why it is impossible. `to`: the member that takes over if
   * it still can when the primary is ready; absent: the next one.
   */
  linkToHandOver(to?: ServerId): RegistryLink | Refusal {
    const refusal = (detail: string): Refusal => ({ reason: 'handover-impossible', detail });
    if (!this.#state.isAvailable)
      return refusal(`${this.#state.title} has no primary now: ${this.unavailableReason()}`);
    if (this.#isComingToRest) return refusal(this.whyNoHandover());
    const objection = to === undefined ? undefined : this.#objectionToSuccessor(to);
    if (objection !== undefined) return objection;
    if (this.#state.promotion.successor() === undefined) return refusal(this.whyNoHandover());
    this.#wanted = to === undefined ? undefined : { epoch: this.#state.configuration.epoch, serverId: to };
    return this.#state.primaryLink ?? refusal(`${this.#state.primaryName} has no stream to the router`);
  }

  /** Why this member can't take over from the primary now. */
  #objectionToSuccessor(to: ServerId): Refusal | undefined {
    const name = serverName(to);
    const member = this.#state.roster.find(to);
    if (member === undefined)
      return { reason: 'unknown-member', detail: `${this.#state.title} knows no ${name}` };
    if (member === this.#state.holder)
      return { reason: 'handover-impossible', detail: `${name} is primary already` };
    const { promotion } = this.#state;
    const why = promotion.candidates().includes(member)
      ? promotion.objectionTo(member)
      : isLive(member)
        ? 'is not in sync'
        : 'is not live';
    return why === undefined ? undefined : { reason: 'handover-impossible', detail: `${name} ${why}` };
  }

  /** The member that an operator wants, if it can take over now. */
  #wantedSuccessor(): Member | undefined {
    const wanted = this.#wanted;
    if (wanted?.epoch !== this.#state.configuration.epoch) return undefined;
    if (this.#objectionToSuccessor(wanted.serverId) !== undefined) return undefined;
    return this.#state.roster.find(wanted.serverId);
  }

  /** An operator wants the primary to end, and no other to follow it. */
  get #isComingToRest(): boolean {
    return this.#state.configuration.suspended === 'resting';
  }

  /** The primary gives up its epoch. Returns whether another member takes over. */
  handOver(link: RegistryLink, epoch: Epoch, leaving: boolean): boolean {
    if (link !== this.#state.primaryLink || epoch !== this.#state.configuration.epoch) return false;
    if (this.#isComingToRest) return false;
    const successor = this.#wantedSuccessor() ?? this.#state.promotion.successor();
    if (successor === undefined) return false;
    const how = leaving ? 'old-leaves' : 'old-stays';
    this.#grant(successor, how, 'order', `handed over by ${this.#state.primaryName}`);
    return true;
  }

  /**
   * The primary says that it lacks entries that another live member knows to be committed. That member takes
   * over if it may; else the cluster is unavailable, because going on would lose acknowledged writes. Returns
   * whether that changes anything.
   */
  dispute(link: RegistryLink, epoch: Epoch, serverId: ServerId, detail: string): boolean {
    if (
      link !== this.#state.primaryLink ||
      epoch !== this.#state.configuration.epoch ||
      this.#state.dispute !== undefined
    )
      return false;
    const holder = this.#state.roster.find(serverId);
    if (holder === undefined || !isLive(holder)) return false;
    const isFit =
      !this.#isComingToRest &&
      mayServe(this.#state.configuration, holder) &&
      this.#state.promotion.objectionTo(holder) === undefined;
    if (isFit) this.#grant(holder, 'old-leaves', 'order', detail);
    else this.#state.setDispute(detail);
    return true;
  }

  /**
   * Makes a live member primary although it may lack acknowledged writes. Refuses a member that has less than
   * another live one, unless `acceptLoss`.
   */
  promoteUnclean(serverId: ServerId, acceptLoss: boolean): Refusal | undefined {
    const member = this.#state.roster.find(serverId);
    const refusal = (reason: Refusal['reason'], detail: string): Refusal => ({ reason, detail });
    const { mode, epoch, primary } = this.#state.configuration;
    const isSame = serverId === primary?.serverId;
    if (this.#isComingToRest) return refusal('invalid-argument', atRestText(this.#state.title));
    // With an older store members that know more are refused, though the primary serves: a promotion of the
    // primary itself lets them in again.
    const isOlder = this.#state.olderStore.detail !== undefined;
    if (this.#state.isAvailable && (isSame ? !isOlder : !this.#isPrimaryInDoubt())) {
      const there = `${this.#state.title} is available, ${this.#state.primaryName} is primary of epoch ${epoch}`;
      const isObjected = this.#state.promotion.objections().length > 0;
      const itself = `promote ${this.#state.primaryName}, so that the others may follow it, or stop it first`;
      const handover = isObjected ? this.whyNoHandover() : `use a handover${this.orStopIt()}`;
      const way = isOlder ? itself : handover;
      return refusal('invalid-argument', isSame ? `${there} already` : `${there}: ${way}`);
    }
    if (member === undefined)
      return refusal('unknown-member', `${this.#state.title} knows no ${serverName(serverId)}`);
    if (!this.#isHere(member)) return refusal('member-not-live', `${serverName(serverId)} is not live`);
    // Its disk may not have stored the welcome yet; then its next life would be taken for an older copy. A
    // supervisor's report does not count as heard: the life may have ended before it read its welcome.
    if (!member.heard && mode === 'replicated' && isLive(member) && member.refused === undefined)
      return refusal('member-not-live', `${serverName(serverId)} has not been heard since its welcome yet`);
    if (this.#state.roster.all.some((other) => other.presence.kind === 'awaited'))
      return refusal('invalid-argument', `not yet: ${this.unavailableReason()}`);
    if (!this.#state.isHalted && mayServe(this.#state.configuration, member)) {
      // It has everything: the operator overrides only the doubt whether it can be reached.
      const how = this.#state.isAvailable ? 'old-stays' : 'old-leaves';
      this.#grant(member, how, 'order', 'promoted by an operator; it has everything, nothing is lost');
      return undefined;
    }
    const others = this.#state.roster.all.filter((other) => other !== member && other.journalId !== '');
    const losses = others.map((other) => lossAgainst(member, other));
    const consequences = [holdsText(member), ...losses].join('; ');
    const objection = objectionToUnclean(
      member,
      others.filter((other) => this.#isHere(other)),
    );
    if (objection !== undefined && !acceptLoss)
      return refusal('invalid-argument', `${objection}. ${consequences}`);
    this.#grant(member, 'unclean', 'order', 'promoted unclean by an operator');
    this.#state.event('unclean-promotion', `${serverName(serverId)} was promoted UNCLEAN. ${consequences}`);
    return undefined;
  }

  /** Whether it is live, or refused only because this router's store is older. */
  #isHere(member: Member): boolean {
    return isLive(member) || (this.#state.olderStore.detail !== undefined && member.refused !== undefined);
  }

  /** Whether the router or an in-sync member can't reach the primary. */
  #isPrimaryInDoubt(): boolean {
    const holder = this.#state.holder;
    if (holder === undefined || this.#state.configuration.mode !== 'replicated') return false;
    const isComplainedOf = this.#state.promotion
      .views()
      .some(({ cannotReach }) => cannotReach.has(holder.serverId));
    return isComplainedOf || holder.reach.kind === 'unreachable';
  }

  /** Why no server is available, for people; empty when one is. */
  unavailableReason(): string {
    const holder = this.#state.holder;
    const { dispute } = this.#state;
    if (dispute !== undefined)
      return `${dispute}; an operator has to decide which journal counts (admin promote --unclean)`;
    if (holder !== undefined && isLive(holder)) return '';
    const { epoch, primary, inSync, suspended } = this.#state.configuration;
    const { detail } = this.#state.olderStore;
    if (detail !== undefined) return detail;
    if (suspended === 'resting') return atRestText(this.#state.title);
    const objections = this.#state.promotion.objections(this.#grantedMs);
    return unavailableText({
      title: this.#state.title,
      epoch,
      isStarting: this.#isStarting,
      isPaused: suspended === 'paused',
      primary,
      inSync,
      awaited: this.#state.roster.all.filter((member) => member.presence.kind === 'awaited'),
      replaced: this.#state.roster.all.filter(
        (member) => isLive(member) && holdsAnotherCopy(this.#state.configuration, member),
      ),
      why: this.#loss?.why,
      objections: objectionsText(objections),
      advice: adviceText(objections),
    });
  }

  /** Why a handover has no successor, for people. */
  whyNoHandover(): string {
    if (this.#isComingToRest) return `${this.#state.title} comes to rest: no other server takes over`;
    return noSuccessorText(this.#state.primaryName, this.#state.promotion.objections());
  }

  /**
   * What else an operator can do when a handover is impossible, as the end of a sentence; empty: nothing.
   */
  orStopIt(): string {
    const successor = this.#state.promotion.successor();
    if (successor === undefined) return '';
    return `, or stop ${this.#state.primaryName}: ${serverName(successor.serverId)} then takes over by itself`;
  }
}
