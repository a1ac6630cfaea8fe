/**
 * What a session knows about its cluster: the newest assignment from any router, by an answer or by Watch,
 * and the last epoch whose primary did not serve.
 */
import { type Assignment, isNewer, primaryMember } from '../assignment.js';
import type { Address, ClusterId, Epoch, NetworkId } from '../ids.js';
import { NO_EPOCH } from '../ids.js';
import { MAX_WAIT_MS } from '../limits.js';
import { DEFAULT_FAILOVER_WAIT_MS } from './session-limits.js';
import type { SessionTarget } from './session-state.js';

/** The network and cluster of a user. */
export interface Home {
  readonly networkId: NetworkId;
  readonly cluster: ClusterId;
}

export class ClusterView {
  #networkId: NetworkId | undefined;
  #cluster: ClusterId | undefined;
  #several = false;
  #failoverWaitMs = DEFAULT_FAILOVER_WAIT_MS;
  #newest: Assignment | undefined;
  #failedEpoch: Epoch = NO_EPOCH;
  #hasServed = false;

  /** Undefined until a router has answered `Connect`. */
  get networkId(): NetworkId | undefined {
    return this.#networkId;
  }

  /** The network and cluster of its user, by the router that answered `Connect`. */
  get home(): Home | undefined {
    if (this.#networkId === undefined || this.#cluster === undefined) return undefined;
    return { networkId: this.#networkId, cluster: this.#cluster };
  }

  /** A server of this network has served: the session belongs to it from now on. */
  get hasServed(): boolean {
    return this.#hasServed;
  }

  /** The number of the cluster if there are several, as part of a state; else empty. */
  get named(): { readonly cluster?: ClusterId } {
    return this.#several && this.#cluster !== undefined ? { cluster: this.#cluster } : {};
  }

  /** How long a router may hold its answer for a failover. */
  get failoverWaitMs(): number {
    return this.#failoverWaitMs;
  }

  get failedEpoch(): Epoch {
    return this.#failedEpoch;
  }

  get unavailableReason(): string {
    // The answer to `Connect` has no assignment if the cluster never had a primary.
    if (this.#newest === undefined && this.#cluster !== undefined)
      return `no server of cluster ${this.#cluster} has served yet`;
    return this.#newest?.unavailableReason || 'the router knows no server that may serve';
  }

  /** Whether the cluster has a primary, as far as routers know. */
  get available(): boolean {
    return this.#newest?.available ?? false;
  }

  introduce(networkId: NetworkId, cluster: ClusterId, clusters: number, failoverWaitMs: number): void {
    if (networkId !== this.#networkId) {
      this.#newest = undefined;
      this.#failedEpoch = NO_EPOCH;
    }
    this.#networkId = networkId;
    this.#cluster = cluster;
    this.#several = clusters > 1;
    this.#failoverWaitMs = Math.min(failoverWaitMs, MAX_WAIT_MS);
  }

  /** @returns whether it was news */
  remember(assignment: Assignment): boolean {
    if (assignment.cluster !== this.#cluster) return false;
    if (!isNewer(assignment, this.#newest)) return false;
    this.#newest = assignment;
    return true;
  }

  /** The present primary. */
  get target(): SessionTarget | undefined {
    const assignment = this.#newest;
    if (assignment === undefined || !assignment.available) return undefined;
    const member = primaryMember(assignment);
    if (member === undefined) return undefined;
    const { serverId, address } = member;
    return { epoch: assignment.epoch, serverId, address, ...this.named };
  }

  /** The present primary, unless it is the one that has just failed. */
  get newerTarget(): SessionTarget | undefined {
    const target = this.target;
    return target !== undefined && target.epoch > this.#failedEpoch ? target : undefined;
  }

  /** The first in-sync live standby, which takes over next. */
  get successor(): Address | undefined {
    const assignment = this.#newest;
    return assignment?.members.find(
      (member) => member.live && member.inSync && member.serverId !== assignment.primary?.serverId,
    )?.address;
  }

  /**
   * The primary of `epoch` does not serve.
   * @returns whether this epoch had failed before and the router, asked about it, still names it. Then this
   * is not a failover, and asking again at once would only repeat the failure.
   */
  fail(epoch: Epoch): boolean {
    const failedBefore = epoch <= this.#failedEpoch;
    if (!failedBefore) this.#failedEpoch = epoch;
    return failedBefore && (this.#newest?.epoch ?? NO_EPOCH) <= epoch;
  }

  /** A server serves us. */
  served(): void {
    this.#hasServed = true;
    this.#failedEpoch = NO_EPOCH;
  }
}
