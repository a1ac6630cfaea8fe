/**
 * A server with TLS over real sockets: which callers are admitted, which are refused, and what changes while
 * connections are open.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as connectTls, createSecureContext, type SecureContextOptions } from 'node:tls';
import {
  askHealth,
  CHANNEL_OPTIONS,
  type Dialled,
  type Dialling,
  type NetworkCredentials,
  OWN_CONNECTION,
  parseAddress,
} from '@dualping/protocol';
import { Client, type ClientReadableStream, credentials } from '@grpc/grpc-js';
import { issue, revoke } from './certificates.js';
import { NETWORK_FILE } from './layout.js';
import {
  ANNA,
  eventually,
  ROUTER,
  read,
  type Served,
  serve,
  server,
  testNetwork,
} from './test-network.fixture.js';
import {
  readCredentials,
  readNetworkFile,
  watchCredentials,
  watchNetworkFile,
} from './watched-credentials.js';

const TIMEOUT_MS = 5_000;
const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const raw = (bytes: Buffer): Buffer => bytes;

const health = (address: string, dialling?: Dialling) =>
  askHealth({ address, service: '', timeoutMs: TIMEOUT_MS, alone: true, dialling });

/** The status of an empty question for reflection, which only parts may ask. */
async function reflect(address: string, dialling: Dialling, dialled: Dialled = 'part'): Promise<string> {
  const client = new Client(address, dialling.channel(dialled), OWN_CONNECTION);
  const call = client.makeBidiStreamRequest(REFLECTION, raw, raw, { deadline: Date.now() + TIMEOUT_MS });
  call.on('data', () => {});
  call.end();
  const outcome = new Promise<string>((resolve) => {
    call.on('error', (error) => resolve(error.message));
    call.on('end', () => resolve('answered'));
  });
  try {
    return await outcome;
  } finally {
    client.close();
  }
}

test('a part, an operator and a user come in, each for what they may', async (context) => {
  const folder = await testNetwork(context, ROUTER, server(1), ANNA);
  const served = await serve(context, read(folder, server(1)));
  const user = readNetworkFile(join(folder, NETWORK_FILE));
  for (const credentials of [read(folder, ROUTER), read(folder, ANNA), user])
    assert.equal(await health(served.address, credentials), 'serving');
  assert.equal(await reflect(served.address, read(folder, ANNA)), 'answered');
  assert.match(
    await reflect(served.address, user),
    /16 UNAUTHENTICATED: a client without a certificate may not call .*: it is for servers, members and operators/,
  );
  assert.match(
    await reflect(served.address, read(folder, ROUTER)),
    /7 PERMISSION_DENIED: the router may not call .*ServerReflectionInfo: it is for servers/,
  );
  assert.equal(served.refusals.length, 2);
});

test('without TLS every call is refused with what to do', async (context) => {
  const folder = await testNetwork(context, server(1));
  const { address } = await serve(context, read(folder, server(1)));
  await assert.rejects(health(address), {
    reason: 'unauthenticated',
    message: /this port speaks TLS.*--ca FILE/,
  });
});

test('an impostor is not talked to: of another network, of another role, or without TLS', async (context) => {
  const folder = await testNetwork(context, ROUTER, server(1), ANNA);
  const other = await testNetwork(context, server(1));
  const user = readNetworkFile(join(folder, NETWORK_FILE));
  const stranger = await serve(context, read(other, server(1)));
  await assert.rejects(health(stranger.address, user), {
    reason: 'server-unreachable',
    message: /is not of this network/,
  });
  const operator = await serve(context, read(folder, ANNA));
  await assert.rejects(health(operator.address, user), {
    message: /operator anna answers there, and not a router/,
  });
  const one = await serve(context, read(folder, server(1)));
  assert.match(
    await reflect(one.address, read(folder, ANNA), 'router'),
    /server 1 of cluster 1 answers there, and not a router/,
  );
  for (const { refusals } of [stranger, operator, one])
    assert.deepEqual(refusals, [], 'nothing was asked of it');
});

