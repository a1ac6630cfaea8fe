import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { ACCIDENTS, type AccidentName, NOT_YET } from './accidents.js';
import { calm, FAULT_AT_MS, firstPrimary, played } from './calm.fixture.js';
import type { Fault } from './faults.js';
import { machinesWith } from './machines.js';
import { Random } from './random.js';
import { setupFrom } from './setup.js';
import type { Machines } from './simulation.js';

const SEEDS = 2_000;

test('every kind that may be drawn is drawn, and none that may not', () => {
  const kinds = new Map<string, number>();
  for (let seed = 1; seed <= SEEDS; seed += 1)
    for (const { kind } of setupFrom(seed).faults) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const random = new Random('kinds');
  const cast = { clusters: [['s1', 's2', 's3']], clients: ['c1'], users: [['u1']] };
  for (const [name, make] of Object.entries(ACCIDENTS)) {
    const { kind } = make(random, cast);
    const isUsual = kind === 'slow-disk' || name === 'trespass';
    if (NOT_YET[name as AccidentName] === undefined && !isUsual) assert.ok((kinds.get(kind) ?? 0) > 0, name);
  }
  for (const kind of ['stranger', 'twin', 'older-disk', 'older-store', 'second-router', 'trespass'])
    if (Object.keys(NOT_YET).some((name) => name.startsWith(kind)))
      assert.equal(kinds.get(kind), undefined, kind);
});

test('a seed keeps its storm, whatever accidents are added to it', () => {
  const storm = setupFrom(7).faults.filter(
    ({ kind }) => !(kind in { isolate: 0, split: 0, 'black-hole': 0 }),
  );
  assert.deepEqual(storm.slice(0, 3), setupFrom(7).faults.slice(0, 3));
});

describe('accidents alone', () => {
  let machines: Machines;
  before(async () => {
    machines = await machinesWith()('production');
  });
  const at = { at: FAULT_AT_MS } as const;

  const run = (faults: (primary: string, standbys: readonly string[]) => readonly Fault[]) =>
    [1, 2, 3].map((seed) => {
      const primary = firstPrimary(seed, machines);
      const standbys = ['s1', 's2', 's3'].filter((name) => name !== primary);
      const { outcome, lines } = played(calm(seed, faults(primary, standbys)), machines);
      assert.equal(outcome.violation, undefined, `seed ${seed}: ${JSON.stringify(outcome.violation)}`);
      return { outcome, lines, primary };
    });

  test('the cluster goes on without a server that is lost permanently, primary or not', () => {
    const runs = run((primary) => [{ ...at, kind: 'lose-server', process: primary, forMs: 5_000 }]);
    for (const { outcome, lines, primary } of runs) {
      assert.equal(outcome.epochs, 2);
      assert.ok(lines.some(({ who, text }) => who === primary && text === 'is lost for good'));
    }
  });

  test('two standbys that are cut off from each other notice nothing', () => {
    const runs = run((_, [one = '']) => [
      { ...at, kind: 'split', aside: [one], lose: false, oneWay: true, forMs: 200 },
    ]);
    for (const { outcome } of runs) assert.equal(outcome.epochs, 1);
  });

  test('a link on which packets vanish for longer than any patience', () => {
    run((primary) => [{ ...at, kind: 'black-hole', from: primary, to: 'router', forMs: 6_000 }]);
  });
});
