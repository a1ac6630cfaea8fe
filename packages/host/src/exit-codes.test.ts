import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError, REASONS, type Reason } from '@dualping/core';
import { EXIT, exitCodeFor } from './exit-codes.js';

const codeOf = (reason: Reason) => exitCodeFor(new DualpingError(reason, ''));

test('every reason has an exit code, and none is success', () => {
  for (const reason of Object.keys(REASONS) as Reason[]) assert.notEqual(codeOf(reason), EXIT.done, reason);
});

test('scripts can distinguish a refusal, an unavailable part and an uncertain outcome', () => {
  assert.equal(codeOf('unknown-target'), EXIT.refused);
  assert.equal(codeOf('handover-impossible'), EXIT.refused);
  assert.equal(codeOf('invalid-post'), EXIT.usage);
  assert.equal(codeOf('no-available-server'), EXIT.unavailable);
  assert.equal(codeOf('router-unreachable'), EXIT.unavailable);
  assert.equal(codeOf('may-have-happened'), EXIT.unknown);
  assert.equal(exitCodeFor(new TypeError('x')), EXIT.internal);
});
