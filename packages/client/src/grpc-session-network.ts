/** How a session reaches routers and servers: by gRPC, over connections that all sessions share. */
import {
  type Address,
  type Assignment,
  DualpingError,
  type NetworkId,
  type SessionInput,
  type SessionTarget,
} from '@dualping/core';
import type { Dialling } from '@dualping/protocol';
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
import type { Observable } from 'rxjs';
import { GrpcServerCalls } from './grpc-server-calls.js';
import { NetworkRouters } from './network-routers.js';
import { type ServerChannel, serverConnections } from './server-connections.js';

const debug = createDebug('dualping:client');

export class GrpcSessionNetwork implements SessionNetwork {
  readonly #reader: Reader;
  readonly #routers: NetworkRouters;
  readonly #dialling: Dialling | undefined;
  /** The connection to the server that is probably the next primary. */
  #warm: ServerChannel | undefined;

  constructor(routers: readonly Address[], reader: Reader, dialling?: Dialling) {
    this.#reader = reader;
    this.#dialling = dialling;
    this.#routers = NetworkRouters.acquire(routers, dialling);
  }

  introduce(router: Address, anew: boolean, asker: Asker<Introduction>): Cancel {
    if (anew) this.#routers.redial(router);
    return ask(this.#routers.introduce(router, this.#reader.user), asker);
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
    const calls = new GrpcServerCalls(serverConnections.acquire(address, 'calls', this.#dialling));
    return new ServerLink(this.#reader, calls, PROCESS_TURNS, feed);
  }

  keepWarm(address: Address | undefined): void {
    const before = this.#warm;
    this.#warm =
      address === undefined ? undefined : serverConnections.acquire(address, 'warmth', this.#dialling);
    before?.release();
  }

  /** Called once, when nothing of the session is open any more. */
  release(): void {
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
