/** Runs worlds with a mutant until one of them catches it. */
import { prepareMachines } from './machines.js';
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
  const machinesFor = await prepareMachines(mutant.patches);
  let seed = from;
  for (let seeds = 1; seeds <= most; seeds += 1, seed += 1) {
    let setup = setupFrom(seed, mutant.clusters);
    while (mutant.needs !== undefined && !setup.faults.some(({ kind }) => kind === mutant.needs)) {
      seed += 1;
      setup = setupFrom(seed, mutant.clusters);
    }
    const { violation } = simulate(setup, machinesFor(setup.limits));
    if (violation !== undefined)
      return {
        seeds,
        caughtBy: { seed, invariant: violation.invariant },
        wallMs: performance.now() - startedAt,
      };
  }
  return { seeds: most, caughtBy: undefined, wallMs: performance.now() - startedAt };
}
