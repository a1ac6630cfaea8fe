/**
 * A name resolver for grpc-js, so that any gRPC client follows the primary:
 *
 * ```ts
 * registerDualpingResolver({ routers: ['127.0.0.1:7070'] });
 * const orders = new OrdersClient('dualping:///service/orders', credentials.createInsecure());
 * const greeter = new GreeterClient('dualping:///1', …);                       // cluster 1
 * const other = new GreeterClient('dualping://router-a:7070,router-b:7070/user/ann', …);   // ann's cluster
 * ```
 *
 * The resolver follows the router's Watch: the channel has the new primary's address as soon as the router
 * announces it, even if the old primary is frozen and its connections are still open. New calls go to the new
 * primary. Calls in flight at a frozen one end by their own deadlines, so give them deadlines. While no
 * server is available, calls fail at once with UNAVAILABLE and the router's reason, or wait if they are made
 * with `waitForReady`.
 *
 * The Watch holds the process open until the channel is closed (or has been idle for a long time).
 */
import {
  type Address,
  type Assignment,
  DualpingError,
  type Epoch,
  isNewer,
  type NetworkId,
  NO_EPOCH,
  primaryMember,
  quote,
  serviceNameProblem,
  userNameProblem,
} from '@dualping/core';
import { type Dialling, type NetworkCredentials, PLAINTEXT, parseAddress } from '@dualping/protocol';
import type { experimental } from '@grpc/grpc-js';
import createDebug from 'debug';
import type { Subscription } from 'rxjs';
import { checkGrpc, folderOf, type Grpc, type GrpcModule, noteRegistered } from './grpc-copy.js';
import { requireOptions } from './required-options.js';
import { type ClusterOf, checkRouters, targetOf } from './router-client.js';
import { RouterLink } from './router-link.js';
import { watchRouters } from './router-watch.js';
import { ROUTER_TIMEOUT_MS } from './timeouts.js';

const debug = createDebug('dualping:client:resolver');

/** The scheme of targets, before `://`. */
const DUALPING_SCHEME = 'dualping';
/** How long the router may hold its answer when a channel asks again because its connection broke, ms. */
const RE_RESOLVE_WAIT_MS = 3_000;

/** Options of `registerDualpingResolver`. */
export interface DualpingResolverOptions {
  /** `host:port` of routers of one network, for targets without router addresses; 1 to 16. */
  readonly routers: readonly Address[];
  /**
   * Credentials for calls to routers. Without TLS when absent. Credentials for members are given to the
   * client.
   */
  readonly credentials?: NetworkCredentials | undefined;
  /**
   * The copy of grpc-js that makes the channels: `import * as grpc from '@grpc/grpc-js'`. When absent the one
   * that this package finds; it is the same one if only one is installed.
   */
  readonly grpc?: GrpcModule;
}

/** What a resolver needs. */
interface Means {
  /** How routers are dialled. */
  readonly dialling: Dialling;
  readonly grpc: Grpc;
}

interface ParsedTarget {
  readonly routers: readonly Address[];
  readonly of: ClusterOf;
}

/**
 * Registers the scheme `dualping` with a copy of grpc-js, for the whole process; a second call replaces the
 * default routers.
 *
 * Targets: `dualping:///service/orders` is service orders, even before its first member has attached;
 * `dualping:///3` and `dualping:///cluster/3` are cluster 3; `dualping:///user/ann` is the cluster of user
 * ann; `dualping://host:port,host:port/…` names the routers. For any other target the channel's constructor
 * throws `invalid-argument`, quoting it: also for a bare name, which could mean a service or a user. In
 * another loaded copy of grpc-js it throws for every target, naming both copies.
 * @throws DualpingError `invalid-argument` for router addresses that can't be dialled, and for a `grpc` that
 *   is not grpc-js 1.14 or newer
 */
