/** A small, quiet world with given faults, to see the consequences of one fault alone. */
import type { Fault } from './faults.js';
import type { MachinesFor } from './machines.js';
import type { Setup } from './setup.js';
import { type Outcome, simulate } from './simulation.js';

export const TIMING = { pingIntervalMs: 100, deadAfterMs: 500, reattachGraceMs: 2_000 } as const;
/** When the fault comes: all servers have been in sync for long. */
export const FAULT_AT_MS = 3_000;

export function calm(seed: number, faults: readonly Fault[]): Setup {
  return {
    seed,
    limits: 'production',
    clusters: 1,
    servers: 3,
    clients: [1, 2, 3].map((no) => ({ name: `c${no}`, user: `u${no}`, history: 20, pauseMs: 40 })),
    routers: ['router'],
    timing: TIMING,
    network: { leastMs: 0.1, meanMs: 0.2, hiccupChance: 0, hiccupMs: 0 },
    serverSyncMs: 0.3,
    routerSyncMs: 0.5,
    stormMs: 9_000,
    faults,
    ambush: undefined,
    keyholders: false,
    churn: false,
    operatorPatienceMs: undefined,
    orders: false,
  };
}

export interface Line {
  readonly atMs: number;
  readonly who: string;
  readonly text: string;
}

export function played(setup: Setup, machinesFor: MachinesFor): { outcome: Outcome; lines: Line[] } {
  const lines: Line[] = [];
  const sink = { line: (atMs: number, who: string, text: string) => lines.push({ atMs, who, text }) };
  return { outcome: simulate(setup, machinesFor(setup.limits), sink), lines };
}

/** Who is primary of the first epoch, by name. */
export function firstPrimary(seed: number, machinesFor: MachinesFor): string {
  const { lines } = played(calm(seed, []), machinesFor);
  const found = lines.find(({ text }) => text.startsWith('primary of epoch 1'));
  if (found === undefined) throw new Error(`nobody became primary with seed ${seed}`);
  return found.who;
}
