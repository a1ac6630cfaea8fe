/**
 * A gRPC server that checks the caller of every call of every service, before any handler runs. Calls of
 * users get a budget of each turn, so that hundreds at once don't delay what keeps a cluster together.
 */
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { DualpingError } from '@dualping/core';
import {
  type ChannelOptions,
  type MethodDefinition,
  Server,
  type ServiceDefinition,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { REASON_KEY, STATUS_OF_REASON, toServiceError } from '../status.js';
import { TurnBudget } from '../turn-budget.js';
import type { Access, Called, Refusal } from './access.js';
import { type Role, RULES } from './roles.js';

/** The methods of grpc-js that get each new stream: without channelz, and with it. */
const STREAM_HANDLERS = ['_streamHandler', '_channelzHandler'] as const;

/**
 * Most calls of users that wait to begin. A waiting call keeps some 10 KB, and all of them are some seconds
 * of work: whoever came later would have given up before the turn came.
 */
const MAX_WAITING_CALLS = 5_000;

const OF_USERS: readonly Role[] = ['anyone', 'user', 'classic'];
/** Calls that only parts of the network may make. */
const OF_PARTS: ReadonlySet<string> = new Set(
  Object.entries(RULES)
    .filter(([, { by }]) => !by.some((role) => OF_USERS.includes(role)))
    .map(([path]) => path),
);

/** Refuses a call before grpc-js knows of it. */
function refuse(stream: ServerHttp2Stream, { reason, detail }: DualpingError): void {
  stream.respond(
    {
      'content-type': 'application/grpc',
      'grpc-status': STATUS_OF_REASON[reason],
      'grpc-message': encodeURIComponent(detail),
      [REASON_KEY]: reason,
    },
    { endStream: true },
  );
}

type StreamHandler = (interceptors: unknown, stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

export class GuardedServer extends Server {
  readonly access: Access;
  readonly #budget: TurnBudget;

  constructor(options: ChannelOptions, access: Access, budget = new TurnBudget(MAX_WAITING_CALLS)) {
    super(options);
    this.access = access;
    this.#budget = budget;
    for (const name of STREAM_HANDLERS) this.#takeTurns(name);
  }

  /**
   * Puts new calls in a row, before grpc-js spends anything on them.
   *
   * When grpc-js refuses a call (an unknown path, a wrong content type), it answers at once, and throws an
   * uncaught error if the stream is already closed: a HEADERS and an RST_STREAM frame in one packet, from any
   * program that reaches the port, would end the process. Found by fuzzing in 1.14.7. A closed stream needs
   * no answer.
   */
  #takeTurns(name: string): void {
    const handle: unknown = Reflect.get(this, name);
    if (typeof handle !== 'function') return; // another version; `tls.test.ts` checks this too
    const taking: StreamHandler = (interceptors, stream, headers) => {
      let begun = false;
      const begin = (): void => {
        begun = true;
        if (!stream.destroyed && !stream.closed) handle.call(this, interceptors, stream, headers);
      };
      const isUrgent = OF_PARTS.has(String(headers[':path'])) && this.access.isPart(stream.session?.socket);
      if (isUrgent) return begin();
      const isTaken = this.#budget.begin(begin);
      if (begun) return;
      stream.on('error', () => {}); // it may break while it waits
      if (isTaken || stream.destroyed || stream.closed) return;
      const detail = `${this.#budget.maxWaiting} calls wait here already: try again in a moment`;
      refuse(stream, new DualpingError('busy', detail));
    };
    Reflect.set(this, name, taking);
  }

  override addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    if (this.access.credentials === undefined) return super.addService(service, implementation);
    const guarded: UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(service)) {
      const handler = implementation[name];
      if (handler !== undefined)
        guarded[name] = guard(method, handler.bind(implementation), this.access, this.#budget);
    }
    super.addService(service, guarded);
  }
}

/** What handlers of all four kinds have in common: a call, and for a single answer a callback. */
type AnyHandler = (call: AnyCall, callback?: (error: unknown) => void) => void;

interface AnyCall extends Called {
  readonly cancelled: boolean;
  emit(event: 'error', error: unknown): boolean;
  /** For calls that read a stream: an unread stream never ends. */
  resume?(): unknown;
}

function guard(
  { path }: MethodDefinition<unknown, unknown>,
  handler: UntypedHandleCall,
  access: Access,
  budget: TurnBudget,
): UntypedHandleCall {
  const handle = handler as AnyHandler;
  const guarded: AnyHandler = (call, callback) => {
    const refusal = access.refusalOf(call, path);
    const goOn = (why: Refusal): void => {
      if (why === undefined) return handle(call, callback);
      if (callback !== undefined) return callback(toServiceError(why));
      call.emit('error', toServiceError(why));
      call.resume?.();
    };
    if (!(refusal instanceof Promise)) return goOn(refusal);
    // The handler of a call that was cancelled meanwhile would never hear of it.
    void refusal.then((why) => budget.goOn(() => (call.cancelled ? undefined : goOn(why))));
  };
  return guarded as UntypedHandleCall;
}
