/** A service that is served only by the primary: what its clients, and its handlers, see of that. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { epoch, type RouterMessage, serverId } from '@dualping/core';
import { createGrpcServer, listen, REASON_KEY } from '@dualping/protocol';
import {
  Client,
  credentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { DualpingMember } from './dualping-member.js';
import { FakeRouter, until } from './fake-network.fixture.js';
import { type Attach, primaryIs, teach, welcome } from './member-router.fixture.js';

const toBytes = (text: string): Buffer => Buffer.from(text);
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/test.Service/${name}`,
  requestStream,
  responseStream,
  requestSerialize: toBytes,
  requestDeserialize: String,
  responseSerialize: toBytes,
  responseDeserialize: String,
});
const SERVICE = {
  ask: method('Ask', false, false),
  upload: method('Upload', true, false),
  watch: method('Watch', false, true),
  talk: method('Talk', true, true),
} satisfies ServiceDefinition;

interface Stage {
  readonly member: DualpingMember;
  readonly client: Client;
  /** What handlers have seen. */
  readonly seen: string[];
  /** Answers the call of `ask` that waits. */
  answerAsk: (text: string) => void;
  /** The router says that another member is primary. */
  depose(): void;
}

async function stage(context: TestContext): Promise<Stage> {
  const router = await FakeRouter.start();
  let say: (message: RouterMessage) => void = () => {};
  let attached: Attach | undefined;
  teach(router, {
    answer: (attach) => {
      attached = attach;
      return welcome(attach);
    },
    attentive: true,
    onStream: (it) => {
      say = it;
    },
  });
  const server = createGrpcServer();
  const address = await listen(server, '127.0.0.1', 0);
  const member = new DualpingMember({ routers: [router.address], serverId: 2, address });
  const client = new Client(address, credentials.createInsecure());
  const seen: string[] = [];
  const it: Stage = {
    member,
    client,
    seen,
    answerAsk: () => {},
    depose: () => {
      assert.ok(attached);
      const assignment = primaryIs({ ...attached, serverId: serverId(1), lifeId: 'other' });
      say({
        kind: 'assignment',
        assignment: { ...assignment, revision: 2, epoch: epoch(2) },
        lastRequest: 0,
      });
    },
  };
  member.serve(server, SERVICE, {
    ask: (call: ServerUnaryCall<string, string>, answer: sendUnaryData<string>) => {
      seen.push(`ask ${call.request}`);
      it.answerAsk = (text) => answer(null, text);
    },
    upload: (call: ServerReadableStream<string, string>, answer: sendUnaryData<string>) => {
      call.on('data', (text) => seen.push(`upload ${text}`));
      call.on('cancelled', () => {
        seen.push('upload cancelled');
        answer(null, 'too late');
      });
      call.on('end', () => answer(null, 'uploaded'));
    },
    watch: (call: ServerWritableStream<string, string>) => {
      call.write(`watching ${call.request}`);
      call.on('cancelled', () => {
        seen.push('watch cancelled');
        call.write('too late');
        call.end();
      });
    },
    talk: (call: ServerDuplexStream<string, string>) => {
      call.on('data', (text) => call.write(`heard ${text}`));
      call.on('cancelled', () => seen.push('talk cancelled'));
    },
  });
  context.after(async () => {
    client.close();
    await member.leave();
    server.forceShutdown();
    router.kill();
  });
  await until(() => member.isPrimary, 'primary');
  return it;
}

const ask = (client: Client): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const deadline = Date.now() + 5_000;
    client.makeUnaryRequest('/test.Service/Ask', toBytes, String, 'it', { deadline }, (error, answer) =>
      error === null ? resolve(answer) : reject(error),
    );
  });

/** What a stream says, and how it ends. */
function followed(stream: NodeJS.EventEmitter): { said: string[]; end: () => ServiceError | undefined } {
  const said: string[] = [];
  let failure: ServiceError | undefined;
  stream.on('data', (text: string) => said.push(text));
  stream.on('error', (error: ServiceError) => {
    failure = error;
  });
  return { said, end: () => failure };
}

function assertNotPrimary(error: unknown): true {
  const { code, details, metadata } = error as ServiceError;
  assert.equal(code, status.UNAVAILABLE);
  assert.deepEqual(metadata.get(REASON_KEY), ['not-primary']);
  assert.equal(details, 's2 is not primary: s1 is, in epoch 2');
  return true;
}

test('calls are refused once it is not primary; one that has begun is answered', async (context) => {
  const it = await stage(context);
  const begun = ask(it.client);
  await until(() => it.seen.includes('ask it'), 'the handler has it');
  it.depose();
  await until(() => !it.member.isPrimary, 'no longer primary');
  await assert.rejects(ask(it.client), assertNotPrimary);
  assert.deepEqual(it.seen, ['ask it'], 'no handler has seen the call that was refused');
  it.answerAsk('done');
  assert.equal(await begun, 'done');
});

test('open streams end with UNAVAILABLE, and their handlers get `cancelled`', async (context) => {
  const it = await stage(context);
  const watch = followed(it.client.makeServerStreamRequest('/test.Service/Watch', toBytes, String, 'it'));
  const talking = it.client.makeBidiStreamRequest('/test.Service/Talk', toBytes, String);
  const talk = followed(talking);
  talking.write('a');
  const uploaded = new Promise((resolve, reject) => {
    const upload = it.client.makeClientStreamRequest(
      '/test.Service/Upload',
      toBytes,
      String,
      (error, answer) => (error === null ? resolve(answer) : reject(error)),
    );
    upload.write('b');
  });
  await until(() => watch.said.length + talk.said.length === 2 && it.seen.length === 1, 'all are open');
  it.depose();
  await assert.rejects(uploaded, assertNotPrimary);
  await until(() => watch.end() !== undefined && talk.end() !== undefined, 'the ends');
  for (const { end } of [watch, talk]) assertNotPrimary(end());
  assert.deepEqual([watch.said, talk.said], [['watching it'], ['heard a']]);
  await until(() => it.seen.length === 4, 'all handlers have heard it');
  assert.deepEqual(it.seen.sort(), ['talk cancelled', 'upload b', 'upload cancelled', 'watch cancelled']);
});

test('streams are refused while it is not primary', async (context) => {
  const it = await stage(context);
  const first = followed(it.client.makeServerStreamRequest('/test.Service/Watch', toBytes, String, 'it'));
  await until(() => first.said.length === 1, 'open');
  it.depose();
  await until(() => first.end() !== undefined, 'the end');
  const seen = it.seen.length;
  const second = followed(it.client.makeServerStreamRequest('/test.Service/Watch', toBytes, String, 'it'));
  const talk = followed(it.client.makeBidiStreamRequest('/test.Service/Talk', toBytes, String));
  const uploaded = new Promise((resolve, reject) => {
    it.client.makeClientStreamRequest('/test.Service/Upload', toBytes, String, (error, answer) =>
      error === null ? resolve(answer) : reject(error),
    );
  });
  await assert.rejects(uploaded, assertNotPrimary);
  await until(() => second.end() !== undefined && talk.end() !== undefined, 'both are refused');
  for (const { end } of [second, talk]) assertNotPrimary(end());
  assert.equal(it.seen.length, seen);
});
