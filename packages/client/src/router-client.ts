/** Calls to routers without a session: for operators, views, and programs with servers of their own. */
import {
  type Address,
  type Assignment,
  type Build,
  type ClusterId,
  type ClusterKey,
  DualpingError,
  type Epoch,
  type HistoryEntry,
  MAX_ROUTERS,
  type NetworkId,
  NO_EPOCH,
  quote,
  type ServerId,
  type ServiceName,
  serviceNameProblem,
  type UserName,
} from '@dualping/core';
import {
  type Dialling,
  type LeaderNews,
  type MemberFigures,
  type NetworkCredentials,
  PLAINTEXT,
  parseAddress,
  type Target,
  type WatchUpdate,
} from '@dualping/protocol';
import type { Observable } from 'rxjs';
import { abortable, type CallOptions } from './abortable.js';
import { type FirstRouter, firstRouter } from './first-router.js';
import { requireOptions } from './required-options.js';
import { RouterLink } from './router-link.js';
import { watchRouters } from './router-watch.js';
import {
  askSharedRouters,
  type LeadingRouter,
  type RouterStanding,
  type SharedRouters,
} from './shared-routers.js';
import {
  HANDOVER_CALL_TIMEOUT_MS,
  ROUTER_TAKEOVER_MS,
  ROUTER_TIMEOUT_MS,
  STATS_WAIT_MS,
} from './timeouts.js';

/** Options of a `RouterClient`. */
export interface RouterClientOptions {
  /** `host:port` of routers of one network, 1 to 16. Until one has answered, all are asked in parallel. */
  readonly routers: readonly Address[];
  /**
   * Of the network; for questions about all clusters those of an operator or a part. Without TLS when absent.
   */
  readonly credentials?: NetworkCredentials | undefined;
}

/** A cluster, by its number or by one of its users; or a service, by its name, even before it exists. */
export type ClusterOf =
  | { readonly cluster: ClusterId }
  | { readonly user: UserName }
  | { readonly service: ServiceName };

/** The cluster whose primary is requested, and how long the answer may take. */
export type AvailableOptions = ClusterOf &
  CallOptions & {
    /**
     * The epoch whose primary was just lost: until the wait is over only a newer epoch is an answer. Absent:
     * any epoch.
     */
    readonly failedEpoch?: Epoch;
    /** How long the router may hold its answer, ms, at most 30,000. 0 when absent. */
    readonly waitMs?: number;
  };

/** Options of a watch. */
export interface WatchOptions {
  /** All clusters, those of services too, when absent. */
  readonly of?: ClusterOf;
  /** Include each member's stats, about once a second. */
  readonly stats?: boolean;
}

/** Everything that a router knows, at one moment. */
export interface NetworkStatus {
  /** The router that answered. */
  readonly router: Address;
  readonly networkId: NetworkId;
  /** Number of clusters of users. */
  readonly clusters: number;
  /** Of that router; absent: it does not say. */
  readonly build?: Build;
  /** By cluster, services last. */
  readonly assignments: readonly Assignment[];
  /** Stats of the members that had sent some by then. */
  readonly stats: readonly MemberFigures[];
  /** What is wrong with the router itself now, for people; empty: nothing. */
  readonly trouble: string;
  /** The leader, if several routers share a store; absent if there is one router. */
  readonly leader?: LeadingRouter;
  /** All routers, if several share a store; absent if there is one router. */
  readonly routers?: readonly RouterStanding[];
}

/**
 * Parses and completes addresses of routers. @throws DualpingError `invalid-argument` quoting what is wrong
 */
export function checkRouters(routers: readonly Address[]): readonly Address[] {
  if (!Array.isArray(routers))
    throw new DualpingError(
      'invalid-argument',
      `routers is ${quote(String(routers))}: give a list of addresses`,
    );
  if (routers.length < 1 || routers.length > MAX_ROUTERS)
    throw new DualpingError(
      'invalid-argument',
      `${routers.length} router addresses were given: 1 to ${MAX_ROUTERS} are needed`,
    );
  for (const router of routers) parseAddress(router);
  return [...new Set(routers)];
}

