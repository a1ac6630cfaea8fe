/**
 * One router: its calls with what they mean, over one channel.
 *
 * Every failure is a `DualpingError` that quotes the router's address. Whatever answers there without being a
 * router (another gRPC service, a web server, a router of nonsense) is `not-a-router`.
 */
import { type Address, type Assignment, type ClusterId, DualpingError, type Reason } from '@dualping/core';
import {
  AdminServiceClient,
  type AvailableQuestion,
  assignmentFromWire,
  CHANNEL_OPTIONS,
  type Connected,
  connectedFromWire,
  fromServiceError,
  getAvailableToWire,
  type Promotion,
  RoutingServiceClient,
  type routingWire,
  type WatchQuestion,
  type WatchUpdate,
  watchToWire,
  watchUpdateFromWire,
} from '@dualping/protocol';
import { credentials, Metadata } from '@grpc/grpc-js';
import { routerFailure } from './router-failure.js';
import { type CallLimits, unary } from './unary.js';

const NO_METADATA = new Metadata();

export interface WatchListener {
  onUpdate(update: WatchUpdate): void;
  /** Once, and nothing after it; not when the watch was stopped from here. */
  onEnd(error: DualpingError): void;
}

export class RouterLink {
  readonly address: Address;
  readonly #routing: RoutingServiceClient;
  readonly #admin: AdminServiceClient;

  constructor(address: Address) {
    this.address = address;
    this.#routing = new RoutingServiceClient(address, credentials.createInsecure(), CHANNEL_OPTIONS);
    this.#admin = new AdminServiceClient(address, credentials.createInsecure(), {
      ...CHANNEL_OPTIONS,
      channelOverride: this.#routing.getChannel(),
    });
  }

  /** @param user empty: only asks about the router */
  async connect(user: string, limits: CallLimits): Promise<Connected> {
    return await this.#call(
      unary<routingWire.ConnectResponse>(
        (options, callback) => this.#routing.connect({ user }, NO_METADATA, options, callback),
        limits,
      ),
      connectedFromWire,
    );
  }

  async available(question: AvailableQuestion, limits: CallLimits): Promise<Assignment> {
    const request = getAvailableToWire(question);
    return await this.#call(
      unary<routingWire.GetAvailableResponse>(
        (options, callback) => this.#routing.getAvailable(request, NO_METADATA, options, callback),
        limits,
      ),
      (response) => assignmentFromWire(response.assignment),
    );
  }

  async handover(cluster: ClusterId, limits: CallLimits): Promise<Assignment> {
    return await this.#call(
      unary<routingWire.HandoverResponse>(
        (options, callback) => this.#admin.handover({ cluster }, NO_METADATA, options, callback),
        limits,
      ),
      (response) => assignmentFromWire(response.assignment),
    );
  }

  async promote(promotion: Promotion, limits: CallLimits): Promise<Assignment> {
    const request = { ...promotion, unclean: true };
    return await this.#call(
      unary<routingWire.PromoteResponse>(
        (options, callback) => this.#admin.promote(request, NO_METADATA, options, callback),
        limits,
      ),
      (response) => assignmentFromWire(response.assignment),
    );
  }

  /** @returns what stops it */
  watch(question: WatchQuestion, listener: WatchListener): () => void {
    const call = this.#routing.watch(watchToWire(question));
    let over = false;
    const end = (error: DualpingError): void => {
      if (over) return;
      over = true;
      call.cancel();
      listener.onEnd(error);
    };
    call.on('data', (response: routingWire.WatchResponse) => {
      if (over) return;
      try {
        listener.onUpdate(watchUpdateFromWire(response));
      } catch (error) {
        end(this.#nonsense(error));
      }
    });
    call.on('error', (error) => end(this.#failure(error)));
    call.on('end', () => end(this.#error('router-unreachable', 'ended the watch')));
    return () => {
      over = true;
      call.cancel();
    };
  }

  close(): void {
    this.#routing.close();
  }

  async #call<Wire, Result>(call: Promise<Wire>, judge: (response: Wire) => Result): Promise<Result> {
    let response: Wire;
    try {
      response = await call;
    } catch (error) {
      throw this.#failure(error);
    }
    try {
      return judge(response);
    } catch (error) {
      throw this.#nonsense(error);
    }
  }

  /** Asking a router, or having it done something twice, does no harm: nothing is in doubt. */
  #failure(cause: unknown): DualpingError {
    const { reason, detail } = routerFailure(fromServiceError(cause, { sent: false, peer: 'router' }));
    return this.#error(reason, detail, cause);
  }

  #nonsense(cause: unknown): DualpingError {
    const detail = cause instanceof DualpingError ? cause.detail : String(cause);
    return this.#error('not-a-router', `answered what no router says: ${detail}`, cause);
  }

  #error(reason: Reason, detail: string, cause?: unknown): DualpingError {
    return new DualpingError(reason, `router ${this.address}: ${detail}`, { cause });
  }
}
