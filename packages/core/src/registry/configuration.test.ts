/** How each event changes a configuration. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epoch, NO_EPOCH, position, serverId } from '../ids.js';
import { InvariantBroken } from '../invariants.js';
import {
  copyOf,
  endedInOrder,
  granted,
  heard,
  holdsCopy,
  isWhole,
  restoredFrom,
  welcomed,
  withCommitted,
  withCopy,
  withFirstMember,
  withOnly,
  withoutMembers,
  withSuspension,
} from './configuration.js';

/** Server `number` in its first life, with a journal of its own that has `durable` entries. */
const life = (number: number, durable = 0) => ({
  serverId: serverId(number),
  incarnation: 1,
  journalId: `journal${number}`,
  lifeId: `life${number}`,
  end: { lastEpoch: epoch(1), durable: position(durable), committed: position(durable), checksum: 7 },
});
const [one, two, three] = [life(1), life(2, 5), life(3)];

const empty = restoredFrom(1, undefined);
const first = granted(withFirstMember(empty, one), one, 'old-leaves', 'itself');
const pair = withCopy(first, two);

const inSync = ({ inSync: copies }: typeof pair) => copies.map((copy) => copy.serverId);

test('the first to get the epoch is alone in sync', () => {
  assert.equal(first.epoch, 1);
  assert.equal(first.primary?.serverId, one.serverId);
  assert.deepEqual(inSync(first), [1]);
  assert.equal(first.lastUncleanEpoch, NO_EPOCH);
});

test('a lost primary leaves the set, one that hands over stays in it', () => {
  assert.deepEqual(inSync(granted(pair, two, 'old-leaves', 'itself')), [2]);
  assert.deepEqual(inSync(granted(pair, two, 'old-stays', 'order')), [1, 2]);
});

test('only a life that holds a copy of the set gets the epoch', () => {
  assert.throws(() => granted(pair, three, 'old-leaves', 'itself'), InvariantBroken);
  assert.throws(() => granted(pair, { ...two, lifeId: 'copy' }, 'old-leaves', 'itself'), InvariantBroken);
  assert.throws(() => granted(pair, { ...two, journalId: 'other' }, 'old-leaves', 'itself'), InvariantBroken);
});

test('an operator may grant it to any member: then only its copy counts, and its journal decides what is committed', () => {
  const after = granted(withCommitted(pair, position(9)), life(3, 4), 'unclean', 'order');
  assert.deepEqual(inSync(after), [3]);
  assert.equal(after.lastUncleanEpoch, after.epoch);
  assert.equal(after.committed, 4);
});

test('members without a journal succeed one another, without an in-sync set', () => {
  const routed = withFirstMember(empty, { journalId: '' });
  const [a, b] = [one, two].map((it) => ({ ...it, journalId: '', lifeId: '' })) as [typeof one, typeof two];
  const after = granted(granted(routed, a, 'old-leaves', 'itself'), b, 'old-leaves', 'itself');
  assert.equal(after.epoch, 2);
  assert.deepEqual(after.inSync, []);
});

test('the mode is undecided again only if no epoch was granted', () => {
  const announced = withFirstMember(empty, one);
  assert.equal(withFirstMember(announced, { journalId: '' }).mode, 'replicated');
  assert.equal(withoutMembers(announced).mode, undefined);
  assert.equal(withoutMembers(first).mode, 'replicated');
});

test('a copy counts for a life that is welcomed over it, and for that life alone once it is heard', () => {
  const next = { ...two, lifeId: 'next', welcomedLife: two.lifeId };
  const after = welcomed(pair, next);
  assert.ok(holdsCopy(after, two) && holdsCopy(after, next));
  const spoken = heard(after, next);
  assert.ok(!holdsCopy(spoken, two) && holdsCopy(spoken, next));
  assert.ok(copyOf(spoken, two) !== undefined, 'it is the same journal');
});

test('an event without effect returns the same configuration', () => {
  assert.equal(
    withOnly(pair, () => true),
    pair,
  );
  assert.equal(withCommitted(pair, position(0)), pair);
  assert.equal(heard(pair, three), pair);
  assert.equal(welcomed(pair, { ...two, lifeId: '', welcomedLife: '' }), pair);
});

test('after an orderly end a member whose journal ends exactly there has everything, until the next epoch', () => {
  const ended = endedInOrder(pair, two.end);
  assert.ok(isWhole(ended, two.end));
  assert.ok(!isWhole(ended, { ...two.end, checksum: 8 }));
  assert.ok(!isWhole(granted(ended, two, 'old-leaves', 'itself'), two.end));
  assert.ok(!isWhole(pair, two.end));
});

test('a suspended cluster grants no epoch by itself, but to the server that had it; at rest none at all', () => {
  const paused = withSuspension(pair, 'paused');
  const again = { ...one, lifeId: 'again', lives: [] };
  assert.throws(() => granted(paused, two, 'old-leaves', 'itself'), InvariantBroken);
  assert.equal(granted(paused, two, 'old-stays', 'order').epoch, 2);
  assert.equal(
    granted(welcomed(paused, { ...again, welcomedLife: one.lifeId }), again, 'old-leaves', 'itself').epoch,
    2,
  );
  assert.throws(() => granted(withSuspension(pair, 'resting'), two, 'old-stays', 'order'), InvariantBroken);
  assert.equal(granted(withSuspension(paused, undefined), two, 'old-leaves', 'itself').suspended, undefined);
});
