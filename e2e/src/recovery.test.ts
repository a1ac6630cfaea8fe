/** Servers that come back with disks in various states, and readers that stopped reading. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import type { Assignment } from '@dualping/core';
import { epoch, type Post, position, serverId } from '@dualping/core';
import {
  CHANNEL_OPTIONS,
  PLAINTEXT,
  SocialServiceClient,
  timelineMessageToWire,
  timelineUpdateFromWire,
} from '@dualping/protocol';
import { tokenOf } from './device.js';
import { eventually } from './eventually.js';
import { Person } from './person.js';
import { TestCluster } from './test-cluster.js';

/** More than a new standby may lack before it pulls a snapshot. */
const MANY_POSTS = 1_200;

function withCluster(
  routerFlags: readonly string[] = [],
  servers = 3,
): {
  cluster: () => TestCluster;
  routers: () => RouterClient;
  person: (user: string) => Person;
} {
  let cluster: TestCluster;
  let routers: RouterClient;
  const people: Person[] = [];
  before(async () => {
    cluster = await TestCluster.start({ servers, routerFlags });
    routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
    await cluster.whenWhole(routers);
  });
  after(async () => {
    for (const person of people) person.session.close();
    routers.close();
    await cluster.destroy();
  });
  return {
    cluster: () => cluster,
    routers: () => routers,
    person: (user) => {
      const person = new Person(user, [cluster.routerAddress], undefined, cluster.user);
      people.push(person);
      return person;
    },
  };
}

/** Server ids by role. */
function roles(assignment: Assignment): { primary: number; standbys: number[] } {
  const primary = assignment.primary?.serverId;
  assert.ok(primary !== undefined);
  return {
    primary,
    standbys: assignment.members.map((member) => Number(member.serverId)).filter((id) => id !== primary),
  };
}

/** All servers hold the same journal to the byte: same end, same checksum. */
async function allEqual(cluster: TestCluster, routers: RouterClient): Promise<void> {
  await cluster.whenWhole(routers);
  await eventually(
    'all journals are equal',
    async () => {
      const { stats } = await routers.status();
      const ends = stats.map(({ stats: { durable, checksum } }) => `${durable} ${checksum}`);
      return ends.length === cluster.serverIds.length && new Set(ends).size === 1;
    },
    30_000,
    () => cluster.tails(),
  );
}

const texts = (posts: readonly Post[]): string[] => posts.map(({ text }) => text);

describe('a server that comes back', () => {
  const { cluster, routers, person } = withCluster();

  test('with an old journal catches up', async () => {
    const ana = person('ana');
    const [standby] = roles(await cluster().whenWhole(routers())).standbys;
    assert.ok(standby !== undefined);
    await ana.post('before');
    await cluster().server(standby).kill();
    for (let i = 0; i < 50; i += 1) await ana.post(`while it was away ${i}`);
    await cluster().startServer(standby);
    await allEqual(cluster(), routers());
  });

  test('with an empty folder pulls a snapshot, and then can take over', async () => {
    const bo = person('bo');
    await Promise.all(Array.from({ length: MANY_POSTS }, (_, i) => bo.post(`post ${i}`)));
    const { primary, standbys } = roles(await cluster().whenWhole(routers()));
    const [empty, other] = standbys;
    assert.ok(empty !== undefined && other !== undefined);
    await cluster().server(empty).kill();
    rmSync(cluster().folderOf(empty), { recursive: true });
    await cluster().startServer(empty);
    await cluster()
      .server(empty)
      .line(/starts over from a snapshot/);
    await allEqual(cluster(), routers());

    // Only the server that started with an empty disk is left to take over.
    await cluster().server(other).kill();
    await cluster().server(primary).kill();
    await bo.post('after the takeover');
    const page = await bo.session.older(position(bo.acknowledged.at(-1)?.position ?? 0), 100);
    assert.deepEqual(texts(page.posts).slice(-3), [
      `post ${MANY_POSTS - 3}`,
      `post ${MANY_POSTS - 2}`,
      `post ${MANY_POSTS - 1}`,
    ]);
    await cluster().startServer(other);
    await cluster().startServer(primary);
    await allEqual(cluster(), routers());
  });

  test('by SIGTERM of the primary: it hands over, and no post fails', async () => {
    const chen = person('chen');
    await chen.post('first');
    chen.startPosting();
    const { primary } = roles(await cluster().whenWhole(routers()));
    await chen.goesOn(20);
    await cluster().server(primary).stop();
    await chen.goesOn(20);
    await chen.stopPosting();
    assert.deepEqual(chen.failures, []);
    assert.ok(
      cluster()
        .server(primary)
        .lines.some((line) => line.includes('handed over to')),
      cluster().server(primary).tail(),
    );
    await cluster().startServer(primary);
    await allEqual(cluster(), routers());
  });

  test('a standby that is frozen and thawed delays writes only shortly, and is in sync again', async () => {
    const dora = person('dora');
    const [standby] = roles(await cluster().whenWhole(routers())).standbys;
    assert.ok(standby !== undefined);
    cluster().server(standby).signal('SIGSTOP');
    await dora.post('while it is frozen');
    cluster().server(standby).signal('SIGCONT');
    await allEqual(cluster(), routers());
  });

  test('a timeline that is not read costs nothing and misses nothing', async () => {
    const emil = person('emil');
    await emil.post('0');
    const assignment = await cluster().whenWhole(routers());
    const address =
      assignment.members.find((member) => member.serverId === assignment.primary?.serverId)?.address ?? '';
    const client = new SocialServiceClient(
      address,
      (cluster().user ?? PLAINTEXT).channel('server'),
      CHANNEL_OPTIONS,
    );
    const sessionId = 'slow-reader';
    const call = client.timeline(tokenOf(cluster().user, 'emil', sessionId));
    const seen: Post[] = [];
    let isOpen = false;
    call.on('data', (message) => {
      const update = timelineUpdateFromWire(message);
      isOpen ||= update.opened !== undefined;
      seen.push(...update.posts);
    });
    call.on('error', () => {});
    const none = {
      sessionId,
      epoch: epoch(0),
      resumeAfter: position(0),
      history: 0,
      posts: true,
      signs: false,
      mentions: false,
    };
    call.write(timelineMessageToWire({ kind: 'open', user: 'emil', ...none }));
    await eventually('the timeline is open', () => isOpen);
    await emil.post('1');
    await eventually('the timeline is live', () => seen.length === 1);
    call.pause();
    const long = 'x'.repeat(900);
    await Promise.all(Array.from({ length: 2_000 }, (_, i) => emil.post(`${i + 2} ${long}`)));
    call.resume();
    await eventually(
      'everything has come',
      () => seen.length >= 2_001,
      30_000,
      () => `${seen.length} of 2001`,
    );
    assert.deepEqual(
      seen.map(({ text }) => Number(text.split(' ')[0])),
      Array.from({ length: 2_001 }, (_, i) => i + 1),
    );
    call.cancel();
    client.close();
  });
});

