/** Which loss the history allows after an operator accepted it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command, Entry, Epoch, Position } from '@dualping/core';
import { History } from './history.js';

const entry = (position: number, epoch: number, command: Command): Entry => ({
  position: position as Position,
  epoch: epoch as Epoch,
  timeMs: 0,
  sessionId: `s${epoch}`,
  requestNo: position,
  command,
});
const post = (position: number, epoch: number): Entry =>
  entry(position, epoch, { kind: 'post', user: 'u', text: `${epoch}/${position}` });

function withPosts(last: number): History {
  const history = new History(false);
  history.committed('s1', entry(1, 1, { kind: 'register', user: 'u' }));
  for (let at = 2; at <= last; at += 1) history.committed('s1', post(at, 1));
  return history;
}

test('without an operator nothing that was committed may be another', () => {
  const history = withPosts(4);
  assert.throws(() => history.committed('s2', post(3, 2)), /committed-prefix-equal-on-all/);
});

test('what only the lost held may be lost, and is forgotten', () => {
  const history = withPosts(6);
  history.acceptsLoss(2 as Epoch, 4);
  assert.equal(history.safe, 4);
  history.committed('s2', post(5, 2));
  assert.deepEqual([history.last, history.lost, history.post('1/6')], [5, 2, undefined]);
  assert.equal(history.post('2/5')?.position, 5);
});

test('what the one that was promoted held may not be lost', () => {
  const history = withPosts(6);
  history.acceptsLoss(2 as Epoch, 4);
  assert.throws(() => history.committed('s2', post(4, 2)), /committed-prefix-equal-on-all/);
});

test('a server that continues the old history after that is ignored', () => {
  const history = withPosts(4);
  history.acceptsLoss(2 as Epoch, 3);
  history.committed('s2', post(4, 2));
  history.committed('s1', post(4, 1));
  history.committed('s1', post(5, 1));
  assert.deepEqual([history.last, history.at(4)?.epoch], [4, 2]);
});

test('lists and the past are of one moment', () => {
  const history = new History(false);
  for (const [at, user] of ['a', 'b'].entries())
    history.committed('s1', entry(at + 1, 1, { kind: 'register', user }));
  history.committed('s1', entry(3, 1, { kind: 'post', user: 'b', text: 'before' }));
  history.committed('s1', entry(4, 1, { kind: 'follow', user: 'a', target: 'b' }));
  history.committed('s1', entry(5, 1, { kind: 'post', user: 'b', text: 'after' }));
  history.committed('s1', entry(6, 1, { kind: 'unfollow', user: 'a', target: 'b' }));
  assert.deepEqual(history.listsOf('a', 5), ['a b', 'b', '']);
  assert.deepEqual(history.listsOf('b', 5), ['a b', '', 'a']);
  assert.deepEqual(history.listsOf('a', 6), ['a b', '', '']);
  assert.deepEqual([...history.momentsSince('a', 0)], [6, 5, 3, 1, 0]);
  const seen = (at: number, before: number): number[] =>
    history.seenBefore({ user: 'a', mentions: false }, at, before).map((it) => it.position);
  assert.deepEqual([seen(5, 9), seen(6, 9), seen(5, 5)], [[5], [], []]);
});
