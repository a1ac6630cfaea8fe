import assert from 'node:assert/strict';
import { test } from 'node:test';
import { change, changeResult, leaderToText, type StoredKey, takeoverResult } from './index.js';

const OURS = leaderToText({ id: 'own', address: 'r1', nonce: 'own/1' });
const THEIRS = leaderToText({ id: 'other', address: 'r2', nonce: 'other/1' });
const CHANGES = [
  { key: 'clusters/1', value: 'one', known: 3 },
  { key: 'clusters/2', value: 'two', known: 0 },
];
const stored = (key: string, value: string, mod: number): readonly StoredKey[] => [{ key, value, mod }];
const failed = (...found: (readonly StoredKey[])[]) => ({ succeeded: false, revision: 9, found });

test("a change compares the term and each record's revision", () => {
  assert.deepEqual(change(5, CHANGES).compares, [
    { key: 'leader', mod: 5 },
    { key: 'clusters/1', mod: 3 },
    { key: 'clusters/2', mod: 0 },
  ]);
});

test('a change that fails in our term over our own value was made by an earlier attempt', () => {
  const found = [stored('clusters/1', 'one', 7), stored('clusters/2', 'two', 7)];
  const answer = failed(stored('leader', OURS, 5), ...found);
  assert.deepEqual(changeResult(5, CHANGES, answer), { kind: 'written', mods: [7, 7] });
});

test('a change that fails when another router leads, or none, was not made', () => {
  const found = [stored('clusters/1', 'one', 7), stored('clusters/2', 'two', 7)];
  const other = changeResult(5, CHANGES, failed(stored('leader', THEIRS, 8), ...found));
  assert.equal(other.kind === 'fenced' && other.leader?.address, 'r2');
  assert.deepEqual(changeResult(5, CHANGES, failed([], ...found)), { kind: 'fenced', leader: undefined });
});

test('a foreign value in our own term was not written by a router: the leader has a newer one', () => {
  const known = CHANGES.map((each) => ({ ...each, known: 3 }));
  const resultOf = (...found: (readonly StoredKey[])[]) =>
    changeResult(5, known, failed(stored('leader', OURS, 5), ...found));
  const again = (...mods: readonly number[]) => known.map((each, at) => ({ ...each, known: mods[at] }));
  const [before, other] = [stored('clusters/1', 'before', 3), stored('clusters/2', 'someone else', 8)];
  const foreign = { kind: 'foreign', key: 'clusters/2' };
  assert.deepEqual(resultOf(before, other), { ...foreign, again: again(3, 8) });
  assert.deepEqual(resultOf(before, []), { ...foreign, again: again(3, 0) });
  // An earlier attempt has succeeded, and then another program came.
  assert.deepEqual(resultOf(stored('clusters/1', 'one', 7), other), { ...foreign, again: again(7, 8) });
});

test('a foreign value of a key that the leader did not know may be newer than its own', () => {
  const found = [stored('clusters/1', 'before', 3), stored('clusters/2', 'someone else', 8)];
  assert.deepEqual(changeResult(5, CHANGES, failed(stored('leader', OURS, 5), ...found)), {
    kind: 'foreign',
    key: 'clusters/2',
    again: undefined,
  });
});

test('the nonce distinguishes a failed takeover from an earlier attempt that succeeded', () => {
  const campaign = { against: 3, leader: { id: 'own', address: 'r1', nonce: 'own/1' }, lease: 1 };
  assert.deepEqual(takeoverResult(campaign, failed(stored('leader', OURS, 6))), {
    kind: 'won-before',
    term: 6,
  });
  const another = { ...campaign, leader: { ...campaign.leader, nonce: 'own/2' } };
  assert.equal(takeoverResult(another, failed(stored('leader', OURS, 6))).kind, 'lost');
});

test('a leader that no router wrote ends the term', () => {
  const answer = failed(stored('leader', '{"id":1}', 6));
  assert.deepEqual(changeResult(5, CHANGES, answer), { kind: 'fenced', leader: undefined, foreign: 6 });
});
