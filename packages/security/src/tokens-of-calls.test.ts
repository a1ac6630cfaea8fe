/** A server looks a token up once for each call: whoever asks for a call's token gets that of this call. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { Access, DeviceKey, TOKEN_KEY, TOKEN_MS } from '@dualping/protocol';
import { Metadata } from '@grpc/grpc-js';
import { read, server, testNetwork } from './test-network.fixture.js';

const POST = '/dualping.v1.SocialService/Post';
const PORT = 1_234;

const connected = {
  remoteAddress: '127.0.0.1',
  remotePort: PORT,
  getPeerX509Certificate: () => undefined,
  once: () => {},
} as unknown as TLSSocket;

test('calls on one connection have their own tokens, in whatever order they are asked for', async (context) => {
  const folder = await testNetwork(context, server(1));
  const credentials = read(folder, server(1));
  const access = new Access(credentials);
  context.after(() => access.close());
  access.acceptSecure(connected);
  const [authority = ''] = credentials.authorityHashes;
  const tokenOf = (user: string, notAfterMs = Date.now() + TOKEN_MS): Buffer =>
    DeviceKey.generate().sign(authority, { user, sessionId: 's', notAfterMs });
  const called = (token?: Buffer) => {
    const metadata = new Metadata();
    if (token !== undefined) metadata.set(TOKEN_KEY, token);
    return { metadata, getPeer: () => `127.0.0.1:${PORT}` };
  };
  const userOf = (call: ReturnType<typeof called>) => access.claimsOf(call)?.user;
  const ofAnn = tokenOf('ann');
  const [ann, annAgain, bob, nobody] = [called(ofAnn), called(ofAnn), called(tokenOf('bob')), called()];

  for (const call of [ann, bob, annAgain]) assert.equal(await access.refusalOf(call, POST), undefined);
  for (const [call, user] of [
    [annAgain, 'ann'],
    [bob, 'bob'],
    [ann, 'ann'],
  ] as const)
    assert.equal(userOf(call), user);

  assert.equal((await access.refusalOf(nobody, POST))?.reason, 'unauthenticated');
  assert.throws(() => userOf(nobody), /shows no token/);
  assert.equal(userOf(annAgain), 'ann');
});

test('a token that expires between the check of its call and a question about it has expired', async (context) => {
  const folder = await testNetwork(context, server(1));
  const credentials = read(folder, server(1));
  const access = new Access(credentials);
  context.after(() => access.close());
  access.acceptSecure(connected);
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const metadata = new Metadata();
  const [authority = ''] = credentials.authorityHashes;
  const claims = { user: 'ann', sessionId: 's', notAfterMs: Date.now() };
  metadata.set(TOKEN_KEY, DeviceKey.generate().sign(authority, claims));
  const call = { metadata, getPeer: () => `127.0.0.1:${PORT}` };
  assert.equal(await access.refusalOf(call, POST), undefined);
  assert.equal(access.claimsOf(call)?.user, 'ann');
  context.mock.timers.tick(TOKEN_MS);
  assert.throws(() => access.claimsOf(call), /expired/);
});
