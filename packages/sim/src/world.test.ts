import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from './random.js';
import { Trace } from './trace.js';
import { World } from './world.js';

function runAll(world: World): void {
  while (world.step(1_000));
}

test('events happen in the order of their time, and at equal times in the order in which they were scheduled', () => {
  const world = new World(new Trace());
  const random = new Random('order');
  const planned = Array.from({ length: 500 }, (_, asked) => ({ at: random.below(50), asked }));
  const happened: typeof planned = [];
  for (const plan of planned) world.at(plan.at, 'plan', () => happened.push(plan));
  runAll(world);
  assert.deepEqual(
    happened,
    [...planned].sort((one, other) => one.at - other.at || one.asked - other.asked),
  );
  assert.equal(world.now, 1_000);
});

test('a cancelled event does not happen, and no event happens before now', () => {
  const world = new World(new Trace());
  const happened: string[] = [];
  const off = world.after(5, 'off', () => happened.push('off'));
  world.after(3, 'on', () => {
    happened.push(`on at ${world.now}`);
    world.at(1, 'late', () => happened.push(`late at ${world.now}`));
    world.cancel(off);
  });
  runAll(world);
  assert.deepEqual(happened, ['on at 3', 'late at 3']);
});

test('the hash of a trace depends on its order, times and texts', () => {
  const hashOf = (...lines: readonly (readonly [number, string])[]): string => {
    const trace = new Trace();
    for (const [at, text] of lines) trace.line(at, 's1', text);
    return trace.hash;
  };
  const hash = hashOf([1, 'a'], [2, 'b']);
  assert.match(hash, /^[0-9a-f]{16}$/);
  assert.equal(hash, hashOf([1, 'a'], [2, 'b']));
  const others = [hashOf([1, 'b'], [2, 'a']), hashOf([1, 'a'], [2.001, 'b']), hashOf([1, 'a'])];
  assert.ok(!others.includes(hash));
});