/**
 * Calls a router, or the first of several that answers: they are asked in parallel. Every failure is a
 * `DualpingError`: `router-unreachable` and `not-a-router` quote the address, other reasons are the router's
 * answer.
 *
 * ```ts
 * const routers = new RouterClient({ routers: ['127.0.0.1:7070'] });
 * const { assignments } = await routers.status();
 * routers.watch().subscribe(({ assignments }) => console.log(assignments));
 * ```
 */
export class RouterClient {
  /** The router that last answered is first. */
  #links: readonly RouterLink[];
  readonly #dialling: Dialling;

  /** @throws DualpingError `invalid-argument` */
  constructor(options: RouterClientOptions) {
    requireOptions('RouterClient', options, ['routers']);
    this.#dialling = options.credentials ?? PLAINTEXT;
    this.#links = checkRouters(options.routers).map((address) => new RouterLink(address, this.#dialling));
  }

  /** The id of the routers' network, by which a program can recognise it. */
  async networkId(options: CallOptions = {}): Promise<NetworkId> {
    return await this.#ask(options, async ({ told }) => told.networkId);
  }

  /**
   * What a router says of the network's own certificates, X.509 in DER; empty without TLS. While one is
   * replaced, `NetworkCredentials.followed` makes of it what is to be trusted next.
   */
  async statement(options: CallOptions = {}): Promise<readonly Uint8Array[]> {
    return await this.#ask(options, async ({ told }) => told.authorities);
  }

