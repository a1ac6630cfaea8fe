/** Keeps a connection open to the server that is probably the next primary: a takeover needs no handshake. */
import type { Address } from '@dualping/core';
import { type Dialling, PLAINTEXT } from '@dualping/protocol';
import { type ServerChannel, type ServerConnections, serverConnections } from './server-connections.js';

/**
 * Each client opens its connection to another successor at a random moment of this time, ms. All clients
 * learn of the successor in one moment, and a thousand handshakes take a server 1 to 2 s of processor time:
 * together they would delay its pings so long that the router drops it. A client's first connection is not
 * delayed.
 */
export const WARM_WITHIN_MS = 2_000;

/** What it needs of its surroundings; tests give their own. */
export interface WarmPorts {
  readonly connections: Pick<ServerConnections, 'acquire' | 'isDialled'>;
  /** At least 0, below 1. */
  random(): number;
  /** @returns a function that cancels it */
  after(ms: number, act: () => void): () => void;
}

const OF_PROCESS: WarmPorts = {
  connections: serverConnections,
  random: Math.random,
  after: (ms, act) => {
    const timer = setTimeout(act, ms).unref();
    return () => clearTimeout(timer);
  },
};

export class WarmConnection {
  #channel: ServerChannel | undefined;
  #isFirst = true;
  #cancel: () => void = () => {};

  /** @param opened called when `channel` is another one */
  constructor(
    readonly opened: () => void,
    readonly dialling: Dialling = PLAINTEXT,
    readonly ports = OF_PROCESS,
  ) {}

  get channel(): ServerChannel | undefined {
    return this.#channel;
  }

  /** Undefined: to no server. Until the next one is opened, the one before is kept. */
  keepTo(address: Address | undefined): void {
    this.#cancel();
    if (address === undefined) return this.#take(undefined);
    const { connections, random, after } = this.ports;
    if (this.#isFirst || connections.isDialled(address, this.dialling)) return this.#take(address);
    this.#cancel = after(WARM_WITHIN_MS * random(), () => this.#take(address));
  }

  #take(address: Address | undefined): void {
    const before = this.#channel;
    if (address !== undefined) this.#isFirst = false;
    this.#channel =
      address === undefined ? undefined : this.ports.connections.acquire(address, 'warmth', this.dialling);
    before?.release();
    this.opened();
  }
}
