/**
 * An impostor at the address of a part: no caller ever makes a call to it, and it gets no byte of a call.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import {
  type Dialled,
  NetworkCredentials,
  OWN_CONNECTION,
  type Part,
  PLAINTEXT,
  RULES,
} from '@dualping/protocol';
import { Client, type ServiceError, status } from '@grpc/grpc-js';
import { issue, revoke } from './certificates.js';
import { fileOf, NETWORK_FILE } from './layout.js';
import { ANNA, eventually, ROUTER, read, server, testNetwork } from './test-network.fixture.js';
import { readNetworkFile, watchNetworkFile } from './watched-credentials.js';

const DEADLINE_MS = 20_000;
const A_MINUTE_AGO = -1 / 1_440;
const MEMBER: Part = { ...server(9), role: 'member' } as Part;
const raw = (bytes: Buffer): Buffer => bytes;

/** Which part serves a call; the csce438 programs have no TLS, and dial without a check. */
function dialledFor(path: string): Dialled | undefined {
  if (/RoutingService|AdminService/.test(path)) return 'router';
  if (/SocialService|ReplicationService|SupervisionService/.test(path)) return 'server';
  return path.startsWith('/csce438.') ? undefined : 'part';
}

const CALLS = Object.keys(RULES).flatMap((path) => {
  const dialled = dialledFor(path);
  return dialled === undefined ? [] : [{ path, dialled }];
});

interface Impostor {
  readonly address: string;
  /** All that anybody has said to it; with TLS what was in it. */
  readonly heard: () => string;
}

async function stand(
  context: TestContext,
  listen: (onSocket: (socket: Socket) => void) => Server,
): Promise<Impostor> {
  const heard: Buffer[] = [];
  const sockets = new Set<Socket>();
  const impostor = listen((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => heard.push(bytes));
  });
  impostor.listen(0, '127.0.0.1');
  await once(impostor, 'listening');
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    impostor.close();
  });
  const bound = impostor.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return { address: `127.0.0.1:${port}`, heard: () => Buffer.concat(heard).toString('latin1') };
}

/** It has that certificate with its key, and speaks HTTP/2 with every caller. */
const withCertificate = (context: TestContext, pem: string): Promise<Impostor> =>
  stand(context, (onSocket) => {
    const { cert, key } = NetworkCredentials.parse(pem).serving;
    return createTlsServer({ cert, key, ALPNProtocols: ['h2'] } as object, onSocket);
  });

/** Why the call failed. @throws Error when it did not */
async function call(client: Client, path: string): Promise<ServiceError> {
  const stream = client.makeBidiStreamRequest(path, raw, raw, { deadline: Date.now() + DEADLINE_MS });
  return await new Promise((resolve, reject) => {
    stream.on('data', () => reject(new Error(`${path} was answered`)));
    stream.on('end', () => reject(new Error(`${path} was ended in order`)));
    stream.on('error', resolve);
    stream.write(Buffer.from(SECRET));
    stream.end();
  });
}

const SECRET = 'what only a part of this network may read';

const pemOf = (folder: string, part: Part): string => readFileSync(fileOf(folder, part), 'utf8');

/** Who is dialled for: a user, an operator, and a server, each with what is theirs. */
const callers = (folder: string) => [
  { who: 'a user', credentials: readNetworkFile(join(folder, NETWORK_FILE)) },
  { who: 'an operator', credentials: read(folder, ANNA) },
  { who: 'a server', credentials: read(folder, server(1)) },
];

async function nobodySpeaksTo(
  impostor: Impostor,
  folder: string,
  why: RegExp,
  only: readonly Dialled[] = ['router', 'server', 'part'],
): Promise<void> {
  for (const { who, credentials } of callers(folder))
    for (const dialled of only) {
      const client = new Client(impostor.address, credentials.channel(dialled), OWN_CONNECTION);
      try {
        for (const { path } of CALLS.filter((each) => each.dialled === dialled)) {
          const error = await call(client, path);
          assert.equal(error.code, status.UNAVAILABLE, `${who}, ${path}: ${error.message}`);
          assert.match(error.message, why, `${who}, ${path}`);
        }
      } finally {
        client.close();
      }
    }
  assert.doesNotMatch(impostor.heard(), /PRI \* HTTP|dualping\.v1|grpc|only a part/);
}

test('the man in the middle: a certificate of another network, of each role', async (context) => {
  const folder = await testNetwork(context, ROUTER, server(1), ANNA);
  const theirs = await testNetwork(context, ROUTER, server(1));
  const why = /self-signed certificate|unable to get (local )?issuer|unable to verify|signature failure/;
  for (const [part, only] of [
    [ROUTER, ['router', 'part']],
    [server(1), ['server', 'part']],
  ] as const)
    await nobodySpeaksTo(await withCertificate(context, pemOf(theirs, part)), folder, why, only);
});

test('the squatter: a program without TLS at the port', async (context) => {
  const folder = await testNetwork(context, ROUTER, server(1), ANNA);
  const squatter = await stand(context, (onSocket) =>
    createServer((socket) => {
      onSocket(socket);
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
    }),
  );
  await nobodySpeaksTo(squatter, folder, /wrong version number|packet length too long/);
});

test('the impostor router: a server, a member or an operator of the network itself', async (context) => {
  const folder = await testNetwork(context, ROUTER, server(1), server(2), MEMBER, ANNA);
  for (const part of [server(2), MEMBER, ANNA])
    await nobodySpeaksTo(
      await withCertificate(context, pemOf(folder, part)),
      folder,
      /answers there, and not a router/,
      ['router'],
    );
  for (const part of [ROUTER, MEMBER, ANNA])
    await nobodySpeaksTo(
      await withCertificate(context, pemOf(folder, part)),
      folder,
      /answers there, and not a server/,
      ['server'],
    );
});

test('a part whose certificate has expired, and one that was revoked', async (context) => {
  const folder = await testNetwork(context, ROUTER, server(1), ANNA);
  await issue(folder, [server(2)], A_MINUTE_AGO);
  const expired = await withCertificate(context, pemOf(folder, server(2)));
  await nobodySpeaksTo(expired, folder, /certificate has expired/, ['server', 'part']);

  const stolen = await withCertificate(context, pemOf(folder, ROUTER));
  await revoke(folder, ROUTER);
  // A user's client needs only the two files that are no secret.
  const credentials = watchNetworkFile(join(folder, NETWORK_FILE));
  const client = new Client(stolen.address, credentials.channel('router'), OWN_CONNECTION);
  context.after(() => client.close());
  for (const { path } of CALLS.filter(({ dialled }) => dialled === 'router'))
    assert.match((await call(client, path)).message, /was revoked/);
  assert.doesNotMatch(stolen.heard(), /PRI \* HTTP|dualping\.v1|only a part/);
});

test('a call without TLS does reach an impostor: so the tests above can fail', async (context) => {
  const squatter = await stand(context, (onSocket) => createServer(onSocket));
  const client = new Client(squatter.address, PLAINTEXT.channel('part'), OWN_CONNECTION);
  context.after(() => client.close());
  client.waitForReady(Date.now() + DEADLINE_MS, () => {});
  await eventually('it is spoken to', () => /PRI \* HTTP/.test(squatter.heard()));
});
