import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_TIMING, signsOfLife } from '../index.js';
import { ReaderSigns } from './reader-signs.js';

const SIGNS = { intervalMs: 500, deadAfterMs: 1_250 } as const;

test('an interval is five pings, longer with thousands of readers, and silence never shorter than dead_after', () => {
  assert.deepEqual(signsOfLife(DEFAULT_TIMING, 1), SIGNS);
  assert.deepEqual(signsOfLife(DEFAULT_TIMING, 2_000), SIGNS);
  assert.deepEqual(signsOfLife(DEFAULT_TIMING, 20_000), { intervalMs: 5_000, deadAfterMs: 12_500 });
  assert.deepEqual(signsOfLife({ pingIntervalMs: 20, deadAfterMs: 9_000 }, 1), {
    intervalMs: 100,
    deadAfterMs: 9_000,
  });
});

test('each reader gets its signs, the first of them spread, and is given up when it is silent', () => {
  const readers = new ReaderSigns();
  for (let link = 0; link < 5; link += 1) assert.deepEqual(readers.opened(link, 0, DEFAULT_TIMING), SIGNS);
  const due = (at: number): number[] => readers.due(at, DEFAULT_TIMING).map(({ link }) => link);
  assert.deepEqual([100, 200, 300, 400, 500].map(due), [[0], [1], [2], [3], [4]]);
  assert.deepEqual(due(600), [0]);
  for (let link = 1; link < 5; link += 1) readers.heard(link, 900);
  assert.deepEqual(readers.takeSilent(1_249), []);
  assert.deepEqual(readers.takeSilent(1_250), [{ link: 0, silentMs: 1_250 }]);
  assert.deepEqual(readers.takeSilent(1_300), []);
  readers.ended(1);
  assert.deepEqual(
    readers.takeSilent(2_150).map(({ link }) => link),
    [2, 3, 4],
  );
});

test("a reader's silence is measured by the longest interval that was sent to it", () => {
  const readers = new ReaderSigns();
  const many = { pingIntervalMs: 400, deadAfterMs: 500 } as const;
  readers.opened(1, 0, DEFAULT_TIMING);
  assert.deepEqual(readers.due(500, many), [{ link: 1, signs: { intervalMs: 2_000, deadAfterMs: 5_000 } }]);
  assert.deepEqual(readers.due(2_500, DEFAULT_TIMING), [
    { link: 1, signs: { intervalMs: 2_000, deadAfterMs: 5_000 } },
  ]);
  assert.deepEqual(readers.takeSilent(4_999), []);
  assert.equal(readers.takeSilent(5_000).length, 1);
});
