import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArguments, UsageError } from './arguments.js';

const parsed = (line: string) => parseArguments(line.split(' ').filter((part) => part !== ''));

test('one seed, and what is left out of it', () => {
  assert.deepEqual(parsed('--seed 7 --faults 1,4 --clients c1,c3 --storm 900 --trace'), {
    kind: 'one',
    seed: 7,
    trace: 'play',
    clusters: 1,
    routers: 1,
    mutant: undefined,
    reduction: { faults: [1, 4], clients: ['c1', 'c3'], stormMs: 900 },
  });
  const plain = parsed('--seed=7 --faults none --trace=all --mutant x');
  assert.deepEqual(plain, {
    kind: 'one',
    seed: 7,
    trace: 'all',
    clusters: 1,
    routers: 1,
    mutant: 'x',
    reduction: { faults: [], clients: undefined, stormMs: undefined },
  });
});

test('many seeds, random ones, mutants', () => {
  assert.deepEqual(parsed('--seeds 3..9 --jobs 2'), {
    kind: 'many',
    from: 3,
    to: 9,
    jobs: 2,
    clusters: 1,
    routers: 1,
    mutant: undefined,
  });
  assert.deepEqual(parsed('--random 50'), { kind: 'random', count: 50, jobs: 1, clusters: 1, routers: 1 });
  assert.deepEqual(parsed('mutants --most 5'), {
    kind: 'mutants',
    only: undefined,
    most: 5,
    from: undefined,
  });
  assert.equal(parsed('').kind, 'help');
});

test('what can not be is refused with the value quoted', () => {
  for (const [line, said] of [
    ['--seed seven', /--seed is "seven"/],
    ['--seeds 9..3', /--seeds is "9\.\.3"/],
    ['--seeds 1..2 --jobs 0', /--jobs is "0"/],
    ['--seeds 1..2 --jobs 65', /--jobs is "65": give a whole number from 1 to 64/],
    ['--seed 1 --clusters 10', /--clusters is "10"/],
    ['--seed 1 --faults one,two', /--faults is "one,two"/],
    ['--sed 7', /"--sed" is no option/],
    ['--seed', /--seed needs a value/],
    ['--seed 1 --trace=some', /--trace is "some"/],
    ['--trace', /give --seed/],
  ] as const)
    assert.throws(
      () => parsed(line),
      (error: unknown) => error instanceof UsageError && said.test(error.message),
      line,
    );
});

test('scenarios are played, or rewritten', () => {
  assert.deepEqual(parseArguments(['scenarios']), { kind: 'scenarios', rewrites: false });
  assert.deepEqual(parseArguments(['scenarios', '--rewrite']), { kind: 'scenarios', rewrites: true });
  assert.throws(
    () => parseArguments(['scenarios', '--rewrit']),
    new UsageError('scenarios can\'t take "--rewrit"'),
  );
});
