/** Runs every n-th seed of a range in a thread of its own, and reports each result. */
import { parentPort, workerData } from 'node:worker_threads';
import { machinesWith } from './machines.js';
import { mutantNamed } from './mutants.js';
import { setupFrom } from './setup.js';
import { type Outcome, simulate } from './simulation.js';

export interface WorkerTask {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly clusters: number;
  readonly routers: number;
  readonly mutant: string | undefined;
  /** One of so many seeds is run twice, and both runs must be equal. */
  readonly twiceEvery: number;
}

export interface SeedReport {
  readonly seed: number;
  readonly outcome: Outcome;
}

/** Two runs of one seed differed. */
const NOT_DETERMINISTIC = 'same-seed-same-trace';

const { from, to, step, clusters, routers, mutant, twiceEvery } = workerData as WorkerTask;
const machinesFor = machinesWith(mutant === undefined ? [] : mutantNamed(mutant).patches);
for (let seed = from; seed <= to; seed += step) {
  const setup = setupFrom(seed, clusters, undefined, routers);
  const machines = await machinesFor(setup.limits);
  let outcome = simulate(setup, machines);
  if (seed % twiceEvery === 0 && outcome.violation === undefined) {
    const again = simulate(setupFrom(seed, clusters, undefined, routers), machines);
    if (again.hash !== outcome.hash)
      outcome = {
        ...again,
        violation: { invariant: NOT_DETERMINISTIC, facts: `${outcome.hash} and ${again.hash}`, atMs: 0 },
      };
  }
  const report: SeedReport = { seed, outcome };
  parentPort?.postMessage(report);
}
