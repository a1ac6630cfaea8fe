/** An etcd that is emptied, or gets another network, while routers run: they make no second network. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import { whenPostsGoOn } from './accounts.js';
import { EtcdCluster, NO_ETCD } from './etcd-cluster.js';
import { eventually } from './eventually.js';
import { Person } from './person.js';
import { SeveralRouters } from './several-routers.js';

const ROUTERS = [0, 1, 2] as const;
const EMPTY =
  / store-refused: the store has lost its content: .* this router serves network \S+: it does not/;
const ANOTHER = / store-refused: the store has the network another, and this router serves network \S+:/;

describe('an etcd that is emptied under its routers', { skip: NO_ETCD ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-kept-'));
  let etcd: EtcdCluster;
  let network: SeveralRouters;
  let client: RouterClient;
  let ann: Person;

  before(async () => {
    etcd = await EtcdCluster.start(1);
    const routerFlags = ['--data', join(folder, 'router')];
    network = await SeveralRouters.start(etcd.store, { routers: ROUTERS.length, servers: 2, routerFlags });
    client = new RouterClient({ routers: network.addresses });
    await network.whenWhole(client);
    ann = new Person('ann', network.addresses);
    ann.startPosting();
  });
  after(async () => {
    ann?.session.close();
    client?.close();
    await network?.destroy();
    await etcd?.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  const postsGoOn = (): Promise<void> => whenPostsGoOn([ann], () => network.tails());
  const allSay = async (pattern: RegExp, from: readonly number[]): Promise<void> => {
    for (const at of ROUTERS) await network.whenSays(at, pattern, from[at]);
  };
  const lineCounts = (): readonly number[] => ROUTERS.map((at) => network.linesOf(at).length);
  const restored = async (content: ReturnType<EtcdCluster['content']>): Promise<void> => {
    for (const [key, value] of content) etcd.put(key, value);
    await eventually(
      'a router leads again',
      () => network.leaders().length === 1,
      undefined,
      () => network.tails(),
    );
    await network.whenWhole(client);
    await postsGoOn();
  };

  test('no router leads until the content is back; posts go on meanwhile, and failover works afterwards', async () => {
    const { epoch, primary } = await network.whenWhole(client);
    const content = etcd.content();
    etcd.empty();
    await allSay(EMPTY, []);
    await postsGoOn();
    assert.deepEqual(network.leaders(), []);
    assert.deepEqual(etcd.content(), [], 'nothing is made anew');
    await restored(content);
    assert.equal((await network.whenWhole(client)).epoch, epoch);
    await network.killServer(primary?.serverId ?? 0);
    await postsGoOn();
    await network.startServer(primary?.serverId ?? 0);
    assert.ok((await network.whenWhole(client)).epoch > epoch);
  });

  test('the header of another network is refused likewise', async () => {
    const content = etcd.content();
    const from = lineCounts();
    etcd.empty();
    etcd.put('header', JSON.stringify({ dualpingRouter: 2, networkId: 'another', clusters: 1 }));
    await allSay(ANOTHER, from);
    await postsGoOn();
    assert.deepEqual(network.leaders(), []);
    await restored(content);
  });

  test('a record that was deleted, or replaced by an older one, under the leader: a failover writes the newer one', async () => {
    for (const older of [true, false]) {
      const [key, value] = etcd.content().find(([key]) => key === 'clusters/1') ?? ['', ''];
      await client.handover(1);
      const { primary, epoch } = await network.whenWhole(client);
      if (older) etcd.put(key, value);
      else etcd.remove(key);
      const from = network.linesOf(network.leader()).length;
      await network.killServer(primary?.serverId ?? 0);
      await network.whenSays(network.leader(), / store-overwritten: .* key "clusters\/1" /, from);
      await postsGoOn();
      await network.startServer(primary?.serverId ?? 0);
      assert.ok((await network.whenWhole(client)).epoch > epoch);
      await network.kill(network.leader()); // the next leader reads what was written
      await eventually('another router leads', () => network.leaders().length === 1);
      await network.whenWhole(client);
      await postsGoOn();
      for (const at of ROUTERS) if (network.hasEnded(at)) await network.restart(at);
    }
  });

  test('routers that are started again know their network from the folder', async () => {
    const content = etcd.content();
    etcd.empty();
    for (const at of ROUTERS) {
      await network.kill(at);
      await network.restart(at);
    }
    await allSay(EMPTY, []);
    await allSay(/ remove ".*network\.json" and start them again/, []);
    await postsGoOn();
    assert.deepEqual(etcd.content(), [], 'nothing is made anew');
    await restored(content);
  });
});
