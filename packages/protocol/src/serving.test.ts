/**
 * Over real sockets: listening, health, reflection, streams with one end, and strangers that send garbage.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { DualpingError, epoch, position } from '@dualping/core';
import { credentials, type Server, type ServerDuplexStream } from '@grpc/grpc-js';
import { parseAddress } from './address.js';
import { type BidiStream, clientStream, type StreamEnd, serverStream } from './bidi.js';
import { encodePostFragment, timelineUpdateFromWire } from './codec/index.js';
import {
  SocialServiceClient,
  type SocialServiceServer,
  type TimelineRequest,
  type TimelineResponse,
} from './gen/dualping/v1/social.js';
import { FIRST_BYTE_MS } from './security/first-byte.js';
import {
  addHealthAndReflection,
  CHANNEL_OPTIONS,
  createGrpcServer,
  listen,
  listenToConnections,
  MAX_REQUEST_BYTES,
} from './serve.js';
import { SocialServiceDefinition, type TimelineOut } from './services.js';
import { toServiceError } from './status.js';

type ServerSide = BidiStream<TimelineOut>;

interface Served {
  readonly address: string;
  readonly client: SocialServiceClient;
  readonly server: Server;
  /** Streams as they are opened, and how each ended. */
  readonly opened: Promise<ServerSide>;
  readonly serverEnd: Promise<StreamEnd>;
}

const OLDER: TimelineRequest = { message: { $case: 'older', value: { before: 1, limit: 1 } } };

async function serve(context: TestContext): Promise<Served> {
  const server = createGrpcServer();
  const refuse: SocialServiceServer['login'] = (_call, callback) =>
    callback(toServiceError(new DualpingError('busy', 'not now')));
  let openedWith: (stream: ServerSide) => void = () => {};
  let endedWith: (end: StreamEnd) => void = () => {};
  const opened = new Promise<ServerSide>((resolve) => {
    openedWith = resolve;
  });
  const serverEnd = new Promise<StreamEnd>((resolve) => {
    endedWith = resolve;
  });
  server.addService(SocialServiceDefinition, {
    login: refuse,
    follow: refuse,
    unfollow: refuse,
    post: refuse,
    list: refuse,
    timeline: (call: ServerDuplexStream<TimelineRequest, TimelineOut>) => {
      const stream = serverStream(call, {
        onMessage: () => openedWith(stream),
        onEnd: endedWith,
      });
    },
  });
  addHealthAndReflection(server, ['dualping.v1.SocialService']);
  const address = await listen(server, '127.0.0.1', 0);
  const client = new SocialServiceClient(address, credentials.createInsecure(), CHANNEL_OPTIONS);
  context.after(() => {
    client.close();
    server.forceShutdown();
  });
  return { address, client, server, opened, serverEnd };
}

function open(client: SocialServiceClient): {
  stream: BidiStream<TimelineRequest>;
  end: Promise<StreamEnd>;
  first: Promise<TimelineResponse>;
} {
  const ends: StreamEnd[] = [];
  let firstCame: (message: TimelineResponse) => void = () => {};
  const first = new Promise<TimelineResponse>((resolve) => {
    firstCame = resolve;
  });
  let ended: (end: StreamEnd) => void = () => {};
  const end = new Promise<StreamEnd>((resolve) => {
    ended = resolve;
  });
  const stream = clientStream<TimelineResponse, TimelineRequest>(
    client.timeline(),
    {
      onMessage: firstCame,
      onEnd: (each) => {
        ends.push(each);
        assert.equal(ends.length, 1, 'a stream ends once');
        ended(each);
      },
    },
    'server',
  );
  stream.send(OLDER);
  return { stream, end, first };
}

test('a stream carries encoded fragments, and ends in order on both sides', async (context) => {
  const { client, opened, serverEnd } = await serve(context);
  const { stream, end, first } = open(client);
  const server = await opened;
  const posts = [1, 2].map((at) => ({ position: position(at), author: 'a', text: `post ${at}`, timeMs: at }));
  server.send(Buffer.concat(posts.map(encodePostFragment)));
  assert.deepEqual(timelineUpdateFromWire(await first).posts, posts);
  stream.close();
  assert.deepEqual(await end, { kind: 'closed' });
  assert.deepEqual(await serverEnd, { kind: 'ended' });
  assert.equal(server.send(Buffer.alloc(0)), false);
});

test('`written` is called when the reader has room for the message, not when it is sent', async (context) => {
  const { client, opened } = await serve(context);
  const { stream } = open(client);
  const server = await opened;
  stream.pause();
  const posts = Array.from({ length: 200 }, (_, i) => ({
    ...{ position: position(i + 1), author: 'a', text: 'x'.repeat(1_000), timeMs: 1 },
  }));
  const page = Buffer.concat(posts.map(encodePostFragment));
  const left: number[] = [];
  const hasLeft = new Promise<void>((resolve) => {
    for (let i = 0; i < 8; i += 1)
      assert.equal(
        server.send(page, () => {
          left.push(i);
          if (i === 7) resolve();
        }),
        true,
        'that there is room for more in memory says nothing',
      );
  });
  await new Promise<void>((resolve) => server.send(Buffer.alloc(0)) && setImmediate(resolve));
  assert.ok(left.length < 8, `${left} have left, and nobody reads`);
  stream.resume();
  await hasLeft;
  assert.deepEqual(left, [0, 1, 2, 3, 4, 5, 6, 7]);
});

