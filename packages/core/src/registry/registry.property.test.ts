import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { World } from './world.fixture.js';

const SERVERS = 4;
const server = fc.nat(SERVERS - 1);

const action = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('attach' as const), server) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('kill' as const), server) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('cut' as const), server) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('wipe' as const), server) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('freeze' as const), server) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('thaw' as const), server) },
  { weight: 6, arbitrary: fc.tuple(fc.constant('add' as const), server) },
  { weight: 5, arbitrary: fc.tuple(fc.constant('deliver' as const), server) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('remove' as const), server) },
  { weight: 8, arbitrary: fc.tuple(fc.constant('commit' as const)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('handOver' as const), fc.boolean()) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('leave' as const), server) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('reportCrash' as const), server, fc.nat(1)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('pass' as const), fc.integer({ min: 1, max: 2_500 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('restartRouter' as const)) },
);

type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

function perform(world: World, step: Action): void {
  switch (step[0]) {
    case 'handOver':
      return world.handOver(step[1]);
    case 'reportCrash':
      return world.reportCrash(step[1], step[2]);
    case 'restartRouter':
    case 'commit':
      return world[step[0]]();
    default:
      return world[step[0]](step[1]);
  }
}

test('whatever happens, what was committed is at whoever is promoted', () => {
  let commits = 0;
  let epochs = 0;
  fc.assert(
    fc.property(fc.array(action, { minLength: 20, maxLength: 120 }), (steps) => {
      const world = new World(SERVERS);
      for (let at = 0; at < SERVERS; at += 1) world.attach(at);
      world.add(1);
      world.add(2);
      for (const step of steps) perform(world, step);
      commits += world.commits;
      epochs += world.epoch;
    }),
    { numRuns: 400 },
  );
  // The world lives: a model in which nothing is ever committed or promoted would prove nothing.
  assert.ok(commits > 500, `${commits} commits`);
  assert.ok(epochs > 500, `${epochs} epochs`);
});
