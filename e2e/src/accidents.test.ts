/**
 * Folders of servers and of the router that were copied, put back, emptied or lost, as real processes:
 * nothing acknowledged is lost.
 */
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DualpingSession, RouterClient } from '@dualping/client';
import { type Assignment, serverId } from '@dualping/core';
import { afterwards } from './afterwards.js';
import { deviceOf } from './device.js';
import { DualpingProcess } from './dualping-process.js';
import { eventually } from './eventually.js';
import { Person } from './person.js';
import { TestCluster } from './test-cluster.js';

const SETTLED_MS = 60_000;
/** Few enough posts that everything can be read back in one page. */
const CALM = { inFlight: 2, thinkingMs: 100 };

interface Scene {
  readonly cluster: TestCluster;
  readonly routers: RouterClient;
  readonly ana: Person;
}

async function scene(context: TestContext): Promise<Scene> {
  const cluster = await TestCluster.start({ servers: 3 });
  afterwards(context, () => cluster.destroy());
  const routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  afterwards(context, () => routers.close());
  await cluster.whenWhole(routers);
  const ana = new Person('ana', [cluster.routerAddress], CALM, cluster.user);
  afterwards(context, () => ana.session.close());
  return { cluster, routers, ana };
}

/** Waits until this many more posts are acknowledged. */
const posted = ({ cluster, ana }: Scene, more: number): Promise<void> =>
  ana.goesOn(more, () => cluster.tails());

async function primaryIs({ cluster, routers }: Scene, id: number): Promise<Assignment> {
  return await eventually(
    `s${id} is primary`,
    async () => {
      const assignment = await cluster.assignment(routers);
      return assignment?.primary?.serverId === id ? assignment : undefined;
    },
    SETTLED_MS,
    () => cluster.tails(),
  );
}

async function makePrimary(stage: Scene, id: number): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    const { primary } = await stage.cluster.whenWhole(stage.routers);
    if (primary?.serverId === id) return;
    await stage.routers.handover(1);
  }
  await primaryIs(stage, id);
}

/** A reader of the whole timeline finds each acknowledged post once, in order of position. */
async function nothingIsLost({ cluster, ana }: Scene): Promise<void> {
  const session = new DualpingSession({
    routers: [cluster.routerAddress],
    credentials: cluster.user,
    user: 'ana',
    ...deviceOf(cluster.user, 'ana'),
    timeline: { history: ana.acknowledged.length + 10 },
  });
  const shown: string[] = [];
  session.posts$.subscribe(({ text }) => shown.push(text));
  try {
    const expected = [...ana.acknowledged].sort((a, b) => a.position - b.position).map(({ text }) => text);
    await eventually(
      'all that was acknowledged is shown',
      () => expected.every((text) => shown.includes(text)),
      SETTLED_MS,
      () => `${expected.filter((text) => !shown.includes(text)).join(', ')}\n${cluster.tails()}`,
    );
    assert.deepEqual(
      shown.filter((text) => expected.includes(text)),
      expected,
    );
  } finally {
    session.close();
  }
}

test('a copy of the folder of a running server, started elsewhere, is refused with both addresses; the original goes on', async (context) => {
  const stage = await scene(context);
  const { cluster, ana } = stage;
  await cluster.server(1).stop();
  const copy = join(cluster.folder, 's1-copy');
  cpSync(cluster.folderOf(1), copy, { recursive: true });
  await cluster.startServer(1);
  await makePrimary(stage, 1);
  ana.startPosting();
  await posted(stage, 20);
  const flags = ['--id', '1', '--data', copy, '--routers', cluster.routerAddress, '--port', '0'];
  const twin = new DualpingProcess(['server', ...flags]);
  afterwards(context, () => twin.kill());
  const there = await twin.ready();
  assert.equal(await twin.exited, 1, twin.tail());
  const said = twin.lines.join('\n');
  assert.match(said, /duplicate-server/);
  for (const address of [there, `127.0.0.1:${cluster.portOf('s1')}`]) assert.ok(said.includes(address), said);
  const before = await primaryIs(stage, 1);
  await posted(stage, 20);
  assert.equal((await primaryIs(stage, 1)).epoch, before.epoch);
  await ana.stopPosting();
  await nothingIsLost(stage);
});

test('a wrong router at the address of ours, with an empty folder, stops no client; ours is used again later', async (context) => {
  const stage = await scene(context);
  const { cluster, routers, ana } = stage;
  ana.startPosting();
  await posted(stage, 20);
  const { epoch } = await cluster.whenWhole(routers);
  await cluster.router.kill();
  await cluster.startRouter(join(cluster.folder, 'wrong'));
  await posted(stage, 40); // while it runs
  for (const id of cluster.serverIds)
    await cluster.server(id).line(/refuses this server: wrong-network|does not follow the router/);
  // They ask again twice a second.
  const refused = cluster.router.lines.filter((line) => / refused: .*wrong-network/.test(line));
  assert.equal(refused.length, cluster.serverIds.length, 'each server is named once');
  await cluster.router.stop();
  await cluster.startRouter();
  assert.equal((await cluster.whenWhole(routers)).epoch, epoch, 'nobody took over');
  await posted(stage, 20);
  await ana.stopPosting();
  await nothingIsLost(stage);
});

test('the folder of the last primary is restored from a copy while all are down: the others have everything', async (context) => {
  const stage = await scene(context);
  const { cluster, routers, ana } = stage;
  ana.startPosting();
  await posted(stage, 10);
  await cluster.server(1).stop();
  const copy = join(cluster.folder, 's1-copy');
  cpSync(cluster.folderOf(1), copy, { recursive: true });
  await cluster.startServer(1);
  await makePrimary(stage, 1);
  await posted(stage, 40);
  await ana.stopPosting();
  for (const id of [2, 3, 1]) await cluster.server(id).stop();
  await cluster.router.stop();
  rmSync(cluster.folderOf(1), { recursive: true });
  cpSync(copy, cluster.folderOf(1), { recursive: true });
  await cluster.startRouter();
  for (const id of cluster.serverIds) await cluster.startServer(id);
  await cluster.whenWhole(routers);
  await nothingIsLost(stage);
});

