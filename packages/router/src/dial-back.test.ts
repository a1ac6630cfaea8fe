import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberServiceName, serverId } from '@dualping/core';
import { addHealthAndReflection, createGrpcServer, listen } from '@dualping/protocol';
import { dialBack } from './dial-back.js';

const life = (number: number): string =>
  memberServiceName({ cluster: 1, serverId: serverId(2), incarnation: 1, lifeId: `life-${number}` });

const ask = (address: string, service: string): Promise<string | undefined> =>
  new Promise((resolve) => dialBack({ kind: 'probe', probe: 1, address, service }, resolve));

test('only exactly the requested life counts as reached, healthy or not', async () => {
  const grpc = createGrpcServer();
  const health = addHealthAndReflection(grpc, [], [life(3)]);
  const address = await listen(grpc, '127.0.0.1', 0);
  assert.equal(await ask(address, life(3)), undefined);
  health.shutDown();
  assert.equal(await ask(address, life(3)), undefined);
  assert.equal(await ask(address, life(2)), 'another process answers there');
  grpc.forceShutdown();
  assert.match((await ask(address, life(3))) ?? '', /ECONNREFUSED/);
});

test('a process without a health service counts as a stranger', async () => {
  const grpc = createGrpcServer();
  const address = await listen(grpc, '127.0.0.1', 0);
  assert.notEqual(await ask(address, life(1)), undefined);
  grpc.forceShutdown();
});
