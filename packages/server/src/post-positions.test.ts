import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Position, position } from '@dualping/core';
import fc from 'fast-check';
import { PostPositions } from './post-positions.js';

const user = (posts: readonly number[]) => ({
  name: 'u',
  since: position(1),
  following: [],
  posts: posts.map(position),
});

async function positionsOf(lists: readonly (readonly number[])[], most: number): Promise<number[]> {
  const positions: number[] = [];
  for (const { from, count } of (await PostPositions.of({ users: lists.map(user) })).runs(most)) {
    assert.ok(count >= 1 && count <= most);
    for (let at = 0; at < count; at += 1) positions.push(from + at);
  }
  return positions;
}

/** Close together, at the borders of pieces, and far apart. */
const places = fc.oneof(
  fc.integer({ min: 1, max: 60 }),
  fc.integer({ min: 16_370, max: 16_400 }),
  fc.integer({ min: 32_760, max: 32_775 }),
  fc.integer({ min: 1, max: 2 ** 45 }),
);

test('the positions of all authors come ascending, each once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(places, { maxLength: 200 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 40 }),
      async (all, authors, most) => {
        const lists = Array.from({ length: authors }, (_, author) =>
          all.filter((_, index) => index % authors === author),
        );
        assert.deepEqual(
          await positionsOf(lists, most),
          [...all].sort((one, other) => one - other),
        );
      },
    ),
  );
});

test('a run has at most the given length', async () => {
  const positions = await PostPositions.of({ users: [user([5, 6, 7, 8, 9, 20])] });
  assert.deepEqual([...positions.runs(4)] satisfies { from: Position }[], [
    { from: 5, count: 4 },
    { from: 9, count: 1 },
    { from: 20, count: 1 },
  ]);
});

test('many posts are noted in turns', async () => {
  const posts = Array.from({ length: 400_000 }, (_, at) => at + 1);
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  assert.equal((await positionsOf([posts], 1_000)).length, posts.length);
  isDone = true;
  assert.ok(turns >= 7, `${turns} turns`);
});
