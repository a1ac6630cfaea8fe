/** Paths that silently drop packets: what they cost members and clients, on real processes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DualpingSession, RouterClient } from '@dualping/client';
import { DeadPath } from './dead-path.js';
import { eventually } from './eventually.js';
import { TestCluster } from './test-cluster.js';

let hole: DeadPath;
let path: DeadPath;
let cluster: TestCluster;
let routers: RouterClient;

before(async () => {
  hole = await DeadPath.open(true);
  path = await DeadPath.open();
  cluster = await TestCluster.start({
    servers: 1,
    // Every server has a black hole as its first router address, and is dialled over a path that can die.
    serverFlags: (router) => ['--routers', `${hole.address},${router}`, '--advertise', path.address],
  });
  path.leadTo(cluster.portOf('s1'));
  routers = new RouterClient({
    routers: [hole.address, cluster.routerAddress],
    credentials: cluster.operator,
  });
  await cluster.whenWhole(routers);
});

after(async () => {
  routers.close();
  await cluster.destroy();
  path.close();
  hole.close();
});

const epochNow = async (): Promise<number | undefined> => (await cluster.assignment(routers))?.epoch;

test('a router that restarts behind a dead first address costs no failover', async () => {
  const before = await epochNow();
  assert.ok(before !== undefined);
  for (let round = 0; round < 3; round += 1) {
    await cluster.router.kill();
    await cluster.startRouter();
    await eventually('the primary is back in its epoch', async () => (await epochNow()) === before);
  }
  const said = cluster.allLines().filter((line) => line.includes('is primary of epoch'));
  assert.equal(said.length, 1, said.join('\n'));
});

test('a session with a dead first router is live, and an operator is answered', async () => {
  const session = new DualpingSession({
    routers: [hole.address, cluster.routerAddress],
    credentials: cluster.user,
    user: 'mia',
  });
  await session.post('here');
  session.close();
  await routers.status();
});

test('when the path between a session and its server dies both notice, and both go on when it works again', async (t) => {
  const session = new DualpingSession({
    routers: [cluster.routerAddress],
    credentials: cluster.user,
    user: 'noa',
  });
  const moves: number[] = [];
  session.moves$.subscribe(({ gapMs }) => moves.push(gapMs));
  await session.post('before');
  const timelines = async (): Promise<number | undefined> =>
    (await routers.status()).stats.find(({ serverId }) => serverId === 1)?.stats.timelines;
  await eventually('the server has one reader', async () => (await timelines()) === 1);

  const deadAt = performance.now();
  path.die();
  await eventually('the session notices', () => session.state.kind !== 'live');
  t.diagnostic(`the session noticed after ${(performance.now() - deadAt).toFixed(0)} ms`);
  const inVain = session.post('while it is dead');
  await eventually('the server has let its reader go', async () => (await timelines()) === 0);
  t.diagnostic(`the router was told of it after ${(performance.now() - deadAt).toFixed(0)} ms`);

  path.heal();
  const healedAt = performance.now();
  await inVain;
  t.diagnostic(
    `a post was acknowledged ${(performance.now() - healedAt).toFixed(0)} ms after the path was whole`,
  );
  await eventually('it has moved', () => moves.length > 0);
  session.close();
});