  /** Everything the router knows, once. */
  async status(options: CallOptions = {}): Promise<NetworkStatus> {
    return await this.#ask(options, async ({ link, told: { networkId, clusters, build } }) => {
      const [{ assignments, stats, trouble = '' }, shared] = await Promise.all([
        snapshot(link),
        askSharedRouters(this.#links, this.#dialling),
      ]);
      const router = { router: link.address, networkId, clusters, ...(build !== undefined && { build }) };
      return { ...router, assignments, stats, trouble, ...shared };
    });
  }

  /**
   * The leader, and the state of each router. Undefined if there is one router, or none answers: never
   * rejects because a router is away.
   */
  async routers(options: CallOptions = {}): Promise<SharedRouters | undefined> {
    return await abortable(askSharedRouters(this.#links, this.#dialling), options);
  }

  /**
   * The present assignments, then each change; continues after breaks, with any of the routers. Cold: each
   * subscriber has its own watch. Errors with `not-a-router` when there was never a router at any address,
   * and with `unknown-cluster`.
   */
  watch(options: WatchOptions = {}): Observable<WatchUpdate> {
    const target = options.of && targetOf(options.of);
    return watchRouters(this.#links, { target, stats: options.stats ?? false, services: true });
  }

  /**
   * The present primary, or the first one within `waitMs`. Rejects with `no-available-server` when there is
   * none, also if no member of the service has ever attached, and with `unknown-cluster`.
   */
  async available(options: AvailableOptions): Promise<Assignment> {
    const { failedEpoch = NO_EPOCH, waitMs = 0, signal } = options;
    const question = { target: targetOf(options), failedEpoch, waitMs };
    const { assignment } = await this.#ask(options, ({ link }) =>
      link.available(question, { timeoutMs: waitMs + ROUTER_TIMEOUT_MS, signal }),
    );
    return assignment;
  }

  /**
   * Makes the primary of a cluster hand over to an in-sync standby, without a failed request.
   * Rejects with `handover-impossible` when no standby could take over, or the one that `to` names could not.
   * If that one goes away while the primary finishes, another takes over: the result says which.
   * @param cluster its number, or the name of a service
   * @returns the assignment with the new primary
   */
  async handover(
    cluster: ClusterKey,
    { to, signal }: CallOptions & { readonly to?: ServerId | undefined } = {},
  ): Promise<Assignment> {
    const limits = { timeoutMs: HANDOVER_CALL_TIMEOUT_MS, signal };
    return await this.#ask({ signal }, ({ link }) => link.handover({ cluster, to }, limits));
  }

  /**
   * Makes the leading router hand over to another one that shares its store.
   * Rejects with `handover-impossible` when no other stands by, or none took over.
   * @returns the new leader
   */
  async handoverRouter(options: CallOptions = {}): Promise<LeadingRouter> {
    const limits = { timeoutMs: ROUTER_TIMEOUT_MS, signal: options.signal };
    return await this.#ask(options, async ({ link }) => {
      const before = await link.leader(limits);
      const term = await link.handoverRouter(limits);
      const isNext = (news: LeaderNews): boolean => news.term > term;
      const next = await link.leader({ timeoutMs: ROUTER_TAKEOVER_MS }, isNext);
      if (next === undefined || next.address === before?.address) {
        const detail = `no other router took over: ${next?.address ?? 'none'} leads in term ${next?.term ?? 0}`;
        throw new DualpingError('handover-impossible', detail);
      }
      return { address: next.address, term: next.term };
    });
  }

  /**
   * Makes a live member primary although it may lack acknowledged writes: **those are then lost**. Use it
   * only if no in-sync member will come back; the router refuses it while a server is available. Also
   * refused, unless `acceptLoss`, when another live member has more; the refusal says what would be lost
   * compared with each known member.
   */
  async promote(
    cluster: ClusterKey,
    serverId: ServerId,
    { acceptLoss = false, signal }: CallOptions & { readonly acceptLoss?: boolean } = {},
  ): Promise<Assignment> {
    const promotion = { cluster, serverId, acceptLoss };
    const limits = { timeoutMs: ROUTER_TIMEOUT_MS, signal };
    return await this.#ask({ signal }, ({ link }) => link.promote(promotion, limits));
  }

  /**
   * Pauses failover of a cluster: no other server takes over from a primary that is lost; only the server
   * that was primary gets the next epoch. Handovers and promotions by an operator work as before. Lasts until
   * `resume`, also across restarts of the router. Rejects with `invalid-argument` while the cluster is at
   * rest.
   * @param cluster its number, or the name of a service
   */
  async pause(cluster: ClusterKey, options: CallOptions = {}): Promise<Assignment> {
    const limits = { timeoutMs: ROUTER_TIMEOUT_MS, signal: options.signal };
    return await this.#ask(options, ({ link }) => link.pause(cluster, limits));
  }

  /**
   * Brings a cluster to rest: the primary's process ends in order, and nobody serves until `resume`. Resolves
   * when it has ended: then each member of the in-sync set can begin alone.
   * Rejects with `no-available-server` when there is no primary, with `handover-impossible` when it does not
   * end within 10 s, and with `invalid-argument` for a service, which has no journal.
   * @param cluster its number
   */
  async rest(cluster: ClusterId, options: CallOptions = {}): Promise<Assignment> {
    const limits = { timeoutMs: HANDOVER_CALL_TIMEOUT_MS, signal: options.signal };
    return await this.#ask(options, ({ link }) => link.rest(cluster, limits));
  }

  /**
   * Ends what `pause` or `rest` has begun; a cluster that is not suspended stays as it is.
   * @param cluster its number, or the name of a service
   * @returns the assignment at that moment; a primary may follow it
   */
  async resume(cluster: ClusterKey, options: CallOptions = {}): Promise<Assignment> {
    const limits = { timeoutMs: ROUTER_TIMEOUT_MS, signal: options.signal };
    return await this.#ask(options, ({ link }) => link.resume(cluster, limits));
  }

  /**
   * Forgets a member that does not come back. If it does, it comes as a stranger and has to catch up.
   * Rejects with `unknown-member`, and with `invalid-argument` for a member that is live, that holds the
   * epoch, or that has the only copy with everything acknowledged. A member of the in-sync set of a cluster
   * without a primary is removed only with `acceptLoss`.
   * @param cluster its number, or the name of a service
   */
  async remove(
    cluster: ClusterKey,
    serverId: ServerId,
    { acceptLoss = false, signal }: CallOptions & { readonly acceptLoss?: boolean } = {},
  ): Promise<Assignment> {
    const limits = { timeoutMs: ROUTER_TIMEOUT_MS, signal };
    return await this.#ask({ signal }, ({ link }) => link.remove({ cluster, serverId, acceptLoss }, limits));
  }

  /**
   * What has happened to a cluster: its last 50 epochs and operators' orders, the oldest first.
   * @param cluster its number, or the name of a service
   */
  async history(cluster: ClusterKey, options: CallOptions = {}): Promise<readonly HistoryEntry[]> {
    const limits = { timeoutMs: ROUTER_TIMEOUT_MS, signal: options.signal };
    return await this.#ask(options, ({ link }) => link.history(cluster, limits));
  }

  /** Ends the connections. Watches that are still subscribed end with an error. */
  close(): void {
    for (const link of this.#links) link.close();
  }

  /** `using routers = new RouterClient(…)` closes it at the end of its block. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #ask<Result>(options: CallOptions, call: (router: FirstRouter) => Promise<Result>): Promise<Result> {
    return await abortable(this.#callFirst(call, options.signal), options);
  }

  /** Calls a router that answers; if it does not answer this call, tries another one. */
  async #callFirst<Result>(
    call: (router: FirstRouter) => Promise<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    for (let left = this.#links; ; ) {
      const router = await firstRouter(left, signal);
      left = left.filter((link) => link !== router.link);
      this.#links = [router.link, ...this.#links.filter((link) => link !== router.link)];
      try {
        return await call(router);
      } catch (error) {
        if (left.length === 0 || !(error instanceof DualpingError) || !isAboutTheRouter(error)) throw error;
      }
    }
  }
}

