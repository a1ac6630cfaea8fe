/**
 * Every deliberate bug is caught within a given number of worlds; a bug that is not shows a missing checker.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MUTANT_SEEDS } from './arguments.js';
import { build } from './build.js';
import { huntMutant } from './mutant-hunt.js';
import { MUTANTS } from './mutants.js';

describe('mutants', () => {
  for (const mutant of MUTANTS)
    test(`${mutant.name}: ${mutant.bug}`, async (t) => {
      const { seeds, caughtBy } = await huntMutant(mutant, mutant.from ?? 1, MUTANT_SEEDS);
      assert.ok(caughtBy !== undefined, `survives ${seeds} worlds`);
      t.diagnostic(`caught by seed ${caughtBy.seed}: ${caughtBy.invariant}`);
    });

  test('have names of their own', () => {
    assert.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
  });
});

test('a change to the core that does not fit exactly once is refused', async () => {
  await assert.rejects(
    build([{ file: 'limits.js', find: 'no such limit', replace: '' }]),
    /limits\.js of core has 0 times, not once: no such limit/,
  );
  await assert.rejects(
    build([{ file: 'limits.js', find: 'export const', replace: '' }]),
    /limits\.js of core has \d+ times/,
  );
});
