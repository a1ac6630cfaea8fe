import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postProblem } from './text.js';

test('a post of 1,000 characters fits, one more does not', () => {
  assert.equal(postProblem('x'.repeat(1_000)), undefined);
  assert.match(postProblem('x'.repeat(1_001)) ?? '', /1001 characters/);
});
