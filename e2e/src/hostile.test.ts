/** Two faults at once, and faults at bad moments: these show what one fault alone does not. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RouterClient } from '@dualping/client';
import { eventually } from './eventually.js';
import { Person } from './person.js';
import { TestCluster } from './test-cluster.js';

/**
 * Longer than members wait for a silent router: three times the default `dead_after`, and a ping, ms.
 */
const FREEZE_MS = 2_000;
const HANDOVERS = 10;

describe('two things at once', () => {
  let cluster: TestCluster;
  let routers: RouterClient;
  let ana: Person;

  before(async () => {
    cluster = await TestCluster.start({ servers: 3, insecure: true });
    routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
    await cluster.whenWhole(routers);
    ana = new Person('ana', [cluster.routerAddress], undefined, cluster.user);
    await ana.post('ana 0');
    ana.startPosting();
  });
  after(async () => {
    ana.session.close();
    routers.close();
    await cluster.destroy();
  });

  const posts = (more: number): Promise<void> => ana.goesOn(more, () => cluster.tails());

  test('a long freeze of the router causes no failover', async () => {
    const { epoch } = await cluster.whenWhole(routers);
    cluster.router.signal('SIGSTOP');
    await delay(FREEZE_MS); // this is the fault itself: nothing can be observed while the router is frozen
    await posts(5);
    cluster.router.signal('SIGCONT');
    await posts(5);
    assert.equal((await cluster.whenWhole(routers)).epoch, epoch, cluster.router.tail());
  });

  test('the primary dies while the router is frozen: a standby still takes over', async () => {
    const { epoch, primary } = await cluster.whenWhole(routers);
    assert.ok(primary !== undefined);
    cluster.router.signal('SIGSTOP');
    await cluster.server(primary.serverId).kill();
    await delay(FREEZE_MS);
    cluster.router.signal('SIGCONT');
    await posts(20);
    assert.ok((ana.acknowledged.at(-1)?.epoch ?? 0) > epoch);
    await cluster.startServer(primary.serverId);
    await cluster.whenWhole(routers);
  });

  test('the primary and the standby that would take over die together', async () => {
    const { primary, members } = await cluster.whenWhole(routers);
    const next = members.find(({ serverId }) => serverId !== primary?.serverId);
    assert.ok(primary !== undefined && next !== undefined);
    for (const { serverId } of [primary, next]) cluster.server(serverId).signal('SIGKILL');
    await posts(20);
    for (const { serverId } of [primary, next]) {
      await cluster.server(serverId).exited;
      await cluster.startServer(serverId);
    }
    await cluster.whenWhole(routers);
  });

  test('handovers one after another, under load', async () => {
    for (let i = 0; i < HANDOVERS; i += 1) {
      await routers.handover(1);
      await posts(3);
    }
  });

  test('in the end everything is there once, and in order', async () => {
    await ana.stopPosting();
    assert.deepEqual(ana.failures, []);
    await eventually('everything is seen', () => ana.seen.length >= ana.acknowledged.length);
    assert.deepEqual(
      ana.seen.map(({ text }) => text),
      ana.acknowledged.map((_, i) => `ana ${i}`),
    );
  });
});
