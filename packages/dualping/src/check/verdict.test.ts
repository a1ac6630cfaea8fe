import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkStatus } from '@dualping/client';
import { type Assignment, epoch, type MemberInfo, position, serverId } from '@dualping/core';
import { type CheckLimits, renderVerdict, verdictOf, withLocal } from './verdict.js';

const LIMITS: CheckLimits = { cluster: undefined, minInSync: 1, maxLag: 100 };

const member = (id: number, how: Partial<MemberInfo> = {}): MemberInfo => ({
  serverId: serverId(id),
  incarnation: 1,
  journalId: `j${id}`,
  lifeId: `l${id}`,
  address: '127.0.0.1:9',
  liveness: 'stream',
  live: true,
  inSync: true,
  unreachable: false,
  ...how,
});

const cluster = (number: number, how: Partial<Assignment> = {}): Assignment => ({
  cluster: number,
  revision: 1,
  epoch: epoch(3),
  primary: undefined,
  available: true,
  unavailableReason: '',
  lastUncleanEpoch: epoch(0),
  inSync: [],
  members: [member(1), member(2)],
  ...how,
});

const network = (...assignments: readonly Assignment[]): NetworkStatus => ({
  router: '127.0.0.1:7070',
  networkId: 'n',
  clusters: assignments.length,
  assignments,
  stats: [1, 2].map((id) => ({
    cluster: 1,
    serverId: serverId(id),
    ageMs: 1,
    stats: {
      durable: position(id === 1 ? 500 : 450),
      committed: position(450),
      lastEpoch: epoch(3),
      checksum: 0,
      timelines: 0,
      postsAccepted: 0,
      slowSyncs: 0,
      longestSyncMs: 0,
    },
  })),
  trouble: '',
});

const said = (status: NetworkStatus, limits: Partial<CheckLimits> = {}): string =>
  renderVerdict(verdictOf(status, { ...LIMITS, ...limits }));

test('a healthy network is reported with its stats', () => {
  assert.equal(
    said(network(cluster(1))),
    'DUALPING OK: epoch 3, 2 in sync | epoch=3 members=2 live=2 in_sync=2 lag=50',
  );
  assert.equal(
    said(network(cluster(1), cluster(2, { members: [member(1)] }))),
    'DUALPING OK: cluster 1: epoch 3, 2 in sync; cluster 2: epoch 3, 1 in sync | ' +
      'c1_epoch=3 c1_members=2 c1_live=2 c1_in_sync=2 c1_lag=50 ' +
      'c2_epoch=3 c2_members=1 c2_live=1 c2_in_sync=1 c2_lag=0',
  );
});

test('a pause that an operator may have forgotten is a warning', () => {
  assert.match(
    said(network(cluster(1, { suspended: 'paused' }))),
    /^DUALPING WARNING: failover is suspended by an operator \(paused\) \|/,
  );
});

test('loss of service is critical', () => {
  const away = cluster(1, { available: false, unavailableReason: 's1 | s2 must come back' });
  for (const [status, limits, pattern] of [
    [network(away), {}, /^DUALPING CRITICAL: nobody serves: s1 \/ s2 must come back \|/],
    [
      network(cluster(1, { available: false, members: [] })),
      {},
      /no server has ever served it; 0 members are in/,
    ],
    [network(cluster(1)), { minInSync: 3 }, /^DUALPING CRITICAL: 2 members are in sync, and 3 are required/],
    [network(cluster(1)), { cluster: 7 }, /^DUALPING CRITICAL: there is no cluster 7/],
    [
      { ...network(cluster(1)), trouble: 'hears nobody' },
      {},
      /CRITICAL: the router is in trouble: hears nobody/,
    ],
  ] as const)
    assert.match(said(status, limits), pattern);
});

