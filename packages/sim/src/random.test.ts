import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from './random.js';

const DRAWS = 20_000;
const draws = <T>(draw: () => T, count = DRAWS): T[] => Array.from({ length: count }, draw);

test('the same seed gives the same numbers, another one others', () => {
  const [one, same, other] = [new Random('7'), new Random('7'), new Random('8')];
  const numbers = draws(() => one.next(), 50);
  assert.deepEqual(
    draws(() => same.next(), 50),
    numbers,
  );
  assert.notDeepEqual(
    draws(() => other.next(), 50),
    numbers,
  );
});

test("a fork draws nothing from its parent, and draws elsewhere don't affect it", () => {
  const plain = new Random('7');
  const forked = new Random('7');
  const fork = forked.fork('disk');
  draws(() => fork.next(), 10);
  assert.equal(forked.next(), plain.next());
  assert.equal(forked.fork('disk').next(), new Random('7').fork('disk').next());
  assert.notEqual(forked.fork('disk').next(), forked.fork('network').next());
});

test('numbers are spread evenly, within their bounds', () => {
  const random = new Random('even');
  const counts = new Map<number, number>();
  for (const value of draws(() => random.between(3, 7))) counts.set(value, (counts.get(value) ?? 0) + 1);
  assert.deepEqual([...counts.keys()].sort(), [3, 4, 5, 6, 7]);
  for (const count of counts.values()) assert.ok(Math.abs(count - DRAWS / 5) < DRAWS / 50, `${count}`);
  const mean = draws(() => random.exponential(10)).reduce((sum, value) => sum + value, 0) / DRAWS;
  assert.ok(Math.abs(mean - 10) < 0.5, `${mean}`);
});

test('shuffling keeps everything', () => {
  const values = [1, 2, 3, 4, 5, 6, 7, 8];
  const shuffled = new Random('shuffle').shuffle(values);
  assert.notDeepEqual(shuffled, values);
  assert.deepEqual([...shuffled].sort(), values);
});
