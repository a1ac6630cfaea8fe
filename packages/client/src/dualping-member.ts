/**
 * A service's membership in a cluster: core's `Membership` over gRPC, its state as an observable.
 */
import { randomBytes } from 'node:crypto';
import {
  type Address,
  type ClusterId,
  type ClusterKey,
  DualpingError,
  type Failure,
  type Incarnation,
  type MemberState,
  Membership,
  quote,
  type ServiceName,
  serverId,
  serverName,
} from '@dualping/core';
import {
  dialledAddress,
  type NetworkCredentials,
  RouterStream,
  type RouterStreamListener,
} from '@dualping/protocol';
import { MemberDriver, type MemberPorts, PROCESS_CLOCK } from '@dualping/runtime';
import createDebug from 'debug';
import { lastValueFrom, type Observable, ReplaySubject } from 'rxjs';
import { abortable, type CallOptions } from './abortable.js';
import { PrimaryServices, type ServiceHost } from './primary-service.js';
import { requireOptions } from './required-options.js';
import { checkRouters } from './router-client.js';
import { routerFailure } from './router-failure.js';

const debug = createDebug('dualping:client:member');

/** 128 bits: enough that no two lives ever have the same id. */
const LIFE_ID_BYTES = 16;

/** What a `DualpingMember` is made with. */
export interface DualpingMemberOptions {
  /**
   * `host:port` of routers of one network, 1 to 16. Until one has answered, all are dialled in parallel, and
   * the first welcome counts.
   */
  readonly routers: readonly Address[];
  /**
   * The service that it is a member of: 1 to 32 of a-z, digits, `_` and `-`, beginning with a letter. Its
   * cluster is made when the first member attaches; clients find it at `dualping:///service/NAME`.
   */
  readonly service?: ServiceName;
  /**
   * In place of `service`: a cluster by its number; 1 when both are absent. Its members must not have a
   * journal.
   */
  readonly cluster?: ClusterId;
  /** Permanent number of this member, unique within the cluster, 1 to 2,147,483,647. */
  readonly serverId: number;
  /** Where clients dial the service, `host:port`. It should listen there already. */
  readonly address: Address;
  /**
   * Tells this start of the member from earlier ones: a number from 1 that must be higher at each start. When
   * absent it is the wall clock in ms, which is enough as long as the clock doesn't go back between two
   * starts.
   */
  readonly incarnation?: Incarnation;
  /** Of the network, with the certificate of this member. Without TLS when absent. */
  readonly credentials?: NetworkCredentials | undefined;
}

/**
 * Makes any gRPC service a member of a cluster. The first live member, in the order in which they registered,
 * is *primary*, and clients on `dualping:///service/NAME` are sent to it (`registerDualpingResolver`).
 * Nothing is replicated.
 *
 * It begins to attach as soon as it is made and recovers from router failures by itself. It holds one stream
 * to one router. When the process dies, the next member is primary at once; when it freezes, after the
 * router's `dead_after` (500 ms). It holds the process open until it has `left` or `failed`.
 *
 * **`isPrimary`** is true only while the newest assignment names this life as primary *and* the router has
 * answered, on the present stream, a question that was asked less than `dead_after` ago. So it turns false at
 * once when the stream is lost, and after `dead_after` without an answer or in a freeze: another member may
 * be primary by then.
 * * It promises that a member doesn't act as primary on old messages after a freeze or after silence of its
 *   router or network: it has stopped before the router promotes another because of silence. (Each side uses
 *   its own clock; the clocks must run at the same rate.)
 * * It doesn't promise that there is never a second primary. If the router has seen the stream break and this
 *   side has not, both are primary for up to `dead_after`, and work that a primary has begun goes on
 *   afterwards. The only fence is the **epoch**, which rises with each change of primary: pass it on to the
 *   store that keeps your data, and let the store refuse an epoch lower than it has seen.
 * * While no router can be reached no member is primary, though clients are still sent to the last one. A
 *   service for which a second primary does no harm can serve every caller, and need not ask.
 *
 * ```ts
 * const member = new DualpingMember({
 *   routers: ['127.0.0.1:7070'], service: 'orders', serverId: 2, address: '10.0.0.5:9000',
 * });
 * member.state$.subscribe((state) => console.log(state.kind));    // connecting, attached, …
 * process.once('SIGTERM', async () => {
 *   await member.leave();                                         // the next member has taken over
 *   server.tryShutdown(() => {}); // calls that have begun are finished });
 * ```
 */
