/**
 * Serves `grpc.reflection`, which tells tools like grpcurl what a process serves and what its messages look
 * like.
 *
 * All possible answers are made when code is generated. Nothing is parsed at run time, and only the text of
 * the generated file is kept.
 */
import { DualpingError, quote, unreachable } from '@dualping/core';
import { type Server, status } from '@grpc/grpc-js';
import { serverStream } from './bidi.js';
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  type ServerReflectionServer,
  ServerReflectionService,
} from './gen/grpc/reflection/v1/reflection.js';
import { PROTO_FILES, type ProtoFile } from './gen/proto-files.js';

/**
 * Reflection streams open at once: a question may have 128 KB and is sent back with its answer, and several
 * may wait on each stream that is not read.
 */
export const MAX_REFLECTION_STREAMS = 100;

/** The older name of the same service; some tools still ask for it. */
const V1_ALPHA_PATH = '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo';

/**
 * Services that are always listed, because they can be called here. The older name of reflection has no file.
 */
const ALWAYS_LISTED = ['grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection'];

/**
 * Only `serviceNames`, health and reflection itself are listed: the files also describe services of other
 * roles, which would mislead a caller.
 */
export function addReflection(server: Server, serviceNames: readonly string[]): void {
  const listed = [...serviceNames, ...ALWAYS_LISTED];
  let open = 0;
  const implementation: ServerReflectionServer = {
    serverReflectionInfo: (call) => {
      open += 1;
      const stream = serverStream<ServerReflectionRequest, ServerReflectionResponse>(call, {
        onMessage: (question) => {
          // A question of a few bytes has an answer of thousands: the next question is read when this answer
          // was sent.
          stream.pause();
          stream.send(answer(question, listed), () => stream.resume());
        },
        onEnd: () => {
          open -= 1;
        },
      });
      if (open > MAX_REFLECTION_STREAMS)
        stream.close(
          new DualpingError('limit-reached', `${MAX_REFLECTION_STREAMS} reflection streams are open`),
        );
    },
  };
  const { serverReflectionInfo } = ServerReflectionService;
  server.addService(ServerReflectionService, implementation);
  server.addService(
    { serverReflectionInfo: { ...serverReflectionInfo, path: V1_ALPHA_PATH } },
    implementation,
  );
}

type Answer = NonNullable<ServerReflectionResponse['messageResponse']>;

const answer = (
  question: ServerReflectionRequest,
  serviceNames: readonly string[],
): ServerReflectionResponse => ({
  validHost: question.host,
  originalRequest: question,
  messageResponse: answerTo(question.messageRequest, serviceNames),
});

function answerTo(asked: ServerReflectionRequest['messageRequest'], serviceNames: readonly string[]): Answer {
  switch (asked?.$case) {
    case 'listServices':
      return {
        $case: 'listServicesResponse',
        value: { service: serviceNames.map((name) => ({ name })) },
      };
    case 'fileByFilename': {
      const file = PROTO_FILES.find(({ name }) => name === asked.value);
      return file === undefined ? notFound(`there is no file ${quote(asked.value)}`) : withImports(file);
    }
    case 'fileContainingSymbol': {
      const file = PROTO_FILES.find(
        ({ messages, others }) => isAmong(messages, asked.value) || isAmong(others, asked.value),
      );
      return file === undefined ? notFound(`there is no symbol ${quote(asked.value)}`) : withImports(file);
    }
    // Our files have no extensions.
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = asked.value;
      return notFound(`${quote(containingType)} has no extension ${extensionNumber}`);
    }
    case 'allExtensionNumbersOfType': {
      if (!PROTO_FILES.some(({ messages }) => isAmong(messages, asked.value)))
        return notFound(`there is no message ${quote(asked.value)}`);
      return {
        $case: 'allExtensionNumbersResponse',
        value: { baseTypeName: asked.value, extensionNumber: [] },
      };
    }
    case undefined:
      return refusal(status.UNIMPLEMENTED, 'this question is not known here');
    default:
      return unreachable(asked);
  }
}

const isAmong = (lines: string, name: string): boolean => name !== '' && lines.split('\n').includes(name);

const withImports = (file: ProtoFile): Answer => ({
  $case: 'fileDescriptorResponse',
  value: {
    fileDescriptorProto: [file, ...PROTO_FILES.filter(({ name }) => file.imports.includes(name))].map(
      ({ descriptor }) => Buffer.from(descriptor, 'base64'),
    ),
  },
});

const notFound = (detail: string): Answer => refusal(status.NOT_FOUND, detail);

const refusal = (errorCode: status, errorMessage: string): Answer => ({
  $case: 'errorResponse',
  value: { errorCode, errorMessage },
});