/** Whether another router may still answer. */
const isAboutTheRouter = ({ reason }: DualpingError): boolean =>
  reason === 'router-unreachable' || reason === 'not-a-router' || reason === 'shutting-down';

/** @throws DualpingError `invalid-argument` quoting a text that is not the name of a service */
export function targetOf(of: ClusterOf): Target {
  if ('cluster' in of) return { kind: 'cluster', cluster: of.cluster };
  if ('user' in of) return { kind: 'user', user: of.user };
  const problem = serviceNameProblem(of.service);
  if (problem !== undefined) throw new DualpingError('invalid-argument', problem);
  return { kind: 'service', service: of.service };
}

/** The first message of a watch, with stats if they come soon. */
function snapshot(link: RouterLink): Promise<WatchUpdate> {
  return new Promise((resolve, reject) => {
    const assignments = new Map<ClusterId, Assignment>();
    let told = false;
    const finish = (settle: () => void): void => {
      clearTimeout(patience);
      stop();
      settle();
    };
    let trouble = '';
    const finishWith = (stats: WatchUpdate['stats']): void =>
      finish(() => resolve({ assignments: [...assignments.values()], stats, trouble }));
    const stop = link.watch(
      { target: undefined, stats: true, services: true },
      {
        onUpdate: (update) => {
          told = true;
          trouble = update.trouble ?? '';
          for (const assignment of update.assignments) assignments.set(assignment.cluster, assignment);
          if (update.stats.length > 0 || !hasLiveMember(assignments)) finishWith(update.stats);
        },
        onEnd: (error) => finish(() => reject(error)),
      },
    );
    const patience = setTimeout(() => {
      const detail = `router ${link.address}: its watch said nothing for ${STATS_WAIT_MS} ms`;
      if (told) finishWith([]);
      else finish(() => reject(new DualpingError('router-unreachable', detail)));
    }, STATS_WAIT_MS);
  });
}

const hasLiveMember = (assignments: ReadonlyMap<ClusterId, Assignment>): boolean =>
  [...assignments.values()].some((assignment) => assignment.members.some((member) => member.live));
