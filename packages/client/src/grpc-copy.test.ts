/** An installation with two copies of grpc-js: the package's own, and the one that makes the channels. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DualpingError } from '@dualping/core';
import { socialWire } from '@dualping/protocol';
import * as ownGrpc from '@grpc/grpc-js';
import { FakeCluster, FakeRouter, until } from './fake-network.fixture.js';
import { registerDualpingResolver } from './name-resolver.js';

/** Inside the repository, so that the copies find what they depend on. */
const folder = mkdtempSync(fileURLToPath(new URL('copies-', import.meta.url)));
after(() => rmSync(folder, { recursive: true }));

const OWN_FOLDER = join(dirname(createRequire(import.meta.url).resolve('@grpc/grpc-js/package.json')));
const LIST = '/dualping.v1.SocialService/List';

interface Copy {
  readonly grpc: typeof ownGrpc;
  readonly folder: string;
}

/** As when another package needs its own version. */
function anotherCopy(name: string): Copy {
  const copy = join(folder, name, 'node_modules/@grpc/grpc-js');
  cpSync(OWN_FOLDER, copy, { recursive: true, filter: (path) => !path.endsWith('.map') });
  return { grpc: createRequire(join(folder, name, 'index.js'))('@grpc/grpc-js'), folder: copy };
}

function clientOf(context: TestContext, { Client, credentials }: typeof ownGrpc, target: string) {
  const client = new Client(target, credentials.createInsecure());
  context.after(() => client.close());
  return client;
}

/** Which server answers: each server of the fake network lists only one user, a different one. */
const whoAnswers = (client: ownGrpc.Client): Promise<string> =>
  new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      LIST,
      (request: socialWire.ListRequest) => Buffer.from(socialWire.ListRequest.encode(request).finish()),
      (bytes) => socialWire.ListResponse.decode(bytes),
      { user: 'ann', epoch: 0, after: '', limit: 0 },
      { deadline: Date.now() + 5_000 },
      (error, response) => (error === null ? resolve(response?.users[0]?.user ?? '') : reject(error)),
    );
  });

test('channels of the given copy follow the primary', async (context) => {
  const cluster = new FakeCluster();
  const [first, second] = [await cluster.addServer(), await cluster.addServer()];
  const router = await FakeRouter.start(0, cluster.assignment(1, first));
  context.after(() => {
    router.kill();
    for (const server of [first, second]) server.kill();
  });
  const { grpc } = anotherCopy('given');
  registerDualpingResolver({ grpc, routers: [router.address] });
  const client = clientOf(context, grpc, 'dualping:///1');
  assert.equal(await whoAnswers(client), 'from-s1');
  first.kill();
  router.tell(cluster.assignment(2, second));
  const answers = new Set<string>();
  await until(() => {
    void whoAnswers(client).then(
      (answer) => answers.add(answer),
      () => {},
    );
    return answers.has('from-s2');
  }, 'an answer from-s2');
});

test('a channel of the given copy reports that no server is available', async (context) => {
  const router = await FakeRouter.start();
  context.after(() => router.kill());
  const { grpc } = anotherCopy('nobody');
  registerDualpingResolver({ grpc, routers: [router.address] });
  const client = clientOf(context, grpc, 'dualping:///1');
  await assert.rejects(whoAnswers(client), /UNAVAILABLE: no-available-server/);
});

test('a channel of a copy that has no resolver says which copy has one, and what to do', (context) => {
  const other = anotherCopy('not-given');
  registerDualpingResolver({ routers: ['127.0.0.1:7070'] });
  assert.throws(
    () => clientOf(context, other.grpc, 'dualping:///1'),
    (error: unknown) => {
      assert.ok(error instanceof DualpingError);
      assert.equal(error.reason, 'invalid-argument');
      for (const part of ['"dualping:///1"', other.folder, OWN_FOLDER, 'registerDualpingResolver({ grpc'])
        assert.ok(error.detail.includes(part), `${part} in: ${error.detail}`);
      return true;
    },
  );
  clientOf(context, ownGrpc, 'dualping:///1');
  registerDualpingResolver({ grpc: other.grpc, routers: ['127.0.0.1:7070'] });
  clientOf(context, other.grpc, 'dualping:///1');
  clientOf(context, ownGrpc, 'dualping:///1');
});

test('a module that is not grpc-js, or is too old, is refused', () => {
  const routers = ['127.0.0.1:7070'];
  const { statusOrFromValue: _, ...older } = ownGrpc.experimental;
  assert.throws(
    () => registerDualpingResolver({ grpc: { ...ownGrpc, experimental: older } as typeof ownGrpc, routers }),
    /too old.*1\.14/,
  );
  assert.throws(
    () => registerDualpingResolver({ grpc: {} as typeof ownGrpc, routers }),
    /not the module @grpc\/grpc-js/,
  );
});