export class DualpingMember {
  readonly #machine: Membership;
  /** Late subscribers get the last state too, also after completion. */
  readonly #states = new ReplaySubject<MemberState>(1);
  readonly #driver: MemberDriver;
  readonly #services: PrimaryServices;

  /**
   * Emits the latest state at once, then each change:
   * `connecting` (with why the last attempt failed), `attached` (`epoch`, `isPrimary`, `assignment`),
   * `failed` (why: it can't work as asked, and trying again would not help), `left`. Completes after the last
   * two, which late subscribers get too.
   */
  readonly state$: Observable<MemberState>;

  /** @throws DualpingError `invalid-argument`, quoting the value */
  constructor(options: DualpingMemberOptions) {
    requireOptions('DualpingMember', options, ['routers', 'serverId', 'address']);
    this.#machine = new Membership({
      routers: checkRouters(options.routers),
      cluster: clusterIn(options),
      serverId: options.serverId,
      incarnation: options.incarnation ?? Date.now(),
      incarnationIsTime: options.incarnation === undefined,
      lifeId: randomBytes(LIFE_ID_BYTES).toString('hex'),
      address: dialledAddress(options.address),
    });
    this.#services = new PrimaryServices(this, serverName(serverId(options.serverId)));
    this.#states.next(this.#machine.state);
    this.state$ = this.#states.asObservable();
    this.#driver = new MemberDriver(this.#machine, {
      clock: PROCESS_CLOCK,
      openRouter: openRouter(options.credentials),
      changed: (state) => this.#changed(state),
    });
    this.#driver.start();
  }

  /** The latest state; `state$` emits each change. */
  get state(): MemberState {
    return this.#machine.state;
  }

  /** Computed at each read: check it before each action that only a primary may do. */
  get isPrimary(): boolean {
    return this.#machine.isPrimaryAt(PROCESS_CLOCK.now());
  }

  /**
   * Adds a service to a server of grpc-js, to be served only while this member is primary. While it is not
   * primary, a call gets UNAVAILABLE, reason `not-primary`, before its handler has seen it. When the member
   * stops being primary, open streams end with the same status; their handlers get `cancelled`, as at the end
   * of any call. Unary calls that have begun go on. Add services that must always answer, such as health, to
   * the server itself.
   *
   * ```ts
   * member.serve(server, GreeterService, { greet: (call, answer) => answer(null, { text: 'hello' }) });
   * ```
   */
  serve<Service extends object, Implementation extends object>(
    server: ServiceHost<Service, Implementation>,
    service: Service,
    implementation: Implementation,
  ): void {
    const guarded = this.#services.guarded(service, implementation);
    server.addService(service, guarded as Implementation);
  }

  /**
   * Leaves in order: it is no longer primary, and the next member takes over at once. Resolves when the
   * router has made that durable, or after 2 s without its answer; at once when no router is attached, or
   * after `left` or `failed`. Idempotent. Rejects only with the reason of the signal; the member leaves
   * nevertheless.
   */
  async leave(options: CallOptions = {}): Promise<void> {
    this.#driver.leave();
    await abortable(lastValueFrom(this.#states), options);
  }

  /** `await using member = new DualpingMember(…)` leaves at the end of its block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  #changed(state: MemberState): void {
    debug('%o', state);
    this.#services.endOutdated();
    this.#states.next(state);
    if (state.kind === 'failed' || state.kind === 'left') this.#states.complete();
  }
}

const openRouter =
  (credentials: NetworkCredentials | undefined): MemberPorts['openRouter'] =>
  (address, message, { heard, ended }) => {
    const listener = { onMessage: heard, onEnd: (end: RouterStreamEnd) => ended(whyEnded(end)) };
    return new RouterStream(address, message, listener, credentials);
  };

function clusterIn({ service, cluster }: DualpingMemberOptions): ClusterKey {
  if (service === undefined) return cluster ?? 1;
  if (cluster === undefined) return service;
  const detail = `service is ${quote(service)} and cluster is "${cluster}": give one of them`;
  throw new DualpingError('invalid-argument', detail);
}

type RouterStreamEnd = Parameters<RouterStreamListener['onEnd']>[0];

function whyEnded(end: RouterStreamEnd): Failure {
  if (end.kind === 'ended') return { reason: 'router-unreachable', detail: 'it ended the stream' };
  if (end.error === undefined) return { reason: 'router-unreachable', detail: 'the connection broke' };
  return routerFailure(end.error);
}
