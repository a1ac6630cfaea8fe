/**
 * The routers of a network, shared by all sessions of a program with the same addresses: they share one watch
 * of each cluster, and one question about it at a time. So with a thousand sessions a takeover takes one
 * message of the watch and one call.
 */
import {
  type Address,
  type ClusterId,
  DualpingError,
  type Epoch,
  type NetworkId,
  quote,
  type UserName,
} from '@dualping/core';
import {
  type Available,
  type Connected,
  type Dialling,
  PLAINTEXT,
  type RouterUpdate,
} from '@dualping/protocol';
import { finalize, Observable, ReplaySubject, share, tap } from 'rxjs';
import { RouterLink } from './router-link.js';
import { watchRouters } from './router-watch.js';
import { ROUTER_TIMEOUT_MS } from './timeouts.js';

/** Asks for the primary of `cluster`, with an epoch above `failedEpoch` if there is one within `waitMs`. */
export interface Question {
  readonly cluster: ClusterId;
  readonly failedEpoch: Epoch;
  readonly waitMs: number;
}

/** A router, and the cluster of the user that asked. */
export type Introduction = Connected & { readonly cluster: ClusterId };

/**
 * Shared by the sessions that have acquired it. Each answer comes once; unsubscribing cancels the question.
 */
export class NetworkRouters {
  /** Shared only by sessions that dial in the same way: others have other credentials. */
  static readonly #shared = new WeakMap<Dialling, Map<string, NetworkRouters>>();

  readonly #key: string;
  readonly #dialling: Dialling;
  readonly #links: ReadonlyMap<Address, RouterLink>;
  readonly #questions = new Map<string, Observable<Available>>();
  readonly #watches = new Map<string, Observable<RouterUpdate>>();
  #holders = 0;

  private constructor(key: string, addresses: readonly Address[], dialling: Dialling) {
    this.#key = key;
    this.#dialling = dialling;
    this.#links = new Map(addresses.map((address) => [address, new RouterLink(address, dialling)]));
  }

  /** The caller must release it, once. */
  static acquire(addresses: readonly Address[], dialling: Dialling = PLAINTEXT): NetworkRouters {
    const key = addresses.join();
    const shared = NetworkRouters.#shared.get(dialling) ?? new Map<string, NetworkRouters>();
    NetworkRouters.#shared.set(dialling, shared);
    const routers = shared.get(key) ?? new NetworkRouters(key, addresses, dialling);
    shared.set(key, routers);
    routers.#holders += 1;
    return routers;
  }

  /** The last release closes the connections. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    NetworkRouters.#shared.get(this.#dialling)?.delete(this.#key);
    for (const link of this.#links.values()) link.close();
  }

  /**
   * Calls from now on use a new connection. When one session finds the old one dead, it is replaced for all,
   * and dialled once.
   */
  redial(router: Address): void {
    this.#link(router).redial();
  }

  introduce(router: Address, user: UserName): Observable<Introduction> {
    const link = this.#link(router);
    return answerTo(async (signal) => {
      const told = await link.connect(user, { timeoutMs: ROUTER_TIMEOUT_MS, signal });
      const { cluster } = told;
      if (cluster === undefined)
        throw new DualpingError('not-a-router', `router ${router}: told no cluster of ${quote(user)}`);
      return { ...told, cluster };
    });
  }

  /**
   * A session shares the answer to an equal question in flight: it is about the same epoch, and comes no
   * later.
   */
  available(router: Address, { cluster, failedEpoch, waitMs }: Question): Observable<Available> {
    const link = this.#link(router);
    const question = { target: { kind: 'cluster', cluster }, failedEpoch, waitMs } as const;
    const key = `${router} ${cluster} ${failedEpoch} ${waitMs}`;
    return sharedIn(this.#questions, key, () =>
      answerTo((signal) => link.available(question, { timeoutMs: waitMs + ROUTER_TIMEOUT_MS, signal })),
    );
  }

  /**
   * Assignments of a cluster: the last known at once, then each change, from whichever router answers.
   * @param networkId of the session that asks: it gets no earlier assignment of another network at these
   * addresses
   */
  watch(networkId: NetworkId, cluster: ClusterId): Observable<RouterUpdate> {
    const question = { target: { kind: 'cluster', cluster }, stats: false } as const;
    return sharedIn(this.#watches, `${networkId} ${cluster}`, () =>
      watchRouters([...this.#links.values()], question),
    );
  }

  #link(router: Address): RouterLink {
    const link = this.#links.get(router);
    if (link === undefined) throw new DualpingError('internal', `no link to router ${router}`);
    return link;
  }
}

/** One subscription for all subscribers while it lasts; later subscribers get the last value at once. */
function sharedIn<Value>(
  all: Map<string, Observable<Value>>,
  key: string,
  begin: () => Observable<Value>,
): Observable<Value> {
  const running = all.get(key);
  if (running !== undefined) return running;
  const forget = (): void => {
    if (all.get(key) === begun) all.delete(key);
  };
  const begun: Observable<Value> = begin().pipe(
    // Before subscribers see the end: a new question at that moment starts a new call.
    tap({ error: forget, complete: forget }),
    finalize(forget),
    share({ connector: () => new ReplaySubject(1) }),
  );
  all.set(key, begun);
  return begun;
}

/** A call that is cancelled when its last subscriber is gone. */
const answerTo = <Answer>(call: (signal: AbortSignal) => Promise<Answer>): Observable<Answer> =>
  new Observable((subscriber) => {
    const abort = new AbortController();
    call(abort.signal).then(
      (answer) => {
        subscriber.next(answer);
        subscriber.complete();
      },
      (error: unknown) => subscriber.error(error),
    );
    return () => abort.abort();
  });
