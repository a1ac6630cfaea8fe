import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Assignment, epoch, position, serverId } from '@dualping/core';
import { renderAssignment, renderLists, renderMove, renderPost, renderState, renderTime } from './render.js';

const NOON = new Date(2026, 10, 21, 12, 0, 0).getTime();
const target = (id: number, inEpoch: number) => ({
  epoch: epoch(inEpoch),
  serverId: serverId(id),
  address: `127.0.0.1:400${id}`,
});

test('a time of today is a clock, another has its date', () => {
  assert.equal(renderTime(NOON, NOON + 60_000), '12:00:00');
  assert.equal(renderTime(NOON, NOON + 24 * 3_600_000), '2026-11-21 12:00:00');
});

test('a post has its time and author, and can not act on the terminal', () => {
  const post = { position: position(7), author: 'bob', text: 'hi \x1b[31mred', timeMs: NOON };
  assert.equal(renderPost(post, NOON), '12:00:00 bob: hi \ufffd[31mred');
});

test('a post of several lines is one line', () => {
  const post = { position: position(7), author: 'bob', text: 'one\n\ntwo\n', timeMs: NOON };
  assert.equal(renderPost(post, NOON), '12:00:00 bob: one ↵  ↵ two');
  const answers = { position: position(7), author: 'ann', begin: 'well?' };
  assert.equal(renderPost({ ...post, answers }, NOON), '12:00:00 bob ↳ ann: one ↵  ↵ two');
});

test('a move is printed with both servers, its duration and the epoch', () => {
  assert.equal(
    renderMove({ from: target(1, 3), to: target(2, 4), gapMs: 22.6 }),
    'moved s1 → s2 in 23 ms, epoch 4, nothing missed',
  );
  assert.equal(
    renderMove({ from: target(2, 4), to: target(2, 4), gapMs: 5 }),
    'back on s2 after 5 ms, epoch 4, nothing missed',
  );
});

test('each state has a line', () => {
  const because = { reason: 'may-have-happened', detail: 'Connection dropped' } as const;
  const router = '127.0.0.1:7070';
  assert.equal(
    renderState({ kind: 'resolving', router, because }, 0),
    'no server (Connection dropped), asking the router at 127.0.0.1:7070 …',
  );
  assert.equal(
    renderState({ kind: 'resolving', router, because: undefined }, 0),
    'asking the router at 127.0.0.1:7070 …',
  );
  assert.equal(
    renderState({ kind: 'live', target: target(2, 4) }, 0),
    'live on s2 at 127.0.0.1:4002, epoch 4',
  );
  assert.equal(
    renderState(
      { kind: 'waiting', retryAt: 1_600, attempt: 2, because: { reason: 'busy', detail: '' } },
      100,
    ),
    'not connected: busy; trying again in 1.5 s',
  );
});

test('lists show present users', () => {
  const ann = { user: 'ann', present: true };
  const bob = { user: 'bob', present: false };
  assert.deepEqual(renderLists({ users: [ann, bob], followers: [], following: [bob] }), [
    'users: ann (on), bob',
    'followers: -',
    'following: bob',
  ]);
});

test('a cluster shows its members with their journals', () => {
  const member = (id: number) => ({
    ...target(id, 2),
    incarnation: 1,
    journalId: `j${id}`,
    lifeId: '',
    liveness: 'stream' as const,
    live: id === 1,
    inSync: true,
    unreachable: false,
  });
  const assignment: Assignment = {
    cluster: 1,
    revision: 9,
    epoch: epoch(2),
    primary: { serverId: serverId(1), incarnation: 1, journalId: 'j1', lifeId: '' },
    available: true,
    unavailableReason: '',
    lastUncleanEpoch: epoch(0),
    inSync: [],
    members: [member(1), member(2)],
  };
  const stats = {
    durable: position(12),
    committed: position(11),
    lastEpoch: epoch(2),
    checksum: 0xab,
    timelines: 3,
    postsAccepted: 5,
    slowSyncs: 2,
    longestSyncMs: 1_934,
  };
  assert.deepEqual(renderAssignment(assignment, [{ cluster: 1, serverId: serverId(1), stats, ageMs: 4 }]), [
    'cluster 1: epoch 2, available',
    '  s1 primary at 127.0.0.1:4001, live, in sync, incarnation 1, journal to 12 (checksum 000000ab), committed to 11, 3 timelines, SLOW DISK: 2 syncs over 1 s, the longest 1934 ms',
    '  s2 standby at 127.0.0.1:4002, away, in sync, incarnation 1',
  ]);
});
