import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { askHealth, decodeHealth } from './health.js';
import { addHealthAndReflection, createGrpcServer, type HealthHandle, listen } from './serve.js';

const SERVICE = 'dualping.v1.SocialService';
const TIMEOUT_MS = 5_000;

async function serve(context: TestContext): Promise<{ address: string; health: HealthHandle }> {
  const server = createGrpcServer();
  context.after(() => server.forceShutdown());
  const health = addHealthAndReflection(server, [SERVICE]);
  return { address: await listen(server, '127.0.0.1', 0), health };
}

test('the process and each of its services answer for themselves', async (context) => {
  const { address, health } = await serve(context);
  const ask = (service: string) => askHealth({ address, service, timeoutMs: TIMEOUT_MS });
  assert.equal(await ask(''), 'serving');
  health.setServing(false, SERVICE);
  assert.equal(await ask(SERVICE), 'not-serving');
  assert.equal(await ask(''), 'serving');
  health.setServing(true, SERVICE);
  assert.equal(await ask(SERVICE), 'serving');
});

test('an unknown service, and an address where nothing listens, are refused with the address', async (context) => {
  const { address } = await serve(context);
  await assert.rejects(askHealth({ address, service: 'no.such.Service', timeoutMs: TIMEOUT_MS }), {
    reason: 'not-a-server',
    detail: `${address}: there is no such service`,
  });
  const server = createGrpcServer();
  const gone = await listen(server, '127.0.0.1', 0);
  server.forceShutdown();
  await assert.rejects(askHealth({ address: gone, service: '', timeoutMs: TIMEOUT_MS }), {
    reason: 'server-unreachable',
  });
});

test('an answer is read as the protocol says, also one from later versions of it', () => {
  assert.equal(decodeHealth(Uint8Array.of()), 'unknown');
  assert.equal(decodeHealth(Uint8Array.of(0x08, 1)), 'serving');
  assert.equal(decodeHealth(Uint8Array.of(0x12, 2, 0x61, 0x62, 0x08, 2)), 'not-serving');
  assert.equal(decodeHealth(Uint8Array.of(0x08, 77)), 'unknown');
});
