import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { position } from '../index.js';
import { type EdgeChange, EdgeNews } from './edge-news.js';

const name = fc.constantFrom('ann', 'amy', 'abe');
const changes = fc
  .array(
    fc.record({ user: name, target: name, follows: fc.boolean(), gap: fc.integer({ min: 1, max: 3 }) }),
    {
      maxLength: 400,
      size: 'max',
    },
  )
  .map((drawn) => {
    let at = 0;
    return drawn.map(({ gap, ...change }): EdgeChange => {
      at += gap;
      return { ...change, position: position(at) };
    });
  });

test('after any position each pair has its present state, at the position of its last change', () => {
  fc.assert(
    fc.property(changes, fc.nat(1_200), (all, after) => {
      const news = new EdgeNews();
      for (const change of all) news.changed(change);
      const isLast = (change: EdgeChange, index: number): boolean =>
        !all.slice(index + 1).some(({ user, target }) => user === change.user && target === change.target);
      const expected = all.filter((change, index) => change.position > after && isLast(change, index));
      assert.deepEqual([...news.after(position(after))], expected);
      for (const change of expected) assert.deepEqual(news.at(change.position), change);
      assert.equal(news.at(position((all.at(-1)?.position ?? 0) + 1)), undefined);
    }),
    { numRuns: 200 },
  );
});
