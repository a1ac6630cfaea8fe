import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantBroken, type Machine, type Tick } from '@dualping/core';
import { MachineLoop } from './machine-loop.js';
import { ManualClock } from './manual-clock.fixture.js';

type Said = { readonly kind: 'say'; readonly words: readonly string[] };

/** Gives the words of each input as outputs, and `tick` at each tick. The test sets its deadline. */
class Parrot implements Machine<Said, string> {
  deadline: number | undefined;
  error: Error | undefined;
  readonly steps: string[] = [];

  step(now: number, input: Said | Tick): string[] {
    if (this.error !== undefined) throw this.error;
    this.steps.push(`${input.kind} at ${now}`);
    if (input.kind === 'say') return [...input.words];
    this.deadline = undefined;
    return ['tick'];
  }

  nextDeadline(): number | undefined {
    return this.deadline;
  }
}

const say = (...words: string[]): Said => ({ kind: 'say', words });

/** A loop that notes what it performs; `on` gives more effects of a word. */
function parrotLoop(on: Readonly<Record<string, () => void>> = {}) {
  const clock = new ManualClock();
  const parrot = new Parrot();
  const heard: string[] = [];
  const failures: unknown[] = [];
  const loop = new MachineLoop(parrot, {
    clock,
    perform: (word) => {
      heard.push(word);
      on[word]?.();
    },
    performed: (input, outputs) => heard.push(`(${input.kind}: ${outputs.length})`),
    failed: (error) => failures.push(error),
  });
  return { clock, parrot, heard, failures, loop };
}

test('outputs are performed in order, and then `performed` is called', () => {
  const { loop, heard } = parrotLoop();
  loop.feed(say('a', 'b'));
  loop.feed(say('c'));
  assert.deepEqual(heard, ['a', 'b', '(say: 2)', 'c', '(say: 1)']);
});

test('inputs fed while outputs are performed wait for the remaining outputs', () => {
  const { loop, heard } = parrotLoop({
    a: () => {
      loop.feed(say('x'));
      loop.feed(say('y'));
    },
    x: () => loop.feed(say('z')),
  });
  loop.feed(say('a', 'b'));
  assert.deepEqual(
    heard.filter((word) => !word.startsWith('(')),
    ['a', 'b', 'x', 'y', 'z'],
  );
});

test('inputs that wait are taken in order, and within a step all work is done at once', () => {
  const { loop, heard } = parrotLoop({ b: () => loop.run(() => heard.push('within')) });
  loop.run(() => {
    loop.feed(say('a'));
    heard.push('work');
    loop.feed(say('b', 'c'));
  });
  assert.deepEqual(heard, ['work', 'a', '(say: 1)', 'b', 'within', 'c', '(say: 2)']);
});

test('a port that throws ends the loop, and nothing after it is performed', () => {
  const broken = new Error('no port');
  const { loop, clock, parrot, heard, failures } = parrotLoop({
    a: () => loop.feed(say('never')),
    b: () => {
      throw broken;
    },
  });
  parrot.deadline = 5;
  loop.feed(say('a', 'b', 'c'));
  loop.feed(say('d'));
  loop.run(() => heard.push('work'));
  clock.advanceTo(10);
  assert.deepEqual(heard, ['a', 'b']);
  assert.deepEqual(failures, [broken]);
});

for (const error of [new InvariantBroken('epoch-only-rises', { epoch: 1 }), new TypeError('a mistake')])
  test(`a machine that throws ${error.name} ends the loop`, () => {
    const { loop, clock, parrot, heard, failures } = parrotLoop();
    parrot.deadline = 5;
    loop.feed(say('a'));
    parrot.error = error;
    clock.advanceTo(5);
    parrot.error = undefined;
    loop.feed(say('b'));
    assert.deepEqual(heard, ['a', '(say: 1)']);
    assert.deepEqual(failures, [error]);
    assert.deepEqual(clock.timers, []);
  });

test('without a port for failures they are thrown to the caller of `feed`', () => {
  const parrot = new Parrot();
  parrot.error = new Error('a mistake');
  const loop = new MachineLoop(parrot, { clock: new ManualClock(), perform: () => {} });
  assert.throws(() => loop.feed(say('a')), parrot.error);
  parrot.error = undefined;
  loop.feed(say('b'));
  assert.deepEqual(parrot.steps, []);
});

test('a loop that is stopped while it performs does not perform the rest', () => {
  const { loop, clock, parrot, heard } = parrotLoop({
    a: () => loop.feed(say('never')),
    b: () => loop.stop(),
  });
  parrot.deadline = 5;
  loop.feed(say('a', 'b', 'c'));
  loop.run(() => heard.push('work'));
  clock.advanceTo(10);
  assert.deepEqual(heard, ['a', 'b']);
});

test('a closed loop takes no more inputs, and performs the earlier outputs', () => {
  const { loop, clock, parrot, heard } = parrotLoop({
    a: () => loop.feed(say('never')),
    b: () => loop.close(),
  });
  parrot.deadline = 5;
  loop.feed(say('a', 'b', 'c'));
  loop.feed(say('never'));
  loop.run(() => heard.push('work'));
  clock.advanceTo(10);
  assert.deepEqual(heard, ['a', 'b', 'c', '(say: 3)', 'work']);
  assert.deepEqual(clock.timers, []);
});

test('it ticks at the deadline', () => {
  const { loop, clock, parrot } = parrotLoop();
  parrot.deadline = 5;
  loop.feed(say());
  clock.advanceTo(10);
  assert.deepEqual(parrot.steps, ['say at 0', 'tick at 5']);
  assert.deepEqual(clock.timers, []);
});

test('a later deadline leaves the timer, which is set again when it fires', () => {
  const { loop, clock, parrot } = parrotLoop();
  for (let deadline = 5; deadline <= 9; deadline += 1) {
    parrot.deadline = deadline;
    loop.feed(say());
  }
  assert.deepEqual(clock.timers, [5]);
  clock.advanceTo(7);
  assert.deepEqual(clock.timers, [9]);
  assert.equal(clock.set, 2);
  clock.advanceTo(10);
  assert.equal(parrot.steps.at(-1), 'tick at 9');
});

test('an earlier deadline sets the timer again, unless the difference is small', () => {
  const { loop, clock, parrot } = parrotLoop();
  for (const deadline of [9, 5, 4.5]) {
    parrot.deadline = deadline;
    loop.feed(say());
  }
  assert.deepEqual(clock.timers, [5]);
  assert.equal(clock.set, 2);
  clock.advanceTo(10);
  assert.equal(parrot.steps.at(-1), 'tick at 5');
});

test('without a deadline the timer is cancelled', () => {
  const { loop, clock, parrot } = parrotLoop();
  parrot.deadline = 5;
  loop.feed(say());
  parrot.deadline = undefined;
  loop.feed(say());
  assert.deepEqual(clock.timers, []);
});

test('a timer that fires early is set again, without a tick', () => {
  const { loop, clock, parrot } = parrotLoop();
  parrot.deadline = 2 ** 40;
  loop.feed(say());
  clock.advanceTo(100);
  clock.fireEarly();
  assert.deepEqual(clock.timers, [2 ** 40]);
  assert.deepEqual(parrot.steps, ['say at 0']);
});

test('a deadline in the past ticks in a turn of its own', () => {
  const { loop, clock, parrot } = parrotLoop();
  clock.advanceTo(10);
  parrot.deadline = 5;
  loop.feed(say());
  assert.deepEqual(parrot.steps, ['say at 10']);
  clock.advanceTo(10);
  assert.deepEqual(parrot.steps, ['say at 10', 'tick at 10']);
});
