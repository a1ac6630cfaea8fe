/**
 * The classic wire from a client's side: ask a coordinator where a user's server is, and talk to it over one
 * connection.
 *
 * Works with csce438 servers and coordinators as well as with dualping's. This wire has no sessions and no
 * acknowledgements of posts; a client that loses its server asks the coordinator again and logs in again.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Address, DualpingError, type Post, type UserName } from '@dualping/core';
import {
  type BidiStream,
  CHANNEL_OPTIONS,
  type ClassicAnswer,
  type ClassicCall,
  type ClassicReply,
  CoordServiceClient,
  classicAddressFromWire,
  classicPostRead,
  classicPostToWire,
  classicTimelineMetadata,
  clientStream,
  type coordinatorWire,
  fromServiceError,
  readClassicReply,
  SNSServiceClient,
  type StreamEnd,
  type snsWire,
} from '@dualping/protocol';
import { credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { unary } from './unary.js';

/**
 * How long a coordinator or server may take to answer, ms. This is only for silence: a refused connection is
 * reported at once.
 */
const CALL_TIMEOUT_MS = 5_000;

const LIMITS = { timeoutMs: CALL_TIMEOUT_MS };

/**
 * Where the coordinator sends user number `user`; undefined when there is no server. Throws
 * `router-unreachable`.
 */
export async function resolveClassic(coordinator: Address, user: number): Promise<Address | undefined> {
  const client = new CoordServiceClient(coordinator, credentials.createInsecure(), CHANNEL_OPTIONS);
  try {
    const info = await unary<coordinatorWire.ServerInfo>(
      (options, callback) => client.getServer({ id: user }, new Metadata(), options, callback),
      LIMITS,
    );
    return classicAddressFromWire(info);
  } catch (error) {
    throw fromServiceError(error, { sent: false, peer: 'router' });
  } finally {
    client.close();
  }
}

/** The answer to `List` of a csce438 server. */
export interface ClassicLists {
  readonly allUsers: readonly UserName[];
  readonly followers: readonly UserName[];
}

/**
 * Statuses with which servers refuse a call. Other statuses mean that the server, or the path to it, has
 * failed.
 */
const REFUSALS: readonly status[] = [
  status.CANCELLED,
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.UNAUTHENTICATED,
];

const METHODS = { login: 'login', follow: 'follow', unfollow: 'unFollow' } as const;

/** The reader of a timeline. `onEnd` is called once, and last. */
export interface ClassicTimelineListener {
  /** A post, in the order of the timeline. */
  onPost(post: Post): void;
  /** The timeline has ended; `end` says why. */
  onEnd(end: StreamEnd): void;
}

/** An open timeline. */
export interface ClassicTimelineHandle {
  /** Sends a post; this wire has no answer to it. */
  post(text: string, timeMs: number): void;
  /**
   * Ends the timeline in order. Resolves when the server has read all posts, or after silence.
   */
  finish(): Promise<void>;
  /** Ends it at once. */
  close(): void;
}

/**
 * A user on one server. Every call throws a `DualpingError` when the server can't be reached or has failed.
 */
export class ClassicConnection {
  readonly #client: SNSServiceClient;

  constructor(
    /** The server's address. */
    readonly address: Address,
    /** The user of this connection. */
    readonly user: UserName,
  ) {
    // grpc-js would share connections within a process, but a user counts as logged in by their own
    // connection.
    this.#client = new SNSServiceClient(address, credentials.createInsecure(), {
      ...CHANNEL_OPTIONS,
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  /** Makes the user if there is none of that name. A refused login is an answer, not an error. */
  async login(): Promise<ClassicAnswer> {
    return await this.#ask('login', []);
  }

  /** Follows another user. */
  async follow(target: string): Promise<ClassicAnswer> {
    return await this.#ask('follow', [target]);
  }

  /** Ends a follow. */
  async unfollow(target: string): Promise<ClassicAnswer> {
    return await this.#ask('unfollow', [target]);
  }

  /** All users, and those who follow this one. */
  async list(): Promise<ClassicLists> {
    try {
      return await unary<snsWire.ListReply>(
        (options, callback) =>
          this.#client.list({ username: this.user, arguments: [] }, new Metadata(), options, callback),
        LIMITS,
      );
    } catch (error) {
      throw fromServiceError(error, { sent: false, peer: 'server' });
    }
  }

  /**
   * The last 20 posts come first, newest first. The user is named in the metadata of the call, and in a first
   * message with the text `opener`. With `opener` undefined there is no such message, for servers that take
   * every message as a post.
   */
  timeline({ onPost, onEnd }: ClassicTimelineListener, opener: string | undefined): ClassicTimelineHandle {
    const call = this.#client.timeline(classicTimelineMetadata(this.user));
    const ended = new Promise<void>((resolve) => call.once('status', () => resolve()));
    const stream: BidiStream<snsWire.Message> = clientStream<snsWire.Message, snsWire.Message>(
      call,
      {
        onMessage: (message) => {
          const post = readable(message);
          if (post !== undefined) onPost(post);
        },
        onEnd,
      },
      'server',
    );
    // Without a line end: servers compare the whole text.
    if (opener !== undefined) stream.send({ username: this.user, msg: opener, timestamp: new Date() });
    return {
      post: (text, timeMs) => stream.send(classicPostToWire(this.user, text, timeMs)),
      finish: async () => {
        stream.close();
        const limit = new AbortController();
        await Promise.race([
          ended,
          delay(CALL_TIMEOUT_MS, undefined, { signal: limit.signal }).catch(() => {}),
        ]);
        limit.abort();
      },
      close: () => stream.abort(),
    };
  }

  /** Ends the connection; the server then regards the user as logged out. */
  close(): void {
    this.#client.close();
  }

  async #ask(call: ClassicCall, args: string[]): Promise<ClassicAnswer> {
    const request = { username: this.user, arguments: args };
    try {
      const { msg } = await unary<snsWire.Reply>(
        (options, callback) => this.#client[METHODS[call]](request, new Metadata(), options, callback),
        LIMITS,
      );
      return readClassicReply(call, { status: status.OK, text: msg });
    } catch (error) {
      const refusal = refusalIn(error);
      if (refusal !== undefined) return readClassicReply(call, refusal);
      throw fromServiceError(error, { sent: call !== 'login', peer: 'server' });
    }
  }
}

/** Calls are never cancelled here, so a CANCELLED comes from the server. */
function refusalIn(error: unknown): ClassicReply | undefined {
  const { code, details } = error as Partial<ServiceError>;
  if (code === undefined || !REFUSALS.includes(code)) return undefined;
  return { status: code, text: details || (status[code] ?? '') };
}

/**
 * The post of a message; undefined for an invalid one: one odd message of a csce438 server must not end a
 * timeline.
 */
function readable(message: snsWire.Message): Post | undefined {
  try {
    return classicPostRead(message);
  } catch (error) {
    if (error instanceof DualpingError) return undefined;
    throw error;
  }
}
