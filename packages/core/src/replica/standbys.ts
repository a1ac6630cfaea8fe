/**
 * The primary's view of its standbys: how far each has copied, which ones a commit waits for, and what to ask
 * the router about the in-sync set.
 *
 * A commit waits for every member of the set in the newest assignment, and for every member that the primary
 * has asked to add without an answer yet. A member leaves only when the router has said so. So this set
 * always contains the set from which the router would promote, without clocks. After
 * PacificA (§3) and Kafka's in-sync replicas.
 */
import type { Assignment, InSyncMember } from '../assignment.js';
import { type Epoch, NO_POSITION, type Position, position, type ServerId, serverName } from '../ids.js';
import { invariant } from '../invariants.js';
import { MAX_BATCH_ENTRIES, MAX_MEMBERS, MAX_REPLICATION_WINDOW } from '../limits.js';
import type { MemberMessage, PrimaryMessage, StandbyMessage } from '../messages.js';
import { isSameCopy, isSameInSyncMember, isSameLife } from '../same-life.js';
import { KEEPS_UP_FACTOR, KeepingUp } from './keeping-up.js';
import type { LinkId } from './messages.js';

type Join = Extract<StandbyMessage, { kind: 'join' }>;
type ChangeInSync = Extract<MemberMessage, { kind: 'change-in-sync' }>;

interface Standby {
  readonly link: LinkId;
  readonly join: Join;
  /** Up to here the journals were equal when it joined. */
  readonly common: Position;
  /** Everything up to here is durable at the standby and equal to ours; 0 until the standby has said so. */
  durable: Position;
  /** Everything up to here was sent. */
  sent: Position;
  /** Listening time at which it was last heard, ms. */
  heardAt: number;
  /** Listening time of the last message to it. */
  spokenAt: number;
  /** Its disk has no room for users' writes. */
  diskIsLow: boolean;
}

export interface Outgoing {
  readonly link: LinkId;
  readonly message: PrimaryMessage;
}

/** One life over one journal: what another life says about the disk may not be true for this one. */

export class Standbys {
  readonly #links = new Map<LinkId, Standby>();
  #told: readonly InSyncMember[];
  /**
   * Members that the router was asked to add, by request number; commits wait for them until it has answered.
   */
  readonly #asked = new Map<number, InSyncMember>();
  /** Listening time at which a change for a server was last requested. */
  readonly #askedAt = new Map<ServerId, number>();
  /** For servers without a link that a commit waits for: listening time at which each was last heard. */
  readonly #lastHeardAt = new Map<ServerId, number>();
  /** Standbys that were removed from the in-sync set for slowness. */
  readonly #keepingUp = new KeepingUp();
  /** Why the router was asked to remove a server, as text. */
  readonly #whyRemoved = new Map<ServerId, string>();
  /** The highest position that all awaited members ever held. */
  #held: Position = NO_POSITION;
  /**
   * Listening time since which each member has delayed commits of entries that are durable here, over all its
   * links. One time for each member: a member that has everything must not count as slow while commits wait
   * for another.
   */
  readonly #holdsUpSince = new Map<ServerId, number>();

  constructor(
    readonly epoch: Epoch,
    readonly self: InSyncMember,
    inSync: readonly InSyncMember[],
    readonly startedAt: number,
    /** Numbers questions on the present router link. */
    readonly nextRequest: () => number,
  ) {
    this.#told = inSync;
    this.#assertSelf();
  }

