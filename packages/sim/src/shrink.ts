/**
 * Finds a short schedule that fails in the same way: leaves out faults, then clients, then time, as long as
 * the same invariant is broken. After Zeller and Hildebrandt's ddmin (2002), with the halves first.
 */
import { NOTHING_LEFT_OUT, type Reduction, reduced } from './reduction.js';
import type { Setup } from './setup.js';
import type { Outcome } from './simulation.js';

/** Most runs of one shrinking: some tens of seconds. */
const MAX_RUNS = 250;
/** A storm may end this long after the violation, ms. */
const SPARE_MS = 10;

export interface Shrunk {
  readonly reduction: Reduction;
  readonly setup: Setup;
  readonly outcome: Outcome;
  readonly runs: number;
}

export function shrink(setup: Setup, failed: Outcome, run: (setup: Setup) => Outcome): Shrunk {
  const invariant = failed.violation?.invariant;
  let best: Omit<Shrunk, 'runs'> = { reduction: NOTHING_LEFT_OUT, setup, outcome: failed };
  let runs = 0;
  const tries = (change: Partial<Reduction>): boolean => {
    if (runs >= MAX_RUNS) return false;
    runs += 1;
    const reduction = { ...best.reduction, ...change };
    const smaller = reduced(setup, reduction);
    const outcome = run(smaller);
    if (outcome.violation?.invariant !== invariant) return false;
    best = { reduction, setup: smaller, outcome };
    return true;
  };

  const atMs = failed.violation?.atMs ?? setup.stormMs;
  if (atMs < setup.stormMs) tries({ stormMs: Math.ceil(atMs + SPARE_MS) });
  const early = [...setup.faults.keys()].filter((at) => (setup.faults[at]?.at ?? 0) <= atMs);
  tries({ faults: early });
  const faults = (): readonly number[] => best.reduction.faults ?? [...setup.faults.keys()];
  for (let size = Math.ceil(faults().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < faults().length; ) {
      const rest = [...faults().slice(0, from), ...faults().slice(from + size)];
      if (!tries({ faults: rest })) from += size;
    }
  }
  for (const { name } of setup.clients) {
    const rest = best.setup.clients.map((client) => client.name).filter((other) => other !== name);
    if (rest.length > 0) tries({ clients: rest });
  }
  for (let ms = best.setup.stormMs / 2; ms >= 100; ms /= 2) if (!tries({ stormMs: Math.ceil(ms) })) break;
  return { ...best, runs };
}
