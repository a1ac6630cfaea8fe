/**
 * Scenarios run as they are written. After an intended change use `npm run sim -- scenarios --rewrite`, and
 * read the difference.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { machinesWith } from '../machines.js';
import { readScenarios } from './files.js';
import { Scenario } from './scenario.js';
import { perform, ScenarioError } from './script.js';

for (const { name, scenarios } of await readScenarios())
  describe(name, () => {
    for (const { title, written, play } of scenarios)
      test(title, () =>
        assert.equal(play(), written, 'npm run sim -- scenarios --rewrite shows the difference'),
      );
  });

test("an action that can't be done is quoted", async () => {
  const scenario = new Scenario(await machinesWith()('production'));
  assert.throws(
    () => perform('s1 explodes', scenario),
    new ScenarioError('nobody knows how to play "s1 explodes"'),
  );
  assert.throws(
    () => perform('carl posts "hello"', scenario),
    new ScenarioError('there is no "carl" in a scenario; there are ann and bob'),
  );
});

test('a wait without its event ends the scenario', async () => {
  const scenario = new Scenario(await machinesWith()('production'));
  assert.throws(() => perform('until bob sees ann: hello', scenario), ScenarioError);
});
