/**
 * Decides which member is cut off when members of a cluster can't reach one another, though the router hears
 * all of them.
 *
 * The intuition: the side with most of the live in-sync members goes on. So a primary that most of them can't
 * reach is replaced by one of them, if they reach one another. And a standby that the primary can't reach is
 * removed only when the primary itself reaches most of the others. With two members neither side has most of
 * them, and the primary stays.
 *
 * This only chooses among promotions that the in-sync set allows anyway: a wrong answer costs time, but no
 * data.
 */
import type { ServerId } from '../ids.js';

/**
 * How long the removal of a live standby may be put off, in multiples of `deadAfterMs`. The others notice
 * their side of a partition up to one `deadAfterMs` later than the primary, and need up to one more to ask
 * one another; the third is a reserve for a busy machine.
 */
const PUT_OFF_FACTOR = 3;

/** Which others one live in-sync member can't reach. */
export interface View {
  readonly serverId: ServerId;
  readonly cannotReach: ReadonlySet<ServerId>;
}

const reachEachOther = (one: View, other: View): boolean =>
  !one.cannotReach.has(other.serverId) && !other.cannotReach.has(one.serverId);

/**
 * The first of `views` that may take over from a primary that is cut off; undefined: the primary stays.
 * `views`: of all live in-sync members but the primary.
 */
export function successorOfCutOff(
  primary: ServerId,
  views: readonly View[],
  mayTakeOver: (serverId: ServerId) => boolean,
): ServerId | undefined {
  const half = (views.length + 1) / 2;
  const complaining = views.filter(({ cannotReach }) => cannotReach.has(primary));
  const fit = complaining.find((one) => {
    const together = complaining.filter((other) => other === one || reachEachOther(one, other));
    return together.length > half && mayTakeOver(one.serverId);
  });
  return fit?.serverId;
}

/**
 * Whether a primary that the router awaits after it was away is gone, and not only late: most members of the
 * whole in-sync set have attached, can't reach it, and reach one another. `views`: as above. `setSize`: with
 * the primary.
 */
export function isGivenUp(primary: ServerId, views: readonly View[], setSize: number): boolean {
  const complaining = views.filter(({ cannotReach }) => cannotReach.has(primary));
  return complaining.some((one) => {
    const together = complaining.filter((other) => other === one || reachEachOther(one, other));
    return together.length > setSize / 2;
  });
}

/**
 * Whether a primary that can't reach a standby reaches most of the other live in-sync members, so that the
 * standby is the one that is cut off. Also true when there is nothing to decide: the standby is not live at
 * the router either, the primary reaches it (and finds it too slow), or there are only these two.
 */
export function isWithMost(primary: View, standby: ServerId, views: readonly View[]): boolean {
  const isLive = views.some(({ serverId }) => serverId === standby);
  const others = views.filter(({ serverId }) => serverId !== standby);
  if (!isLive || !primary.cannotReach.has(standby) || others.length === 0) return true;
  const together = others.filter((other) => reachEachOther(primary, other));
  return together.length + 1 > (others.length + 2) / 2;
}

/** Removals that are put off because the primary may be the one that is cut off; the primary asks again. */
export class PutOffRemovals {
  /** When each removal was asked for first and last, in listening time, ms. */
  readonly #asked = new Map<ServerId, { readonly firstMs: number; readonly lastMs: number }>();

  /** Whether to wait for the reports of the others. */
  putOff(nowMs: number, deadAfterMs: number, standby: ServerId): boolean {
    const longestMs = PUT_OFF_FACTOR * deadAfterMs;
    const before = this.#asked.get(standby);
    const isFresh = before === undefined || nowMs - before.lastMs > longestMs;
    const firstMs = isFresh ? nowMs : before.firstMs;
    this.#asked.set(standby, { firstMs, lastMs: nowMs });
    return nowMs - firstMs < longestMs;
  }

  /** The primary reaches most of the others: there is nothing to wait for. */
  settle(standby: ServerId): void {
    this.#asked.delete(standby);
  }

  /** There is another primary. */
  clear(): void {
    this.#asked.clear();
  }
}
