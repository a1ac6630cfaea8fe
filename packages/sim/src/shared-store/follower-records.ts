/**
 * What a router that follows answers by itself: what it hears on a watch of the leader. As
 * `follower-records.ts` of `@dualping/router`, which it stands for.
 */
import type { Assignment, ClusterId, NetworkId } from '@dualping/core';
import type { Core } from '../core.js';
import type { AcceptorEnd, DiallerEnd } from '../network.js';
import type { Process } from '../process.js';
import type { Wires } from '../wires.js';

/** Wait before the leader is watched again, ms. */
const RETRY_MS = 50;
/** How long watches stand without a leader that is heard, ms. */
const STALE_MS = 5_000;

export class FollowerRecords {
  readonly #told = new Map<ClusterId, Assignment>();
  readonly #watchers = new Map<AcceptorEnd<'watch'>, ClusterId | undefined>();
  networkId: NetworkId | undefined;
  #address: string | undefined;
  #watch: DiallerEnd<'watch'> | undefined;
  /** Counts the times that it began or stopped hearing a leader. */
  #hearings = 0;
  #isHeard = true;
  #isStale = false;

  constructor(
    readonly process: Process,
    readonly core: Core,
    readonly clusters: number,
  ) {}

  leaderIs(address: string | undefined): void {
    this.#leave();
    this.#unheard();
    this.#address = address;
    this.#ask();
  }

  /** This router leads now, or ends: those who watch here begin anew. */
  end(): void {
    this.#leave();
    this.#endWatches();
    this.#told.clear();
    this.networkId = undefined;
    this.#heard();
  }

  assignmentOf(cluster: ClusterId): Assignment | undefined {
    return this.#told.get(cluster);
  }

  /** Whether it can serve a watch by itself. */
  knows(cluster: ClusterId | undefined): boolean {
    if (this.#isStale) return false;
    return cluster === undefined ? this.#told.size === this.clusters : this.#told.has(cluster);
  }

  watch(end: AcceptorEnd<'watch'>, { cluster }: Wires['watch']['up']): void {
    this.#watchers.set(end, cluster);
    for (const assignment of this.#told.values()) this.#tell(end, cluster, assignment);
    end.onEnd = () => this.#watchers.delete(end);
  }

  #ask(): void {
    const address = this.#address;
    if (address === undefined) return;
    const { process } = this;
    const watch = process.network.dial(process, address, 'watch', { kind: 'watch', cluster: undefined });
    this.#watch = watch;
    watch.onMessage = ({ networkId, assignment }) => this.#take(networkId, assignment);
    watch.onEnd = () => {
      this.#unheard();
      process.later(RETRY_MS, `${process.name} watches the leader again`, () => {
        if (watch === this.#watch) this.#ask();
      });
    };
  }

  #take(networkId: NetworkId, assignment: Assignment): void {
    this.#heard();
    this.networkId = networkId;
    const before = this.#told.get(assignment.cluster);
    if (before !== undefined && !this.core.isNewer(assignment, before)) return;
    this.#told.set(assignment.cluster, assignment);
    for (const [end, cluster] of this.#watchers) this.#tell(end, cluster, assignment);
  }

  #tell(end: AcceptorEnd<'watch'>, wanted: ClusterId | undefined, assignment: Assignment): void {
    const { networkId } = this;
    if (networkId === undefined || (wanted !== undefined && wanted !== assignment.cluster)) return;
    end.send({ kind: 'assignment', networkId, assignment });
  }

  #heard(): void {
    if (!this.#isHeard) this.#hearings += 1;
    this.#isHeard = true;
    this.#isStale = false;
  }

  #unheard(): void {
    if (!this.#isHeard) return;
    this.#isHeard = false;
    this.#hearings += 1;
    const hearing = this.#hearings;
    this.process.later(STALE_MS, `${this.process.name} hears no leader`, () => {
      if (hearing !== this.#hearings) return;
      this.#isStale = true;
      this.#endWatches();
    });
  }

  #endWatches(): void {
    for (const end of this.#watchers.keys()) end.close();
    this.#watchers.clear();
  }

  #leave(): void {
    this.#address = undefined;
    this.#watch?.abort();
    this.#watch = undefined;
  }
}
