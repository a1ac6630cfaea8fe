import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { takeover } from './demonstration.fixture.js';
import { chartTopMs, shareCells, takeoverFigures } from './takeovers.js';

test('percentiles are measured values', () => {
  const runs = Array.from({ length: 20 }, (_, at) => takeover(at + 1, (at + 1) * 10));
  const stats = takeoverFigures(runs, 100);
  assert.deepEqual(
    [stats?.p50Ms, stats?.p95Ms, stats?.mostMs, stats?.over, stats?.last.number],
    [100, 190, 200, 10, 20],
  );
  assert.equal(takeoverFigures([], 100), undefined);
});

test('a 95th percentile is shown for 20 or more takeovers: of fewer it would be the longest', () => {
  const runs = Array.from({ length: 20 }, (_, at) => takeover(at + 1, 10));
  assert.equal(takeoverFigures(runs.slice(1), 100)?.p95Ms, undefined);
  assert.equal(takeoverFigures(runs, 100)?.p95Ms, 10);
});

test('a chart reaches to the longest takeover, except outliers far over the median and the budget', () => {
  assert.equal(chartTopMs([20, 30, 9_600], 100), 100);
  assert.equal(chartTopMs([20, 30, 290], 100), 290);
  assert.equal(chartTopMs([500, 510, 600, 9_600], 100), 600);
  assert.equal(chartTopMs([9_000, 9_600], 100), 9_600, 'the usual one is long');
  assert.equal(chartTopMs([], 100), 100);
});

test('all cells are used, and every measured part is visible', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 4, max: 300 }),
      (times, cells) => {
        const shares = shareCells(
          times.map((ms) => ({ name: 'detect', ms })),
          cells,
        );
        assert.equal(
          shares.reduce((sum, share) => sum + share, 0),
          cells,
        );
        if (times.some((ms) => ms > 0)) assert.ok(shares.every((share) => share >= 1));
      },
    ),
  );
});