test('reduced redundancy is a warning, and the worst problem comes first', () => {
  const members = [member(1), member(2, { live: false }), member(3, { inSync: false })];
  assert.match(
    said(network(cluster(1, { members }))),
    /^DUALPING WARNING: s2 is not there; s3 is not in sync \|/,
  );
  assert.match(
    said(network(cluster(1)), { maxLag: 49 }),
    /^DUALPING WARNING: an in-sync member is 50 entries/,
  );
  const mute = [member(1), member(2, { unreachable: true })];
  assert.match(said(network(cluster(1, { members: mute }))), /WARNING: s2 can't be dialled by the router/);
  assert.match(
    said(network(cluster(1, { members })), { minInSync: 2 }),
    /CRITICAL: 1 members are in sync, and 2 are required; s2 is not there; s3 is not in sync/,
  );
  assert.match(said(network(cluster(1), cluster(2, { members }))), /WARNING: c2\/s2 is not there/);
});

test('a disk that is nearly full is critical while its member is in sync', () => {
  const status = network(cluster(1));
  const low = { freeBytes: 39_000_000, sizeBytes: 1_000_000_000, isLow: true };
  const stats = status.stats.map((each) =>
    each.serverId === 2 ? { ...each, stats: { ...each.stats, disk: low } } : each,
  );
  assert.match(
    said({ ...status, stats }),
    /^DUALPING CRITICAL: s2: 3\.9 % of its disk are free: 39 MB of 1 GB; users' writes are refused \|/,
  );
  const members = [member(1), member(2, { inSync: false })];
  assert.match(
    said({ ...network(cluster(1, { members })), stats }),
    /WARNING: s2 is not in sync; s2: 3\.9 % of its disk are free: 39 MB of 1 GB \|/,
  );
});

test('when one cluster is requested the others are not mentioned', () => {
  const away = cluster(2, { available: false });
  assert.match(said(network(cluster(1), away), { cluster: 1 }), /^DUALPING OK: epoch 3/);
});

test('members without a journal need only be live', () => {
  const members = [1, 2].map((id) => member(id, { journalId: '', inSync: false }));
  assert.match(said(network(cluster(1, { members })), { minInSync: 2 }), /^DUALPING OK: epoch 3, 2 in sync/);
});

test('services count by name, and an unused cluster of users is left out', () => {
  const unused = cluster(1, { epoch: epoch(0), available: false, members: [] });
  const orders = cluster(10_001, {
    service: 'orders',
    members: [member(1, { journalId: '', inSync: false }), member(2, { journalId: '', inSync: false })],
  });
  const well = verdictOf(network(unused, orders), LIMITS);
  assert.deepEqual([well.severity, well.clusters.map((checked) => checked.cluster)], ['ok', ['orders']]);
  assert.equal(verdictOf(network(unused), LIMITS).severity, 'critical', 'there is nothing else');
  const lost = { ...orders, members: [member(1, { journalId: '', live: false, inSync: false })] };
  const { problems } = verdictOf(network(unused, lost), { ...LIMITS, cluster: 'orders' });
  assert.deepEqual(
    problems.map(({ text }) => text),
    ['service orders: 0 members are in sync, and 1 are required', 'orders/s1 is not there'],
  );
  assert.equal(verdictOf(network(unused, orders), { ...LIMITS, cluster: 'stock' }).severity, 'critical');
});

test('results of this machine are ranked with the rest, and their stats are shown', () => {
  const well = verdictOf(network(cluster(1)), LIMITS);
  const slow = { severity: 'warning', text: 'the disk is slow' } as const;
  const gone = { severity: 'critical', text: 'certificate "router.pem" has expired' } as const;
  const whole = withLocal(well, {
    disk: { done: { freePercent: 40, freeBytes: 1, syncMs: 1_400.4, problems: [slow] } },
    certificates: { done: { parts: 1, daysLeft: -2, problems: [gone] } },
  });
  assert.deepEqual([whole.severity, whole.problems], ['critical', [gone, slow]]);
  assert.match(
    renderVerdict(whole),
    /^DUALPING CRITICAL: certificate .*; the disk is slow \| .* disk_free=40\.0% disk_sync=1400ms certificate_days=-2$/,
  );
  const failed = withLocal(well, { disk: { failed: gone }, certificates: undefined });
  assert.deepEqual([failed.severity, failed.disk, failed.certificates], ['critical', undefined, undefined]);
});

test('a router of several that does not answer is a warning: the next loss may leave none', () => {
  const routers = [
    { address: 'r1', state: 'leads', detail: '' },
    { address: 'r2', state: 'absent', detail: 'connection refused' },
  ] as const;
  const text = said({ ...network(cluster(1)), routers });
  assert.match(text, /^DUALPING WARNING.*router r2 does not answer: connection refused/);
});
