/** Several routers on a real etcd: when any of them is lost, no data is lost, and another one leads. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RouterClient } from '@dualping/client';
import { whenPostsGoOn } from './accounts.js';
import { DualpingProcess } from './dualping-process.js';
import { EtcdCluster, NO_ETCD } from './etcd-cluster.js';
import { eventually } from './eventually.js';
import { Person } from './person.js';
import { SeveralRouters } from './several-routers.js';

/** Longer than a leader that does not reach etcd may lead (2.5 s). */
const QUORUM_IS_LOST_MS = 8_000;

/** How long the leader is killed again and again, ms; once when absent, which is what CI has time for. */
const KILLS_FOR_MS = Number(process.env.ROUTER_KILLS_FOR_MS ?? 0);
/** So long that the end of the grace can be distinguished from what ends it early. */
const LONG_GRACE_MS = 15_000;
const GIVEN_UP = /dropped: the router was away, and most of the in-sync members can't reach it either$/;

describe('three routers on one etcd', { skip: NO_ETCD ?? false }, () => {
  let etcd: EtcdCluster;
  let network: SeveralRouters;
  let client: RouterClient;
  let ann: Person;
  let bob: Person;

  before(async () => {
    etcd = await EtcdCluster.start(3);
    network = await SeveralRouters.start(etcd.store, {
      routers: 3,
      servers: 3,
      routerFlags: ['--reattach-grace-ms', `${LONG_GRACE_MS}`],
    });
    client = new RouterClient({ routers: network.addresses });
    await network.whenWhole(client);
    ann = new Person('ann', network.addresses);
    bob = new Person('bob', network.addresses);
    await bob.session.follow('ann');
    ann.startPosting();
  });
  after(async () => {
    ann?.session.close();
    bob?.session.close();
    client?.close();
    await network?.destroy();
    await etcd?.destroy();
  });

  const postsGoOn = (): Promise<void> => whenPostsGoOn([ann], () => network.tails());

  test('the leader is killed, and started again', async () => {
    const { epoch } = await network.whenWhole(client);
    const leader = network.leader();
    await network.kill(leader);
    await network.whenLedByAnother(leader);
    await postsGoOn();
    await network.restart(leader);
    assert.equal((await network.whenWhole(client)).epoch, epoch, 'no failover for a router');
  });

  test('the leader is frozen, and thawed when another leads', async () => {
    const { epoch } = await network.whenWhole(client);
    const leader = network.leader();
    network.signal(leader, 'SIGSTOP');
    await network.whenLedByAnother(leader);
    await postsGoOn();
    network.signal(leader, 'SIGCONT');
    await network.whenFollows(leader);
    assert.equal((await network.whenWhole(client)).epoch, epoch, 'no failover for a router');
  });

  test('the leader and the primary are killed together: the standbys end the grace', async (t) => {
    const { epoch, primary } = await network.whenWhole(client);
    assert.ok(primary !== undefined);
    const leader = network.leader();
    const killedAt = performance.now();
    await Promise.all([network.kill(leader), network.killServer(primary.serverId)]);
    await network.whenLedByAnother(leader);
    await postsGoOn();
    const first = ann.acknowledged.find(({ epoch: of }) => of > epoch);
    t.diagnostic(`posts went on ${Math.round((first?.at ?? 0) - killedAt)} ms after the kill`);
    assert.ok(
      network.linesOf(network.leader()).some((line) => GIVEN_UP.test(line)),
      'not the end of the grace, but the standbys show that the primary is gone',
    );
    await network.restart(leader);
    await network.startServer(primary.serverId);
    const after = await network.whenWhole(client);
    assert.ok(after.epoch > epoch);
  });

  test('etcd loses its quorum for a while: posts go on meanwhile, and the epoch stays', async () => {
    const { epoch } = await network.whenWhole(client);
    for (const node of [0, 1]) etcd.signalNode(node, 'SIGSTOP');
    const lostAt = performance.now();
    await postsGoOn();
    await eventually('no router leads', () => network.leaders().length === 0);
    const newcomer = new Person('newcomer', network.addresses);
    await newcomer.session.post('in, though no router leads');
    newcomer.session.close();
    await delay(QUORUM_IS_LOST_MS - (performance.now() - lostAt));
    await postsGoOn();
    for (const node of [0, 1]) etcd.signalNode(node, 'SIGCONT');
    await eventually('somebody leads', () => network.leaders().length === 1);
    await postsGoOn();
    assert.equal((await network.whenWhole(client)).epoch, epoch, 'no failover for etcd');
  });

  test("etcd's own leader is killed: routers and clients go on, in the same epoch", async () => {
    const { epoch } = await network.whenWhole(client);
    const node = await etcd.leader();
    await etcd.killNode(node);
    await postsGoOn();
    assert.notEqual(await etcd.leader(), node);
    etcd.startNode(node);
    await eventually('somebody leads', () => network.leaders().length === 1);
    await postsGoOn();
    assert.equal((await network.whenWhole(client)).epoch, epoch, 'no failover for etcd');
  });

  test("a person writes nonsense into the leader's key: a router leads again, in the same epoch", async () => {
    const { epoch } = await network.whenWhole(client);
    etcd.put('leader', 'nonsense');
    const said = /something that is no router has written key "leader" of the store/;
    await eventually(
      "a router has overwritten the leader's key",
      () => said.test(network.tails()) && network.leaders().length === 1,
    );
    await postsGoOn();
    assert.equal((await network.whenWhole(client)).epoch, epoch, 'no failover for a key');
  });

  test('all routers are restarted, one after the other: no epoch changes', async () => {
    const { epoch } = await network.whenWhole(client);
    for (const at of network.addresses.keys()) {
      await network.stop(at);
      await network.restart(at);
      await eventually('one router leads', () => network.leaders().length === 1);
      await postsGoOn();
    }
    assert.equal((await network.whenWhole(client)).epoch, epoch, 'no failover for an upgrade');
  });

  test('the leader is killed again and again, every third time with the primary', async (t) => {
    const kills = await network.killLeaders(client, { forMs: KILLS_FOR_MS }, postsGoOn);
    t.diagnostic(`${kills} times`);
  });

  test('a router that is asked to end hands over: no post waits', async () => {
    const leader = network.leader();
    await network.stop(leader);
    await network.whenLedByAnother(leader);
    await postsGoOn();
    await network.restart(leader);
    await network.whenWhole(client);
  });

  test('nothing acknowledged is lost or repeated, and no epoch has had two primaries', async () => {
    await ann.stopPosting();
    assert.deepEqual(ann.failures, []);
    const posted = ann.acknowledged.map(({ position, text }) => ({ position, text }));
    posted.sort((one, other) => one.position - other.position);
    await eventually('all is seen', () => bob.seen.length >= posted.length);
    assert.deepEqual(
      bob.seen.map(({ text }) => text),
      posted.map(({ text }) => text),
    );

    assert.ok((await etcd.epochsHadOnePrimary()) >= 2);
  });
});

