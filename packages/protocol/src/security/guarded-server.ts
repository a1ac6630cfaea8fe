/** A gRPC server that checks the caller of every call of every service, before any handler runs. */
import type { ServerHttp2Stream } from 'node:http2';
import {
  type ChannelOptions,
  type MethodDefinition,
  Server,
  type ServiceDefinition,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { toServiceError } from '../status.js';
import type { Access, Called, Refusal } from './access.js';

/** The methods of grpc-js that get each new stream: without channelz, and with it. */
const STREAM_HANDLERS = ['_streamHandler', '_channelzHandler'] as const;

/**
 * When grpc-js refuses a call (an unknown path, a wrong content type), it answers at once, and throws an
 * uncaught error if the stream is already closed: a HEADERS and an RST_STREAM frame in one packet, from any
 * program that reaches the port, would end the process. Found by fuzzing in 1.14.7. A closed stream needs no
 * answer.
 */
function ignoreGoneStreams(server: Server, name: string): void {
  const handle: unknown = Reflect.get(server, name);
  if (typeof handle !== 'function') return; // another version; `tls.test.ts` checks this too
  Reflect.set(server, name, (interceptors: unknown, stream: ServerHttp2Stream, headers: unknown) => {
    if (!stream.destroyed && !stream.closed) handle.call(server, interceptors, stream, headers);
  });
}

export class GuardedServer extends Server {
  readonly access: Access;

  constructor(options: ChannelOptions, access: Access) {
    super(options);
    this.access = access;
    for (const name of STREAM_HANDLERS) ignoreGoneStreams(this, name);
  }

  override addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    if (this.access.credentials === undefined) return super.addService(service, implementation);
    const guarded: UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(service)) {
      const handler = implementation[name];
      if (handler !== undefined) guarded[name] = guard(method, handler.bind(implementation), this.access);
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
    void refusal.then((why) => (call.cancelled ? undefined : goOn(why)));
  };
  return guarded as UntypedHandleCall;
}
