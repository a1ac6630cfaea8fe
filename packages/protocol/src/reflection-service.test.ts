/**
 * Reflection as used by a tool that knows nothing of dualping: protobufjs alone interprets the answers.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import {
  Client,
  type ClientDuplexStream,
  credentials,
  makeClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import {
  type AnyDefinition,
  loadFileDescriptorSetFromBuffer,
  type PackageDefinition,
} from '@grpc/proto-loader';
import { SocialServiceService, TimelineRequest } from './gen/dualping/v1/social.js';
import { SupervisionServiceService } from './gen/dualping/v1/supervision.js';
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionService,
} from './gen/grpc/reflection/v1/reflection.js';
import { MAX_REFLECTION_STREAMS } from './reflection-service.js';
import { addHealthAndReflection, CHANNEL_OPTIONS, createGrpcServer, listen } from './serve.js';

const SERVED = {
  'dualping.v1.SocialService': SocialServiceService,
  'dualping.v1.SupervisionService': SupervisionServiceService,
};
const VERSIONS = ['v1', 'v1alpha'] as const;

type Question = NonNullable<ServerReflectionRequest['messageRequest']>;
type Answer = ServerReflectionResponse['messageResponse'];
type Call = ClientDuplexStream<ServerReflectionRequest, ServerReflectionResponse>;

interface Tool {
  readonly address: string;
  open(): Call;
  ask(...questions: readonly (Question | undefined)[]): Promise<readonly ServerReflectionResponse[]>;
}

async function tool(context: TestContext, version: (typeof VERSIONS)[number] = 'v1'): Promise<Tool> {
  const server = createGrpcServer();
  addHealthAndReflection(server, Object.keys(SERVED));
  const address = await listen(server, '127.0.0.1', 0);
  const client = new Client(address, credentials.createInsecure(), CHANNEL_OPTIONS);
  context.after(() => {
    client.close();
    server.forceShutdown();
  });
  const { requestSerialize, responseDeserialize } = ServerReflectionService.serverReflectionInfo;
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const open = () => client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  return {
    address,
    open,
    ask: async (...questions) => {
      const call = open();
      for (const messageRequest of questions) call.write({ host: 'h', messageRequest });
      call.end();
      const answers: ServerReflectionResponse[] = [];
      for await (const answer of call) answers.push(answer);
      return answers;
    },
  };
}

const symbol = (value: string): Question => ({ $case: 'fileContainingSymbol', value });
const file = (value: string): Question => ({ $case: 'fileByFilename', value });

function filesIn(answer: ServerReflectionResponse | undefined): readonly Buffer[] {
  const response = answer?.messageResponse;
  assert.ok(response?.$case === 'fileDescriptorResponse', JSON.stringify(response));
  return response.value.fileDescriptorProto;
}

/** Throws when one of the files names a type that none of them defines. */
function understand(files: readonly Buffer[]): PackageDefinition {
  const set = new BinaryWriter();
  for (const bytes of files) set.uint32(0x0a).bytes(bytes);
  return loadFileDescriptorSetFromBuffer(Buffer.from(set.finish()), { longs: Number, oneofs: true });
}

/** The name of an encoded FileDescriptorProto: its first field. */
const nameOf = (bytes: Buffer): string => bytes.toString('utf8', 2, 2 + bytes.readUInt8(1));

function serviceOf(
  definition: AnyDefinition | undefined,
): Extract<AnyDefinition, Record<string, { path: string }>> {
  assert.ok(definition !== undefined && !('format' in definition));
  return definition;
}

for (const version of VERSIONS)
  test(`by ${version} a tool learns each service that is listed, with every type that it needs`, async (context) => {
    const { ask } = await tool(context, version);
    const [list] = await ask({ $case: 'listServices', value: '*' });
    const names = Object.keys(SERVED);
    assert.deepEqual(list?.messageResponse, {
      $case: 'listServicesResponse',
      value: {
        service: [...names, 'grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection'].map((name) => ({
          name,
        })),
      },
    });
    for (const name of ['grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection']) {
      const [answer] = await ask(symbol(name));
      assert.ok(Object.hasOwn(understand(filesIn(answer)), name), `${name} can be looked up`);
    }
    for (const [name, ours] of Object.entries(SERVED)) {
      const [answer] = await ask(symbol(name));
      const types = understand(filesIn(answer));
      const learned = Object.values(serviceOf(types[name]));
      assert.deepEqual(
        learned.map(({ path, requestStream, responseStream }) => [path, requestStream, responseStream]),
        Object.values(ours).map(({ path, requestStream, responseStream }) => [
          path,
          requestStream,
          responseStream,
        ]),
      );
      // Every message, enum and service that it knows now, nested ones too, can be asked for by its name.
      for (const found of await ask(...Object.keys(types).map(symbol))) filesIn(found);
    }
  });

test('messages encoded with the reflected types are decoded by ours', async (context) => {
  const { ask } = await tool(context);
  const [answer] = await ask(symbol('dualping.v1.SocialService.Timeline'));
  const { Timeline } = serviceOf(understand(filesIn(answer))['dualping.v1.SocialService']);
  assert.ok(Timeline);
  assert.deepEqual(TimelineRequest.decode(Timeline.requestSerialize({ older: { before: 7, limit: 20 } })), {
    message: { $case: 'older', value: { before: 7, limit: 20 } },
  });
});