describe('up with several routers', { skip: NO_ETCD ?? false }, () => {
  let etcd: EtcdCluster;
  let up: DualpingProcess;
  const folder = mkdtempSync(join(tmpdir(), 'dualping-up-'));

  before(async () => {
    etcd = await EtcdCluster.start(1);
    const store = ['--routers', '3', '--store', etcd.store];
    up = new DualpingProcess([
      'up',
      '--insecure',
      '--data',
      join(folder, 'data'),
      '--port',
      '0',
      '--servers',
      '2',
      ...store,
    ]);
    await up.line(/^ready/);
  });
  after(async () => {
    await up?.kill();
    await etcd?.destroy();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  test('admin status names all routers and the leader, at every router', async () => {
    const addresses = /--routers (\S+)/.exec(await up.line(/^ready/))?.[1]?.split(',') ?? [];
    assert.equal(addresses.length, 3);
    const leaders = new Set<string>();
    for (const address of addresses) {
      const status = new DualpingProcess(['admin', 'status', '--routers', address]);
      leaders.add(/^router (\S+) leads in term \d+$/.exec(await status.line(/ leads in term /))?.[1] ?? '');
      assert.equal(await status.exited, 0);
    }
    assert.equal(leaders.size, 1);
    assert.ok(addresses.includes([...leaders][0] ?? ''));
  });

  test('status has the process of each router, and all are found from the folder', async () => {
    const status = new DualpingProcess(['status', '--data', join(folder, 'data')]);
    for (const name of ['router', 'router2', 'router3'])
      await status.line(new RegExp(`^ {2}${name} +pid \\d+ {2}127\\.0\\.0\\.1:\\d+$`));
    await status.line(/^router \S+ leads in term \d+$/);
    assert.equal(await status.exited, 0);
    assert.equal(status.lines.filter((line) => /^router \S+ follows$/.test(line)).length, 2);
  });

  test('an operator makes another router lead, through any router, and top shows it', async () => {
    const addresses = /--routers (\S+)/.exec(await up.line(/^ready/))?.[1]?.split(',') ?? [];
    let former = '';
    using routers = new RouterClient({ routers: addresses });
    await routers.pause(1);
    for (const address of addresses) {
      const handover = new DualpingProcess(['admin', 'router', 'handover', '--routers', address]);
      const [, leader = ''] = /^router (\S+) leads in term \d+$/.exec(await handover.line(/ leads /)) ?? [];
      assert.equal(await handover.exited, 0);
      assert.notEqual(leader, former);
      former = leader;
    }
    // What an operator has ordered holds under each leader, and so does what happened.
    const [assignment] = (await routers.status()).assignments;
    assert.equal(assignment?.suspended, 'paused');
    assert.deepEqual(
      (await routers.history(1)).map(({ what }) => what),
      ['promoted', 'paused'],
    );
    assert.equal((await routers.resume(1)).suspended, undefined);
    const top = new DualpingProcess(['top', '--routers', former, '--data', join(folder, 'data')]);
    await top.line(new RegExp(`^router ${former} leads in term \\d+, pid \\d+$`));
    assert.equal(await top.exited, 0);
  });

  test('several routers without a store are refused', async () => {
    const refused = new DualpingProcess(['up', '--data', join(folder, 'none'), '--routers', '3']);
    await refused.line(/routers is "3": several share an etcd/);
    assert.equal(await refused.exited, 2);
  });
});
