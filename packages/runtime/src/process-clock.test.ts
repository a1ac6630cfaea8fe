import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { BACKGROUND_CLOCK, PROCESS_CLOCK } from './process-clock.js';

const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** How long setTimeout is asked to wait for a timer that is due after `inMs`. */
function waitFor(context: TestContext, inMs: number): number {
  let waitMs: number | undefined;
  context.mock.method(performance, 'now', () => 1_000.5);
  context.mock.method(globalThis, 'setTimeout', (_fire: () => void, forMs: number) => {
    waitMs = forMs;
  });
  PROCESS_CLOCK.setTimer(1_000.5 + inMs, () => {});
  context.mock.restoreAll();
  assert.ok(waitMs !== undefined);
  return waitMs;
}

test('a wait is rounded up: a timer that fired early would be set again and again', (context) => {
  assert.equal(waitFor(context, 2.25), 3);
});

test('a past deadline fires without a wait', (context) => {
  assert.equal(waitFor(context, -7), 0);
});

test('a wait is never longer than setTimeout can wait', (context) => {
  assert.equal(waitFor(context, 2 ** 40), LONGEST_WAIT_MS);
  assert.equal(waitFor(context, Number.POSITIVE_INFINITY), LONGEST_WAIT_MS);
});

test('a timer fires once, in a turn of its own, unless it is cancelled', async () => {
  const fired: string[] = [];
  PROCESS_CLOCK.setTimer(PROCESS_CLOCK.now(), () => fired.push('kept'));
  PROCESS_CLOCK.setTimer(PROCESS_CLOCK.now(), () => fired.push('called off'))();
  assert.deepEqual(fired, []);
  await new Promise<void>((resolve) => {
    PROCESS_CLOCK.setTimer(PROCESS_CLOCK.now() + 1, resolve);
  });
  assert.deepEqual(fired, ['kept']);
});

test('a background timer does not keep the process running', () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const cancel = BACKGROUND_CLOCK.setTimer(BACKGROUND_CLOCK.now() + 60_000, () => {});
  assert.equal(timers(), before);
  cancel();
});
