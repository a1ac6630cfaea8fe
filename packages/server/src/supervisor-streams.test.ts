import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { serverId } from '@dualping/core';
import {
  CHANNEL_OPTIONS,
  clientStream,
  createGrpcServer,
  listen,
  type StreamEnd,
  type SupervisedMessage,
  SupervisionServiceClient,
  type SupervisorMessage,
  supervisedMessageFromWire,
  type supervisionWire,
  supervisorMessageToWire,
} from '@dualping/protocol';
import { credentials } from '@grpc/grpc-js';
import { SupervisorStreams } from './supervisor-streams.js';

const HELLO: SupervisorMessage = { kind: 'hello', key: 'secret', pid: 7, intervalMs: 1_000 };
const IDENTITY = { cluster: 2, serverId: serverId(3), incarnation: 4 };

async function serve(context: TestContext, keys: { readonly key?: string } = { key: 'secret' }) {
  const { key } = keys;
  const events: string[] = [];
  const listener = {
    attached: (link: number, { pid, keepAliveMs }: { pid: number; keepAliveMs: number }) =>
      events.push(`attached ${link}: ${pid}, ${keepAliveMs}`),
    heard: (link: number) => events.push(`heard ${link}`),
    ended: (link: number) => events.push(`ended ${link}`),
  };
  const desk = new SupervisorStreams(IDENTITY, key === undefined ? undefined : { key, listener });
  const server = createGrpcServer();
  desk.addTo(server);
  const address = await listen(server, '127.0.0.1', 0);
  const client = new SupervisionServiceClient(address, credentials.createInsecure(), CHANNEL_OPTIONS);
  context.after(() => {
    client.close();
    server.forceShutdown();
  });
  return { desk, events, client };
}

/** Sends the messages, and returns the answers until the stream ended or `wished` messages came. */
function say(client: SupervisionServiceClient, messages: readonly SupervisorMessage[], wished = 99) {
  const heard: SupervisedMessage[] = [];
  let enough: () => void = () => {};
  const answered = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const ended = new Promise<StreamEnd>((resolve) => {
    const stream = clientStream<supervisionWire.KeepAliveResponse, supervisionWire.KeepAliveRequest>(
      client.keepAlive(),
      {
        onMessage: (wire) => {
          heard.push(supervisedMessageFromWire(wire));
          if (heard.length >= wished) enough();
        },
        onEnd: resolve,
      },
      'server',
    );
    for (const message of messages) stream.send(supervisorMessageToWire(message));
  });
  return { heard, answered, ended };
}

const refusal = (end: StreamEnd): string =>
  end.kind === 'broken' ? `${end.error?.reason}: ${end.error?.detail}` : end.kind;

test('a supervisor with the key is welcomed and answered, and learns why the server ends', async (context) => {
  const { desk, events, client } = await serve(context);
  const { heard, answered, ended } = say(client, [HELLO, { kind: 'ping', sequence: 9 }], 2);
  await answered;
  desk.sayEnding(undefined);
  desk.endAll();
  assert.equal((await ended).kind, 'ended');
  assert.deepEqual(heard, [
    { kind: 'welcome', ...IDENTITY, pid: process.pid },
    { kind: 'pong', sequence: 9 },
    { kind: 'ending', reason: undefined, detail: 'was told to end' },
  ]);
  assert.deepEqual(events, ['attached 1: 7, 1000', 'heard 1']);
});

test('strangers are refused, and not reported', async (context) => {
  const { events, client } = await serve(context);
  const first = async (...messages: SupervisorMessage[]) => refusal(await say(client, messages).ended);
  assert.match(await first({ ...HELLO, key: 'guess' }), /invalid-argument: the key is not the one/);
  assert.match(await first({ kind: 'ping', sequence: 1 }), /invalid-argument: the first message/);
  assert.match(await first({ ...HELLO, intervalMs: 1 }), /invalid-argument: interval_ms is "1"/);
  assert.deepEqual(events, []);
});

test('hello comes once', async (context) => {
  const { events, client } = await serve(context);
  assert.match(refusal(await say(client, [HELLO, HELLO]).ended), /invalid-argument: the first message/);
  assert.deepEqual(events, ['attached 1: 7, 1000', 'ended 1']);
});

test('a server without supervision refuses every supervisor', async (context) => {
  const { client } = await serve(context, {});
  assert.match(refusal(await say(client, [HELLO]).ended), /invalid-argument: the key/);
});

test('the older of two supervisors is ended as superseded', async (context) => {
  const { desk, events, client } = await serve(context);
  const { answered, ended } = say(client, [HELLO], 1);
  await answered;
  desk.close(1);
  assert.match(refusal(await ended), /superseded: another supervisor/);
  assert.deepEqual(events, ['attached 1: 7, 1000']);
});