test('a certificate of another network, or an expired one, is refused with the reason', async (context) => {
  const folder = await testNetwork(context, server(1));
  const other = await testNetwork(context, ANNA);
  const ONE_MINUTE_AGO = -1 / 1_440;
  await issue(folder, [ANNA], ONE_MINUTE_AGO);
  const served = await serve(context, read(folder, server(1)));
  assert.match(await reflect(served.address, read(folder, ANNA)), /16 UNAUTHENTICATED: .*has expired on/);
  // As an attacker would: trusting any server.
  const { ca } = read(folder, server(1)).serving;
  const { cert, key } = read(other, ANNA).serving;
  const secureContext = createSecureContext({ ca, cert, key } as SecureContextOptions);
  const believing: Dialling = {
    channel: () =>
      credentials.createFromSecureContext(secureContext, { checkServerIdentity: () => undefined }),
  };
  assert.match(await reflect(served.address, believing), /16 UNAUTHENTICATED: .*was not made by network/);
});

test('garbage, silence and a broken handshake affect no other connection', async (context) => {
  const folder = await testNetwork(context, server(1));
  const served = await serve(context, read(folder, server(1)));
  const user = readNetworkFile(join(folder, NETWORK_FILE));
  const beginnings = [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.alloc(1_000, 7),
    Buffer.from([0x16, 3, 1, 255, 255, 1, 2, 3]),
    Buffer.concat([Buffer.from([0x16, 3, 1, 0, 200, 1]), Buffer.alloc(300, 0x41)]),
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\ngarbage that is no frame at all, and long enough to be one'),
  ];
  for (const beginning of beginnings) {
    const socket = opened(context, served);
    socket.end(beginning);
    await once(socket, 'close');
  }
  const silent = opened(context, served);
  const half = opened(context, served);
  half.write(Buffer.from([0x16, 3, 1]));
  assert.equal(await health(served.address, user), 'serving');
  await Promise.all([once(silent, 'close'), once(half, 'close')]);
});

test('an older TLS is refused', async (context) => {
  const folder = await testNetwork(context, server(1));
  const { host, port } = await serve(context, read(folder, server(1)));
  const socket = connectTls({ host, port, maxVersion: 'TLSv1.2', rejectUnauthorized: false });
  const [error] = await once(socket, 'error');
  assert.match(String(error), /protocol version|alert/);
});

test('many handshakes at once all complete, and open connections are answered meanwhile', async (context) => {
  const folder = await testNetwork(context, server(1));
  const { address } = await serve(context, read(folder, server(1)));
  const user = readNetworkFile(join(folder, NETWORK_FILE));
  const inside = new Client(address, user.channel('part'), CHANNEL_OPTIONS);
  context.after(() => inside.close());
  const all = await Promise.all(Array.from({ length: 60 }, () => health(address, user)));
  assert.deepEqual(new Set(all), new Set(['serving']));
});

/** An open stream: what arrives on it, and how it ends. */
function watchHealth(context: TestContext, address: string, credentials: NetworkCredentials) {
  const client = new Client(address, credentials.channel('part'), OWN_CONNECTION);
  const call: ClientReadableStream<Buffer> = client.makeServerStreamRequest(
    '/grpc.health.v1.Health/Watch',
    raw,
    raw,
    Buffer.alloc(0),
  );
  const watched = { told: 0, ended: false };
  call.on('data', () => {
    watched.told += 1;
  });
  call.on('error', () => {
    watched.ended = true;
  });
  context.after(() => {
    call.cancel();
    client.close();
  });
  return watched;
}

