/** The builds that worlds run with: the real one and its copies with small limits, or a mutant of each. */
import * as core from '@dualping/core';
import * as runtime from '@dualping/runtime';
import { build, type Patch, SMALL_LIMITS, THREE_SESSIONS } from './build.js';
import type { Build } from './core.js';
import type { Setup } from './setup.js';
import type { Machines } from './simulation.js';

export type MachinesFor = (limits: Setup['limits']) => Machines;

type Builds = Readonly<Record<Setup['limits'], Build>>;

const PRODUCTION: Build = { core, runtime };

const buildsWith = async (mutation: readonly Patch[]): Promise<Builds> => ({
  production: mutation.length === 0 ? PRODUCTION : await build(mutation),
  small: await build([...SMALL_LIMITS, ...mutation]),
  'three-sessions': await build([...THREE_SESSIONS, ...mutation]),
});

let unchanged: Promise<Builds> | undefined;

/** @param mutation deliberate bugs in what is tested; the reference has none */
export async function prepareMachines(mutation: readonly Patch[] = []): Promise<MachinesFor> {
  unchanged ??= buildsWith([]);
  const references = await unchanged;
  const builds = mutation.length === 0 ? references : await buildsWith(mutation);
  return (limits) => ({ ...builds[limits], reference: references[limits].core });
}
