import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from './random.js';
import { Trace } from './trace.js';
import { World } from './world.js';

function runAll(world: World): void {
  while (world.step(1_000));
}

test('things happen in the order of their time, and of their asking when it is the same', () => {
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

test('what was called off does not happen, and nothing happens before now', () => {
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

test('the hash of a trace tells the order, the times and the words apart', () => {
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
