/**
 * A server of the older family: all in memory, registers by `Heartbeat`, replicates nothing. As little of one as a client
 * needs to be served.
 */
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { OldCoordinatorStub, type OldMessage, type OldRequest, SNS_DEFINITION } from './older-wire.js';

type Call = ServerUnaryCall<OldRequest, object>;
type Answer = sendUnaryData<object>;
type Stream = ServerDuplexStream<OldMessage, object>;

export interface OlderServerPlace {
  readonly coordinator: string;
  readonly cluster: number;
  readonly id: number;
  /** How often it calls, ms. */
  readonly everyMs: number;
}

export class OlderServer {
  readonly #grpc = new Server();
  readonly #users = new Map<string, Set<string>>();
  readonly #timelines = new Map<string, Stream>();
  readonly #coordinator: OldCoordinatorStub;
  #calling: NodeJS.Timeout | undefined;
  #port = 0;
  /** The last answer to a heartbeat: whether clients are routed here. */
  isMaster: boolean | undefined;

  constructor(readonly place: OlderServerPlace) {
    this.#coordinator = new OldCoordinatorStub(place.coordinator);
    this.#grpc.addService(SNS_DEFINITION, {
      Login: (call: Call, answer: Answer) => {
        if (!this.#users.has(call.request.username)) this.#users.set(call.request.username, new Set());
        answer(null, { msg: 'SUCCESS' });
      },
      List: (call: Call, answer: Answer) =>
        answer(null, {
          all_users: [...this.#users.keys()],
          followers: [...(this.#users.get(call.request.username) ?? [])],
        }),
      Follow: (call: Call, answer: Answer) => {
        const followers = this.#users.get(call.request.arguments[0] ?? '');
        followers?.add(call.request.username);
        answer(null, { msg: followers === undefined ? 'FAILURE_INVALID_USERNAME' : 'SUCCESS' });
      },
      UnFollow: (_call: Call, answer: Answer) => answer(null, { msg: 'FAILURE_UNKNOWN' }),
      Timeline: (stream: Stream) => this.#timeline(stream),
    });
  }

  async start(): Promise<this> {
    this.#port = await new Promise<number>((resolve, reject) => {
      this.#grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
    await this.beat();
    this.resume();
    return this;
  }

  get port(): number {
    return this.#port;
  }

  /** One heartbeat: with a wildcard for a host, and the cluster in metadata, as programs of that family do. */
  async beat(): Promise<void> {
    const { cluster, id } = this.place;
    const info = { serverID: id, hostname: '0.0.0.0', port: String(this.#port), type: 'server' };
    const { status } = await this.#coordinator.ask<{ status: boolean }>('Heartbeat', info, {
      clusterid: String(cluster),
    });
    this.isMaster = status;
  }

  /** Falls silent, and goes on serving. */
  pause(): void {
    clearInterval(this.#calling);
  }

  resume(): void {
    this.pause();
    this.#calling = setInterval(() => {
      this.beat().catch(() => {});
    }, this.place.everyMs);
  }

  stop(): void {
    this.pause();
    this.#coordinator.close();
    this.#grpc.forceShutdown();
  }

  #timeline(stream: Stream): void {
    let user: string | undefined;
    stream.on('data', (message: OldMessage) => {
      if (user === undefined) {
        user = message.username;
        this.#timelines.set(user, stream);
        return;
      }
      for (const follower of this.#users.get(user) ?? [])
        this.#timelines.get(follower)?.write({ ...message, username: user });
    });
    stream.on('end', () => stream.end());
    stream.on('error', () => {});
  }
}