test('all end in order, and the disk of the last primary is lost: another server begins with everything', async (context) => {
  const stage = await scene(context);
  const { cluster, routers, ana } = stage;
  ana.startPosting();
  await posted(stage, 20);
  await ana.stopPosting();
  const { primary } = await cluster.whenWhole(routers);
  const lost = Number(primary?.serverId);
  await cluster.stop();
  rmSync(cluster.folderOf(lost), { recursive: true });
  await cluster.startRouter();
  for (const id of cluster.serverIds) if (id !== lost) await cluster.startServer(id);
  await eventually(
    'another one serves',
    async () => (await cluster.assignment(routers)) !== undefined,
    SETTLED_MS,
    () => cluster.tails(),
  );
  await nothingIsLost(stage);
  await cluster.startServer(lost);
  await cluster.whenWhole(routers);
  await nothingIsLost(stage);
});

/**
 * Puts back an old copy of the router's folder, from when s3 was in sync. s3 lacks what was acknowledged
 * since, and all processes are down.
 */
async function routerPutBack(
  stage: Scene,
  meanwhile: () => Promise<unknown> = async () => {},
): Promise<{ newest: string }> {
  const { cluster, ana } = stage;
  const folder = join(cluster.folder, 'router');
  const copy = join(cluster.folder, 'router-copy');
  const newest = join(cluster.folder, 'router-newest');
  cpSync(folder, copy, { recursive: true });
  await cluster.server(3).kill();
  ana.startPosting();
  await posted(stage, 20);
  await meanwhile();
  await posted(stage, 5);
  await ana.stopPosting();
  for (const id of [1, 2]) await cluster.server(id).kill();
  await cluster.router.kill();
  cpSync(folder, newest, { recursive: true });
  rmSync(folder, { recursive: true });
  cpSync(copy, folder, { recursive: true });
  await cluster.startRouter();
  return { newest };
}

test('the folder of the router is restored from a copy: the router grants nothing, until its newest folder is back', async (context) => {
  const stage = await scene(context);
  const { cluster, routers } = stage;
  const { newest } = await routerPutBack(stage, () => routers.handover(1));
  for (const id of [1, 3, 2]) await cluster.startServer(id);
  await cluster.router.line(
    /no epoch is granted any more: s1 has seen .*the store is older than its members/,
  );
  assert.equal(await cluster.assignment(routers), undefined);
  await cluster.router.stop();
  rmSync(join(cluster.folder, 'router'), { recursive: true });
  cpSync(newest, join(cluster.folder, 'router'), { recursive: true });
  await cluster.startRouter();
  await cluster.whenWhole(routers);
  await nothingIsLost(stage);
});

test('a server that lacks entries comes first: it serves until another one comes, and an operator decides', async (context) => {
  const stage = await scene(context);
  const { cluster, routers } = stage;
  await routerPutBack(stage);
  await cluster.startServer(3);
  await primaryIs(stage, 3);
  await cluster.startServer(1);
  await cluster.startServer(2);
  const line = await cluster.router.line(
    /unavailable: .*holds entries up to \d+ that were committed and that/,
  );
  assert.match(line, /s1, journal [0-9a-f-]+, .*journal [0-9a-f-]+ of s3, primary of epoch 2, lacks/);
  await assert.rejects(
    promote(stage, 3),
    /each has entries that the other lacks: .*committed entries \d+ to \d+ are lost/,
  );
  await assert.rejects(promote(stage, 1), /each has entries that the other lacks/);
  await promote(stage, 1, { acceptLoss: true });
  await cluster.whenWhole(routers);
  await nothingIsLost(stage);
});

test('an unclean promotion takes the server with the most entries, names what would be lost, and loses nothing that is there', async (context) => {
  const stage = await scene(context);
  const { cluster, routers, ana } = stage;
  await makePrimary(stage, 1);
  ana.startPosting();
  await posted(stage, 10);
  await cluster.server(3).kill();
  await posted(stage, 20);
  await ana.stopPosting();
  for (const id of [2, 1]) await cluster.server(id).kill();
  rmSync(cluster.folderOf(1), { recursive: true }); // the only server that was in sync to the end
  await cluster.startServer(3);
  await cluster.startServer(2);
  await eventually(
    'both are live',
    async () => (await live(stage)) === 2,
    SETTLED_MS,
    () => cluster.tails(),
  );
  await assert.rejects(promote(stage, 3), /s2 is there and has more: promote that one, or accept the loss/);
  await promote(stage, 2);
  await primaryIs(stage, 2);
  await cluster.startServer(1);
  await cluster.whenWhole(routers);
  await nothingIsLost(stage);
});

async function live({ routers }: Scene): Promise<number | undefined> {
  const status = await routers.status().catch(() => undefined);
  return status?.assignments[0]?.members.filter((member) => member.live).length;
}

/** Promotes once the router has heard all servers. */
async function promote(
  { routers, cluster }: Scene,
  id: number,
  how?: { readonly acceptLoss: boolean },
): Promise<void> {
  await eventually(
    `s${id} may be promoted`,
    async () =>
      await routers.promote(1, serverId(id), how).then(
        () => true,
        (error: Error) => {
          if (/not yet|has not been heard|not live/.test(error.message)) return false;
          throw error;
        },
      ),
    SETTLED_MS,
    () => cluster.tails(),
  );
}
