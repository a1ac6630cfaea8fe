/**
 * An operator who does not wait for ever: after too long without a primary, the operator promotes a member
 * that may lack something.
 */
import { type Assignment, NO_EPOCH, type ServerId } from '@dualping/core';
import type { Cluster } from './cluster.js';
import { Random } from './random.js';

const LOOKS_MS = 150;
/** How often the operator accepts that others have more. */
const ACCEPTS_LOSS = 0.5;
/** Mean time from looking to acting, ms: meanwhile a primary may be back. */
const TYPES_MS = 150;
/** How often the member with the most entries is chosen; else any. */
const CHOOSES_WELL = 0.7;

export class Operator {
  readonly #random: Random;
  /** Since when there is no primary, ms. */
  #since: number | undefined;

  constructor(
    readonly cluster: Cluster,
    readonly patienceMs: number,
    readonly untilMs: number,
  ) {
    this.#random = new Random(`${cluster.setup.seed}/operator`);
  }

  begin(): void {
    const { world, setup } = this.cluster;
    world.after(LOOKS_MS, 'the operator looks', () => {
      if (world.now > this.untilMs) return;
      for (let number = 1; number <= setup.clusters; number += 1) this.#look(number);
      this.begin();
    });
  }

  /** Only once in a world: with several lost lines the checkers could not say what may be lost. */
  #hasPromoted(number: number): boolean {
    const { router } = this.cluster;
    const epochs = [router.recordOf(number), router.assignmentOf(number)].map((of) => of?.lastUncleanEpoch);
    return epochs.some((epoch) => (epoch ?? NO_EPOCH) > NO_EPOCH);
  }

  #look(number: number): void {
    const { router, world } = this.cluster;
    if (this.#hasPromoted(number)) return;
    const told = router.assignmentOf(number);
    if (told === undefined || told.available || told.primary === undefined) {
      this.#since = undefined;
      return;
    }
    this.#since ??= world.now;
    if (world.now - this.#since < this.patienceMs) return;
    const chosen = this.#choose(told);
    if (chosen === undefined) return;
    this.#since = undefined;
    world.after(this.#random.exponential(TYPES_MS), 'the operator has typed', () => {
      if (this.#hasPromoted(number)) return;
      world.say('operator', `promotes s${chosen} unclean`);
      // A member that has less than another is refused unless the loss is accepted.
      router.promoteUnclean(number, chosen, this.#random.chance(ACCEPTS_LOSS));
    });
  }

  #choose({ cluster, members }: Assignment): ServerId | undefined {
    const live = members
      // The life of a member that only its supervisor has registered is unknown.
      .filter((member) => member.live && member.lifeId !== '')
      .flatMap((member) =>
        this.cluster.servers.filter((it) => it.cluster === cluster && it.id === member.serverId),
      );
    if (live.length === 0) return undefined;
    const longest = [...live].sort((one, other) => other.disk.durable.last - one.disk.durable.last);
    return (this.#random.chance(CHOOSES_WELL) ? longest[0] : this.#random.pick(live))?.serverId;
  }
}
