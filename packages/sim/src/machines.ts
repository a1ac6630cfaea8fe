/** The cores that worlds are run with: the real one and its copy with small limits, or a mutant of either. */
import * as production from '@dualping/core';
import { buildCore, type Patch, SMALL_LIMITS } from './core-build.js';
import type { Setup } from './setup.js';
import type { Machines } from './simulation.js';

export type MachinesFor = (limits: Setup['limits']) => Machines;

let small: Promise<typeof production> | undefined;

/** @param mutation deliberate bugs in what is tested; the reference has none */
export async function prepareMachines(mutation: readonly Patch[] = []): Promise<MachinesFor> {
  small ??= buildCore(SMALL_LIMITS);
  const references = { production, small: await small };
  const cores =
    mutation.length === 0
      ? references
      : {
          production: await buildCore(mutation),
          small: await buildCore([...SMALL_LIMITS, ...mutation]),
        };
  return (limits) => ({ core: cores[limits], reference: references[limits] });
}
