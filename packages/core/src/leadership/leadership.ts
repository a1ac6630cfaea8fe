/**
 * Decides whether this router leads.
 *
 * Several routers share a store. One of them leads: it has written the leader's key, and the revision of that
 * write is its term. The others follow: they listen to the leader and stand by to take over. Taking over is
 * one transaction against the term to end, so of all that try one succeeds.
 *
 *     follower ──► campaigning ──► leading ──► stepping down ──► follower
 *         ▲             │ lost
 *         └─────────────┘
 *
 * Safety does not depend on this file. A deposed leader that does not know it can change nothing, and says
 * nothing: before each message comes a change or a read that found it leading (`fence.ts`, and the registry's
 * driver). Only pongs go out without one, while the last such read was asked less than `UNCONFIRMED_MS` ago.
 * The lease only ends the term of a leader whose silence no router could notice. This machine decides how
 * soon another one leads, and when a leader gives up.
 *
 * A router serves one network. While the store has none, or another one, the router has an objection: it does
 * not try to lead, and says why. Otherwise routers whose store was emptied would make a second network.
 *
 * After Raft's terms (Ongaro and Ousterhout, 2014); the store replaces the votes.
 */
import type { Address, Instant } from '../ids.js';
import { unreachable } from '../invariants.js';
import type { Machine, Tick } from '../machine.js';
import type { Timing } from '../timing.js';
import type { LeadershipEvent, LeadershipInput, LeadershipOutput, Objection } from './leadership-messages.js';
import {
  ABSTAIN_MS,
  READ_INTERVAL_MS,
  READS_ARE_RECENT_MS,
  RENEW_INTERVAL_MS,
  UNCONFIRMED_MS,
} from './leadership-timing.js';
import { PeerWatch } from './peer-watch.js';
import {
  FOREIGN_LEADER_TEXT,
  type Leader,
  type LeaderKey,
  type LeaseId,
  type ModRevision,
  NO_KEY,
  type Term,
  whoLeads,
} from './shared-store.js';

export interface LeadershipOptions {
  /** Of this process; new at each start. */
  readonly id: string;
  /** Where members, clients and other routers dial this router. */
  readonly address: Address;
  readonly timing: Pick<Timing, 'pingIntervalMs' | 'deadAfterMs'>;
}

type State =
  | { readonly kind: 'follower' }
  | { readonly kind: 'campaigning' }
  | { readonly kind: 'leading'; readonly term: Term; readonly confirmedAt: Instant }
  | { readonly kind: 'stepping-down' }
  /** It ends with the process. */
  | { readonly kind: 'resigned' };