test('a revoked part is cut off at once and refused from then on; everybody else stays', async (context) => {
  const folder = await testNetwork(context, ROUTER, server(1), server(2), ANNA);
  const said: string[] = [];
  const watched = watchCredentials(folder, server(1), (event) => said.push(event));
  context.after(watched.close);
  const { address, refusals } = await serve(context, watched.credentials);
  const streams = {
    two: watchHealth(context, address, read(folder, server(2))),
    anna: watchHealth(context, address, read(folder, ANNA)),
    router: watchHealth(context, address, read(folder, ROUTER)),
    user: watchHealth(context, address, readNetworkFile(join(folder, NETWORK_FILE))),
  };
  await eventually('all are told', () => Object.values(streams).every(({ told }) => told === 1));
  await revoke(folder, server(2));
  await eventually('the revoked one is cut off', () => streams.two.ended);
  assert.deepEqual([streams.anna.ended, streams.router.ended, streams.user.ended], [false, false, false]);
  assert.match(refusals.join('\n'), /server 2 of cluster 1 is cut off: .*was revoked/);
  assert.match(await reflect(address, read(folder, server(2))), /16 UNAUTHENTICATED: .*was revoked/);
  assert.equal(await reflect(address, read(folder, ANNA)), 'answered');
  assert.deepEqual(said, ['revoked']);
  // It is not talked to either.
  const revokedServer = await serve(context, read(folder, server(2)));
  await assert.rejects(health(revokedServer.address, watched.credentials), { message: /was revoked/ });
  assert.throws(() => readCredentials(folder, server(2)), {
    message: /was revoked: dualping certs renew server-1-2/,
  });
});

test('connections to a revoked part are closed by their callers, and no others', async (context) => {
  const folder = await testNetwork(context, ROUTER, server(1), server(2));
  const watched = watchCredentials(folder, server(1), () => {});
  context.after(watched.close);
  const user = watchNetworkFile(join(folder, NETWORK_FILE));
  const two = await serve(context, read(folder, server(2)));
  const router = await serve(context, read(folder, ROUTER));
  const streams = [watched.credentials, user].flatMap((dialling) => [
    watchHealth(context, two.address, dialling),
    watchHealth(context, router.address, dialling),
  ]);
  await eventually('all are told', () => streams.every(({ told }) => told === 1));
  await revoke(folder, server(2));
  await eventually('it is left', () => streams[0]?.ended === true && streams[2]?.ended === true);
  assert.deepEqual(
    streams.map(({ ended }) => ended),
    [true, false, true, false],
  );
  await assert.rejects(health(two.address, user), { message: /was revoked/ });
  assert.equal(await health(router.address, user), 'serving');
});

test('one who was refused comes in again with a new certificate, on the same channel', async (context) => {
  const folder = await testNetwork(context, server(1), server(2));
  const serving = watchCredentials(folder, server(1), () => {});
  const said: string[] = [];
  const calling = watchCredentials(folder, server(2), (event, text) => said.push(`${event}: ${text}`));
  context.after(serving.close);
  context.after(calling.close);
  const { address } = await serve(context, serving.credentials);
  const client = new Client(address, calling.credentials.channel('part'), OWN_CONNECTION);
  context.after(() => client.close());
  const ask = (): Promise<string> =>
    new Promise((resolve) => {
      const options = { deadline: Date.now() + TIMEOUT_MS };
      client.makeUnaryRequest('/grpc.health.v1.Health/Check', raw, raw, Buffer.alloc(0), options, (error) =>
        resolve(error?.message ?? 'answered'),
      );
    });
  await revoke(folder, server(2));
  await eventually('it is refused', async () => /was revoked/.test(await ask()));
  await eventually('it is told', () =>
    /server 2 of cluster 1 was revoked: all others refuse it/.test(said.join()),
  );
  await issue(folder, [server(2)]);
  await eventually('it is answered', async () => (await ask()) === 'answered');
});

test('a renewed certificate is used from then on, by both sides, and no connection is closed', async (context) => {
  const folder = await testNetwork(context, server(1), server(2));
  const said: string[] = [];
  const serving = watchCredentials(folder, server(1), (event) => said.push(`1 ${event}`));
  const calling = watchCredentials(folder, server(2), (event) => said.push(`2 ${event}`));
  context.after(serving.close);
  context.after(calling.close);
  const served = await serve(context, serving.credentials);
  const stream = watchHealth(context, served.address, calling.credentials);
  await eventually('the stream is told', () => stream.told === 1);
  assert.equal(await shownBy(served, calling.credentials), read(folder, server(1)).serial);
  const before = calling.credentials.serial;
  const channel = calling.credentials.channel('part');
  await issue(folder, [server(1), server(2)]);
  await eventually('both go on with new certificates', () => said.length === 2);
  assert.deepEqual(said.sort(), ['1 renewed', '2 renewed']);
  assert.notEqual(calling.credentials.serial, before);
  assert.equal(calling.credentials.channel('part'), channel, 'gRPC shares connections by it');
  assert.equal(await shownBy(served, calling.credentials), read(folder, server(1)).serial);
  assert.equal(await reflect(served.address, calling.credentials), 'answered');
  assert.equal(stream.ended, false);
});

