/**
 * The builds that worlds run with: the real one and its copies with small limits, or a mutant of each. Each
 * is made when a world first needs it: most mutants are caught by a world or two.
 */
import * as core from '@dualping/core';
import * as runtime from '@dualping/runtime';
import { build, type Patch, SMALL_LIMITS, THREE_SESSIONS } from './build.js';
import type { Build } from './core.js';
import type { Setup } from './setup.js';
import type { Machines } from './simulation.js';

/** Rejects when a change does not fit the code. */
export type MachinesFor = (limits: Setup['limits']) => Promise<Machines>;

type BuildFor = (limits: Setup['limits']) => Promise<Build>;

const LIMITS: Readonly<Record<Setup['limits'], readonly Patch[]>> = {
  production: [],
  small: SMALL_LIMITS,
  'three-sessions': THREE_SESSIONS,
};

function buildsWith(mutation: readonly Patch[]): BuildFor {
  const made = new Map<Setup['limits'], Promise<Build>>();
  const make = (patches: readonly Patch[]): Promise<Build> =>
    patches.length === 0 ? Promise.resolve({ core, runtime }) : build(patches);
  return (limits) => {
    const one = made.get(limits) ?? make([...LIMITS[limits], ...mutation]);
    made.set(limits, one);
    return one;
  };
}

const unchanged = buildsWith([]);

/** @param mutation deliberate bugs in what is tested; the reference has none */
export function machinesWith(mutation: readonly Patch[] = []): MachinesFor {
  const builds = mutation.length === 0 ? unchanged : buildsWith(mutation);
  return async (limits) => ({ ...(await builds(limits)), reference: (await unchanged(limits)).core });
}
