import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timingOf } from './timing.js';

test('a timing that cannot be names the option', () => {
  assert.throws(
    () => timingOf({ pingIntervalMs: 200, deadAfterMs: 500 }),
    /--dead-after-ms is "500": must be/,
  );
  assert.throws(() => timingOf({ pingIntervalMs: 1 }), /--ping-ms is "1": below/);
  assert.equal(timingOf({ pingIntervalMs: 200, deadAfterMs: 600 }).deadAfterMs, 600);
});