export class Leadership implements Machine<LeadershipInput, LeadershipOutput> {
  readonly #options: LeadershipOptions;
  readonly #peer: PeerWatch;
  #state: State = { kind: 'follower' };
  /** As last read; undefined: no router leads. */
  #leader: Leader | undefined;
  /** To what the store has, as last read. While there is one it does not try to lead. */
  #objection: Objection;
  /** While no router leads: the leader's key, if something else than a router has written it. */
  #foreignKey: ModRevision | undefined;
  /** Answers to questions from before this instant are older than what is known. */
  #knownSince: Instant = Number.NEGATIVE_INFINITY;
  /** The store has been read since this router last failed to lead: it does not try again without a read. */
  #isInformed = false;
  #lease: LeaseId | undefined;
  #leaseAt: Instant = Number.NEGATIVE_INFINITY;
  /** When this router reads next; undefined: a read is running. */
  #readAt: Instant | undefined = Number.NEGATIVE_INFINITY;
  /** When the last read that was answered had been asked. */
  #readAskedAt: Instant = Number.NEGATIVE_INFINITY;
  #isStoreLost = false;
  /** Since when this leader hears no member any more, in listening time, ms; undefined: it does. */
  #deafSinceMs: number | undefined;
  /** It steps down so that another router leads. */
  #handsOver = false;
  /** It has handed over, and does not campaign before this. */
  #abstainsUntil: Instant = Number.NEGATIVE_INFINITY;
  /** Campaigns so far: each has a nonce of its own. */
  #campaigns = 0;
  #resigns = false;
  #now: Instant = Number.NEGATIVE_INFINITY;
  #outputs: LeadershipOutput[] = [];

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#peer = new PeerWatch(options.timing, (output) => this.#emit(output));
  }

  /** Who leads, as far as is known here. */
  get leader(): Leader | undefined {
    return this.#leader;
  }

  /** Why it must not lead what the store has; undefined: it may. */
  get objection(): Objection {
    return this.#objection;
  }

  /** The term in which this router leads; undefined: it does not. */
  get term(): Term | undefined {
    return this.#state.kind === 'leading' ? this.#state.term : undefined;
  }

  /** Whether it has given up permanently, and holds no lease. */
  get hasResigned(): boolean {
    return this.#state.kind === 'resigned';
  }

  /**
   * Whether pongs may be sent now. For a check between two steps: a process that was frozen has not been
   * stepped yet.
   */
  mayPong(now: Instant): boolean {
    return now < this.#confirmedUntil(UNCONFIRMED_MS);
  }

  /** Whether this router may tell others that it leads: the store has confirmed it recently. */
  isSure(now: Instant): boolean {
    return now < this.#confirmedUntil(this.#options.timing.deadAfterMs);
  }

  step(now: Instant, input: LeadershipInput | Tick): readonly LeadershipOutput[] {
    this.#now = now;
    this.#peer.advance(now, now - this.#readAskedAt < READS_ARE_RECENT_MS);
    this.#take(input);
    this.#look();
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  nextDeadline(): Instant | undefined {
    if (this.#state.kind === 'resigned') return undefined;
    let next = Math.min(this.#leaseAt, this.#readAt ?? Number.POSITIVE_INFINITY);
    if (this.#state.kind === 'leading') next = Math.min(next, this.#confirmedUntil(UNCONFIRMED_MS));
    return Math.min(next, this.#peer.nextDeadline(this.#now) ?? Number.POSITIVE_INFINITY);
  }

  #take(input: LeadershipInput | Tick): void {
    switch (input.kind) {
      case 'tick':
        return;
      case 'lease-granted':
        this.#lease = input.lease;
        this.#leaseAt = this.#now + RENEW_INTERVAL_MS;
        if (this.#state.kind === 'resigned') this.#emit({ kind: 'end-lease', lease: input.lease });
        return;
      case 'lease-renewed':
        if (input.lease !== this.#lease) return; // it was ended meanwhile
        if (!input.stands) this.#lease = undefined;
        this.#leaseAt = input.stands ? this.#now + RENEW_INTERVAL_MS : this.#now;
        return;
      case 'lease-failed':
        this.#leaseAt = this.#now + RENEW_INTERVAL_MS;
        return;
      case 'read':
        this.#readAt = this.#now + READ_INTERVAL_MS;
        this.#readAskedAt = Math.max(this.#readAskedAt, input.askedAt);
        this.#storeAnswers();
        this.#judge(input.objection);
        return this.#learn(input, input.askedAt);
      case 'read-failed':
        this.#readAt = this.#now + READ_INTERVAL_MS;
        return this.#storeFails(input.detail);
      case 'won':
        return this.#won(input.term, input.askedAt);
      case 'won-in-vain':
        return this.#wonInVain(input.objection);
      case 'lost':
        this.#enter('follower');
        return this.#learn(input, input.askedAt);
      case 'campaign-failed':
        this.#isInformed = false;
        this.#enter('follower');
        return this.#storeFails(input.detail);
      case 'confirmed':
        return this.#confirmed(input.term, input.askedAt);
      case 'fenced':
        if (this.term === input.term) this.#stepDown(input.detail);
        return;
      case 'peer-sign':
        return this.#peer.sign(input.term, input.leads);
      case 'peer-ended':
        if (this.#isFollowing(input.term)) this.#readSoon(); // it may have resigned
        return this.#peer.ended(this.#now, input.term);
      case 'peer-probed':
        if (this.#isFollowing(input.term) && this.#peer.isGone(input.term, input.refused))
          this.#campaign('its stream has ended and nothing listens at its address');
        return;
      case 'stepped-down':
        return this.#steppedDown();
      case 'hears-members':
        this.#deafSinceMs = input.hears ? undefined : this.#peer.listeningMs;
        return;
      case 'hand-over':
        return this.#handOver('another router is to lead');
      case 'resign':
        return this.#resign();
      default:
        return unreachable(input);
    }
  }

  /** What follows from the time, and from what is known. */
  #look(): void {
    if (this.#state.kind === 'resigned') return;
    if (this.#now >= this.#leaseAt) {
      this.#leaseAt = Number.POSITIVE_INFINITY; // until it is answered
      if (this.#lease === undefined) this.#emit({ kind: 'grant-lease' });
      else this.#emit({ kind: 'renew-lease', lease: this.#lease });
    }
    if (this.#readAt !== undefined && this.#now >= this.#readAt) {
      this.#readAt = undefined;
      this.#emit({ kind: 'read' });
    }
    if (this.#state.kind === 'leading' && !this.mayPong(this.#now))
      return this.#stepDown(`the store has not confirmed it for ${UNCONFIRMED_MS} ms`);
    if (this.#isDeaf()) return this.#handOver('it hears no member any more, and another router may');
    if (this.#state.kind !== 'follower' || !this.#isInformed || this.#objection !== undefined) return;
    if (this.#now < this.#abstainsUntil) return;
    if (this.#leader === undefined)
      this.#campaign(this.#foreignKey === undefined ? 'no router leads' : FOREIGN_LEADER_TEXT);
    else if (this.#leader.id === this.#options.id)
      this.#campaign('an earlier campaign of this router had won');
    else if (this.#peer.isSilent) this.#campaign(`it was silent for ${Math.round(this.#peer.silentMs)} ms`);
  }

  /**
   * Whether it has heard no member for `deadAfterMs`, though it did: it may be cut from them, and another
   * router may not be. Where they are all gone the next leader hears none from the start, and stays.
   */
  #isDeaf(): boolean {
    if (this.#state.kind !== 'leading' || this.#deafSinceMs === undefined) return false;
    return this.#peer.listeningMs - this.#deafSinceMs >= this.#options.timing.deadAfterMs;
  }

  #isFollowing(term: Term): boolean {
    return this.#state.kind === 'follower' && this.#leader?.term === term;
  }

  /**
   * Until when (excluded) the last confirmation is valid; computed in one place, so that all checks agree.
   */
  #confirmedUntil(validMs: number): Instant {
    return this.#state.kind === 'leading' ? this.#state.confirmedAt + validMs : Number.NEGATIVE_INFINITY;
  }

  #learn(found: LeaderKey, askedAt: Instant): void {
    if (askedAt < this.#knownSince) return;
    this.#knownSince = askedAt;
    const { leader } = found;
    this.#foreignKey = found.foreign;
    this.#isInformed = true;
    if (this.#state.kind === 'leading') {
      if (leader?.term === this.#state.term) return this.#confirmed(leader.term, askedAt);
      this.#stepDown(whoLeads(found));
    }
    this.#know(leader);
  }

  #know(leader: Leader | undefined): void {
    if (leader?.term === this.#leader?.term) return;
    this.#leader = leader;
    this.#peer.follow(leader?.id === this.#options.id ? undefined : leader);
    this.#emit({ kind: 'leader-is', leader });
    if (leader === undefined || leader.id === this.#options.id) return;
    this.#abstainsUntil = Number.NEGATIVE_INFINITY;
    this.#report('follows', `${leader.address} leads in term ${leader.term}`);
  }

  #campaign(why: string): void {
    if (this.#lease === undefined || this.#resigns) return;
    const { id, address } = this.#options;
    this.#campaigns += 1;
    this.#enter('campaigning');
    const whom = this.#leader === undefined ? '' : ` against ${this.#leader.address}`;
    this.#report('campaigns', `to lead${whom}: ${why}`);
    const leader = { id, address, nonce: `${id}/${this.#campaigns}` };
    const against = this.#leader?.term ?? this.#foreignKey ?? NO_KEY;
    this.#emit({ kind: 'campaign', campaign: { against, leader, lease: this.#lease } });
  }

  #won(term: Term, askedAt: Instant): void {
    if (this.#resigns) return this.#endLease();
    const { id, address } = this.#options;
    this.#state = { kind: 'leading', term, confirmedAt: askedAt };
    this.#deafSinceMs = undefined;
    this.#knownSince = this.#now;
    this.#storeAnswers();
    this.#know({ id, address, nonce: '', term });
    this.#report('leads', `in term ${term}`);
    this.#emit({ kind: 'lead', term });
  }

  /** The content of the store has changed since it was read. The leader's key goes with the lease. */
  #wonInVain(objection: string): void {
    if (this.#resigns) return this.#endLease();
    this.#judge(objection);
    this.#dropLease();
    this.#isInformed = false;
    this.#enter('follower');
    this.#readSoon();
  }

  #judge(objection: Objection): void {
    if (objection === this.#objection) return;
    this.#objection = objection;
    if (objection !== undefined) this.#report('store-refused', objection);
    else this.#report('store-accepted', 'the store has the network of this router again');
  }

  #confirmed(term: Term, askedAt: Instant): void {
    if (this.#state.kind !== 'leading' || this.#state.term !== term) return;
    this.#state = { ...this.#state, confirmedAt: Math.max(this.#state.confirmedAt, askedAt) };
  }

  #stepDown(why: string): void {
    if (this.#state.kind !== 'leading') return;
    const { term } = this.#state;
    this.#enter('stepping-down');
    this.#report('steps-down', `no longer leads in term ${term}: ${why}`);
    this.#emit({ kind: 'step-down', term, why });
    this.#know(undefined);
  }

  #steppedDown(): void {
    if (this.#state.kind !== 'stepping-down') return;
    if (this.#resigns) return this.#endLease();
    if (this.#handsOver) this.#leaveToOthers();
    this.#isInformed = false;
    this.#enter('follower');
    this.#readSoon();
  }

  #handOver(why: string): void {
    if (this.#state.kind !== 'leading') return;
    this.#handsOver = true;
    this.#stepDown(why);
  }

  /**
   * The leader's key is deleted with its lease, so that the others find at their next read that no router
   * leads.
   */
  #leaveToOthers(): void {
    this.#handsOver = false;
    this.#abstainsUntil = this.#now + ABSTAIN_MS;
    this.#dropLease();
  }

  #dropLease(): void {
    if (this.#lease !== undefined) this.#emit({ kind: 'end-lease', lease: this.#lease });
    this.#lease = undefined;
    this.#leaseAt = this.#now;
  }

  /** At the end of this step, if no read is under way. */
  #readSoon(): void {
    if (this.#readAt !== undefined) this.#readAt = this.#now;
  }

  #resign(): void {
    if (this.#resigns) return;
    this.#resigns = true;
    if (this.#state.kind === 'leading') return this.#stepDown('this router ends');
    if (this.#state.kind === 'follower') this.#endLease();
  }

  /** With the lease our leader's key is deleted: others need not wait for the lease to expire. */
  #endLease(): void {
    this.#enter('resigned');
    this.#peer.follow(undefined);
    if (this.#lease !== undefined) this.#emit({ kind: 'end-lease', lease: this.#lease });
  }

  #enter(kind: Exclude<State['kind'], 'leading'>): void {
    // A campaign that ends after this router has resigned changes nothing any more.
    if (this.#state.kind !== 'resigned') this.#state = { kind };
    if (kind === 'follower' && this.#resigns) this.#endLease();
  }

  #storeAnswers(): void {
    if (this.#isStoreLost) this.#report('store-back', 'the store answers again');
    this.#isStoreLost = false;
  }

  #storeFails(detail: string): void {
    if (!this.#isStoreLost) this.#report('store-lost', `the store does not answer: ${detail}`);
    this.#isStoreLost = true;
  }

  #report(event: LeadershipEvent, text: string): void {
    this.#emit({ kind: 'report', event, text });
  }

  #emit(output: LeadershipOutput): void {
    this.#outputs.push(output);
  }
}
