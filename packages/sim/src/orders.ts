/**
 * An operator who works on the network: pauses failover, or brings a cluster to rest, and resumes it after a
 * while. After the storm the operator resumes what is still suspended.
 */
import type { ClusterId } from '@dualping/core';
import type { Cluster } from './cluster.js';
import { Random } from './random.js';

/** Mean time between two orders, and from an order to its end, ms: several of each in a storm. */
const ORDERS_EVERY_MS = 2_000;
const LASTS_MS = 1_500;
/** How often the cluster rests, and does not only pause. */
const RESTS = 0.4;
/** Between two looks after the storm, ms: the router may be down when the operator types. */
const LOOKS_MS = 150;

export class Orders {
  readonly #random: Random;

  constructor(
    readonly cluster: Cluster,
    readonly untilMs: number,
  ) {
    this.#random = new Random(`${cluster.setup.seed}/orders`);
  }

  begin(): void {
    const { world } = this.cluster;
    world.after(this.#random.exponential(ORDERS_EVERY_MS), 'the operator gives an order', () => {
      if (world.now > this.untilMs) return this.#resumeAll();
      const number = 1 + Math.floor(this.#random.next() * this.cluster.setup.clusters);
      this.#order(this.#random.chance(RESTS) ? 'rest' : 'pause', number);
      world.after(this.#random.exponential(LASTS_MS), 'the operator ends it', () =>
        this.#order('resume', number),
      );
      this.begin();
    });
  }

  #resumeAll(): void {
    const { world, router, setup } = this.cluster;
    for (let number = 1; number <= setup.clusters; number += 1)
      if (router.assignmentOf(number)?.suspended !== undefined) this.#order('resume', number);
    world.after(LOOKS_MS, 'the operator looks', () => this.#resumeAll());
  }

  #order(kind: 'pause' | 'rest' | 'resume', number: ClusterId): void {
    const { world, router } = this.cluster;
    world.say('operator', `${kind}: cluster ${number}`);
    router.order(kind, number);
  }
}
