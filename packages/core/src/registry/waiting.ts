/**
 * Calls that wait for an assignment: clients wait for a primary above a failed epoch, operators for the
 * result of a handover. Both wait for a live primary of a higher epoch than they name, and differ in the
 * answer when there is none in time. Operators also wait for a cluster that comes to rest.
 */
import type { Assignment } from '../assignment.js';
import { type ClusterKey, clusterKeyOf, type Epoch, type Instant } from '../ids.js';
import { invariant } from '../invariants.js';
import { type Deadline, Deadlines } from './deadlines.js';
import { MAX_WAITERS } from './registry-limits.js';
import type { RegistryToken } from './registry-messages.js';

export interface Waiter {
  readonly token: RegistryToken;
  /** For a service its name; it need not exist yet. */
  readonly cluster: ClusterKey;
  readonly wants: 'primary' | 'handover' | 'rest';
  /** Waits for an available primary of a higher epoch than this; `rest`: for the end of this epoch. */
  readonly above: Epoch;
  /** How often the primary of that epoch has pinged since the question. */
  pings: number;
}

/**
 * A client that lost its primary gets the same one as answer when the router has heard this many of its pings
 * since the question. The first may have been sent before the client's link broke; the second was sent a ping
 * interval after it.
 */
const PINGS_OF_A_LIVE_PRIMARY = 2;

export const isContent = ({ wants, above }: Waiter, { available, epoch, suspended }: Assignment): boolean => {
  if (wants === 'rest') return suspended === 'resting' && !available;
  return available && epoch > above;
};

export class Waiting {
  readonly #deadlines = new Deadlines<Waiter>();
  readonly #byToken = new Map<RegistryToken, Deadline<Waiter>>();
  readonly #byCluster = new Map<ClusterKey, Set<Deadline<Waiter>>>();

  get isFull(): boolean {
    return this.#byToken.size >= MAX_WAITERS;
  }

  next(): Instant | undefined {
    return this.#deadlines.next();
  }

  add(until: Instant, waiter: Waiter): void {
    invariant(!this.isFull, 'limit-is-kept', { waiters: this.#byToken.size });
    const deadline = this.#deadlines.add(until, waiter);
    this.#byToken.set(waiter.token, deadline);
    const inCluster = this.#byCluster.get(waiter.cluster) ?? new Set();
    this.#byCluster.set(waiter.cluster, inCluster.add(deadline));
  }

  cancel(token: RegistryToken): void {
    const deadline = this.#byToken.get(token);
    if (deadline === undefined) return;
    this.#deadlines.remove(deadline);
    this.#forget(deadline);
  }

  /** Removes and returns all calls that this assignment answers. */
  takeContent(assignment: Assignment): Waiter[] {
    return this.#take(clusterKeyOf(assignment), (waiter) => isContent(waiter, assignment));
  }

  /**
   * The primary of an epoch has pinged. Removes and returns all calls that believed it lost and have now
   * waited for enough pings.
   */
  takeReassured(cluster: ClusterKey, epoch: Epoch): Waiter[] {
    return this.#take(cluster, (waiter) => {
      if (waiter.wants !== 'primary' || waiter.above !== epoch) return false;
      waiter.pings += 1;
      return waiter.pings >= PINGS_OF_A_LIVE_PRIMARY;
    });
  }

  /** Removes and returns all calls that wait for a handover of this cluster. */
  takeHandovers(cluster: ClusterKey): Waiter[] {
    return this.#take(cluster, (waiter) => waiter.wants === 'handover');
  }

  /** Removes and returns all calls that wait for this cluster to rest. */
  takeRests(cluster: ClusterKey): Waiter[] {
    return this.#take(cluster, (waiter) => waiter.wants === 'rest');
  }

  /** Removes and returns one call whose wait is over. */
  takeDue(now: Instant): Waiter | undefined {
    const waiter = this.#deadlines.takeDue(now);
    const deadline = waiter === undefined ? undefined : this.#byToken.get(waiter.token);
    if (deadline !== undefined) this.#forget(deadline);
    return waiter;
  }

  #take(cluster: ClusterKey, isMeant: (waiter: Waiter) => boolean): Waiter[] {
    const taken: Waiter[] = [];
    for (const deadline of this.#byCluster.get(cluster) ?? []) {
      if (!isMeant(deadline.value)) continue;
      taken.push(deadline.value);
      this.cancel(deadline.value.token);
    }
    return taken;
  }

  #forget(deadline: Deadline<Waiter>): void {
    const { token, cluster } = deadline.value;
    this.#byToken.delete(token);
    const inCluster = this.#byCluster.get(cluster);
    inCluster?.delete(deadline);
    if (inCluster?.size === 0) this.#byCluster.delete(cluster);
  }
}
