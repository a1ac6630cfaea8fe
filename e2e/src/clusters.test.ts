/** Users in several clusters: a fault in one cluster does not affect users of the others. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import { clusterOf } from '@dualping/core';
import { DualpingProcess } from './dualping-process.js';
import { eventually } from './eventually.js';
import { Person } from './person.js';
import { TestCluster } from './test-cluster.js';

const CLUSTERS = 3;

let cluster: TestCluster;
let routers: RouterClient;
let people: Person[] = [];

before(async () => {
  cluster = await TestCluster.start({ servers: 2, clusters: CLUSTERS });
  routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  for (const number of cluster.clusterNumbers) await cluster.whenWhole(routers, number);
});

after(async () => {
  for (const person of people) person.session.close();
  routers.close();
  await cluster.destroy();
});

test('a cluster without a server affects only its own users, who are informed', async () => {
  people = ['1', '2', '3'].map((user) => new Person(user, [cluster.routerAddress], undefined, cluster.user));
  const [one, two, three] = people;
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  assert.deepEqual(
    people.map(({ user }) => clusterOf(user, CLUSTERS)),
    [1, 2, 3],
  );
  for (const person of people) await person.post('here');
  const live = await eventually('user 2 is live', () =>
    two.session.state.kind === 'live' ? two.session.state : undefined,
  );
  assert.equal(live.target.cluster, 2);

  await Promise.all(cluster.serverIds.map((id) => cluster.server(id, 2).kill()));
  const waiting = await eventually('user 2 is told that its cluster is down', () =>
    two.session.state.kind === 'waiting' ? two.session.state : undefined,
  );
  assert.deepEqual([waiting.because.reason, waiting.cluster], ['no-available-server', 2]);
  const unanswered = two.post('while the cluster is away');
  for (const other of [one, three]) {
    await other.post('as if nothing had happened');
    assert.equal(other.session.state.kind, 'live');
  }
  const listing = new DualpingProcess(['admin', 'status', '--routers', cluster.routerAddress]);
  await listing.line(/^cluster 1: epoch \d+, available$/);
  await listing.line(/^cluster 2: epoch \d+, not available: /);
  await listing.exited;

  for (const id of cluster.serverIds) await cluster.startServer(id, 2);
  await cluster.whenWhole(routers, 2);
  await unanswered;
});

test("a server of a cluster that doesn't exist is refused with the reason", async () => {
  await cluster.startServer(1, CLUSTERS + 1);
  const server = cluster.server(1, CLUSTERS + 1);
  assert.equal(await server.exited, 1);
  assert.match(server.tail(), /clusters 1 to 3/);
});

test('a router whose folder was made for another number of clusters refuses to start', async () => {
  await cluster.router.stop();
  const other = new DualpingProcess([
    'router',
    '--data',
    `${cluster.folder}/router`,
    '--clusters',
    '2',
    '--port',
    '0',
  ]);
  assert.equal(await other.exited, 2);
  assert.match(other.tail(), /clusters is "2".*made for 3/);
});