test('the reason with which a server refuses a stream reaches the client', async (context) => {
  const { client, opened, serverEnd } = await serve(context);
  const { end } = open(client);
  (await opened).close(new DualpingError('not-primary', 's2 is primary of epoch 4'));
  const clientEnd = await end;
  assert.equal(clientEnd.kind, 'broken');
  assert.equal(clientEnd.kind === 'broken' && clientEnd.error?.reason, 'not-primary');
  assert.equal(clientEnd.kind === 'broken' && clientEnd.error?.detail, 's2 is primary of epoch 4');
  assert.deepEqual(await serverEnd, { kind: 'closed' });
});

test('a cancelled stream ends at the server, a server that goes away ends it at the client', async (context) => {
  const { client, opened, serverEnd } = await serve(context);
  const { stream } = open(client);
  await opened;
  stream.abort();
  assert.notEqual((await serverEnd).kind, 'closed');

  const other = await serve(context);
  const { end } = open(other.client);
  await other.opened;
  other.server.forceShutdown();
  const clientEnd = await end;
  assert.equal(clientEnd.kind, 'broken');
});

test('a client that is killed ends its stream at the server', async (context) => {
  const { address, opened, serverEnd } = await serve(context);
  const module = JSON.stringify(new URL('./gen/dualping/v1/social.js', import.meta.url).href);
  const code = `const { SocialServiceClient } = await import(${module});
    const grpc = await import('@grpc/grpc-js');
    const client = new SocialServiceClient('${address}', grpc.credentials.createInsecure());
    const call = client.timeline();
    call.on('error', () => {});
    call.write(${JSON.stringify(OLDER)});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: 'inherit',
    cwd: new URL('.', import.meta.url),
  });
  context.after(() => child.kill('SIGKILL'));
  await opened;
  child.kill('SIGKILL');
  assert.notEqual((await serverEnd).kind, 'closed');
});

test('a refused unary call has its reason and status', async (context) => {
  const { client } = await serve(context);
  const error = await new Promise((resolve) =>
    client.login({ header: undefined, device: '', code: '' }, (failure) => resolve(failure)),
  );
  assert.ok(error instanceof Error && 'code' in error && 'details' in error);
  assert.equal(error.code, 8);
  assert.equal(error.details, 'not now');
});

test('a message above the limit is refused, and the next one served', async (context) => {
  const { client } = await serve(context);
  const header = { sessionId: 's', requestNo: 2, user: 'a', epoch: epoch(1) };
  const post = (text: string) =>
    new Promise<unknown>((resolve) =>
      client.post({ header, text, answers: undefined }, (failure) => resolve(failure?.details)),
    );
  assert.match(String(await post('x'.repeat(5 * 1024 * 1024))), /larger than max/);
  assert.match(String(await post('x'.repeat(MAX_REQUEST_BYTES))), /larger than max/);
  assert.equal(await post('x'), 'not now');
});

test('a message whose length is above the limit is refused before it has arrived', async (context) => {
  const { address } = await serve(context);
  const session = connectHttp2(`http://${address}`);
  context.after(() => session.destroy());
  const stream = session.request({
    ':method': 'POST',
    ':path': '/dualping.v1.SocialService/Post',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const beginning = Buffer.alloc(16);
  beginning.writeUInt32BE(MAX_REQUEST_BYTES + 1, 1);
  stream.write(beginning);
  stream.resume();
  const [headers] = await once(stream, 'response');
  assert.equal(headers['grpc-status'], '8');
});

test('garbage on the port does no harm', async (context) => {
  const { address, client } = await serve(context);
  const { host, port } = parseAddress(address);
  for (const garbage of [
    'GET / HTTP/1.1\r\n\r\n',
    '\0'.repeat(10_000),
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\ngarbage',
  ]) {
    const socket = connect({ host, port });
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.end(garbage);
    socket.resume();
    await once(socket, 'close');
  }
  const details = await new Promise((resolve) =>
    client.login({ header: undefined, device: '', code: '' }, (failure) => resolve(failure?.details)),
  );
  assert.equal(details, 'not now');
});

test('an address that is taken, or not of this machine, is refused and quoted', async (context) => {
  const { address } = await serve(context);
  const { host, port } = parseAddress(address);
  const second = createGrpcServer();
  const refusal = (text: string) => (error: unknown) =>
    error instanceof DualpingError && error.detail.includes(text);
  await assert.rejects(listen(second, host, port), refusal(`"${address}": something else listens there`));
  await assert.rejects(
    listen(second, '192.0.2.1', 0),
    refusal('"192.0.2.1:0": this machine has no such address'),
  );
  await assert.rejects(listen(second, host, 70_000), refusal('"70000"'));
});

test('a connection without a first byte is closed, also without certificates', async (context) => {
  const listener = await listenToConnections(createGrpcServer(), '127.0.0.1', 0);
  context.after(() => listener.close());
  const { host, port } = parseAddress(listener.address);
  const since = performance.now();
  const socket = connect(port, host);
  socket.resume();
  await once(socket, 'close');
  assert.ok(performance.now() - since >= FIRST_BYTE_MS - 100);
});
