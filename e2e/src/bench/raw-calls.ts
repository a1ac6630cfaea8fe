/**
 * gRPC calls with raw bytes: requests are already encoded, and answers are not decoded.
 *
 * Bare servers have the same paths as ours, so that the same load generator drives both at the same cost.
 */
import { NO_METADATA, WITHOUT_HOST_NAMES } from '@dualping/protocol';
import {
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  type Metadata,
  type MethodDefinition,
  Server,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { type Certs, diallingWith, servingWith } from './wire.js';

const SOCIAL = '/dualping.v1.SocialService';
const CLASSIC = '/csce438.SNSService';
const ROUTING = '/dualping.v1.RoutingService';

export const PATHS = {
  login: `${SOCIAL}/Login`,
  follow: `${SOCIAL}/Follow`,
  post: `${SOCIAL}/Post`,
  timeline: `${SOCIAL}/Timeline`,
  classicLogin: `${CLASSIC}/Login`,
  classicFollow: `${CLASSIC}/Follow`,
  classicTimeline: `${CLASSIC}/Timeline`,
  dualPing: `${ROUTING}/DualPing`,
  getAvailable: `${ROUTING}/GetAvailable`,
  /** Only in bare servers: records for a copy, which acknowledges them. */
  copy: '/bare.Copy/Copy',
} as const;

export type Path = (typeof PATHS)[keyof typeof PATHS];

const sameBytes = (bytes: Buffer): Buffer => bytes;

/** The same message limits as ours. */
const OPTIONS: ChannelOptions = {
  'grpc.max_concurrent_streams': 20_000,
  'grpc.max_receive_message_length': 4 * 1024 * 1024,
};

function rawMethod(path: Path, streams: boolean): MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream: streams,
    responseStream: streams,
    requestSerialize: sameBytes,
    requestDeserialize: sameBytes,
    responseSerialize: sameBytes,
    responseDeserialize: sameBytes,
  };
}

export interface RawHandler {
  readonly path: Path;
  readonly streams: boolean;
  readonly handle: UntypedHandleCall;
}

/** Serves the handlers on a free loopback port. @returns the address */
export async function serveRaw(handlers: readonly RawHandler[], certs: Certs): Promise<string> {
  const server = new Server(OPTIONS);
  for (const { path, streams, handle } of handlers)
    server.addService({ [path]: rawMethod(path, streams) }, { [path]: handle });
  return await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', servingWith(certs), (error, port) => {
      if (error === null) resolve(`127.0.0.1:${port}`);
      else reject(error);
    });
  });
}

export class RawClient {
  readonly #client: Client;

  /**
   * @param connection clients of a program share a connection to each address by default; `own` is for people
   * on machines of their own
   */
  constructor(address: string, certs: Certs, connection: 'own' | 'shared' = 'own') {
    this.#client = new Client(address, diallingWith(certs).channel('server'), {
      ...OPTIONS,
      ...WITHOUT_HOST_NAMES,
      'grpc.use_local_subchannel_pool': connection === 'own' ? 1 : 0,
    });
  }

  call(
    path: Path,
    request: Buffer,
    metadata: Metadata,
    done: (error: Error | null, response?: Buffer) => void,
  ): void {
    this.#client.makeUnaryRequest(path, sameBytes, sameBytes, request, metadata, done);
  }

  ask(path: Path, request: Buffer, metadata = NO_METADATA): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.call(path, request, metadata, (error, response) => {
        if (error === null && response !== undefined) resolve(response);
        else reject(error ?? new Error('no response'));
      });
    });
  }

  stream(path: Path, metadata = NO_METADATA): ClientDuplexStream<Buffer, Buffer> {
    return this.#client.makeBidiStreamRequest(path, sameBytes, sameBytes, metadata);
  }

  close(): void {
    this.#client.close();
  }
}
