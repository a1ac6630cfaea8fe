/**
 * Decides when a standby that was removed from the in-sync set for slowness may be added again.
 *
 * The disk of a standby that has caught up may be slow again a moment later, and each time all writes would
 * wait for it. So the standby first has to keep up for a while: each entry that is durable at the primary
 * must be durable at the standby soon after.
 */
import type { InSyncMember } from '../assignment.js';
import type { Position, ServerId } from '../ids.js';

/**
 * It is added again when it has kept up for this many times the delay for which it was removed: 10 s with the
 * defaults.
 */
export const KEEPS_UP_FACTOR = 20;
/**
 * It keeps up while it is behind for less than this part of that delay: close to the limit it would soon be
 * removed again.
 */
const KEEPS_UP_WITHIN = 0.5;

interface Slow {
  readonly member: InSyncMember;
  /** Since when it has kept up, listening time, ms. */
  since: number;
  /** The durable position of the primary when the standby reached the previous mark, and the time of that. */
  mark: { readonly position: Position; readonly at: number };
}

export class KeepingUp {
  readonly #slow = new Map<ServerId, Slow>();

  /** Members that are watched. */
  get members(): readonly InSyncMember[] {
    return [...this.#slow.values()].map(({ member }) => member);
  }

  fellOut(member: InSyncMember, durableHere: Position, at: number): void {
    this.#slow.set(member.serverId, { member, since: at, mark: { position: durableHere, at } });
  }

  /** `durableThere`: the standby's durable position; undefined while it does not copy from us. */
  look(
    { serverId }: InSyncMember,
    durableThere: Position | undefined,
    durableHere: Position,
    at: number,
    deadAfterMs: number,
  ): void {
    const slow = this.#slow.get(serverId);
    if (slow === undefined) return;
    const isReached = durableThere !== undefined && durableThere >= slow.mark.position;
    if (durableThere === undefined || at - slow.mark.at > KEEPS_UP_WITHIN * deadAfterMs) slow.since = at;
    if (isReached) slow.mark = { position: durableHere, at };
  }

  /** Whether this copy has to wait. When it may be added again it is no longer watched. */
  mustWait({ serverId, journalId }: InSyncMember, at: number, deadAfterMs: number): boolean {
    const slow = this.#slow.get(serverId);
    if (slow === undefined) return false;
    if (slow.member.journalId === journalId && at - slow.since < KEEPS_UP_FACTOR * deadAfterMs) return true;
    this.#slow.delete(serverId);
    return false;
  }
}