test('a tool that knows only reflection can ask for health', async (context) => {
  const { ask, address } = await tool(context);
  const [answer] = await ask(symbol('grpc.health.v1.Health'));
  const Health = makeClientConstructor(
    serviceOf(understand(filesIn(answer))['grpc.health.v1.Health']),
    'Health',
  );
  const client = new Health(address, credentials.createInsecure(), CHANNEL_OPTIONS);
  context.after(() => client.close());
  const check = client.Check?.bind(client);
  assert.ok(check);
  const said = await new Promise((resolve, reject) =>
    check({ service: 'dualping.v1.SocialService' }, (error: ServiceError | null, response: unknown) =>
      error === null ? resolve(response) : reject(error),
    ),
  );
  assert.deepEqual(said, { status: 1 });
});

test('the file of a symbol comes first, then all its imports', async (context) => {
  const { ask } = await tool(context);
  const names = async (question: Question) => filesIn((await ask(question))[0]).map(nameOf);
  const social = await names(file('dualping/v1/social.proto'));
  assert.equal(social[0], 'dualping/v1/social.proto');
  for (const name of [
    'dualping.v1.SocialService',
    'dualping.v1.SocialService.Post',
    'dualping.v1.TimelineRequest',
    'dualping.v1.TimelineRequest.older',
    'dualping.v1.TimelineRequest.message',
  ])
    assert.deepEqual(await names(symbol(name)), social, name);
  const health = ['grpc/health/v1/health.proto'];
  for (const name of ['', '.SERVING', '.ServingStatus', '.ServingStatus.SERVING', '.status'])
    assert.deepEqual(await names(symbol(`grpc.health.v1.HealthCheckResponse${name}`)), health, name);
  assert.deepEqual(await names(file('csce438/sns.proto')), [
    'csce438/sns.proto',
    'google/protobuf/timestamp.proto',
  ]);
});

test('a missing symbol is NOT_FOUND, and an unknown question UNIMPLEMENTED', async (context) => {
  const { ask } = await tool(context);
  const known = 'dualping.v1.TimelineRequest';
  const notFound = (errorMessage: string): Answer => ({
    $case: 'errorResponse',
    value: { errorCode: status.NOT_FOUND, errorMessage },
  });
  const expected: readonly [Question | undefined, Answer][] = [
    [file('no.proto'), notFound('there is no file "no.proto"')],
    [symbol(''), notFound('there is no symbol ""')],
    [symbol('dualping.v1'), notFound('there is no symbol "dualping.v1"')],
    [symbol(`${known}.no`), notFound(`there is no symbol "${known}.no"`)],
    [symbol(`${known}\n${known}`), notFound(`there is no symbol "${known}\\n${known}"`)],
    [symbol('constructor'), notFound('there is no symbol "constructor"')],
    [
      { $case: 'fileContainingExtension', value: { containingType: known, extensionNumber: 100 } },
      notFound(`"${known}" has no extension 100`),
    ],
    [
      { $case: 'allExtensionNumbersOfType', value: 'dualping.v1.SocialService' },
      notFound('there is no message "dualping.v1.SocialService"'),
    ],
    [
      { $case: 'allExtensionNumbersOfType', value: known },
      { $case: 'allExtensionNumbersResponse', value: { baseTypeName: known, extensionNumber: [] } },
    ],
    [
      undefined,
      {
        $case: 'errorResponse',
        value: { errorCode: status.UNIMPLEMENTED, errorMessage: 'this question is not known here' },
      },
    ],
  ];
  const answers = await ask(...expected.map(([question]) => question));
  assert.deepEqual(
    answers.map(({ messageResponse }) => messageResponse),
    expected.map(([, answer]) => answer),
  );
});

test('many questions on one stream are answered in their order, each with its question', async (context) => {
  const { ask } = await tool(context);
  const questions = Array.from({ length: 300 }, (_, i) =>
    i % 3 === 0 ? symbol('dualping.v1.SocialService') : symbol(`no.such.Symbol${i}`),
  );
  const answers = await ask(...questions);
  assert.deepEqual(
    answers.map(({ validHost, originalRequest }) => [validHost, originalRequest]),
    questions.map((messageRequest) => ['h', { host: 'h', messageRequest }]),
  );
});

test('the number of open streams is bounded, and each that ends makes room', async (context) => {
  const { ask, open } = await tool(context);
  const list: ServerReflectionRequest = { host: '', messageRequest: { $case: 'listServices', value: '' } };
  const calls = Array.from({ length: MAX_REFLECTION_STREAMS }, open);
  await Promise.all(
    calls.map((call) => {
      call.on('error', () => {});
      call.write(list);
      return new Promise((resolve) => call.once('data', resolve));
    }),
  );
  const refused = (error: unknown) =>
    error instanceof Error && 'code' in error && error.code === status.RESOURCE_EXHAUSTED;
  await assert.rejects(ask(list.messageRequest), refused);
  for (const call of calls) call.cancel();
  // The server notices only later that they have ended.
  for (;;) {
    const outcome = await ask(list.messageRequest).catch((error: unknown) => error);
    if (Array.isArray(outcome)) break;
    assert.ok(refused(outcome), String(outcome));
  }
});
