import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_TIMING } from '../timing.js';
import { MAX_PINGS_PER_SECOND } from './registry-limits.js';
import { Silence } from './silence.js';

test('only a member that was not heard is dead', () => {
  const silence = new Silence(DEFAULT_TIMING);
  for (const link of [1, 2, 3]) silence.heard(0, link);
  silence.heard(400, 2);
  assert.deepEqual(silence.dead(499), []);
  assert.equal(silence.nextDeathInMs(499), 1);
  assert.deepEqual(silence.dead(500), [
    { link: 1, silentMs: 500, isExcused: false },
    { link: 3, silentMs: 500, isExcused: false },
  ]);
  silence.forget(1);
  silence.forget(3);
  assert.deepEqual(silence.dead(899), []);
  assert.deepEqual(silence.dead(900), [{ link: 2, silentMs: 500, isExcused: false }]);
});

test('many members get a longer ping interval, and their silence is measured by it', () => {
  const silence = new Silence(DEFAULT_TIMING);
  const many = 6 * MAX_PINGS_PER_SECOND * (DEFAULT_TIMING.pingIntervalMs / 1_000);
  for (let link = 0; link < many; link += 1) silence.heard(0, link);
  assert.equal(silence.pingIntervalMs, 600);
  assert.equal(silence.deadAfterMs(), 1_800);
  silence.heard(0, many);
  // The first link came when there was room for the usual interval, the last one when there was not.
  const dead = silence.dead(600).map(({ link }) => link);
  assert.ok(dead.includes(0));
  assert.ok(!dead.includes(many));
});