describe('an unacknowledged tail', () => {
  // Enough time to kill the primary while both standbys are frozen and not yet dropped.
  const { cluster, routers, person } = withCluster(['--dead-after-ms', '20000']);

  test('is cut when its server comes back, and its posts are sent again', async () => {
    const ana = person('ana');
    await ana.post('first');
    const { primary, standbys } = roles(await cluster().whenWhole(routers()));
    for (const id of standbys) cluster().server(id).signal('SIGSTOP');
    const held = [ana.post('second'), ana.post('third')];
    await eventually('the primary has more than is committed', async () => {
      const { stats } = await routers().status();
      const own = stats.find(({ serverId }) => serverId === primary)?.stats;
      return own !== undefined && own.durable >= own.committed + 2;
    });
    await cluster().server(primary).kill();
    // The standbys' sockets hold unread entries from the dead primary: they may survive or not, both are
    // correct.
    for (const id of standbys) cluster().server(id).signal('SIGCONT');
    await Promise.all(held);
    await cluster().startServer(primary);
    await allEqual(cluster(), routers());
    const page = await ana.session.older(position(Number.MAX_SAFE_INTEGER), 10);
    assert.deepEqual(texts(page.posts), ['first', 'second', 'third']);
  });
});

describe('a backup', () => {
  const { cluster, routers, person } = withCluster();

  test('of one standby and the router, restored where all else is lost', async () => {
    const ana = person('ana');
    for (let i = 0; i < 5; i += 1) await ana.post(`kept ${i}`);
    const [standby] = roles(await cluster().whenWhole(routers())).standbys;
    assert.ok(standby !== undefined);
    const routerFolder = join(cluster().folder, 'router');
    const serverFolder = cluster().folderOf(standby);

    await cluster().server(standby).stop();
    cpSync(serverFolder, `${serverFolder}.backup`, { recursive: true });
    cpSync(routerFolder, `${routerFolder}.backup`, { recursive: true });
    await cluster().startServer(standby);
    await cluster().whenWhole(routers());
    await ana.post('after the backup');
    ana.session.close();

    await cluster().stop();
    for (const folder of [routerFolder, ...cluster().serverIds.map((id) => cluster().folderOf(id))])
      rmSync(folder, { recursive: true });
    cpSync(`${routerFolder}.backup`, routerFolder, { recursive: true });
    cpSync(`${serverFolder}.backup`, serverFolder, { recursive: true });
    await cluster().startRouter();
    await cluster().startServer(standby);
    assert.equal(await cluster().assignment(routers()), undefined, 'nobody takes over unasked');
    await eventually('the router waits for the others no longer', () =>
      routers()
        .promote(1, serverId(standby))
        .catch(() => undefined),
    );
    for (const id of cluster().serverIds) if (id !== standby) await cluster().startServer(id);
    await allEqual(cluster(), routers());

    const again = person('ana');
    const { position: last } = await again.post('after the restore');
    const page = await again.session.older(position(last), 100);
    assert.deepEqual(
      texts(page.posts),
      Array.from({ length: 5 }, (_, i) => `kept ${i}`),
    );
  });
});