  /** The members that a commit waits for. */
  get awaited(): readonly InSyncMember[] {
    const awaited = [...this.#told];
    for (const member of this.#asked.values())
      if (!awaited.some((other) => isSameInSyncMember(other, member))) awaited.push(member);
    return awaited;
  }

  /** An answer on the present router link: requests up to `lastRequest` are decided. */
  assigned(inSync: readonly InSyncMember[], lastRequest: number): void {
    this.#told = inSync;
    for (const request of [...this.#asked.keys()]) if (request <= lastRequest) this.#asked.delete(request);
    this.#assertSelf();
  }

  /**
   * A welcome on a new router link. The router ignores requests that are still on their way on the old link,
   * so none of them can change the set any more: the set in the welcome is complete.
   */
  welcomed(inSync: readonly InSyncMember[]): void {
    this.#told = inSync;
    this.#asked.clear();
    this.#askedAt.clear();
    this.#assertSelf();
  }

  /** A standby whose journal is equal to ours up to `common`. Returns the link that it replaces, if any. */
  joined(link: LinkId, join: Join, common: Position, at: number): LinkId | undefined {
    const former = [...this.#links.values()].find((other) => other.join.serverId === join.serverId);
    if (former !== undefined) this.#links.delete(former.link);
    this.#lastHeardAt.delete(join.serverId);
    this.#links.set(link, {
      link,
      join,
      common,
      durable: NO_POSITION,
      sent: common,
      heardAt: at,
      spokenAt: at,
      diskIsLow: false,
    });
    return former?.link;
  }

  /** Returns false when the standby claims entries that were never sent to it. */
  durableAt(link: LinkId, durable: Position, at: number, diskIsLow = false): boolean {
    const standby = this.#links.get(link);
    if (standby === undefined) return true;
    if (durable > standby.sent) return false;
    standby.heardAt = at;
    standby.diskIsLow = diskIsLow;
    if (durable > standby.durable) standby.durable = durable;
    return true;
  }

  /** The first member that a commit waits for and whose disk has no room for users' writes. */
  get withLowDisk(): ServerId | undefined {
    for (const { diskIsLow, join } of this.#links.values())
      if (diskIsLow && this.awaited.some((member) => isSameInSyncMember(member, join))) return join.serverId;
    return undefined;
  }

  has(link: LinkId): boolean {
    return this.#links.has(link);
  }

  joinOn(link: LinkId): Join | undefined {
    return this.#links.get(link)?.join;
  }

  /** Whether one more standby would be too many; a standby that joins again keeps its place. */
  isFullFor(serverId: ServerId): boolean {
    const isKnown = [...this.#links.values()].some((standby) => standby.join.serverId === serverId);
    return !isKnown && this.#links.size >= MAX_MEMBERS - 1;
  }

  /** Returns the server that was on that link, if any. */
  ended(link: LinkId): ServerId | undefined {
    const standby = this.#links.get(link);
    if (standby === undefined) return undefined;
    this.#links.delete(link);
    const { serverId } = standby.join;
    if (this.awaited.some((member) => member.serverId === serverId))
      this.#lastHeardAt.set(serverId, standby.heardAt);
    return serverId;
  }

  get links(): readonly LinkId[] {
    return [...this.#links.keys()];
  }

  /**
   * The position up to which every awaited member, ourselves included, holds everything durably. Called
   * whenever it may have moved; it also counts how long each member has delayed commits, over all its links.
   */
  advance(ownDurable: Position, at: number): Position {
    const held = this.#heldByAll(ownDurable);
    if (held > this.#held) this.#holdsUpSince.clear();
    this.#held = position(Math.max(this.#held, held));
    for (const member of this.awaited) {
      const standby = isSameInSyncMember(member, this.self)
        ? { durable: ownDurable }
        : this.#standbyOf(member);
      const durable = standby?.durable ?? NO_POSITION;
      if (durable >= ownDurable || durable > this.#held) this.#holdsUpSince.delete(member.serverId);
      else if (!this.#holdsUpSince.has(member.serverId)) this.#holdsUpSince.set(member.serverId, at);
    }
    return held;
  }

  #heldByAll(ownDurable: Position): Position {
    let least = ownDurable;
    for (const member of this.awaited) {
      if (isSameInSyncMember(member, this.self)) continue;
      const durable = this.#standbyOf(member)?.durable ?? NO_POSITION;
      if (durable < least) least = durable;
    }
    return least;
  }

  /** Whether the in-sync set has other members and all awaited members hold everything up to `last`. */
  everyoneHolds(last: Position): boolean {
    return this.awaited.length > 1 && this.#heldByAll(last) >= last;
  }

  /** Whether a member that a commit waits for has been silent, or has delayed commits, for `deadAfterMs`. */
  lacksAwaited(at: number, deadAfterMs: number): boolean {
    return this.awaited.some(
      (member) => !isSameInSyncMember(member, this.self) && this.#isLost(member, at, deadAfterMs),
    );
  }

  /** Watches whether slow standbys keep up. Called after every turn. */
  watchSlow(ownDurable: Position, at: number, deadAfterMs: number): void {
    for (const member of this.#keepingUp.members) {
      // The disk is slow, not the process, so the next life over it is watched too.
      const durableThere = [...this.#links.values()].find(({ join }) => isSameCopy(join, member))?.durable;
      this.#keepingUp.look(member, durableThere, ownDurable, at, deadAfterMs);
    }
  }

  /**
   * Why these are no longer awaited, if this primary asked for their removal: a text for each.
   */
  takeWhyRemoved(members: readonly InSyncMember[]): string {
    return members
      .map(({ serverId }) => {
        const why = this.#whyRemoved.get(serverId);
        this.#whyRemoved.delete(serverId);
        return why === undefined ? '' : `; ${serverName(serverId)} was removed: ${why}`;
      })
      .join('');
  }

  /**
   * Members that a commit waits for and that are out of reach: not heard for `deadAfterMs`. Once there is
   * one, also those not heard for half of that: all may have been cut off at the same moment, but last heard
   * at slightly different times.
   */
  unheard(at: number, deadAfterMs: number): ServerId[] {
    const others = this.awaited.filter((member) => !isSameInSyncMember(member, this.self));
    if (!others.some((member) => this.#isUnheard(member, at, deadAfterMs))) return [];
    return others
      .filter((member) => this.#isUnheard(member, at, deadAfterMs / 2))
      .map(({ serverId }) => serverId);
  }

  /**
   * What to ask the router now. From the moment an `add` is returned, commits wait for that member.
   * `required`: a member that holds less may lack acknowledged writes, and is not added.
   */
  changesToAsk(
    at: number,
    pace: { pingIntervalMs: number; deadAfterMs: number },
    assignment: Assignment,
    required: Position,
  ): readonly ChangeInSync[] {
    const changes: ChangeInSync[] = [];
    for (const standby of this.#links.values()) {
      const { serverId, journalId, lifeId } = standby.join;
      const member = { serverId, journalId, lifeId };
      if (standby.durable < required || this.awaited.some((other) => isSameInSyncMember(other, member)))
        continue;
      const known = assignment.members.find((other) => other.serverId === member.serverId);
      const isThatOne = known?.live && isSameLife(known, standby.join);
      if (!isThatOne || this.#keepingUp.mustWait(member, at, pace.deadAfterMs)) continue;
      if (!this.#mayAsk(member.serverId, at, pace.pingIntervalMs)) continue;
      const change = this.#change('add', member, standby.join.incarnation);
      this.#asked.set(change.request, member);
      changes.push(change);
    }
    for (const member of this.#told) {
      if (isSameInSyncMember(member, this.self) || !this.#isLost(member, at, pace.deadAfterMs)) continue;
      if (!this.#mayAsk(member.serverId, at, pace.deadAfterMs)) continue;
      this.#noteWhyRemoved(member, at, pace.deadAfterMs);
      const known = assignment.members.find((other) => other.serverId === member.serverId);
      changes.push(this.#change('remove', member, known?.incarnation ?? 0));
    }
    return changes;
  }

  /** Entries that standbys lack, as far as their windows have room; marks them as sent. */
  entriesToSend(last: Position, committed: Position, at: number): readonly Outgoing[] {
    const outgoing: Outgoing[] = [];
    for (const standby of this.#links.values()) {
      while (
        standby.sent < last &&
        standby.sent - Math.max(standby.durable, standby.common) < MAX_REPLICATION_WINDOW
      ) {
        const from = position(standby.sent + 1);
        const to = position(Math.min(last, standby.sent + MAX_BATCH_ENTRIES));
        standby.sent = to;
        standby.spokenAt = at;
        outgoing.push({
          link: standby.link,
          message: { kind: 'entries', epoch: this.epoch, from, to, committed },
        });
      }
    }
    return outgoing;
  }

  /**
   * A sign of life, with the commit position, to every standby to which nothing was sent for a ping interval.
   */
  signsOfLife(committed: Position, at: number, pingIntervalMs: number): readonly Outgoing[] {
    const outgoing: Outgoing[] = [];
    for (const standby of this.#links.values()) {
      if (at - standby.spokenAt < pingIntervalMs) continue;
      standby.spokenAt = at;
      const { link, sent } = standby;
      const message = {
        kind: 'entries',
        epoch: this.epoch,
        from: position(sent + 1),
        to: sent,
        committed,
      } as const;
      outgoing.push({ link, message });
    }
    return outgoing;
  }

  /** Links on which nothing was heard for `deadAfterMs`: half-open, or the other side is frozen. */
  silentLinks(at: number, deadAfterMs: number): readonly LinkId[] {
    return [...this.#links.values()]
      .filter((standby) => at - standby.heardAt >= deadAfterMs)
      .map(({ link }) => link);
  }

  #standbyOf(member: InSyncMember): Standby | undefined {
    for (const standby of this.#links.values()) if (isSameInSyncMember(standby.join, member)) return standby;
    return undefined;
  }

  /** Whether the member was silent for too long, or commits have waited for it for too long. */
  #isLost(member: InSyncMember, at: number, deadAfterMs: number): boolean {
    return this.#isUnheard(member, at, deadAfterMs) || this.#heldUpMs(member, at) >= deadAfterMs;
  }

  #heldUpMs({ serverId }: InSyncMember, at: number): number {
    return at - (this.#holdsUpSince.get(serverId) ?? at);
  }

  #noteWhyRemoved(member: InSyncMember, at: number, deadAfterMs: number): void {
    const silentMs = this.#silentMs(member, at);
    if (silentMs >= deadAfterMs) {
      this.#whyRemoved.set(member.serverId, `nothing was heard from it for ${silentMs.toFixed(0)} ms`);
      return;
    }
    const heldUpMs = this.#heldUpMs(member, at);
    this.#keepingUp.fellOut(member, this.#held, at);
    const why = `writes waited ${heldUpMs.toFixed(0)} ms for it, its disk or its network is slow`;
    const back = `it is added again when it has kept up for ${KEEPS_UP_FACTOR * deadAfterMs} ms`;
    this.#whyRemoved.set(member.serverId, `${why}; ${back}`);
  }

  #isUnheard(member: InSyncMember, at: number, deadAfterMs: number): boolean {
    return this.#silentMs(member, at) >= deadAfterMs;
  }

  #silentMs(member: InSyncMember, at: number): number {
    const heardAt = this.#standbyOf(member)?.heardAt ?? this.#lastHeardAt.get(member.serverId);
    return at - (heardAt ?? this.startedAt);
  }

  #mayAsk(serverId: ServerId, at: number, paceMs: number): boolean {
    const askedAt = this.#askedAt.get(serverId);
    if (askedAt !== undefined && at - askedAt < paceMs) return false;
    this.#askedAt.set(serverId, at);
    return true;
  }

  #change(change: 'add' | 'remove', member: InSyncMember, incarnation: number): ChangeInSync {
    return {
      kind: 'change-in-sync',
      request: this.nextRequest(),
      epoch: this.epoch,
      change,
      incarnation,
      ...member,
    };
  }

  #assertSelf(): void {
    invariant(
      this.#told.some((member) => isSameInSyncMember(member, this.self)),
      'promoted-was-in-sync',
      {
        epoch: this.epoch,
        self: this.self,
        inSync: this.#told,
      },
    );
  }
}
