import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Address } from '@dualping/core';
import { createGrpcServer, type SocialServiceClient } from '@dualping/protocol';
import { connectivityState, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import { until } from './fake-network.fixture.js';
import { MAX_CALLERS_A_CONNECTION, ServerConnections } from './server-connections.js';

/** A server without any service: every answer shows that the call reached it. */
async function listen(port: number): Promise<{ readonly port: number; close(): void }> {
  const server = createGrpcServer();
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    );
  });
  return { port: bound, close: () => server.forceShutdown() };
}

/** @returns what the server says to a call; fails when it can't be reached */
async function call(client: SocialServiceClient): Promise<void> {
  const error = await new Promise<ServiceError | null>((resolve) => {
    client.list({ user: 'ana', epoch: 1, after: '', limit: 0 }, resolve);
  });
  assert.equal(error?.code, status.UNIMPLEMENTED, String(error));
}

const stateOf = (client: SocialServiceClient): connectivityState =>
  client.getChannel().getConnectivityState(false);

test('holders of an address share its connection, which ends with the last of them', async () => {
  const server = await listen(0);
  const address = `127.0.0.1:${server.port}` as Address;
  const connections = new ServerConnections();
  const one = connections.acquire(address, 'calls');
  const other = connections.acquire(address, 'warmth');
  const { client } = one;
  assert.equal(other.client, client);
  await call(client);
  one.release();
  one.release();
  assert.equal(stateOf(client), connectivityState.READY, 'the other holds it');
  other.release();
  assert.equal(stateOf(client), connectivityState.SHUTDOWN);
  const next = connections.acquire(address, 'calls');
  assert.notEqual(next.client, client);
  await call(next.client);
  next.release();
  server.close();
});

test('a restarted server is reached at once, whatever the back-off of the open connection', async () => {
  const first = await listen(0);
  const address = `127.0.0.1:${first.port}` as Address;
  const connections = new ServerConnections();
  const warm = connections.acquire(address, 'warmth');
  first.close();
  const state = () => stateOf(warm.client);
  await until(() => state() === connectivityState.TRANSIENT_FAILURE, 'it has failed to connect again');
  const again = await listen(first.port);
  assert.equal(state(), connectivityState.TRANSIENT_FAILURE);
  const fresh = connections.acquire(address, 'calls');
  await call(fresh.client);
  fresh.release();
  await until(() => state() === connectivityState.READY, 'it is the one that is kept warm now');
  again.close();
  await until(() => state() !== connectivityState.READY, 'the server has gone');
  const last = await listen(first.port);
  await until(() => state() === connectivityState.READY, 'nobody called, and it has connected again');
  warm.release();
  last.close();
});

test('twenty restarts while sessions come and go: each change of the connection is reported once', async (t) => {
  let server = await listen(0);
  const { port } = server;
  const address = `127.0.0.1:${port}` as Address;
  const connections = new ServerConnections();
  const stays = connections.acquire(address, 'calls');
  for (let restart = 0; restart < 20; restart += 1) {
    const warm = Array.from({ length: 3 }, () => connections.acquire(address, 'warmth'));
    await until(() => stateOf(stays.client) === connectivityState.READY, 'it is connected');
    const channel = stays.client.getChannel();
    const told = t.mock.method(channel, 'getConnectivityState');
    server.close();
    await until(() => channel.getConnectivityState(false) !== connectivityState.READY, 'the server has gone');
    for (const { release } of warm) release();
    const asked = told.mock.calls.filter((asking) => asking.arguments[0]).length;
    assert.ok(asked <= 2, `told ${asked} times to connect, in restart ${restart + 1}`);
    told.mock.restore();
    server = await listen(port);
    const fresh = connections.acquire(address, 'calls');
    await call(fresh.client);
    fresh.release();
  }
  stays.release();
  server.close();
});

test('a connection that carries enough is joined by another, and both end with their holders', async () => {
  const server = await listen(0);
  const address = `127.0.0.1:${server.port}` as Address;
  const connections = new ServerConnections();
  const full = Array.from({ length: MAX_CALLERS_A_CONNECTION }, () => connections.acquire(address, 'calls'));
  const beyond = connections.acquire(address, 'calls');
  const [first] = full;
  assert.ok(first !== undefined);
  assert.equal(new Set(full.map(({ client }) => client)).size, 1);
  assert.notEqual(beyond.client, first.client);
  const warm = connections.acquire(address, 'warmth');
  assert.equal(warm.client, first.client, 'one is enough to be warm');
  await Promise.all([call(first.client), call(beyond.client)]);
  first.release();
  const next = connections.acquire(address, 'calls');
  assert.equal(next.client, first.client, 'there is a place again');
  beyond.release();
  assert.equal(stateOf(beyond.client), connectivityState.SHUTDOWN);
  for (const { release } of [warm, next, ...full]) release();
  server.close();
});
