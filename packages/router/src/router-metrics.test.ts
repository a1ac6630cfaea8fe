import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Assignment, epoch, type MemberInfo, NO_STATS, position, serverId } from '@dualping/core';
import { ROUTER_METRICS, type RouterView, routerSamples } from './router-metrics.js';

const PRIMARY = { serverId: serverId(2), incarnation: 3, journalId: 'j2', lifeId: 'l2' };
const MEMBER: MemberInfo = {
  ...PRIMARY,
  address: '127.0.0.1:9',
  liveness: 'stream',
  live: true,
  inSync: true,
  unreachable: false,
};
const ASSIGNMENT: Assignment = {
  cluster: 1,
  revision: 7,
  epoch: epoch(4),
  primary: PRIMARY,
  available: true,
  unavailableReason: '',
  lastUncleanEpoch: epoch(0),
  inSync: [{ serverId: serverId(2), journalId: 'j2', lifeId: 'l2' }],
  members: [MEMBER],
};
const ROOMY = { freeBytes: 300, sizeBytes: 1_000, isLow: false };
const VIEW: RouterView = {
  assignments: [ASSIGNMENT],
  stats: [{ cluster: 1, serverId: serverId(2), ageMs: 120, stats: { ...NO_STATS, disk: ROOMY } }],
  watchers: 0,
  trouble: undefined,
  disk: ROOMY,
  events: new Map([['promoted', 1]]),
  shared: { leads: true, term: 7, standbys: 2, storeAnswers: true },
};
/** As unlike it as can be. */
const OTHER: RouterView = {
  assignments: [
    {
      ...ASSIGNMENT,
      epoch: epoch(5),
      suspended: 'paused',
      available: false,
      members: [{ ...MEMBER, live: false, inSync: false, unreachable: true }],
    },
  ],
  stats: [
    {
      cluster: 1,
      serverId: serverId(2),
      ageMs: 250,
      stats: {
        ...NO_STATS,
        durable: position(9),
        committed: position(8),
        disk: { ...ROOMY, isLow: true },
      },
    },
  ],
  watchers: 3,
  trouble: 'hears nobody',
  disk: { freeBytes: 3, sizeBytes: 900, isLow: true },
  events: new Map([['promoted', 2]]),
  shared: { leads: false, term: 9, standbys: 0, storeAnswers: false },
};

const values = (view: RouterView) =>
  new Map(routerSamples(view).map(({ name, labels, value }) => [name, { labels, value }]));

test('every metric has a sample, with its labels, and moves', () => {
  const [before, after] = [values(VIEW), values(OTHER)];
  for (const [name, { labels }] of Object.entries(ROUTER_METRICS)) {
    const [one, other] = [before, after].map((each) => [...each].find(([it]) => it === name)?.[1]);
    assert.deepEqual(Object.keys(one?.labels ?? {}), labels, name);
    assert.notEqual(one?.value, other?.value, name);
  }
  assert.equal(before.size, Object.keys(ROUTER_METRICS).length);
});

test('the metrics have the right values', () => {
  const told = values(VIEW);
  const of = (name: keyof typeof ROUTER_METRICS): number | undefined => told.get(name)?.value;
  assert.equal(of('dualping_member_silence_seconds'), 0.12);
  assert.equal(of('dualping_member_primary'), 1);
  assert.equal(of('dualping_cluster_in_sync_members'), 1);
  const dead: RouterView = {
    ...VIEW,
    assignments: [{ ...ASSIGNMENT, members: [{ ...MEMBER, live: false }] }],
  };
  assert.equal(values(dead).get('dualping_cluster_in_sync_members')?.value, 0, 'none that is not there');
});

test('all live members of a service are ready: it keeps nothing that one of them could lack', () => {
  const member = { ...MEMBER, journalId: '', inSync: false };
  const members = [member, { ...member, serverId: serverId(3), live: false }];
  const service = { ...ASSIGNMENT, cluster: 10_001, service: 'orders', inSync: [], members };
  const { value, labels } =
    values({ ...VIEW, assignments: [service] }).get('dualping_cluster_in_sync_members') ?? assert.fail();
  assert.deepEqual([value, labels], [1, { cluster: 'orders' }]);
});