describe('only the journal of a server is put back from before, and all else of its folder is the newest', () => {
  /** Power is lost everywhere; then that server has an older journal, and the router runs again. */
  async function losePower(cluster: TestCluster, id: number, ana: Person): Promise<void> {
    const folder = cluster.folderOf(id);
    const generation = join(folder, 'generation-1');
    await cluster.server(id).stop();
    cpSync(generation, `${folder}.before`, { recursive: true });
    await cluster.startServer(id);
    let last = 0;
    for (let i = 0; i < 20; i += 1) last = (await ana.post(`after the copy ${i}`)).position;
    await eventually('its known-mark has been written', () => {
      const mark = readFileSync(join(folder, 'known-mark'));
      return mark.readUIntLE(0, 6) >= last;
    });
    await Promise.all([...cluster.serverIds.map((it) => cluster.server(it).kill()), cluster.router.kill()]);
    rmSync(generation, { recursive: true });
    cpSync(`${folder}.before`, generation, { recursive: true });
    await cluster.startRouter();
    await cluster.startServer(id);
    await cluster
      .server(id)
      .line(/older-copy: .*ends at \d+ and does not have what was committed up to \d+\. It goes on as a new/);
  }

  describe('of three servers', () => {
    // Only the server with the older journal is there until the test starts another.
    const { cluster, routers, person } = withCluster(['--reattach-grace-ms', '500']);

    test('it does not serve, and catches up from one that has everything', async () => {
      const ana = person('ana');
      await ana.post('before the copy');
      await cluster().whenWhole(routers());
      await losePower(cluster(), 3, ana);
      const unavailable = await eventually('the router has stopped waiting', async () => {
        const [assignment] = (await routers().status()).assignments;
        const isThere = assignment?.members.some((it) => it.serverId === serverId(3) && it.live);
        return isThere === true ? assignment?.unavailableReason : undefined;
      });
      assert.match(unavailable, /s3 came with another/);
      await cluster().startServer(1);
      await ana.post('afterwards');
      await cluster().startServer(2);
      await allEqual(cluster(), routers());
      const page = await ana.session.older(position(Number.MAX_SAFE_INTEGER), 100);
      assert.deepEqual(
        texts(page.posts),
        ana.acknowledged.map(({ text }) => text),
      );
    });
  });

  describe('of the only server', () => {
    const { cluster, routers, person } = withCluster(['--reattach-grace-ms', '500'], 1);

    test('an operator decides, and it goes on from what it has', async () => {
      const ana = person('ana');
      await ana.post('before the copy');
      await losePower(cluster(), 1, ana);
      assert.equal(await cluster().assignment(routers()), undefined, 'it does not serve unasked');
      await eventually('the operator may promote it', () =>
        routers()
          .promote(1, serverId(1))
          .catch(() => undefined),
      );
      await cluster().whenWhole(routers());
      const again = person('bo');
      await again.post('afterwards');
      await cluster().server(1).kill();
      await cluster().startServer(1);
      await again.post('after one more start');
    });
  });
});

describe('a folder that is removed or replaced while its server runs', () => {
  const { cluster, routers, person } = withCluster();
  /** As other failures of a disk. */
  const STORAGE_FAILED = 3;

  /** The server says so and ends, posts go on, and it comes back with what it lacks. */
  async function endsAndComesBack(id: number, ana: Person): Promise<void> {
    const server = cluster().server(id);
    await server.line(/journal-failed: .*s\d.* is not there any more: it was removed or replaced/);
    assert.equal(await server.exited, STORAGE_FAILED);
    await ana.post(`without s${id}`);
    await cluster().startServer(id);
    await allEqual(cluster(), routers());
  }

  test('of a standby, and then of the primary', async () => {
    const ana = person('ana');
    await ana.post('before');
    const { primary, standbys } = roles(await cluster().whenWhole(routers()));
    for (const id of [standbys[0] ?? 0, primary]) {
      rmSync(cluster().folderOf(id), { recursive: true });
      await endsAndComesBack(id, ana);
    }
    const { standbys: others } = roles(await cluster().whenWhole(routers()));
    const replaced = others[0] ?? 0;
    const folder = cluster().folderOf(replaced);
    cpSync(folder, `${folder}.copy`, { recursive: true, filter: (path) => !path.includes('lock-') });
    rmSync(folder, { recursive: true });
    renameSync(`${folder}.copy`, folder);
    await endsAndComesBack(replaced, ana);
    const page = await ana.session.older(position(Number.MAX_SAFE_INTEGER), 100);
    assert.deepEqual(
      texts(page.posts),
      ana.acknowledged.map(({ text }) => text),
    );
  });
});
