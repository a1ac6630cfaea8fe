/** Several routers on one etcd: worlds in which everything holds, and deliberate bugs that are all caught. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as core from '@dualping/core';
import * as runtime from '@dualping/runtime';
import { build } from '../build.js';
import { SHARED_STORE_MUTANTS } from './shared-store-mutants.js';
import { playSharedStore } from './shared-store-world.js';

const SEEDS = 60;
/** Worlds within which each bug has to be caught. */
const MUTANT_SEEDS = 200;

test('routers on one etcd keep their promises, whatever fails', () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const broken = playSharedStore(seed, { core, runtime });
    assert.equal(broken, undefined, `seed ${seed}: ${broken?.law}: ${broken?.detail}`);
  }
});

describe('mutants of the shared store', () => {
  for (const { name, bug, patches } of SHARED_STORE_MUTANTS)
    test(`${name}: ${bug}`, async (t) => {
      const mutated = await build(patches);
      for (let seed = 1; seed <= MUTANT_SEEDS; seed += 1) {
        const broken = playSharedStore(seed, mutated);
        if (broken === undefined) continue;
        return t.diagnostic(`caught by seed ${seed}: ${broken.law}`);
      }
      assert.fail(`survives ${MUTANT_SEEDS} worlds`);
    });
});
