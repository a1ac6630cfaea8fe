import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { CHANNEL_OPTIONS, SocialServiceClient } from '@dualping/protocol';
import { credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { FakeCluster, FakeRouter, type FakeServer, until } from './fake-network.fixture.js';
import { registerDualpingResolver } from './name-resolver.js';

interface Play {
  readonly cluster: FakeCluster;
  readonly router: FakeRouter;
  readonly servers: readonly [FakeServer, FakeServer];
}

async function play(context: TestContext): Promise<Play> {
  const cluster = new FakeCluster();
  const servers = [await cluster.addServer(), await cluster.addServer()] as const;
  const router = await FakeRouter.start(0, cluster.assignment(1, servers[0]));
  context.after(() => {
    router.kill();
    for (const server of servers) server.kill();
  });
  return { cluster, router, servers: [...servers] };
}

function clientOf(context: TestContext, target: string): SocialServiceClient {
  const client = new SocialServiceClient(target, credentials.createInsecure(), CHANNEL_OPTIONS);
  context.after(() => client.close());
  return client;
}

/** Which server answers. Each service of the test lists one user, its own name. */
const whoAnswers = (client: SocialServiceClient, waitForReady = false): Promise<string> =>
  new Promise((resolve, reject) => {
    const metadata = new Metadata({ waitForReady });
    client.list(
      { user: 'ann', epoch: 0, after: '', limit: 0 },
      metadata,
      { deadline: Date.now() + 5_000 },
      (error, response) => {
        if (error === null) resolve(response.users[0]?.user ?? '');
        else reject(error);
      },
    );
  });

/**
 * Calls in flight to the old primary fail or hang, as with any channel; new calls soon reach the new primary.
 */
async function untilAnsweredBy(client: SocialServiceClient, server: string): Promise<void> {
  const answers = new Set<string>();
  await until(() => {
    void whoAnswers(client).then(
      (answer) => answers.add(answer),
      () => {},
    );
    return answers.has(server);
  }, `an answer ${server}`);
}

test('a channel follows the primary: it is killed, and the successor is announced', async (context) => {
  const { cluster, router, servers } = await play(context);
  registerDualpingResolver({ routers: [router.address] });
  const client = clientOf(context, 'dualping:///1');
  assert.equal(await whoAnswers(client), 'from-s1');
  servers[0].kill();
  router.tell(cluster.assignment(2, servers[1]));
  await untilAnsweredBy(client, 'from-s2');
});

test('a channel leaves a frozen primary whose connection is still open', async (context) => {
  const { cluster, router, servers } = await play(context);
  const client = clientOf(context, `dualping://${router.address}/user/ann`);
  assert.equal(await whoAnswers(client), 'from-s1');
  servers[0].frozen = true;
  router.tell(cluster.assignment(2, servers[1]));
  await until(() => router.watchers === 1, 'one watch');
  await untilAnsweredBy(client, 'from-s2');
});

test("no server is available: calls fail with the router's text, until one is", async (context) => {
  const { cluster, router, servers } = await play(context);
  servers[0].isUp = false;
  router.assignment = cluster.assignment(1, servers[0]);
  const client = clientOf(context, `dualping://${router.address}/user/ann`);
  await assert.rejects(
    whoAnswers(client),
    (error: ServiceError) => error.code === status.UNAVAILABLE && /no-available-server/.test(error.details),
  );
  router.tell(cluster.assignment(2, servers[1]));
  assert.equal(await whoAnswers(client, true), 'from-s2');
});

test('routers are tried in turn, and an address without a router is reported', async (context) => {
  const { router } = await play(context);
  const gone = await FakeRouter.start();
  gone.kill();
  const both = clientOf(context, `dualping://${gone.address},${router.address}/1`);
  assert.equal(await whoAnswers(both), 'from-s1');
  const none = clientOf(context, `dualping://${gone.address}/1`);
  await assert.rejects(whoAnswers(none), (error: ServiceError) => error.details.includes(gone.address));
});

test('a channel follows a router that has lost its folder, whose epochs and revisions begin anew', async (context) => {
  const { cluster, router, servers } = await play(context);
  const client = clientOf(context, `dualping://${router.address}/1`);
  assert.equal(await whoAnswers(client), 'from-s1');
  router.tell(cluster.assignment(8, servers[0]));
  const { port } = router;
  router.kill();
  const anew = await FakeRouter.start(port);
  anew.networkId = 'another';
  context.after(() => anew.kill());
  await until(() => anew.watchers > 0, 'the channel watches the new one');
  anew.tell({ ...cluster.assignment(1, servers[1]), revision: 1 });
  servers[0].kill();
  await untilAnsweredBy(client, 'from-s2');
});

test('an unknown cluster is reported', async (context) => {
  const { router } = await play(context);
  const client = clientOf(context, `dualping://${router.address}/cluster/7`);
  await assert.rejects(
    whoAnswers(client),
    (error: ServiceError) => error.code === status.UNAVAILABLE && /^unknown-cluster: /.test(error.details),
  );
});

test('a bare name is refused with both spellings: it could be a service or a user', (context) => {
  registerDualpingResolver({ routers: ['127.0.0.1:7070'] });
  assert.throws(
    () => clientOf(context, 'dualping:///orders'),
    /"orders" .*dualping:\/\/\/service\/orders, dualping:\/\/\/user\/orders or the number/,
  );
});

test('an invalid target is refused and quoted', (context) => {
  registerDualpingResolver({ routers: ['127.0.0.1:7070'] });
  assert.throws(() => clientOf(context, 'dualping:///a b'), /"a b"/);
  for (const target of ['service/Orders', 'service/7', 'service/', 'user/a.b', 'cluster/ann', 'shop/orders'])
    assert.throws(() => clientOf(context, `dualping:///${target}`), new RegExp(`"${target}"`), target);
  assert.throws(() => clientOf(context, 'dualping://nowhere/1'), /"nowhere"/);
  assert.throws(() => registerDualpingResolver({ routers: ['x'] }), /"x"/);
});

test('closing a channel ends its watch, and nothing holds the process', async (context) => {
  const { router } = await play(context);
  const program = `
    import { registerDualpingResolver, DualpingSession } from ${JSON.stringify(new URL('./index.js', import.meta.url).href)};
    import { SocialServiceClient } from '@dualping/protocol';
    import { credentials } from '@grpc/grpc-js';
    registerDualpingResolver({ routers: ['${router.address}'] });
    const client = new SocialServiceClient('dualping:///1', credentials.createInsecure());
    client.list({ user: 'ann', epoch: 0, after: '', limit: 0 }, async (error, response) => {
      client.close();
      const session = new DualpingSession({ routers: ['${router.address}'], user: 'ann' });
      await session.post('bye');
      session.close();
      console.log(error?.message ?? response.users[0].user);
    });`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: new URL('.', import.meta.url).pathname,
    timeout: 10_000,
  });
  assert.equal(stdout, 'from-s1\n');
  await until(() => router.watchers === 0, 'the watches have ended');
});
