/**
 * One router: its calls and the meaning of their failures, over one channel.
 *
 * Every failure is a `DualpingError` that quotes the router's address. Anything else that answers there
 * (another gRPC service, a web server, a router with invalid answers) is `not-a-router`.
 */
import {
  type Address,
  type Assignment,
  type ClusterId,
  type ClusterKey,
  DualpingError,
  type HistoryEntry,
  type Reason,
} from '@dualping/core';
import {
  AdminServiceClient,
  type Available,
  type AvailableQuestion,
  assignmentFromWire,
  availableFromWire,
  type Connected,
  clusterOrderToWire,
  connectedFromWire,
  type Dialling,
  fromServiceError,
  getAvailableToWire,
  type Handover,
  handoverToWire,
  historyFromWire,
  type LeaderNews,
  leaderIsFromWire,
  NO_METADATA,
  OWN_CONNECTION,
  type Promotion,
  promoteToWire,
  type Removal,
  type RouterUpdate,
  RoutingServiceClient,
  removeToWire,
  type routingWire,
  type WatchQuestion,
  watchToWire,
  watchUpdateFromWire,
} from '@dualping/protocol';
import { routerFailure } from './router-failure.js';
import { type CallLimits, unary } from './unary.js';

/**
 * Least time between two dials, ms: a thousand sessions may find the same connection dead in the same second.
 */
const REDIAL_INTERVAL_MS = 1_000;

interface Clients {
  readonly routing: RoutingServiceClient;
  readonly admin: AdminServiceClient;
}

function dial(address: Address, dialling: Dialling): Clients {
  const channel = dialling.channel('router');
  const routing = new RoutingServiceClient(address, channel, OWN_CONNECTION);
  const admin = new AdminServiceClient(address, channel, {
    ...OWN_CONNECTION,
    channelOverride: routing.getChannel(),
  });
  return { routing, admin };
}

export interface WatchListener {
  onUpdate(update: RouterUpdate): void;
  /** Called once, as the last call; not when this side stopped the watch. */
  onEnd(error: DualpingError): void;
}

export class RouterLink {
  readonly address: Address;
  readonly #dialling: Dialling;
  #clients: Clients;
  #dialledAt: number;

  constructor(address: Address, dialling: Dialling) {
    this.address = address;
    this.#dialling = dialling;
    this.#clients = dial(address, dialling);
    this.#dialledAt = performance.now();
  }

  /**
   * Calls from now on use a new connection, unless it is new already. Calls in flight stay on the old one
   * until they end.
   */
  redial(): void {
    if (performance.now() - this.#dialledAt < REDIAL_INTERVAL_MS) return;
    const before = this.#clients;
    this.#clients = dial(this.address, this.#dialling);
    this.#dialledAt = performance.now();
    before.routing.close();
  }

  /** @param user empty: only asks about the router */
  async connect(user: string, limits: CallLimits): Promise<Connected> {
    return await this.#call(
      unary<routingWire.ConnectResponse>(
        (options, callback) => this.#clients.routing.connect({ user }, NO_METADATA, options, callback),
        limits,
      ),
      connectedFromWire,
    );
  }

  async available(question: AvailableQuestion, limits: CallLimits): Promise<Available> {
    const request = getAvailableToWire(question);
    return await this.#call(
      unary<routingWire.GetAvailableResponse>(
        (options, callback) => this.#clients.routing.getAvailable(request, NO_METADATA, options, callback),
        limits,
      ),
      availableFromWire,
    );
  }

  /**
   * The first answer about the leader for which the caller waits. Undefined: this router shares its store
   * with no other, or is too old to have this call.
   */
  async leader(
    { timeoutMs }: CallLimits,
    isAwaited: (news: LeaderNews) => boolean = () => true,
  ): Promise<LeaderNews | undefined> {
    const call = this.#clients.routing.leader({ standby: '' }, { deadline: Date.now() + timeoutMs });
    try {
      return await new Promise((resolve, reject) => {
        call.on('data', (wire: routingWire.LeaderIs) => {
          try {
            const news = leaderIsFromWire(wire);
            if (isAwaited(news)) resolve(news);
          } catch (error) {
            reject(this.#nonsense(error));
          }
        });
        call.on('error', (cause) => {
          const error = this.#failure(cause);
          if (error.reason === 'not-a-router') resolve(undefined);
          else reject(error);
        });
        call.on('end', () => reject(this.#error('router-unreachable', 'ended the call')));
      });
    } finally {
      call.cancel();
    }
  }

  /** @returns the term that ends */
  async handoverRouter(limits: CallLimits): Promise<number> {
    return await this.#call(
      unary<routingWire.HandoverRouterResponse>(
        (options, callback) => this.#clients.admin.handoverRouter({}, NO_METADATA, options, callback),
        limits,
      ),
      ({ term }) => term,
    );
  }

  async handover(handover: Handover, limits: CallLimits): Promise<Assignment> {
    const request = handoverToWire(handover);
    return await this.#call(
      unary<routingWire.HandoverResponse>(
        (options, callback) => this.#clients.admin.handover(request, NO_METADATA, options, callback),
        limits,
      ),
      (response) => assignmentFromWire(response.assignment),
    );
  }

  async promote(promotion: Promotion, limits: CallLimits): Promise<Assignment> {
    const request = promoteToWire(promotion);
    return await this.#call(
      unary<routingWire.PromoteResponse>(
        (options, callback) => this.#clients.admin.promote(request, NO_METADATA, options, callback),
        limits,
      ),
      (response) => assignmentFromWire(response.assignment),
    );
  }

  async pause(cluster: ClusterKey, limits: CallLimits): Promise<Assignment> {
    const request = clusterOrderToWire({ cluster });
    return await this.#order(limits, (options, callback) =>
      this.#clients.admin.pause(request, NO_METADATA, options, callback),
    );
  }

  async rest(cluster: ClusterId, limits: CallLimits): Promise<Assignment> {
    return await this.#order(limits, (options, callback) =>
      this.#clients.admin.rest({ cluster }, NO_METADATA, options, callback),
    );
  }

  async resume(cluster: ClusterKey, limits: CallLimits): Promise<Assignment> {
    const request = clusterOrderToWire({ cluster });
    return await this.#order(limits, (options, callback) =>
      this.#clients.admin.resume(request, NO_METADATA, options, callback),
    );
  }

  async remove(removal: Removal, limits: CallLimits): Promise<Assignment> {
    const request = removeToWire(removal);
    return await this.#order(limits, (options, callback) =>
      this.#clients.admin.remove(request, NO_METADATA, options, callback),
    );
  }

  async #order(
    limits: CallLimits,
    start: Parameters<typeof unary<routingWire.OrderResponse>>[0],
  ): Promise<Assignment> {
    const call = unary<routingWire.OrderResponse>(start, limits);
    return await this.#call(call, (response) => assignmentFromWire(response.assignment));
  }

  async history(cluster: ClusterKey, limits: CallLimits): Promise<readonly HistoryEntry[]> {
    const request = clusterOrderToWire({ cluster });
    return await this.#call(
      unary<routingWire.HistoryResponse>(
        (options, callback) => this.#clients.admin.history(request, NO_METADATA, options, callback),
        limits,
      ),
      historyFromWire,
    );
  }

  /** @returns a function that stops the watch */
  watch(question: WatchQuestion, listener: WatchListener): () => void {
    const call = this.#clients.routing.watch(watchToWire(question));
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
    this.#clients.routing.close();
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

  /** A call to a router may safely be repeated, so no failure means "may have happened". */
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
