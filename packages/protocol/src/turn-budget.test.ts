import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TURN_BUDGET_MS, TurnBudget } from './turn-budget.js';

/** An event loop by hand: `turn` runs what was asked for until then, each in a callback of its own. */
class Loop {
  nowMs = 0;
  #soon: (() => void)[] = [];
  readonly ports = { now: () => this.nowMs, soon: (act: () => void) => void this.#soon.push(act) };

  turn(
    failed = (error: unknown): void => {
      throw error;
    },
  ): void {
    for (const act of this.#soon.splice(0))
      try {
        act();
      } catch (error) {
        failed(error);
      }
  }

  get isIdle(): boolean {
    return this.#soon.length === 0;
  }
}

const PIECE_MS = 3;
const PIECES_AT_ONCE = Math.ceil(TURN_BUDGET_MS / PIECE_MS);

test('what fits into a turn is done at once, and the rest in order, a budget at a time', () => {
  const loop = new Loop();
  const budget = new TurnBudget(1_000, loop.ports);
  const done: number[] = [];
  for (let i = 0; i < 100; i += 1)
    budget.begin(() => {
      done.push(i);
      loop.nowMs += PIECE_MS;
    });
  assert.equal(done.length, PIECES_AT_ONCE);
  while (!loop.isIdle) {
    const before = done.length;
    loop.turn();
    assert.ok(done.length - before <= PIECES_AT_ONCE, `${done.length - before} pieces in one turn`);
  }
  assert.deepEqual(
    done,
    Array.from({ length: 100 }, (_, i) => i),
  );
});

test('what a piece leaves to the next tick counts too', async () => {
  let nowMs = 0;
  let done = 0;
  const budget = new TurnBudget(1_000, { now: () => nowMs, soon: (act) => void setImmediate(act) });
  budget.begin(() => {
    nowMs += TURN_BUDGET_MS;
  });
  const seen: number[] = [];
  for (let i = 0; i < 50; i += 1)
    budget.begin(() =>
      process.nextTick(() => {
        nowMs += TURN_BUDGET_MS;
        done += 1;
      }),
    );
  while (done < 50) {
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(done);
  }
  for (const [i, count] of seen.entries()) assert.ok(count - (seen[i - 1] ?? 0) <= 1, seen.join(' '));
});

test('work that has begun goes on before new work, and is never too much', () => {
  const loop = new Loop();
  const budget = new TurnBudget(2, loop.ports);
  const done: string[] = [];
  const piece = (name: string) => () => {
    done.push(name);
    loop.nowMs += TURN_BUDGET_MS;
  };
  assert.ok(budget.begin(piece('first')));
  assert.ok(budget.begin(piece('second')));
  assert.ok(budget.begin(piece('third')));
  assert.equal(budget.begin(piece('too much')), false);
  budget.goOn(piece('rest of the first'));
  while (!loop.isIdle) loop.turn();
  assert.deepEqual(done, ['first', 'rest of the first', 'second', 'third']);
  assert.ok(budget.begin(piece('later')), 'there is room again');
  assert.equal(done.at(-1), 'later');
});

test('a piece that throws does not hold up the others', () => {
  const loop = new Loop();
  const budget = new TurnBudget(10, loop.ports);
  const done: string[] = [];
  budget.begin(() => {
    loop.nowMs += TURN_BUDGET_MS;
  });
  budget.begin(() => {
    throw new Error('a bug');
  });
  budget.begin(() => done.push('the other'));
  const errors: unknown[] = [];
  while (!loop.isIdle) loop.turn((error) => errors.push(error));
  assert.match(errors.join(), /a bug/);
  assert.deepEqual(done, ['the other']);
});
