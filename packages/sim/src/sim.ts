/** The command: replays one world, runs many, or shows that deliberate bugs are caught. */
import { writeFileSync } from 'node:fs';
import { type Command, parseArguments, USAGE, UsageError } from './arguments.js';
import { runCampaign } from './campaign.js';
import { faultText } from './faults.js';
import { machinesWith } from './machines.js';
import { huntMutant } from './mutant-hunt.js';
import { MUTANTS, mutantNamed } from './mutants.js';
import { playTo } from './play.js';
import { reduced, reductionText } from './reduction.js';
import { readScenarios } from './scenario/files.js';
import { type Setup, setupFrom } from './setup.js';
import { type Shrunk, shrink } from './shrink.js';
import { type Machines, type Outcome, simulate } from './simulation.js';

type CommandOf<Kind extends Command['kind']> = Extract<Command, { kind: Kind }>;

/** Random seeds are below this, so that they can be typed. */
const RANDOM_SEEDS = 1_000_000_000;

const say = (line: string): void => console.log(line);

/** @returns the exit code */
export async function main(given: readonly string[]): Promise<number> {
  let command: Command;
  try {
    command = parseArguments(given);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n${USAGE}`);
    return 2;
  }
  switch (command.kind) {
    case 'help':
      say(USAGE);
      return 2;
    case 'one':
      return runOne(command);
    case 'many':
      return runMany(command);
    case 'random': {
      const from = Math.floor(Math.random() * RANDOM_SEEDS);
      const to = from + command.count - 1;
      say(`seeds ${from}..${to}`);
      return runMany({ ...command, kind: 'many', from, to, mutant: undefined });
    }
    case 'mutants':
      return runMutants(command);
    case 'scenarios':
      return runScenarios(command);
  }
}

async function runOne({
  seed,
  clusters,
  routers,
  trace,
  mutant,
  reduction,
}: CommandOf<'one'>): Promise<number> {
  const setup = reduced(setupFrom(seed, clusters, undefined, routers), reduction);
  if (trace !== 'none') say(setupText(setup));
  const sink = trace === 'none' ? undefined : playTo(say, trace === 'all');
  const outcome = simulate(setup, await machinesFor(setup, mutant), sink);
  say(outcomeText(seed, outcome));
  return outcome.violation === undefined ? 0 : 1;
}

async function runMany({ from, to, jobs, clusters, routers, mutant }: CommandOf<'many'>): Promise<number> {
  const { totals, wallMs, failed } = await runCampaign({ from, to, jobs, clusters, routers, mutant }, say);
  say(totals.text(wallMs));
  if (failed === undefined) return 0;
  const { seed, outcome } = failed;
  say(outcomeText(seed, outcome));
  const setup = setupFrom(seed, clusters, undefined, routers);
  const machines = await machinesFor(setup, mutant);
  say('shrinks the schedule …');
  sayShrunk(
    seed,
    shrink(setup, outcome, (smaller) => simulate(smaller, machines)),
    mutant,
  );
  return 1;
}

async function runMutants({ only, most, from }: CommandOf<'mutants'>): Promise<number> {
  let survivors = 0;
  for (const mutant of MUTANTS) {
    if (only !== undefined && mutant.name !== only) continue;
    const { seeds, caughtBy, wallMs } = await huntMutant(mutant, from ?? mutant.from ?? 1, most);
    if (caughtBy === undefined) survivors += 1;
    const verdict =
      caughtBy === undefined
        ? `SURVIVES ${seeds} seeds`
        : `caught by seed ${caughtBy.seed} (the ${seeds}. tried): ${caughtBy.invariant}`;
    say(`${mutant.name.padEnd(44)} ${verdict}, ${(wallMs / 1_000).toFixed(1)} s`);
  }
  return survivors === 0 ? 0 : 1;
}

async function runScenarios({ rewrites }: CommandOf<'scenarios'>): Promise<number> {
  let differing = 0;
  for (const { name, path, about, scenarios } of await readScenarios()) {
    const played = scenarios.map(({ play }) => play());
    const isSame = scenarios.every(({ written }, at) => written === played[at]);
    if (!isSame && rewrites) writeFileSync(path, about + played.join(''));
    else if (!isSame) differing += 1;
    say(`${name.padEnd(32)} ${isSame ? 'as written' : rewrites ? 'rewritten' : 'DIFFERS'}`);
  }
  return differing === 0 ? 0 : 1;
}

/** For this world, and for what remains of it when something is left out. */
const machinesFor = ({ limits }: Setup, mutant: string | undefined): Promise<Machines> =>
  machinesWith(mutant === undefined ? [] : mutantNamed(mutant).patches)(limits);

function sayShrunk(
  seed: number,
  { reduction, setup, outcome, runs }: Shrunk,
  mutant: string | undefined,
): void {
  say(`after ${runs} runs: ${setupText(setup)}`);
  for (const fault of setup.faults) say(`  ${(fault.at / 1_000).toFixed(4)} s ${faultText(fault)}`);
  say(`  ${outcome.violation?.invariant}: ${outcome.violation?.facts}`);
  const withClusters = setup.clusters === 1 ? '' : ` --clusters ${setup.clusters}`;
  const withRouters = setup.routerCount === 1 ? '' : ` --routers ${setup.routerCount}`;
  const withMutant = mutant === undefined ? '' : ` --mutant ${mutant}`;
  say(
    `replay: npm run sim -- --seed ${seed} ${reductionText(reduction)}${withClusters}${withRouters}${withMutant} --trace`,
  );
}

function setupText({
  clusters,
  routerCount,
  servers,
  clients,
  limits,
  timing,
  stormMs,
  faults,
}: Setup): string {
  const { pingIntervalMs, deadAfterMs } = timing;
  return (
    `${routerCount === 1 ? '' : `${routerCount} routers, `}${clusters === 1 ? '' : `${clusters} clusters of `}${servers} servers, ${clients.length} clients, ${limits} limits, ping ${pingIntervalMs} ms, dead after ` +
    `${deadAfterMs} ms, ${faults.length} faults in ${stormMs} ms`
  );
}

function outcomeText(
  seed: number,
  { hash, virtualMs, events, epochs, committed, healedInMs, violation }: Outcome,
): string {
  const what =
    `seed ${seed}: ${(virtualMs / 1_000).toFixed(3)} s, ${events} events, ${epochs} epochs, ${committed} entries, ` +
    `trace ${hash}`;
  return violation === undefined
    ? `${what}, well again in ${healedInMs} ms`
    : `${what}\nBROKEN ${violation.invariant}: ${violation.facts}`;
}
