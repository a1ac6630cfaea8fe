/** Runs worlds with a mutant until one of them catches it. */
import { machinesWith } from './machines.js';
import type { Mutant } from './mutants.js';
import { setupFrom } from './setup.js';
import { simulate } from './simulation.js';

export interface Hunt {
  /** Worlds that were run. */
  readonly seeds: number;
  readonly caughtBy: { readonly seed: number; readonly invariant: string } | undefined;
  readonly wallMs: number;
}

export async function huntMutant(mutant: Mutant, from: number, most: number): Promise<Hunt> {
  const startedAt = performance.now();
  const machinesFor = machinesWith(mutant.patches);
  for (let seeds = 1; seeds <= most; seeds += 1) {
    const seed = from + seeds - 1;
    const setup = setupFrom(seed, mutant.clusters, mutant.needs, mutant.routers);
    const { violation } = simulate(setup, await machinesFor(setup.limits));
    if (violation !== undefined)
      return {
        seeds,
        caughtBy: { seed, invariant: violation.invariant },
        wallMs: performance.now() - startedAt,
      };
  }
  return { seeds: most, caughtBy: undefined, wallMs: performance.now() - startedAt };
}
