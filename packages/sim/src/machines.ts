/** The cores that worlds are run with: the real one and its copy with small limits, or a mutant of either. */
import * as production from '@dualping/core';
import { buildCore, type Patch, SMALL_LIMITS, THREE_SESSIONS } from './core-build.js';
import type { Setup } from './setup.js';
import type { Machines } from './simulation.js';

export type MachinesFor = (limits: Setup['limits']) => Machines;

type Cores = Readonly<Record<Setup['limits'], typeof production>>;

const coresWith = async (mutation: readonly Patch[]): Promise<Cores> => ({
  production: mutation.length === 0 ? production : await buildCore(mutation),
  small: await buildCore([...SMALL_LIMITS, ...mutation]),
  'three-sessions': await buildCore([...THREE_SESSIONS, ...mutation]),
});

let unchanged: Promise<Cores> | undefined;

/** @param mutation deliberate bugs in what is tested; the reference has none */
export async function prepareMachines(mutation: readonly Patch[] = []): Promise<MachinesFor> {
  unchanged ??= coresWith([]);
  const references = await unchanged;
  const cores = mutation.length === 0 ? references : await coresWith(mutation);
  return (limits) => ({ core: cores[limits], reference: references[limits] });
}
