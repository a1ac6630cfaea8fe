import assert from 'node:assert/strict';
import { test } from 'node:test';
import { distance, refuseUnknownVariables } from './unknown-variables.js';

const KNOWN = ['DUALPING_PORT', 'DUALPING_ROUTERS', 'DUALPING_DATA'];

test('distances count inserted, removed and changed letters', () => {
  for (const [one, other, wanted] of [
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', 'abd', 1],
    ['abc', 'ab', 1],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
  ] as const) {
    assert.equal(distance(one, other), wanted, `${one} ${other}`);
    assert.equal(distance(other, one), wanted, `${other} ${one}`);
  }
});

test('a misspelt variable is refused with the nearest name', () => {
  for (const [name, nearest] of [
    ['DUALPING_ROUTER', 'DUALPING_ROUTERS'],
    ['DUALPING_PROT', 'DUALPING_PORT'],
    ['DUALPING_DATTA', 'DUALPING_DATA'],
  ] as const)
    assert.throws(() => refuseUnknownVariables({ [name]: 'x' }, KNOWN), {
      reason: 'invalid-argument',
      detail: `no command has a variable "${name}": is ${nearest} meant?`,
    });
});

test('known, foreign and empty variables pass', () => {
  refuseUnknownVariables(
    { DUALPING_PORT: '1', PATH: '/bin', DUALPING_NONSENSE: '', DUALPING_IMAGE: 'x', DUALPINGX: 'y' },
    KNOWN,
  );
});
