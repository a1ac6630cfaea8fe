/** A small, quiet world with given faults, to see the consequences of one fault alone. */
import type { Fault } from './faults.js';
import { CALM, type Setup } from './setup.js';
import { type Machines, type Outcome, simulate } from './simulation.js';

export const TIMING = CALM.timing;
/** When the fault comes: all servers have been in sync for long. */
export const FAULT_AT_MS = 3_000;

/** Its machines have production's limits. */
export function calm(seed: number, faults: readonly Fault[]): Setup {
  return {
    ...CALM,
    seed,
    clients: [1, 2, 3].map((no) => ({ name: `c${no}`, user: `u${no}`, history: 20, pauseMs: 40 })),
    network: { ...CALM.network, meanMs: 0.2 },
    serverSyncMs: 0.3,
    routerSyncMs: 0.5,
    stormMs: 9_000,
    faults,
  };
}

export interface Line {
  readonly atMs: number;
  readonly who: string;
  readonly text: string;
}

export function played(setup: Setup, machines: Machines): { outcome: Outcome; lines: Line[] } {
  const lines: Line[] = [];
  const sink = { line: (atMs: number, who: string, text: string) => lines.push({ atMs, who, text }) };
  return { outcome: simulate(setup, machines, sink), lines };
}

const firstPrimaries = new WeakMap<Machines, Map<number, string>>();

/** Who is primary of the first epoch when the fault comes, by name. */
export function firstPrimary(seed: number, machines: Machines): string {
  const known = firstPrimaries.get(machines) ?? new Map<number, string>();
  firstPrimaries.set(machines, known);
  const name = known.get(seed) ?? firstPrimaryOf({ ...calm(seed, []), stormMs: FAULT_AT_MS }, machines);
  known.set(seed, name);
  return name;
}

function firstPrimaryOf(setup: Setup, machines: Machines): string {
  const { lines } = played(setup, machines);
  const found = lines.find(({ text }) => text.startsWith('primary of epoch 1'));
  if (found === undefined) throw new Error(`no server became primary with seed ${setup.seed}`);
  return found.who;
}
