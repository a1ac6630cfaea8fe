/** The router as programs of the csce438 family use it, over real sockets. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CHANNEL_OPTIONS, CoordServiceClient, type coordinatorWire } from '@dualping/protocol';
import { credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { available, call, refusedAs, type Served, serve } from './router.fixture.js';

const SERVER = {
  serverID: 1,
  hostname: '127.0.0.1',
  port: '5000',
  type: 'server',
  clusterID: 0,
  isMaster: false,
};
const NOBODY = { serverID: -1, hostname: '', port: '', type: '', clusterID: 0, isMaster: false };

function coordinator(context: TestContext, { router }: Served) {
  const client = new CoordServiceClient(router.address, credentials.createInsecure(), CHANNEL_OPTIONS);
  context.after(() => client.close());
  return {
    beat: async (info: Partial<coordinatorWire.ServerInfo>, headers: Record<string, string>) => {
      const metadata = new Metadata();
      for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
      const { status: confirmed } = await call<coordinatorWire.Confirmation>((callback) =>
        client.heartbeat({ ...SERVER, ...info }, metadata, callback),
      );
      return confirmed;
    },
    server: (id: number) =>
      call<coordinatorWire.ServerInfo>((callback) => client.getServer({ id }, callback)),
    /** The auxiliary process with that number. */
    beside: (id: number) =>
      call<coordinatorWire.ServerInfo>((callback) => client.getFollowerServer({ id }, callback)),
    slave: (id: number) => call<coordinatorWire.ServerInfo>((callback) => client.getSlave({ id }, callback)),
    rawHeartbeat: (info: coordinatorWire.ServerInfo) =>
      new Promise<ServiceError | null>((resolve) => client.heartbeat(info, (error) => resolve(error))),
  };
}

test('a server that sends heartbeats gets clients, is dropped after silence, and is live again with the next heartbeat', async (context) => {
  const served = await serve(context, { clusters: 3, heartbeatTimeoutMs: 1_500 });
  const { beat, server, slave } = coordinator(context, served);
  assert.deepEqual(await server(4), NOBODY);
  assert.equal(await beat({}, { 'cluster-id': '1' }), true);
  assert.equal(await beat({ serverID: 2, port: '5002', type: '' }, { clusterid: '1' }), true);
  assert.deepEqual(await server(4), { ...SERVER, clusterID: 1, isMaster: true });
  assert.deepEqual(await slave(1), {
    ...SERVER,
    serverID: 2,
    port: '5002',
    clusterID: 1,
    isMaster: false,
  });
  assert.deepEqual(await server(2), NOBODY);
  // No timer here waits for the silence: the router says when it is over.
  await available(served.routing, { failedEpoch: 1, waitMs: 10_000 }).catch(() => undefined);
  for (let id = (await server(1)).serverID; id !== -1; id = (await server(1)).serverID);
  assert.equal(await beat({ serverID: 2, port: '5002' }, { clusterid: '1' }), true);
  assert.equal((await server(1)).serverID, 2);
});

test('a confirmation may say which server is primary', async (context) => {
  const served = await serve(context, { clusters: 2, classicConfirmation: 'primary' });
  const { beat, beside } = coordinator(context, served);
  assert.equal(await beat({ type: 'SERVER' }, {}), true);
  assert.equal(await beat({ serverID: 2, port: '5002' }, { 'cluster-id': '1' }), false);
  for (const serverID of [1, 2])
    assert.equal(
      await beat({ serverID, type: 'synchronizer', port: '6001' }, { 'cluster-id': '1' }),
      serverID === 1,
    );
  assert.deepEqual([(await beside(1)).isMaster, (await beside(2)).isMaster], [true, false]);
});

test('a cluster of csce438 servers refuses our servers, however its servers write their type', async (context) => {
  for (const type of ['', 'SERVER', 'server']) {
    const served = await serve(context);
    const { beat } = coordinator(context, served);
    assert.equal(await beat({ type }, {}), true);
    const { reason, detail } = await served.member(2).hears('refused');
    assert.deepEqual([reason, detail], ['wrong-mode', 'cluster 1 is routed, s2 replicates']);
  }
});

test('csce438 clients find our servers, whose cluster refuses csce438 servers', async (context) => {
  const served = await serve(context);
  const { beat, server, slave } = coordinator(context, served);
  const primary = served.member(1);
  await primary.hears('welcome');
  const standby = served.member(2);
  await standby.hears('welcome');
  const { hostname, port, serverID, isMaster } = await server(77);
  assert.deepEqual([`${hostname}:${port}`, serverID, isMaster], ['127.0.0.1:7001', 1, true]);
  assert.equal((await slave(77)).serverID, 2);
  await assert.rejects(
    beat({ serverID: 3 }, { clusterid: '1' }),
    refusedAs('wrong-mode', /s3 cannot replicate/),
  );
});

test('a heartbeat without a valid cluster is INVALID_ARGUMENT', async (context) => {
  const { rawHeartbeat } = coordinator(context, await serve(context));
  assert.equal((await rawHeartbeat({ ...SERVER, serverID: 2 }))?.code, status.INVALID_ARGUMENT);
  assert.equal((await rawHeartbeat({ ...SERVER, clusterID: 1, serverID: 0 }))?.code, status.INVALID_ARGUMENT);
  assert.equal((await rawHeartbeat({ ...SERVER, clusterID: 2 }))?.code, status.NOT_FOUND);
  assert.equal(await rawHeartbeat({ ...SERVER, clusterID: 1 }), null);
});

test('a restarted router still counts members that sent heartbeats as live', async (context) => {
  const served = await serve(context);
  assert.equal(await coordinator(context, served).beat({}, { clusterid: '1' }), true);
  const again = await served.restart();
  assert.equal((await coordinator(context, again).server(1)).serverID, 1);
});