export function registerDualpingResolver(options: DualpingResolverOptions): void {
  requireOptions('registerDualpingResolver', options, ['routers']);
  const defaults = checkRouters(options.routers);
  const dialling = options.credentials ?? PLAINTEXT;
  const grpc = checkGrpc(options.grpc);
  grpc.experimental.registerResolver(
    DUALPING_SCHEME,
    class extends DualpingResolver {
      constructor(target: experimental.GrpcUri, listener: experimental.ResolverListener) {
        super(parseTarget(target, defaults), listener, { dialling, grpc });
      }
      static getDefaultAuthority(target: experimental.GrpcUri): string {
        // This is the authority of HTTP/2 requests, in which a `/` is a protocol error.
        const { of } = parseTarget(target, defaults);
        if ('cluster' in of) return `cluster-${of.cluster}`;
        return 'user' in of ? of.user : of.service;
      }
    },
  );
  for (const other of noteRegistered(grpc)) refuseChannelsOf(other, grpc);
}

/**
 * Makes channels of another copy report the mistake; otherwise they would look up a host with the target's
 * name.
 */
function refuseChannelsOf(other: Grpc, grpc: Grpc): void {
  const refuse = (target: experimental.GrpcUri): never => {
    const detail =
      `target ${quote(other.experimental.uriToString(target))}: the channel is of the copy of @grpc/grpc-js in ` +
      `${folderOf(other)}, and the resolver is registered with the one in ${folderOf(grpc)}. Install one copy, ` +
      'or give the one that makes your channels: registerDualpingResolver({ grpc, routers })';
    throw new DualpingError('invalid-argument', detail);
  };
  other.experimental.registerResolver(
    DUALPING_SCHEME,
    class implements experimental.Resolver {
      constructor(target: experimental.GrpcUri) {
        refuse(target);
      }
      updateResolution(): void {}
      destroy(): void {}
      static getDefaultAuthority = refuse;
    },
  );
}

function parseTarget({ authority, path }: experimental.GrpcUri, defaults: readonly Address[]): ParsedTarget {
  const routers = authority ? checkRouters(authority.split(',')) : defaults;
  const of = clusterOfPath(path);
  if (of !== undefined) return { routers, of };
  const name = serviceNameProblem(path) === undefined ? path : undefined;
  const ways = `${DUALPING_SCHEME}:///service/${name ?? 'NAME'}, ${DUALPING_SCHEME}:///user/${name ?? 'NAME'} or the number of a cluster`;
  const detail = `target ${quote(path)} of scheme ${DUALPING_SCHEME}: give ${ways}`;
  throw new DualpingError('invalid-argument', detail);
}

function clusterOfPath(path: string): ClusterOf | undefined {
  const [, kind = 'cluster', name = path] = /^(cluster|user|service)\/(.*)$/.exec(path) ?? [];
  switch (kind) {
    case 'user':
      return userNameProblem(name) === undefined ? { user: name } : undefined;
    case 'service':
      return serviceNameProblem(name) === undefined ? { service: name } : undefined;
    default:
      return /^[0-9]{1,9}$/.test(name) ? { cluster: Number(name) } : undefined;
  }
}

class DualpingResolver implements experimental.Resolver {
  readonly #target: ParsedTarget;
  readonly #listener: experimental.ResolverListener;
  readonly #means: Means;
  #running: Resolving | undefined;

  constructor(target: ParsedTarget, listener: experimental.ResolverListener, means: Means) {
    this.#target = target;
    this.#listener = listener;
    this.#means = means;
  }

  /** grpc-js asks when the channel is first used, and whenever its connection has broken. */
  updateResolution(): void {
    if (this.#running === undefined) this.#running = new Resolving(this.#target, this.#listener, this.#means);
    else this.#running.askAgain();
  }

  destroy(): void {
    this.#running?.stop();
    this.#running = undefined;
  }
}

/** Lives from the first use of a channel until the channel is closed or idle. */
class Resolving {
  readonly #of: ClusterOf;
  readonly #links: readonly RouterLink[];
  readonly #listener: experimental.ResolverListener;
  /** The channel's copy. The library's own calls to the router use its own copy. */
  readonly #grpc: Grpc;
  readonly #stopped = new AbortController();
  #watch: Subscription;
  #networkId: NetworkId | undefined;
  #newest: Assignment | undefined;
  #asking = false;

