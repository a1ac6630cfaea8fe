import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileOf, SMALL_LIMITS, THREE_SESSIONS } from './build.js';
import { MUTANTS } from './mutants.js';
import { changed } from './patch.js';
import { tokensOf } from './tokens.js';

const texts = (source: string): string[] => tokensOf(source).map(({ text }) => text);

test('layout, comments, trailing commas and quotes do not count', () => {
  const laidOut = `
    // what it does
    call(
      first, /* and */ 'second',
      [1_000, 0.5,],
    );`;
  assert.deepEqual(texts(laidOut), texts(`call(first,"second",[1_000,0.5]);`));
  assert.deepEqual(texts(`"it's"`), texts(`'it\\'s'`));
});

test('everything else does', () => {
  for (const [one, other] of [
    ['a < b', 'a <= b'],
    ['a - -b', 'a -- b'],
    ["'a b'", "'a  b'"],
    ['`a b`', '`a  b`'],
    ['this.#a', 'this.a'],
    ['f(a, b)', 'f(a b)'],
    ['a?.b', 'a ? .5 : b'],
  ] as const)
    assert.notDeepEqual(texts(one), texts(other));
});

test('a slash divides, begins a comment or a regular expression; braces in a template are of the template', () => {
  assert.deepEqual(texts('a / b / c'), ['a', '/', 'b', '/', 'c']);
  assert.deepEqual(texts('f(a) / 2; x = /[/)"]+/u.test(y)'), [
    ...['f', '(', 'a', ')', '/', '2', ';', 'x', '=', '/[/)"]+/u', '.', 'test', '(', 'y', ')'],
  ]);
  const template = ['`is $', '{list.map(({ at }) => `$', '{at} }`)} in all`'].join('');
  assert.deepEqual(texts(`say(${template});`), ['say', '(', template, ')', ';']);
});

test('a change is made where it fits, and leaves the rest unchanged', () => {
  const source = 'if (\n  a > 0 && // yes\n  b\n)\n  go(a);\n';
  assert.equal(changed(source, { find: 'a > 0 && b', replace: 'true' }, 'x'), 'if (\n  true\n)\n  go(a);\n');
});

test('a change that does not fit exactly once is refused, with its place', () => {
  const source = 'go(a);\ngo(b);\nstop(a, b);\n';
  const refusal = (find: string): string => {
    try {
      return changed(source, { find, replace: '' }, 'walk.js of core');
    } catch (error) {
      return String(error);
    }
  };
  assert.equal(refusal('go('), 'Error: walk.js of core has 2 times, not once: go(; lines 1, 2');
  assert.equal(
    refusal('stop(a, c)'),
    'Error: walk.js of core has 0 times, not once: stop(a, c); line 3 has b where c is due',
  );
  assert.equal(refusal('rest()'), 'Error: walk.js of core has 0 times, not once: rest()');
});

test('every change fits however the program is laid out', () => {
  const patches = [...SMALL_LIMITS, ...THREE_SESSIONS, ...MUTANTS.flatMap((mutant) => mutant.patches)];
  assert.ok(patches.length > MUTANTS.length);
  for (const patch of patches) {
    const source = readFileSync(fileOf(patch), 'utf8');
    const token = texts(source);
    const scattered = token.map((text) => `${text} /* , */\n\t`).join('');
    assert.deepEqual(texts(scattered), token);
    assert.notEqual(changed(scattered, patch, patch.file), scattered);
  }
});
