import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Address } from '@dualping/core';
import { createGrpcServer } from '@dualping/protocol';
import { connectivityState, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import { until } from './fake-network.fixture.js';
import { ServerChannels } from './server-channels.js';

/** A server that knows no call: any answer of it says that it was reached. */
async function listen(port: number): Promise<{ readonly port: number; close(): void }> {
  const server = createGrpcServer();
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    );
  });
  return { port: bound, close: () => server.forceShutdown() };
}

test('a server that was started again is reached at once, whatever the back-off of the warm connection', async () => {
  const first = await listen(0);
  const address = `127.0.0.1:${first.port}` as Address;
  const channels = new ServerChannels();
  const warm = channels.acquire(address);
  channels.keepWarm(address);
  first.close();
  const state = () => warm.client.getChannel().getConnectivityState(false);
  await until(() => state() === connectivityState.TRANSIENT_FAILURE, 'it has failed to connect again');
  const again = await listen(first.port);
  assert.equal(state(), connectivityState.TRANSIENT_FAILURE);
  const fresh = channels.acquire(address);
  try {
    const error = await new Promise<ServiceError | null>((resolve) => {
      fresh.client.list({ user: 'ana', epoch: 1 }, resolve);
    });
    assert.equal(error?.code, status.UNIMPLEMENTED, String(error));
  } finally {
    fresh.release();
    warm.release();
    channels.keepWarm(undefined);
    again.close();
  }
});
