import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkStatus } from '@dualping/client';
import { epoch, position, serverId } from '@dualping/core';
import { assignment, away, member } from './assignments.fixture.js';
import { renderStatusTable } from './table.js';

const stats = (id: number, durable: number): NetworkStatus['stats'][number] => ({
  cluster: 1,
  serverId: serverId(id),
  ageMs: 40 + id,
  stats: {
    durable: position(durable),
    committed: position(100),
    lastEpoch: epoch(2),
    checksum: 0,
    timelines: 7,
    postsAccepted: 9,
    slowSyncs: 0,
    longestSyncMs: 0,
  },
});

test('a row for each server, numbers to the right, nothing that acts on a terminal', () => {
  const members = [member(1), member(2, { inSync: false }), member(3, { ...away, address: 'a\u001b[2J:1' })];
  const status: NetworkStatus = {
    router: '127.0.0.1:7070',
    networkId: 'n',
    clusters: 2,
    assignments: [
      assignment(1, { id: 1, epoch: 17 }, members),
      assignment(1, undefined, [], { cluster: 2, unavailableReason: 'no server has registered' }),
    ],
    trouble: '',
    stats: [stats(1, 100), stats(2, 80)],
  };
  assert.deepEqual(renderStatusTable(status), [
    'CLUSTER  SERVER  ROLE     STATE    AGE-MS  LAG  CLIENTS  EPOCH  ADDRESS',
    '      1  s1      primary  up           41    0        7     17  127.0.0.1:7101',
    '      1  s2      standby  joining      42   20        7     17  127.0.0.1:7102',
    '      1  s3      -        dead          -    -        -     17  a\ufffd[2J:1',
    'cluster 2 is not available: no server has registered',
  ]);
  const routers = [
    { address: 'r1', state: 'follows', detail: '' },
    { address: 'r2', state: 'leads', detail: '' },
    { address: 'r3', state: 'absent', detail: 'no answer' },
  ] as const;
  const shared = { ...status, leader: { address: 'r2', term: 12 }, routers };
  assert.deepEqual(renderStatusTable(shared, new Map([['r2', 4_711]])).slice(-3), [
    'router r2 leads in term 12, pid 4711',
    'router r1 follows',
    'router r3 does not answer: no answer',
  ]);
});

test('a pause is shown, so that nobody counts on a takeover', () => {
  const paused = assignment(1, { id: 1, epoch: 17 }, [member(1)], { suspended: 'paused' });
  const status = {
    router: 'r:1',
    networkId: 'n',
    clusters: 1,
    assignments: [paused],
    trouble: '',
    stats: [],
  };
  assert.equal(renderStatusTable(status).at(-1), 'cluster 1: failover is paused by an operator');
});
