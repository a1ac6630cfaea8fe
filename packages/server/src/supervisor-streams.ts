/**
 * The server's end of `KeepAlive`: admits its supervisor, answers it, and tells it why the server ends.
 *
 * The service is on the same port as all others, and a stranger that impersonated the supervisor would
 * prevent the server from getting a real one. So a supervisor must know the key, which is in the data folder
 * only. The `SupervisorWatch` machine decides what to do when a supervisor comes or goes.
 */
import {
  type ClusterId,
  DualpingError,
  type Incarnation,
  type KeepAliveLink,
  type ServerId,
} from '@dualping/core';
import {
  type BidiStream,
  type SupervisedMessage,
  SupervisionServiceService,
  serverStream,
  supervisedMessageToWire,
  type supervisionWire,
  supervisorMessageFromWire,
  toDualpingError,
} from '@dualping/protocol';
import type { Server, ServerDuplexStream } from '@grpc/grpc-js';

export interface SupervisionOptions {
  /** The key that a supervisor must show. */
  readonly key: string;
  /** Gets each stream that had the key. */
  readonly listener?: SupervisionListener;
}

export interface SupervisionListener {
  attached(link: KeepAliveLink, supervisor: { readonly pid: number; readonly keepAliveMs: number }): void;
  heard(link: KeepAliveLink): void;
  /** Called once for each attached stream, but not if this side closed it. */
  ended(link: KeepAliveLink): void;
}

export interface SupervisedIdentity {
  readonly cluster: ClusterId;
  readonly serverId: ServerId;
  readonly incarnation: Incarnation;
}

type Stream = BidiStream<supervisionWire.KeepAliveResponse>;

/**
 * Most streams before their `hello`: a supervisor needs one, and strangers must not fill memory.
 */
const MAX_UNKNOWN_STREAMS = 100;
/**
 * Most unsent messages on one stream: a supervisor that leaves so many answers unread is gone or hangs.
 */
const MAX_UNREAD_MESSAGES = 100;

export const SUPERVISION_SERVICE_NAME = 'dualping.v1.SupervisionService';

export class SupervisorStreams {
  readonly #attached = new Map<KeepAliveLink, Stream>();
  #links = 0;
  #unknown = 0;

  constructor(
    readonly identity: SupervisedIdentity,
    /** Undefined: every stream is refused. */
    readonly options: SupervisionOptions | undefined,
  ) {}

  addTo(server: Server): void {
    server.addService(SupervisionServiceService, {
      keepAlive: (
        call: ServerDuplexStream<supervisionWire.KeepAliveRequest, supervisionWire.KeepAliveResponse>,
      ) => this.#open(call),
    });
  }

  /** Another supervisor has attached, or this one is given up. */
  close(link: KeepAliveLink): void {
    const stream = this.#attached.get(link);
    this.#attached.delete(link);
    stream?.close(new DualpingError('superseded', 'another supervisor has taken over this server'));
  }

  /** Tells the supervisor why this server ends. `error` undefined: it was asked to. */
  sayEnding(error: DualpingError | undefined): void {
    const detail = error?.detail ?? 'was told to end';
    for (const stream of this.#attached.values())
      send(stream, { kind: 'ending', reason: error?.reason, detail });
  }

  endAll(): void {
    const streams = [...this.#attached.values()];
    this.#attached.clear();
    for (const stream of streams) stream.close();
  }

  #open(call: ServerDuplexStream<supervisionWire.KeepAliveRequest, supervisionWire.KeepAliveResponse>): void {
    let link: KeepAliveLink | undefined;
    this.#unknown += 1;
    const stream: Stream = serverStream(call, {
      onMessage: (wire: supervisionWire.KeepAliveRequest) => {
        try {
          link = this.#take(stream, link, wire);
        } catch (error) {
          stream.close(toDualpingError(error));
        }
      },
      onEnd: () => {
        if (link === undefined) this.#unknown -= 1;
        else if (this.#attached.delete(link)) this.options?.listener?.ended(link);
      },
    });
    if (this.#unknown > MAX_UNKNOWN_STREAMS)
      stream.close(
        new DualpingError('limit-reached', `${MAX_UNKNOWN_STREAMS} streams have not said hello yet`),
      );
  }

  #take(
    stream: Stream,
    link: KeepAliveLink | undefined,
    wire: supervisionWire.KeepAliveRequest,
  ): KeepAliveLink | undefined {
    const message = supervisorMessageFromWire(wire);
    if ((message.kind === 'hello') !== (link === undefined))
      throw new DualpingError(
        'invalid-argument',
        'the first message of a KeepAlive is `hello`, and only the first',
      );
    if (message.kind === 'hello') return this.#attach(stream, message);
    if (link === undefined) return undefined;
    this.options?.listener?.heard(link);
    if (stream.writableLength > MAX_UNREAD_MESSAGES)
      throw new DualpingError('limit-reached', `${MAX_UNREAD_MESSAGES} answers were not read`);
    send(stream, { kind: 'pong', sequence: message.sequence });
    return link;
  }

  #attach(
    stream: Stream,
    { key, pid, intervalMs }: { readonly key: string; readonly pid: number; readonly intervalMs: number },
  ): KeepAliveLink {
    if (this.options === undefined || key !== this.options.key)
      throw new DualpingError('invalid-argument', "the key is not the one in this server's data folder");
    this.#unknown -= 1;
    this.#links += 1;
    const link = this.#links;
    this.#attached.set(link, stream);
    send(stream, { kind: 'welcome', ...this.identity, pid: process.pid });
    this.options.listener?.attached(link, { pid, keepAliveMs: intervalMs });
    return link;
  }
}

const send = (stream: Stream, message: SupervisedMessage): void => {
  stream.send(supervisedMessageToWire(message));
};
