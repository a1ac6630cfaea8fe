/**
 * Passes calls on to the leader, and returns its answers.
 *
 * The caller is checked here, and again by the leader, which gets the caller's identity. A call is passed on
 * once. When another router leads, or none, calls that wait for the former leader fail as if the router were
 * gone: the caller tries again, and asks the other routers meanwhile.
 */
import { type Address, DualpingError } from '@dualping/core';
import {
  type Access,
  forwardedMetadata,
  fromServiceError,
  isForwarded,
  OWN_CONNECTION,
  PLAINTEXT,
  toServiceError,
} from '@dualping/protocol';
import {
  Client,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  type ServiceError,
} from '@grpc/grpc-js';

// Requests and answers are neither read nor changed.
type Method = MethodDefinition<unknown, unknown>;

/** Calls with a lasting effect: if the leader is lost, it is unknown whether they happened. */
const IN_DOUBT: ReadonlySet<string> = new Set([
  '/dualping.v1.AdminService/Handover',
  '/dualping.v1.AdminService/Promote',
  '/dualping.v1.AdminService/Pause',
  '/dualping.v1.AdminService/Rest',
  '/dualping.v1.AdminService/Resume',
  '/dualping.v1.AdminService/Remove',
  '/csce438.CoordService/create',
]);

export class PassOn {
  #leader: { readonly address: Address; readonly client: Client } | undefined;
  /** Calls that wait for the leader. */
  readonly #waiting = new Set<{ cancel(): void }>();
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** Undefined: no router leads, or this one does. */
  leaderIs(address: Address | undefined): void {
    if (address === this.#leader?.address) return;
    this.#leader?.client.close();
    for (const call of this.#waiting) call.cancel();
    this.#waiting.clear();
    this.#leader = undefined;
    if (address === undefined) return;
    const dialling = this.#access.credentials ?? PLAINTEXT;
    const client = new Client(address, dialling.channel('router'), OWN_CONNECTION);
    this.#leader = { address, client };
  }

  unary(method: Method): handleUnaryCall<unknown, unknown> {
    return (call, callback) => {
      const leader = this.#leader;
      if (leader === undefined || isForwarded(call)) return callback(toServiceError(NOBODY_LEADS));
      const passedOn = leader.client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        call.request,
        forwardedMetadata(call, this.#access.callerOf(call)),
        { deadline: call.getDeadline() },
        (error, answer) => {
          this.#waiting.delete(passedOn);
          callback(error === null ? null : asAnswered(error, method, leader.address), answer);
        },
      );
      this.#waiting.add(passedOn);
      call.on('cancelled', () => passedOn.cancel());
    };
  }

  stream(method: Method): handleServerStreamingCall<unknown, unknown> {
    return (call) => {
      const leader = this.#leader;
      if (leader === undefined || isForwarded(call))
        return void call.emit('error', toServiceError(NOBODY_LEADS));
      const passedOn = leader.client.makeServerStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        call.request,
        forwardedMetadata(call, this.#access.callerOf(call)),
        { deadline: call.getDeadline() },
      );
      passedOn.on('data', (message) => {
        if (call.write(message)) return;
        passedOn.pause();
        call.once('drain', () => passedOn.resume());
      });
      passedOn.on('error', (error: ServiceError) => {
        this.#waiting.delete(passedOn);
        call.emit('error', asAnswered(error, method, leader.address));
      });
      passedOn.on('end', () => {
        this.#waiting.delete(passedOn);
        call.end();
      });
      this.#waiting.add(passedOn);
      call.on('cancelled', () => passedOn.cancel());
    };
  }

  close(): void {
    this.leaderIs(undefined);
  }
}

const NOBODY_LEADS = new DualpingError('router-unreachable', 'no router leads now, as far as this one knows');

/** The leader's answer as an error; or that it could not be reached. */
function asAnswered(error: ServiceError, { path }: Method, leader: Address) {
  const { reason, detail } = fromServiceError(error, { sent: IN_DOUBT.has(path), peer: 'router' });
  const isAbsent = reason === 'router-unreachable' || reason === 'may-have-happened';
  return toServiceError(new DualpingError(reason, isAbsent ? `leader ${leader}: ${detail}` : detail));
}
