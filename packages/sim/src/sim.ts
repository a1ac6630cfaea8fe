import { prepareMachines } from './machines.js';
import { playTo } from './play.js';
import { setupFrom } from './setup.js';
import { simulate } from './simulation.js';

export async function main(args: readonly string[]): Promise<number> {
  const machinesFor = await prepareMachines();
  const [from, to] = (args[0] ?? '1..20').split('..').map(Number);
  const trace = args.includes('--trace');
  const all = args.includes('--all');
  let virtual = 0;
  const t0 = performance.now();
  let bad = 0;
  for (let seed = from ?? 1; seed <= (to ?? from ?? 1); seed += 1) {
    const setup = setupFrom(seed);
    const outcome = simulate(setup, machinesFor(setup.limits), trace ? playTo(console.log, all) : undefined);
    virtual += outcome.virtualMs;
    if (outcome.violation || trace) {
      bad += 1;
      console.log(seed, setup.servers, setup.limits, JSON.stringify(outcome).slice(0, 700));
    }
  }
  const wall = performance.now() - t0;
  console.log(
    `bad ${bad}, ${(virtual / 3600_000).toFixed(2)} h in ${(wall / 1000).toFixed(1)} s: ${(virtual / wall).toFixed(0)}x`,
  );
  return bad > 0 ? 1 : 0;
}
