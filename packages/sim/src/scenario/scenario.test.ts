/**
 * Scenarios run as they are written. After an intended change use `npm run sim -- scenarios --rewrite`, and
 * read the difference.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { machinesWith } from '../machines.js';
import { playScenarios } from './files.js';
import { Scenario, ScenarioError } from './scenario.js';

describe('scenarios', async () => {
  for (const { name, written, played } of await playScenarios())
    test(name, () =>
      assert.equal(played, written, 'npm run sim -- scenarios --rewrite shows the difference'),
    );
});

test("an action that can't be done is quoted", async () => {
  const scenario = new Scenario(await machinesWith()('production'));
  assert.throws(
    () => scenario.perform('s1 explodes'),
    new ScenarioError('nobody knows how to play "s1 explodes"'),
  );
  assert.throws(
    () => scenario.perform('carl posts "hello"'),
    new ScenarioError('there is no "carl" in a scenario; there are ann and bob'),
  );
});

test('a wait without its event ends the scenario', async () => {
  const scenario = new Scenario(await machinesWith()('production'));
  assert.throws(() => scenario.perform('until bob sees ann: hello'), ScenarioError);
});
