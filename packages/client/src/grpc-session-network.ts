/** How a session reaches routers and servers: by gRPC, over connections that all sessions share. */
import {
  type Address,
  type Assignment,
  DualpingError,
  type NetworkId,
  type SessionInput,
  type SessionTarget,
  type WallTimeMs,
} from '@dualping/core';
import type { NetworkCredentials } from '@dualping/protocol';
import {
  type Asker,
  type AvailableQuestion,
  type Cancel,
  type Introduction,
  PROCESS_TURNS,
  type Reader,
  type Resolution,
  ServerLink,
  type SessionNetwork,
} from '@dualping/runtime';
import createDebug from 'debug';
import { type Observable, type Subscription, tap } from 'rxjs';
import { type ClockDifference, clockDifference } from './clock-difference.js';
import { GrpcServerCalls } from './grpc-server-calls.js';
import { NetworkRouters } from './network-routers.js';
import { serverConnections } from './server-connections.js';
import type { UserTokens } from './user-tokens.js';
import { WarmConnection } from './warm-connection.js';

const debug = createDebug('dualping:client');

/**
 * How long after a change of primary the token is shown to the likely next one, ms: before that the servers
 * are busy with the change itself.
 */
const PRESENT_AFTER_MS = 1_000;
/** A failure does no harm: the token comes with each call too. */
const PRESENT_TIMEOUT_MS = 5_000;

/** Of a network with TLS. */
interface Secured {
  readonly dialling?: NetworkCredentials;
  readonly tokens?: UserTokens;
  /** Called at each contact with a router whose clock is another. */
  readonly clockTold?: (difference: ClockDifference) => void;
}

export class GrpcSessionNetwork implements SessionNetwork {
  readonly #reader: Reader;
  readonly #routers: NetworkRouters;
  readonly #dialling: NetworkCredentials | undefined;
  readonly #tokens: UserTokens | undefined;
  readonly #clockTold: (difference: ClockDifference) => void;
  readonly #tokensMade: Subscription | undefined;
  #presenting: NodeJS.Timeout | undefined;
  readonly #warm: WarmConnection;

  constructor(
    routers: readonly Address[],
    reader: Reader,
    { dialling, tokens, clockTold = () => {} }: Secured = {},
  ) {
    this.#reader = reader;
    this.#dialling = dialling;
    this.#tokens = tokens;
    this.#clockTold = clockTold;
    this.#tokensMade = tokens?.made$.subscribe(() => this.#presentSoon());
    this.#routers = NetworkRouters.acquire(routers, dialling);
    this.#warm = new WarmConnection(() => this.#presentSoon(), dialling);
  }

  introduce(router: Address, anew: boolean, asker: Asker<Introduction>): Cancel {
    if (anew) this.#routers.redial(router);
    const introduced = this.#routers
      .introduce(router, this.#reader.user)
      .pipe(tap(({ nowMs }) => this.#hearClock(nowMs)));
    return ask(introduced, asker);
  }

  resolve(router: Address, { home, ...question }: AvailableQuestion, asker: Asker<Resolution>): Cancel {
    return ask(this.#routers.available(router, { cluster: home.cluster, ...question }), asker);
  }

  watch(
    { networkId, cluster }: AvailableQuestion['home'],
    learn: (networkId: NetworkId, assignment: Assignment) => void,
  ): Cancel {
    const watched = this.#routers.watch(networkId, cluster).subscribe({
      next: (told) => {
        for (const assignment of told.assignments) learn(told.networkId, assignment);
      },
      // Without a watch the session still moves at every break.
      error: (error: DualpingError) => debug('%s: the watch ended: %s', this.#reader.user, error.message),
    });
    return () => watched.unsubscribe();
  }

  link({ address }: SessionTarget, feed: (input: SessionInput) => void): ServerLink {
    const channel = serverConnections.acquire(address, 'calls', this.#dialling);
    const calls = new GrpcServerCalls(channel, this.#tokens);
    return new ServerLink(this.#reader, calls, PROCESS_TURNS, feed);
  }

  keepWarm(address: Address | undefined): void {
    this.#warm.keepTo(address);
  }

  #hearClock(routerMs: WallTimeMs | undefined): void {
    const difference = clockDifference(routerMs, Date.now());
    if (this.#tokens === undefined || routerMs === undefined) return;
    this.#tokens.keepTo(routerMs);
    if (difference !== undefined) this.#clockTold(difference);
  }

  /** Shows the token to the server that may be the next primary, before it is needed. */
  #presentSoon(): void {
    clearTimeout(this.#presenting);
    if (this.#warm.channel === undefined || this.#tokens === undefined) return;
    this.#presenting = setTimeout(() => {
      const token = this.#tokens?.last;
      if (token === undefined) return;
      const options = { deadline: Date.now() + PRESENT_TIMEOUT_MS };
      this.#warm.channel?.client.present({}, token, options, () => {});
    }, PRESENT_AFTER_MS).unref();
  }

  /** Called once, when nothing of the session is open any more. */
  release(): void {
    clearTimeout(this.#presenting);
    this.#tokensMade?.unsubscribe();
    this.#routers.release();
  }
}

function ask<Answer>(answer$: Observable<Answer>, { answered, failed }: Asker<Answer>): Cancel {
  const asked = answer$.subscribe({
    next: answered,
    error: (error: unknown) => {
      if (!(error instanceof DualpingError)) throw error;
      failed(error);
    },
  });
  return () => asked.unsubscribe();
}