test('invalid new files are reported, and the former credentials stay in use', async (context) => {
  const folder = await testNetwork(context, server(1), server(2));
  const said: string[] = [];
  const { credentials, close } = watchCredentials(folder, server(1), (event, text) =>
    said.push(`${event}: ${text}`),
  );
  context.after(close);
  const before = credentials.serial;
  const { writeOwn } = await import('./certificate-records.js');
  const { fileOf } = await import('./layout.js');
  await writeOwn(fileOf(folder, server(1)), readFileSync(fileOf(folder, server(2)), 'utf8'));
  await eventually('it says so', () => said.length > 0);
  assert.match(said.join(), /not-renewed: goes on as it is: .*server\/1\/2, and not of .*server\/1\/1/);
  assert.equal(credentials.serial, before);
});

test('an end that is near is said', async (context) => {
  const folder = await testNetwork(context, server(1));
  await issue(folder, [server(1)], 29);
  const said: string[] = [];
  watchCredentials(folder, server(1), (event, text) => said.push(`${event}: ${text}`)).close();
  assert.match(said.join(), /^expires: the certificate of server 1 of cluster 1 ends on .*renew server-1-1$/);
});

function opened(context: TestContext, { host, port }: Served): Socket {
  const socket = connect({ host, port });
  socket.on('error', () => {});
  socket.resume();
  context.after(() => socket.destroy());
  return socket;
}

/** The serial number of the certificate that a server shows to who comes now. */
async function shownBy({ host, port }: Served, credentials: NetworkCredentials): Promise<string> {
  const { ca } = credentials.serving;
  const socket = connectTls({ host, port, ca, ALPNProtocols: ['h2'], checkServerIdentity: () => undefined });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber.toLowerCase();
}

/** Frames of HTTP/2: a call, and its end in the same packet. */
function callsThatAreGone(path: string, contentType: string): Buffer {
  const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  };
  const text = (value: string): Buffer => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
  const headers = Buffer.concat([
    ...[Buffer.of(0x83, 0x86), Buffer.of(0x41), text('localhost'), Buffer.of(0x44), text(path)],
    ...[Buffer.of(0x5f), text(contentType), Buffer.of(0x40), text('te'), text('trailers')],
  ]);
  const calls = Array.from({ length: 20 }, (_, index) => 2 * index + 1).flatMap((stream) => [
    frame(1, 4, stream, headers),
    frame(3, 0, stream, Buffer.of(0, 0, 0, 8)),
  ]);
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame(4, 0, 0, Buffer.alloc(0)),
    ...calls,
  ]);
}

for (const [path, contentType] of [
  ['/dualping.v1.NoService/Nothing', 'application/grpc'],
  ['/grpc.health.v1.Health/Check', 'application/json'],
  ['/grpc.health.v1.Health/Check', 'application/grpc'],
  ['/grpc.health.v1.Health/Watch', 'application/grpc'],
] as const)
  test(`calls of ${path} as ${contentType} that are cancelled before they are handled have no effect`, async (context) => {
    const folder = await testNetwork(context, server(1));
    const { address } = await serve(context, read(folder, server(1)));
    const { host, port } = parseAddress(address);
    const socket = connect(port, host);
    socket.on('error', () => {});
    socket.write(callsThatAreGone(path, contentType));
    await once(socket, 'data'); // what was sent has been read
    const user = readNetworkFile(join(folder, NETWORK_FILE));
    assert.equal(await health(address, user), 'serving');
    socket.destroy();
  });
