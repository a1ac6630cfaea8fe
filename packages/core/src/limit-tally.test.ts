import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMIT_LINE_INTERVAL_MS, LimitTally } from './limit-tally.js';

test('the first refusal is reported at once, the others as a count once a minute', () => {
  const tally = new LimitTally();
  assert.equal(tally.takeLine(0), undefined);
  tally.note('posts a second', 'mallory');
  assert.match(tally.takeLine(5) ?? '', /: posts a second: 1; the last was "mallory"$/);
  for (let i = 0; i < 1_000; i += 1) tally.note('posts a second', 'mallory');
  tally.note('logins a minute', 'eve');
  assert.equal(tally.takeLine(5 + LIMIT_LINE_INTERVAL_MS - 1), undefined);
  assert.match(
    tally.takeLine(5 + LIMIT_LINE_INTERVAL_MS) ?? '',
    /: posts a second: 1000, logins a minute: 1; the last was "eve"$/,
  );
  assert.equal(tally.takeLine(1e9), undefined, 'nothing was refused since');
  assert.equal(tally.total, 1_002);
});
