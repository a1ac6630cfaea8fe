import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RestartPolicy } from './restart-policy.js';
import { FIRST_RESTART_MS, MAX_MISUSES, MAX_RESTART_MS, WELL_AFTER_MS } from './supervision-timing.js';

test('each death in a row is followed by a longer wait, up to a maximum', () => {
  const policy = new RestartPolicy();
  const waits = Array.from({ length: 20 }, () => policy.died(undefined));
  assert.deepEqual(waits.slice(0, 3), [FIRST_RESTART_MS, 2 * FIRST_RESTART_MS, 4 * FIRST_RESTART_MS]);
  assert.equal(waits.at(-1), MAX_RESTART_MS);
});

test('a process that ran well for a while is restarted as after its first death', () => {
  const policy = new RestartPolicy();
  policy.died(undefined);
  assert.equal(policy.died(WELL_AFTER_MS - 1), 2 * FIRST_RESTART_MS);
  assert.equal(policy.died(WELL_AFTER_MS), FIRST_RESTART_MS);
});

test('a command line with which no process ever ran well is given up at its first misuse', () => {
  assert.equal(new RestartPolicy().misused(undefined), undefined);
});

test('a process that ran well is given up after several misuses in a row', () => {
  const policy = new RestartPolicy();
  policy.wasWell();
  const misuse = () => policy.misused(undefined) !== undefined;
  for (let count = 1; count < MAX_MISUSES; count += 1) assert.ok(misuse());
  policy.died(undefined);
  for (let count = 1; count < MAX_MISUSES; count += 1) assert.ok(misuse());
  assert.ok(!misuse());
});
