/**
 * Measures when each client is back after a takeover. All use our library in one program and share
 * connections; the first one posts.
 */

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DualpingSession, type NetworkCredentials } from '@dualping/client';
import { NETWORK_FILE, readNetworkFile } from '@dualping/security';
import { clockMs } from './clock.js';
import { eachOf } from './each-of.js';
import { servePart } from './part-process.js';
import { type Certs, credentialsIn } from './wire.js';

/** Pause between two posts, ms: so short that one is in flight, or about to be, whenever a server dies. */
const THINKING_MS = 2;
/** Machines that connect at the same time. */
const CONNECTING = 20;

export interface Return {
  /** When each client was live in the new epoch, on the clock of the machine. */
  readonly liveAt: Float64Array;
  readonly postedAt: number;
}

class Client {
  readonly session: DualpingSession;
  /** When it was first live in each epoch. */
  readonly #liveAt = new Map<number, number>();
  #onLive: (() => void) | undefined;

  constructor(routers: readonly string[], user: string, credentials: NetworkCredentials | undefined) {
    this.session = new DualpingSession({ routers, user, timeline: { history: 0 }, credentials });
    this.session.posts$.subscribe();
    this.session.state$.subscribe((state) => {
      if (state.kind !== 'live' || this.#liveAt.has(state.target.epoch)) return;
      this.#liveAt.set(state.target.epoch, clockMs());
      this.#onLive?.();
    });
  }

  /** Resolves with the instant at which it was live in an epoch above `epoch`. */
  async liveAfter(epoch: number): Promise<number> {
    for (;;) {
      for (const [liveEpoch, at] of this.#liveAt) if (liveEpoch > epoch) return at;
      await new Promise<void>((resolve) => {
        this.#onLive = resolve;
      });
    }
  }
}

let clients: readonly Client[] = [];
let posting: Promise<number> | undefined;

/** Sends one post after another. @returns when the first one was acknowledged in an epoch above `epoch` */
async function postUntilAfter({ session }: Client, epoch: number): Promise<number> {
  for (;;) {
    const written = await session.post('is anybody there?');
    if (written.epoch > epoch) return clockMs();
    await delay(THINKING_MS);
  }
}

interface Places {
  readonly routers: readonly string[];
  readonly people: number;
  readonly certs: Certs;
}

const methods = {
  /** Resolves when all are live. */
  async connect({ routers, people, certs }: Places): Promise<void> {
    const credentials = credentialsIn(certs);
    clients = Array.from(
      { length: people },
      (_, index) => new Client(routers, `person-${index}`, credentials),
    );
    await Promise.all(clients.map((client) => client.liveAfter(0)));
  },

  /**
   * The same with connections of its own for each, as if each were on a machine of its own: sessions share
   * connections by their credentials, and here each has read its own.
   */
  async connectApart({ routers, people, certs }: Places & { readonly certs: string }): Promise<void> {
    const made: Client[] = [];
    const indices = Array.from({ length: people }, (_, index) => index);
    await eachOf(indices, CONNECTING, async (index) => {
      const own = readNetworkFile(join(certs, NETWORK_FILE));
      const client = new Client(routers, `machine-${index}`, own);
      made.push(client);
      await client.liveAfter(0);
    });
    clients = made;
  },

  /** The first client begins to post. Resolves when a post has been acknowledged. */
  async beginPosting({ epoch }: { readonly epoch: number }): Promise<void> {
    const [first] = clients;
    if (first === undefined) throw new Error('nobody is there');
    await first.session.post('here we go');
    posting = postUntilAfter(first, epoch);
  },

  /** Resolves when all are live in an epoch above `epoch`, and a post was acknowledged there. */
  async whenBack({ epoch }: { readonly epoch: number }): Promise<Return> {
    const liveAt = await Promise.all(clients.map((client) => client.liveAfter(epoch)));
    return { liveAt: Float64Array.from(liveAt), postedAt: (await posting) ?? Number.NaN };
  },
} as const;

export type TakeoverClients = typeof methods;
servePart(methods);