  constructor(
    { routers, of }: ParsedTarget,
    listener: experimental.ResolverListener,
    { dialling, grpc }: Means,
  ) {
    this.#of = of;
    this.#listener = listener;
    this.#grpc = grpc;
    this.#links = routers.map((address) => new RouterLink(address, dialling));
    this.#watch = this.#startWatch();
    // A Watch retries silently; a caller that waits for a first answer must learn why there is none.
    this.askAgain();
  }

  /** Reports a broken connection to the router as evidence, and asks for a newer primary. */
  askAgain(): void {
    if (this.#asking) return;
    this.#asking = true;
    if (this.#watch.closed) this.#watch = this.#startWatch();
    void this.#ask().finally(() => {
      this.#asking = false;
    });
  }

  stop(): void {
    this.#stopped.abort();
    this.#watch.unsubscribe();
    for (const link of this.#links) link.close();
  }

  #startWatch(): Subscription {
    return watchRouters(this.#links, { target: targetOf(this.#of), stats: false }).subscribe({
      next: ({ networkId, assignments }) => {
        // Revisions of two networks can't be compared.
        if (networkId !== this.#networkId) this.#newest = undefined;
        this.#networkId = networkId;
        for (const assignment of assignments) this.#learn(assignment);
      },
      error: (error: DualpingError) => this.#fail(error),
    });
  }

  async #ask(): Promise<void> {
    const failedEpoch: Epoch = this.#newest?.epoch ?? NO_EPOCH;
    const question = { target: targetOf(this.#of), failedEpoch, waitMs: RE_RESOLVE_WAIT_MS };
    const limits = { timeoutMs: RE_RESOLVE_WAIT_MS + ROUTER_TIMEOUT_MS, signal: this.#stopped.signal };
    let failure: DualpingError | undefined;
    for (const link of this.#links) {
      try {
        const { networkId, assignment } = await link.available(question, limits);
        // The watch determines which network is followed; a router at another address may belong to another
        // one.
        if (this.#networkId !== undefined && networkId !== this.#networkId) continue;
        if (!this.#learn(assignment)) this.#tell(); // the channel waits for an answer, even if nothing is new
        return;
      } catch (error) {
        if (!(error instanceof DualpingError)) throw error;
        failure = error;
        if (error.reason === 'no-available-server') break;
      }
    }
    if (failure !== undefined && !this.#newest?.available) this.#fail(failure);
    else this.#tell();
  }

  /** @returns whether it was new */
  #learn(assignment: Assignment): boolean {
    if (this.#newest !== undefined && !isNewer(assignment, this.#newest)) return false;
    const before = this.#newest;
    this.#newest = assignment;
    if (addressOf(before) !== addressOf(assignment) || before?.epoch !== assignment.epoch) this.#tell();
    return true;
  }

  #tell(): void {
    const assignment = this.#newest;
    const address = addressOf(assignment);
    if (address === undefined) {
      const detail = assignment?.unavailableReason || 'the router knows no server that may serve';
      this.#fail(new DualpingError('no-available-server', detail));
      return;
    }
    if (this.#stopped.signal.aborted) return;
    const { host, port } = parseAddress(address);
    debug('%o is served at %s', this.#of, address);
    const { experimental } = this.#grpc;
    this.#listener(experimental.statusOrFromValue([{ addresses: [{ host, port }] }]), {}, null, '');
  }

  /**
   * Always UNAVAILABLE, whatever the reason's own status: gRPC turns most other statuses of a resolver into
   * INTERNAL, because to a caller they would say something about the call. The reason is in the text.
   */
  #fail(error: DualpingError): void {
    if (this.#stopped.signal.aborted) return;
    debug('%o: %s', this.#of, error.message);
    const { experimental, Metadata, status } = this.#grpc;
    const failure = { code: status.UNAVAILABLE, details: error.message, metadata: new Metadata() };
    this.#listener(experimental.statusOrFromError(failure), {}, null, '');
  }
}

const addressOf = (assignment: Assignment | undefined): Address | undefined =>
  assignment?.available ? primaryMember(assignment)?.address : undefined;
