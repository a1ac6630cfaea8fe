import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Assignment, epoch, position, serverId } from '@dualping/core';
import { SERVER_METRICS, type ServerView, serverProbes, serverSamples } from './server-metrics.js';

const ASSIGNMENT: Assignment = {
  cluster: 1,
  revision: 7,
  epoch: epoch(4),
  primary: undefined,
  available: true,
  unavailableReason: '',
  lastUncleanEpoch: epoch(0),
  inSync: [{ serverId: serverId(2), journalId: 'j2', lifeId: 'l2' }],
  members: [],
};
const STATS = {
  durable: position(9),
  committed: position(8),
  lastEpoch: epoch(4),
  checksum: 7,
  timelines: 6,
  postsAccepted: 5,
  slowSyncs: 4,
  longestSyncMs: 1_500,
  disk: { freeBytes: 300, sizeBytes: 1_000, isLow: false },
};
const VIEW: ServerView = {
  cluster: 1,
  serverId: serverId(2),
  journalId: 'j2',
  servingEpoch: epoch(4),
  isAttached: true,
  assignment: ASSIGNMENT,
  stats: STATS,
  diskHangs: false,
  events: new Map([['serving', 1]]),
};
const OTHER: ServerView = {
  ...VIEW,
  servingEpoch: epoch(0),
  isAttached: false,
  stats: {
    ...STATS,
    durable: position(10),
    committed: position(9),
    timelines: 7,
    postsAccepted: 6,
    slowSyncs: 5,
    longestSyncMs: 2_000,
    disk: { freeBytes: 20, sizeBytes: 1_001, isLow: true },
  },
  events: new Map([['serving', 2]]),
};

const values = (view: ServerView) =>
  new Map(serverSamples(view).map(({ name, labels, value }) => [name, { labels, value }]));

test('every metric has a sample, with its labels, and moves', () => {
  const [before, after] = [values(VIEW), values(OTHER)];
  for (const [name, { labels }] of Object.entries(SERVER_METRICS)) {
    const [one, other] = [before, after].map((each) => [...each].find(([it]) => it === name)?.[1]);
    assert.deepEqual(Object.keys(one?.labels ?? {}), labels, name);
    assert.notEqual(one?.value, other?.value, name);
  }
  assert.equal(before.size, Object.keys(SERVER_METRICS).length);
  assert.equal(before.get('dualping_server_longest_disk_operation_seconds')?.value, 1.5);
});

test('probes say what a load balancer needs to know', () => {
  const why = (view: ServerView) =>
    Object.fromEntries(Object.entries(serverProbes(() => view)).map(([path, ask]) => [path, ask()]));
  const yes = { '/healthz': undefined, '/readyz': undefined, '/primary': undefined, '/in-sync': undefined };
  assert.deepEqual(why(VIEW), yes);
  assert.deepEqual(why({ ...VIEW, isAttached: false }), {
    ...yes,
    '/in-sync': 'it is not in the in-sync set',
  });
  assert.deepEqual(why(OTHER), {
    '/healthz': undefined,
    '/readyz': 'no router hears it',
    '/primary': 'it does not serve as primary',
    '/in-sync': 'it is not in the in-sync set',
  });
  assert.deepEqual(why({ ...VIEW, diskHangs: true })['/healthz'], 'its disk does not answer');
  const wiped = { ...VIEW, journalId: 'another' };
  assert.equal(why(wiped)['/in-sync'], 'it is not in the in-sync set', 'another copy of the journal');
});
