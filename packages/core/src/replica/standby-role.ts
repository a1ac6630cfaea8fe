/**
 * What a server does while another is primary: joins the primary, copies its journal, and reports how far its
 * copy is durable.
 *
 * The standby calls the primary. The answer to its join says up to where the two journals are equal; the
 * standby's entries beyond that were never acknowledged and are cut. From then on the standby only appends.
 */
import type { Assignment, MemberInfo } from '../assignment.js';
import { primaryMember } from '../assignment.js';
import type { Entry } from '../entry.js';
import {
  type Address,
  type Epoch,
  type Instant,
  NO_EPOCH,
  type Position,
  position,
  serverName,
} from '../ids.js';
import type { Attempt } from '../membership/membership-messages.js';
import type { PrimaryMessage } from '../messages.js';
import type { Reachability } from './reachability.js';
import type { ReplicaContext } from './replica-context.js';

/**
 * Longest wait before a failed snapshot is requested again, ms: each attempt reads the primary's whole disk.
 */
const LONGEST_PULL_RETRY_MS = 5_000;
/**
 * How long a primary may take to answer a join, in multiples of `deadAfterMs`.
 */
export const JOIN_PATIENCE_FACTOR = 4;
/** Wait before joining a primary again whose journal contradicts this one, ms: an operator has to decide. */
const CONFLICT_RETRY_MS = 5_000;

type Link =
  /**
   * `epoch`: the epoch of the primary that it failed to follow; a primary of another epoch may be joined at
   * once.
   */
  | { readonly kind: 'none'; readonly retryAt: Instant; readonly epoch: Epoch }
  | {
      readonly kind: 'joining' | 'joined';
      readonly attempt: Attempt;
      readonly epoch: Epoch;
      readonly address: Address;
      heardAt: number;
    }
  /** The driver pulls a snapshot; it ends with `snapshot-installed` or `snapshot-failed`. */
  | { readonly kind: 'pulling'; readonly epoch: Epoch; readonly address: Address };

export class StandbyRole {
  readonly kind = 'standby';
  #link: Link = { kind: 'none', retryAt: 0, epoch: NO_EPOCH };
  /** The last reported failure to follow. */
  #lastFailure = '';
  #attempts = 0;
  /** The stream of the primary that it followed last, if that stream has ended. */
  #lost: { readonly attempt: Attempt; readonly address: Address; isAsked: boolean } | undefined;
  /** How many snapshots in a row have failed. */
  #pullFailures = 0;

  constructor(
    readonly context: ReplicaContext,
    readonly reachability: Reachability,
  ) {}

  get pulling(): boolean {
    return this.#link.kind === 'pulling';
  }

  /** Whether it copies from the primary of the present epoch. */
  get joined(): boolean {
    return this.#link.kind === 'joined';
  }

