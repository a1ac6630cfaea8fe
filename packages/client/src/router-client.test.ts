import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DualpingError, epoch, serverId } from '@dualping/core';
import type { WatchUpdate } from '@dualping/protocol';
import { FakeCluster, FakeRouter, NETWORK_ID, until } from './fake-network.fixture.js';
import { RouterClient } from './router-client.js';

interface Play {
  readonly cluster: FakeCluster;
  readonly router: FakeRouter;
  readonly client: RouterClient;
}

async function play(context: TestContext): Promise<Play> {
  const cluster = new FakeCluster();
  const first = await cluster.addServer();
  await cluster.addServer();
  const router = await FakeRouter.start(0, cluster.assignment(1, first));
  const client = new RouterClient({ routers: [router.address] });
  context.after(() => {
    client.close();
    router.kill();
    for (const server of cluster.servers) server.kill();
  });
  return { cluster, router, client };
}

const rejectsWith = (reason: string) => (error: unknown) =>
  error instanceof DualpingError && error.reason === reason;

test('the status has everything the router knows, and ends the watch it took', async (context) => {
  const { router, client } = await play(context);
  const status = await client.status();
  assert.deepEqual(
    [status.router, status.networkId, status.clusters, status.stats[0]?.stats.checksum],
    [router.address, NETWORK_ID, 1, 7],
  );
  assert.deepEqual(status.assignments, [router.assignment]);
  await until(() => router.watchers === 0, 'the watch has ended');
});

test('`available` answers at once, or when there is a primary', async (context) => {
  const { cluster, router, client } = await play(context);
  const [, second] = cluster.servers;
  assert.ok(second);
  assert.equal((await client.available({ user: 'ann' })).epoch, 1);
  const newer = client.available({ cluster: 1, failedEpoch: epoch(1), waitMs: 5_000 });
  await until(() => router.calls.includes('available failed 1'), 'asked');
  router.tell(cluster.assignment(2, second));
  assert.equal((await newer).epoch, 2);
  await assert.rejects(client.available({ cluster: 7 }), rejectsWith('unknown-cluster'));
});

test("operators' calls carry their answers and refusals", async (context) => {
  const { router, client } = await play(context);
  await assert.rejects(client.handover(1), rejectsWith('handover-impossible'));
  assert.deepEqual(await client.promote(1, serverId(2)), router.assignment);
  assert.deepEqual(
    router.calls.filter((call) => !call.startsWith('connect')),
    ['handover 1', 'promote 2 true'],
  );
});

test('a watch goes on over a router that dies and comes back', async (context) => {
  const { cluster, router, client } = await play(context);
  const [, second] = cluster.servers;
  assert.ok(second);
  const updates: WatchUpdate[] = [];
  const watch = client.watch({ of: { cluster: 1 } }).subscribe((update) => updates.push(update));
  await until(() => updates.length === 1, 'the first update');
  router.kill();
  const again = await FakeRouter.start(router.port, cluster.assignment(2, second));
  context.after(() => again.kill());
  await until(() => updates.length === 2, 'told by the one that came back');
  assert.equal(updates[1]?.assignments[0]?.epoch, 2);
  watch.unsubscribe();
  await until(() => again.watchers === 0, 'the watch has ended');
});

test('the next router is asked when one is away, and all are named when none answers', async (context) => {
  const { router, client } = await play(context);
  const gone = await FakeRouter.start();
  gone.kill();
  const both = new RouterClient({ routers: [gone.address, router.address] });
  context.after(() => both.close());
  assert.equal((await both.available({ cluster: 1 })).epoch, 1);
  router.kill();
  await assert.rejects(both.available({ cluster: 1 }), rejectsWith('router-unreachable'));
  await assert.rejects(client.status(), (error: unknown) => String(error).includes(router.address));
});

test('router addresses are checked at once', () => {
  assert.throws(() => new RouterClient({ routers: ['x'] }), /"x"/);
});
