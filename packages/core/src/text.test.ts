import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postProblem } from './text.js';

test('a post may have lines, and no other control characters', () => {
  assert.equal(postProblem('one\ntwo\n'), undefined);
  assert.match(postProblem('one\r\ntwo') ?? '', /control character U\+000D at place 4/);
  for (const bad of ['\t', '\x1b', '\x00', '\x7f', '\u009b', '\u2028', '\ud800'])
    assert.match(postProblem(`a${bad}`) ?? '', /control character/);
  assert.match(postProblem(' \n ') ?? '', /is empty/);
});

test('a post of 1,000 characters fits, one more does not', () => {
  assert.equal(postProblem('x'.repeat(1_000)), undefined);
  assert.match(postProblem('x'.repeat(1_001)) ?? '', /1001 characters/);
});
