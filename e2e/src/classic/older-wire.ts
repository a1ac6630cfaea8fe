/** The csce438 wire, loaded from a proto file of its own: nothing here uses our code. */
import { fileURLToPath } from 'node:url';
import {
  type ChannelCredentials,
  type Client,
  type ClientDuplexStream,
  type ClientOptions,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const PROTO = fileURLToPath(new URL('../../src/classic/older-family.proto', import.meta.url));

export interface OldServerInfo {
  readonly serverID: number;
  readonly hostname: string;
  readonly port: string;
  readonly type: string;
  readonly clusterID: number;
  readonly isMaster: boolean;
}

export interface OldMessage {
  readonly username: string;
  readonly msg: string;
  readonly timestamp: { readonly seconds: number | string; readonly nanos: number } | null;
}

export interface OldRequest {
  readonly username: string;
  readonly arguments: readonly string[];
}

type Unary = (
  request: object,
  metadata: Metadata,
  options: { readonly deadline: number },
  callback: (error: ServiceError | null, response: never) => void,
) => void;

interface Service<Stub> {
  new (address: string, credentials: ChannelCredentials, options?: ClientOptions): Client & Stub;
  readonly service: ServiceDefinition;
}

type SnsCalls = Readonly<Record<'Login' | 'List' | 'Follow' | 'UnFollow', Unary>> & {
  Timeline(metadata: Metadata): ClientDuplexStream<object, OldMessage>;
};
type CoordCalls = Readonly<
  Record<
    | 'Heartbeat'
    | 'GetServer'
    | 'create'
    | 'exists'
    | 'GetSlave'
    | 'GetAllFollowerServers'
    | 'GetFollowerServer',
    Unary
  >
>;

const loaded = loadPackageDefinition(loadSync(PROTO, { keepCase: true, longs: Number, defaults: true }));
const { SNSService, CoordService } = loaded.csce438 as unknown as {
  readonly SNSService: Service<SnsCalls>;
  readonly CoordService: Service<CoordCalls>;
};

export const SNS_DEFINITION = SNSService.service;

/** Long enough for a busy machine, ms; no test waits until it passes. */
const CALL_LIMIT_MS = 20_000;

async function ask<Response>(
  client: Client,
  call: Unary,
  request: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return await new Promise((resolve, reject) => {
    call.call(
      client,
      request,
      metadataOf(headers),
      { deadline: Date.now() + CALL_LIMIT_MS },
      (error, response) => {
        if (error === null) resolve(response);
        else reject(error);
      },
    );
  });
}

function metadataOf(headers: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
  return metadata;
}

/** A connection of its own for each client, as processes of their own would have. */
const OWN_CONNECTION: ClientOptions = { 'grpc.use_local_subchannel_pool': 1 };

export class OldCoordinatorStub {
  readonly #client: Client & CoordCalls;

  constructor(address: string) {
    this.#client = new CoordService(address, credentials.createInsecure(), OWN_CONNECTION);
  }

  async ask<Response>(
    call: keyof CoordCalls,
    request: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    return await ask(this.#client, this.#client[call], request, headers);
  }

  async getServer(id: number): Promise<OldServerInfo> {
    return await this.ask('GetServer', { id });
  }

  close(): void {
    this.#client.close();
  }
}

export class OldServerStub {
  readonly #client: Client & SnsCalls;

  constructor(address: string) {
    this.#client = new SNSService(address, credentials.createInsecure(), OWN_CONNECTION);
  }

  async say(call: 'Login' | 'Follow' | 'UnFollow', username: string, ...args: string[]): Promise<string> {
    const { msg } = await ask<{ msg: string }>(this.#client, this.#client[call], {
      username,
      arguments: args,
    });
    return msg;
  }

  /** Like `say`, but a gRPC status is returned as `STATUS: text`. */
  async answer(call: 'Login' | 'Follow' | 'UnFollow', username: string, ...args: string[]): Promise<string> {
    try {
      return await this.say(call, username, ...args);
    } catch (error) {
      const { code, details } = error as ServiceError;
      return `${status[code]}: ${details}`;
    }
  }

  async list(username: string): Promise<{ all_users: string[]; followers: string[] }> {
    return await ask(this.#client, this.#client.List, { username, arguments: [] });
  }

  timeline(headers: Readonly<Record<string, string>> = {}): ClientDuplexStream<object, OldMessage> {
    return this.#client.Timeline(metadataOf(headers));
  }

  close(): void {
    this.#client.close();
  }
}
