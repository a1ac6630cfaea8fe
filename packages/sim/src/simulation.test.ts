import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { machinesWith } from './machines.js';
import { mutantNamed } from './mutants.js';
import { reduced } from './reduction.js';
import { type Setup, setupFrom } from './setup.js';
import { shrink } from './shrink.js';
import { type Machines, type Outcome, simulate } from './simulation.js';

/** The same in every run of the tests. */
const FIXED_SEEDS = 60;
/** Others in every run of the tests. */
const RANDOM_SEEDS = 40;
const LARGEST_SEED = 1_000_000_000;
/** Each of these found a bug once, in the machines or in the checkers; its commit says which. */
const KEPT_SEEDS = [
  500_532, 505_380, 712_252, 2_000_027, 3_007_287, 8_503_231, 9_004_537, 9_302_041, 9_801_755, 9_832_004,
  9_860_153, 9_903_792, 9_904_534, 9_906_192, 9_920_912, 9_929_041, 9_971_040, 9_972_089, 10_002_120,
  432_211_982,
];
/**
 * Worlds of several clusters, in every run of the tests; and those that broke something once, with their
 * number of clusters.
 */
const CLUSTER_SEEDS = 12;
const KEPT_CLUSTER_SEEDS: readonly (readonly [seed: number, clusters: number])[] = [
  [1_101, 2],
  [1_320, 2],
  [2_013, 3],
  [9_661_476, 2],
  [9_950_387, 2],
];

/** Worlds of three routers on the model of etcd, in every run of the tests. */
const ROUTER_SEEDS = 4;
const ROUTERS = 3;
/** Those that broke something once. */
const KEPT_ROUTER_SEEDS = [8_821_408, 8_850_374, 8_851_719];

const brokenText = (seed: number, { violation }: Outcome, clusters = 1, routers = 1): string =>
  `${violation?.invariant}: ${violation?.facts}\n` +
  `replay: npm run sim -- --seed ${seed} --clusters ${clusters} --routers ${routers} --trace`;