  isCurrent(attempt: Attempt): boolean {
    return (this.#link.kind === 'joining' || this.#link.kind === 'joined') && this.#link.attempt === attempt;
  }

  /** Joins the primary of the newest assignment; leaves one of an older epoch. */
  follow(): void {
    const { assignment } = this.context;
    const link = this.#link;
    if (link.kind === 'pulling' || assignment === undefined) return;
    if (link.epoch === assignment.epoch && (link.kind !== 'none' || this.context.now < link.retryAt)) return;
    this.leave();
    this.#join();
  }

  /** Leaves the primary. A replaced primary gets `fenced`, because it may be cut off from the router. */
  leave(): void {
    const { context } = this;
    const link = this.#link;
    if (link.kind !== 'joining' && link.kind !== 'joined') return;
    const { attempt } = link;
    const epoch = context.highestEpoch;
    if (epoch > link.epoch) context.emit({ kind: 'to-primary', attempt, message: { kind: 'fenced', epoch } });
    context.emit({ kind: 'close-primary', attempt });
    this.#link = { kind: 'none', retryAt: context.now, epoch: NO_EPOCH };
  }

  /** `checksum`: the checksum of this server's own journal up to `common` of a `joined`. */
  message(message: PrimaryMessage, entries: readonly Entry[], checksum: number | undefined): void {
    const link = this.#link;
    if (link.kind !== 'joining' && link.kind !== 'joined') return;
    link.heardAt = this.context.heardMs;
    this.#lost = undefined;
    this.reachability.heardPrimary();
    if (message.kind === 'refused') {
      if (this.#fences(message)) this.context.see(message.epoch);
      this.#retry(`${message.reason}: ${message.detail}`);
      return;
    }
    if (message.epoch !== link.epoch) {
      this.#retry(`it speaks in epoch ${message.epoch} instead of ${link.epoch}`);
      return;
    }
    switch (message.kind) {
      case 'joined':
        this.#joined(link, message, checksum);
        return;
      case 'snapshot-needed':
        this.#snapshotNeeded(link, message.common);
        return;
      case 'entries':
        this.#entries(message, entries);
        return;
    }
  }

  /**
   * Whether a refusal proves that there is a higher epoch of this cluster. Any program may answer at an
   * address, with any epoch; a server of another cluster has epochs of its own.
   */
  #fences({ reason, networkId, cluster }: Extract<PrimaryMessage, { kind: 'refused' }>): boolean {
    const { context } = this;
    return reason === 'fenced' && networkId === context.networkId && cluster === context.identity.cluster;
  }

  ended(detail: string): void {
    const link = this.#link;
    if (link.kind !== 'joining' && link.kind !== 'joined') return;
    if (link.kind === 'joined') this.#lost = { attempt: link.attempt, address: link.address, isAsked: false };
    this.#retry(detail, false);
  }

  /**
   * The stream to the router has ended too. If nothing listens at the primary's port, the primary was lost
   * together with the router, and the next router need not wait until this standby has missed it for
   * `deadAfterMs`. While there is a router, that router notices the end of the primary by itself.
   */
  askWhetherGone(): void {
    const lost = this.#lost;
    if (lost === undefined || lost.isAsked) return;
    lost.isAsked = true;
    this.context.emit({ kind: 'probe-port', attempt: lost.attempt, address: lost.address });
  }

  portRefused(attempt: Attempt): void {
    if (attempt === this.#lost?.attempt) this.reachability.primaryRefuses();
  }

  /** Reports to the primary: the disk holds more than before, has become low, or has room again. */
  sayDurable(): void {
    const link = this.#link;
    if (link.kind !== 'joined') return;
    const { durable } = this.context.ledger.outline;
    const room = this.context.diskIsLow && ({ diskIsLow: true } as const);
    const message = { kind: 'durable', epoch: link.epoch, position: durable, ...room } as const;
    this.context.emit({ kind: 'to-primary', attempt: link.attempt, message });
  }

  /** The snapshot is in place. */
  pulled(): void {
    if (this.#link.kind !== 'pulling') return;
    this.#pullFailures = 0;
    this.#link = { kind: 'none', retryAt: this.context.now, epoch: NO_EPOCH };
  }

  /**
   * The snapshot failed. It is requested again only after a wait, which grows each time; otherwise two
   * servers would keep each other busy.
   */
  pullFailed(detail: string): void {
    const { context } = this;
    const link = this.#link;
    if (link.kind !== 'pulling') return;
    const text = `could not be pulled from ${link.address}: ${detail}`;
    // Each attempt fails like the one before: it is reported once.
    if (text !== this.#lastFailure) context.report('snapshot', text);
    this.#lastFailure = text;
    const waitMs = Math.min(context.timing.pingIntervalMs * 2 ** this.#pullFailures, LONGEST_PULL_RETRY_MS);
    this.#pullFailures += 1;
    this.#link = { kind: 'none', retryAt: context.now + waitMs, epoch: link.epoch };
  }

  tick(): void {
    const { context } = this;
    const link = this.#link;
    if (link.kind === 'pulling') this.reachability.heardPrimary();
    this.reachability.tick();
    if (link.kind === 'none') {
      if (context.now >= link.retryAt) this.#join();
    } else if (link.kind !== 'pulling') {
      const patienceMs = context.timing.deadAfterMs * (link.kind === 'joined' ? 1 : JOIN_PATIENCE_FACTOR);
      if (context.heardMs - link.heardAt >= patienceMs) this.#retry(`nothing heard for ${patienceMs} ms`);
    }
  }

  nextDeadline(): Instant {
    if (this.#link.kind !== 'none') return Number.POSITIVE_INFINITY;
    return this.#primaryToJoin() === undefined ? Number.POSITIVE_INFINITY : this.#link.retryAt;
  }

  /** Whether it knows a primary to follow, even if it does not follow it yet. */
  get hasPrimary(): boolean {
    return this.#link.kind === 'joined' || this.#primaryToJoin() !== undefined;
  }

  #primaryToJoin(): { readonly assignment: Assignment; readonly primary: MemberInfo } | undefined {
    const { assignment, identity } = this.context;
    if (assignment === undefined || !assignment.available) return undefined;
    // There is a higher epoch: the router will name its primary, and this one must not be followed any more.
    if (assignment.epoch < this.context.highestEpoch) return undefined;
    const primary = primaryMember(assignment);
    if (primary === undefined || primary.serverId === identity.serverId) return undefined;
    return { assignment, primary };
  }

  #join(): void {
    const { context } = this;
    const target = this.#primaryToJoin();
    if (target === undefined || context.networkId === '') return;
    const { cluster, serverId, incarnation, journalId, lifeId } = context.identity;
    const { outline } = context.ledger;
    const { epoch } = target.assignment;
    const { address } = target.primary;
    this.#attempts += 1;
    this.#link = { kind: 'joining', attempt: this.#attempts, epoch, address, heardAt: context.heardMs };
    context.emit({
      kind: 'open-primary',
      attempt: this.#attempts,
      address,
      message: {
        kind: 'join',
        networkId: context.networkId,
        cluster,
        epoch,
        serverId,
        incarnation,
        journalId,
        lifeId,
        lastPosition: outline.last,
        epochStarts: outline.epochStarts,
      },
    });
  }

  #joined(
    link: Extract<Link, { attempt: Attempt }>,
    message: Extract<PrimaryMessage, { kind: 'joined' }>,
    checksum: number | undefined,
  ): void {
    const { context } = this;
    const { ledger } = context;
    const { common } = message;
    if (link.kind === 'joined' || common > ledger.outline.last) {
      this.#retry(`it claims agreement up to ${common}, this journal ends at ${ledger.outline.last}`);
      return;
    }
    if (common < ledger.knownCommitted) return this.#lacks(link, common);
    if (checksum !== undefined && checksum !== message.checksum) return this.#differs(link, common);
    if (common < ledger.outline.last) {
      context.report(
        'truncated',
        `cuts entries ${common + 1} to ${ledger.outline.last}, which the primary of epoch ${link.epoch} does not have`,
      );
      ledger.truncateAfter(common);
      context.emit({ kind: 'truncate', after: common });
    }
    ledger.commitThrough(position(Math.min(message.committed, common)));
    this.#link = { ...link, kind: 'joined' };
    const primary = context.assignment?.primary;
    const name = primary === undefined ? link.address : serverName(primary.serverId);
    context.report('following', `follows ${name} in epoch ${link.epoch} from ${common}`);
    this.sayDurable();
  }

  #snapshotNeeded(link: Extract<Link, { attempt: Attempt }>, common: Position): void {
    if (common < this.context.ledger.knownCommitted) return this.#lacks(link, common);
    const why = 'the primary no longer has the entries that are missing here';
    this.#pull(link.address, link.epoch, why, common < this.context.ledger.outline.last);
  }

  /** The primary lacks entries that are known to be committed here. */
  #lacks(link: Extract<Link, { attempt: Attempt }>, common: Position): void {
    const { ledger } = this.context;
    const { knownCommitted } = ledger;
    const what = `the primary of epoch ${link.epoch} lacks committed entries ${common + 1} to ${knownCommitted}`;
    if (this.#isUncleanSince(ledger.outline.epochAt(knownCommitted)))
      return this.#pull(link.address, link.epoch, `${what} (unclean promotion)`, true);
    const { epoch, attempt } = link;
    this.context.emit({
      kind: 'to-primary',
      attempt,
      message: { kind: 'lacking', epoch, committed: knownCommitted },
    });
    this.#conflict(link, what);
  }

  /**
   * The journals agree by their epochs, but the bytes differ: one of the two is a copy that has diverged.
   */
  #differs(link: Extract<Link, { attempt: Attempt }>, common: Position): void {
    const { ledger } = this.context;
    const what = `the journals differ somewhere up to ${common}, where the primary of epoch ${link.epoch} says that they agree`;
    if (this.#isUncleanSince(ledger.outline.epochAt(ledger.knownCommitted)))
      return this.#pull(link.address, link.epoch, `${what} (unclean promotion)`, true);
    this.#conflict(link, what);
  }

  /**
   * Whether since that epoch an operator has promoted a member that was not in sync: only that takes back
   * committed entries.
   */
  #isUncleanSince(epoch: Epoch): boolean {
    return (this.context.assignment?.lastUncleanEpoch ?? NO_EPOCH) > epoch;
  }

  /**
   * Committed entries are never cut silently: the standby does not join, reports the conflict, and leaves it
   * to an operator.
   */
  #conflict(link: Extract<Link, { attempt: Attempt }>, what: string): void {
    const { context } = this;
    const theirs = context.assignment?.primary?.journalId ?? '';
    const text = `does not follow ${link.address}: ${what}; its journal is ${theirs}, this one is ${context.identity.journalId}. Nothing is cut here: an operator has to decide which one counts`;
    context.emit({ kind: 'close-primary', attempt: link.attempt });
    this.#link = { kind: 'none', retryAt: context.now + CONFLICT_RETRY_MS, epoch: link.epoch };
    if (text !== this.#lastFailure) context.report('conflict', text);
    this.#lastFailure = text;
  }

  #entries(message: Extract<PrimaryMessage, { kind: 'entries' }>, entries: readonly Entry[]): void {
    const { context } = this;
    const { ledger } = context;
    const expected = ledger.outline.last + 1;
    const isWhole = entries.length === message.to - message.from + 1;
    const isNext = message.from === expected && entries.every((entry, i) => entry.position === expected + i);
    let epoch = ledger.outline.lastEpoch;
    const epochsRise = entries.every((entry) => {
      const rises = entry.epoch >= epoch && entry.epoch <= message.epoch;
      epoch = entry.epoch;
      return rises;
    });
    if (this.#link.kind !== 'joined' || !isWhole || !isNext || !epochsRise) {
      const what = epochsRise ? `where ${expected} comes next` : 'whose epochs no journal has';
      this.#retry(`it sent entries ${message.from} to ${message.to} ${what}`);
      return;
    }
    if (entries.length > 0) {
      ledger.append(entries);
      context.emit({ kind: 'append', entries });
    }
    ledger.commitThrough(message.committed);
    if (entries.length === 0) this.sayDurable();
  }

