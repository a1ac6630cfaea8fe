import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaderToText, type Transaction, type TransactionAnswer } from '@dualping/core';
import { FencedStore } from './fenced-store.js';
import { ManualClock } from './manual-clock.fixture.js';
import type { TransactionOutcome } from './shared-store.js';

const OURS = { key: 'leader', value: leaderToText({ id: 'own', address: 'r1', nonce: 'n' }), mod: 5 };
const THEIRS = { key: 'leader', value: leaderToText({ id: 'other', address: 'r2', nonce: 'n' }), mod: 8 };
const UNKNOWN: TransactionOutcome = { kind: 'unknown', detail: 'no answer' };
const answered = (answer: TransactionAnswer): TransactionOutcome => ({ kind: 'answered', answer });
const done = (revision: number) => answered({ succeeded: true, revision, found: [] });
const failed = (...found: TransactionAnswer['found']) => answered({ succeeded: false, revision: 9, found });

/** A leader in term 5 that knows `clusters/1` at 3, and a store that answers when the test decides. */
function leader() {
  const clock = new ManualClock();
  const tries: { readonly transaction: Transaction; readonly outcome: (it: TransactionOutcome) => void }[] =
    [];
  const said: string[] = [];
  const records = [{ key: 'clusters/1', value: 'before', mod: 3 }];
  const store = new FencedStore(
    { term: 5, header: undefined, records },
    {
      clock,
      store: { transact: (transaction, outcome) => void tries.push({ transaction, outcome }) },
      confirmed: (askedAt) => said.push(`confirmed at ${askedAt}`),
      overwrites: (key) => said.push(`overwrites ${key}`),
      fenced: (detail) => said.push(`fenced: ${detail}`),
    },
  );
  return {
    store,
    said,
    tries,
    clock,
    write: (value: string) =>
      store.write(
        [{ key: 'clusters/1', value }],
        () => said.push(`written ${value}`),
        () => said.push(`ended ${value}`),
      ),
    answer: (outcome: TransactionOutcome) => {
      tries.at(-1)?.outcome(outcome);
      clock.advanceTo(clock.now() + 20);
    },
  };
}

test('each change replaces the revision before', () => {
  const { write, answer, tries, said } = leader();
  write('one');
  answer(done(6));
  write('two');
  assert.deepEqual(
    tries.map(({ transaction }) => transaction.compares.map(({ mod }) => mod)),
    [
      [5, 3],
      [5, 6],
    ],
  );
  assert.deepEqual(said, ['confirmed at 0', 'written one']);
});

test('without an answer the same transaction is sent again, and recognised by the stored value', () => {
  const { write, answer, tries, said } = leader();
  write('one');
  answer(UNKNOWN);
  answer(UNKNOWN);
  assert.equal(tries.length, 3);
  assert.deepEqual(tries[2]?.transaction, tries[0]?.transaction);
  assert.deepEqual(said, []);
  answer(failed([OURS], [{ key: 'clusters/1', value: 'one', mod: 7 }]));
  assert.deepEqual(said, ['confirmed at 30', 'written one']);
  write('two');
  assert.deepEqual(tries.at(-1)?.transaction.compares[1], { key: 'clusters/1', mod: 7 });
});

test('a record that something else has changed or deleted is written again, over what is there', () => {
  for (const [found, mod] of [
    [[{ key: 'clusters/1', value: 'an older one', mod: 8 }], 8],
    [[], 0],
  ] as const) {
    const { write, answer, tries, said } = leader();
    write('one');
    answer(failed([OURS], found));
    const [first, second] = tries.map(({ transaction }) => transaction);
    assert.deepEqual(second?.compares, [
      { key: 'leader', mod: 5 },
      { key: 'clusters/1', mod },
    ]);
    assert.deepEqual(second?.operations, first?.operations);
    answer(done(10));
    assert.deepEqual(said, ['overwrites clusters/1', 'confirmed at 0', 'written one']);
    write('two');
    assert.deepEqual(tries.at(-1)?.transaction.compares[1], { key: 'clusters/1', mod: 10 });
  }
});

test('a key that something else has made ends the term: its value may be newer', () => {
  const { store, said, answer } = leader();
  store.write([{ key: 'clusters/2', value: 'first' }], () => said.push('written'));
  answer(failed([OURS], [{ key: 'clusters/2', value: 'restored', mod: 8 }]));
  assert.deepEqual(said, ['fenced: "clusters/2" was changed by something that is no router']);
});

test('when another router leads the term is over, and that is reported once', () => {
  const { store, write, answer, said } = leader();
  write('one');
  answer(failed([THEIRS], [{ key: 'clusters/1', value: 'one', mod: 7 }]));
  assert.deepEqual(said, ['ended one', 'fenced: r2 leads']);
  store.confirm(() => said.push('confirmed'));
  answer(answered({ succeeded: true, revision: 9, found: [[OURS]] }));
  assert.deepEqual(said, ['ended one', 'fenced: r2 leads']);
});

test('a read confirms from when it was asked, in this term only', () => {
  const ours = leader();
  ours.store.confirm(() => ours.said.push('goes on'));
  ours.answer(UNKNOWN);
  ours.answer(answered({ succeeded: true, revision: 9, found: [[OURS]] }));
  assert.deepEqual(ours.said, ['confirmed at 10', 'goes on']);
  const theirs = leader();
  theirs.store.confirm(() => theirs.said.push('goes on'));
  theirs.answer(answered({ succeeded: true, revision: 9, found: [[]] }));
  assert.deepEqual(theirs.said, ['fenced: its lease has ended']);
});

test('a refusal of the store ends the term with its reason, and a stop ends running transactions', () => {
  const refused = leader();
  refused.write('one');
  refused.answer({ kind: 'refused', detail: 'database space exceeded' });
  assert.deepEqual(refused.said, ['ended one', 'fenced: database space exceeded']);
  const stopped = leader();
  stopped.write('one');
  stopped.store.stop();
  stopped.answer(UNKNOWN);
  assert.deepEqual(stopped.said, ['ended one']);
  assert.equal(stopped.tries.length, 1);
});

test('many records, and large ones, go in several transactions, one after another', () => {
  const { store, answer, tries, said } = leader();
  const value = 'x'.repeat(400_000);
  const large = Array.from({ length: 3 }, (_, at) => ({ key: `clusters/${at + 10}`, value }));
  const small = Array.from({ length: 150 }, (_, at) => ({ key: `clusters/${at + 20}`, value: 'small' }));
  store.write([...large, ...small], () => said.push('all'));
  const sizes: number[] = [];
  for (let at = 0; at < tries.length; at += 1) {
    sizes.push(tries[at]?.transaction.operations.length ?? 0);
    answer(done(6 + at));
  }
  assert.equal(
    sizes.reduce((sum, size) => sum + size),
    153,
  );
  assert.ok(sizes.length >= 3 && sizes.every((size) => size <= 100));
  assert.equal(said.at(-1), 'all');
});