describe('worlds', () => {
  const machinesFor = machinesWith();
  const run = async (setup: Setup): Promise<Outcome> => simulate(setup, await machinesFor(setup.limits));

  /** Of the fixed seeds, each run once. */
  const outcomes = new Map<number, Outcome>();
  const outcomeOf = async (seed: number): Promise<Outcome> => {
    const outcome = outcomes.get(seed) ?? (await run(setupFrom(seed)));
    outcomes.set(seed, outcome);
    return outcome;
  };

  test('the same seed gives the same trace, looked at or not', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const setup = setupFrom(seed);
      let lines = 0;
      const watched = simulate(setup, await machinesFor(setup.limits), {
        line: () => {
          lines += 1;
        },
      });
      assert.deepEqual(await outcomeOf(seed), watched, `seed ${seed}`);
      assert.ok(lines > 10);
    }
  });

  test('different seeds give different traces', async () => {
    const hashes = new Set<string>();
    for (let seed = 1; seed <= FIXED_SEEDS; seed += 1) hashes.add((await outcomeOf(seed)).hash);
    assert.equal(hashes.size, FIXED_SEEDS);
  });

  test(`${FIXED_SEEDS} fixed seeds`, async () => {
    for (let seed = 1; seed <= FIXED_SEEDS; seed += 1) {
      const outcome = await outcomeOf(seed);
      assert.equal(outcome.violation, undefined, brokenText(seed, outcome));
    }
  });

  test('seeds that broke something once', async () => {
    for (const seed of KEPT_SEEDS) {
      const outcome = await run(setupFrom(seed));
      assert.equal(outcome.violation, undefined, brokenText(seed, outcome));
    }
  });

  test(`${CLUSTER_SEEDS} fixed seeds and as many random ones, of several clusters`, async (t) => {
    const from = Math.floor(Math.random() * LARGEST_SEED);
    t.diagnostic(`seeds ${from}..${from + CLUSTER_SEEDS - 1}`);
    for (let no = 0; no < CLUSTER_SEEDS; no += 1)
      for (const seed of [1 + no, from + no]) {
        const clusters = 2 + (seed % 2);
        const outcome = await run(setupFrom(seed, clusters));
        assert.equal(outcome.violation, undefined, brokenText(seed, outcome, clusters));
      }
  });

  test('seeds of several clusters that broke something once', async () => {
    for (const [seed, clusters] of KEPT_CLUSTER_SEEDS) {
      const outcome = await run(setupFrom(seed, clusters));
      assert.equal(outcome.violation, undefined, brokenText(seed, outcome, clusters));
    }
  });

  test(`${ROUTER_SEEDS} fixed seeds and as many random ones, of ${ROUTERS} routers`, async (t) => {
    const from = Math.floor(Math.random() * LARGEST_SEED);
    t.diagnostic(`seeds ${from}..${from + ROUTER_SEEDS - 1}`);
    const faults = new Set<string>();
    let terms = 0;
    for (let no = 0; no < ROUTER_SEEDS; no += 1)
      for (const seed of [1 + no, from + no]) {
        const clusters = seed % 4 === 0 ? 2 : 1;
        const setup = setupFrom(seed, clusters, undefined, ROUTERS);
        const outcome = simulate(setup, await machinesFor(setup.limits), {
          line: (_at, who, text) => {
            if (who.startsWith('router-') && text.startsWith('leads: ')) terms += 1;
          },
        });
        assert.equal(outcome.violation, undefined, brokenText(seed, outcome, clusters, ROUTERS));
        for (const { kind } of setup.faults) faults.add(kind);
      }
    assert.ok(terms > 2 * ROUTER_SEEDS, `another router led ${terms} times in ${2 * ROUTER_SEEDS} worlds`);
    for (const kind of ['store-away', 'store-cut', 'router-cut'])
      assert.ok(faults.has(kind), `no world has ${kind}`);
  });

  test(`seeds of ${ROUTERS} routers that broke something once`, async () => {
    for (const seed of KEPT_ROUTER_SEEDS) {
      const setup = setupFrom(seed, 1, undefined, ROUTERS);
      const outcome = simulate(setup, await machinesFor(setup.limits));
      assert.equal(outcome.violation, undefined, brokenText(seed, outcome, 1, ROUTERS));
    }
  });

  test(`${RANDOM_SEEDS} random seeds`, async (t) => {
    const from = Math.floor(Math.random() * LARGEST_SEED);
    t.diagnostic(`seeds ${from}..${from + RANDOM_SEEDS - 1}`);
    for (let seed = from; seed < from + RANDOM_SEEDS; seed += 1) {
      const outcome = await run(setupFrom(seed));
      assert.equal(outcome.violation, undefined, brokenText(seed, outcome));
    }
  });

  test('faults and clients that are left out of a world stay out, also where others would name them', async () => {
    const setup = setupFrom(17);
    const less = reduced(setup, { faults: [0, 1, 2], clients: ['c1'], stormMs: 500 });
    assert.deepEqual(
      less.clients.map(({ name }) => name),
      ['c1'],
    );
    assert.ok(less.faults.length <= 3);
    assert.ok(less.faults.every((fault) => !Object.values(fault).includes('c2')));
    assert.equal(less.stormMs, 500);
    assert.equal((await run(less)).violation, undefined);
  });
});

test('a schedule that fails is shrunk to one that fails in the same way, and no part of it is idle', async () => {
  const machinesFor = machinesWith(mutantNamed('forgets-to-truncate').patches);
  let seed = 0;
  let failed: Outcome;
  let machines: Machines;
  do {
    seed += 1;
    machines = await machinesFor(setupFrom(seed).limits);
    failed = simulate(setupFrom(seed), machines);
  } while (failed.violation === undefined || setupFrom(seed).faults.length < 10);
  const setup = setupFrom(seed);
  const run = (smaller: Setup): Outcome => simulate(smaller, machines);
  const { reduction, setup: short, outcome } = shrink(setup, failed, run);
  assert.equal(outcome.violation?.invariant, failed.violation.invariant);
  assert.ok(
    short.faults.length < setup.faults.length / 2,
    `${short.faults.length} of ${setup.faults.length}`,
  );
  assert.deepEqual(run(reduced(setupFrom(seed), reduction)), outcome);
});