  #pull(address: Address, epoch: Epoch, why: string, setAside: boolean): void {
    const { context } = this;
    const { networkId, identity } = context;
    // The standby has joined, so it has a network, but its disk may not have stored the id yet.
    if (networkId === '') return;
    const { cluster, serverId, incarnation, journalId, lifeId } = identity;
    if (this.#pullFailures === 0) context.report('snapshot', `pulls a snapshot from ${address}: ${why}`);
    this.leave();
    this.#link = { kind: 'pulling', epoch, address };
    const question = { networkId, cluster, epoch, serverId, incarnation, journalId, lifeId };
    context.emit({ kind: 'pull-snapshot', address, question, setAside });
  }

  #retry(detail: string, close = true): void {
    const { context } = this;
    const link = this.#link;
    if (link.kind !== 'joining' && link.kind !== 'joined') return;
    if (close) context.emit({ kind: 'close-primary', attempt: link.attempt });
    const retryAt = context.now + context.timing.pingIntervalMs;
    this.#link = { kind: 'none', retryAt, epoch: link.epoch };
    const text = `stopped following ${link.address} in epoch ${link.epoch}: ${detail}`;
    // Each attempt to follow a primary that is gone fails like the one before: it is reported once.
    if (link.kind === 'joined' || text !== this.#lastFailure) context.report('following', text);
    this.#lastFailure = text;
  }
}
