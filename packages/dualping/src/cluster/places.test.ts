import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { portIfFree } from './places.js';

test('another port is taken only where the wished one is in use', async (context) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  assert.equal(await portIfFree('127.0.0.1', port), 0);
  // An address of documentation, which no machine has: the process that listens there says what is wrong.
  assert.equal(await portIfFree('192.0.2.1', 7_070), 7_070);
});
