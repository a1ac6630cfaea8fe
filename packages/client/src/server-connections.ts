/**
 * Connections to servers, shared by all sessions of a program: with a thousand of them there are two to dial
 * after a takeover, not a thousand.
 *
 * They are not of grpc-js's own pool: there a connection that failed for a session that came too early fails
 * for all others until its back-off is over. Here whoever comes next dials at once.
 */
import type { Address } from '@dualping/core';
import { OWN_CONNECTION, SocialServiceClient } from '@dualping/protocol';
import { type ChannelInterface, connectivityState, credentials } from '@grpc/grpc-js';

export interface ServerChannel {
  /** To be asked for at each call: a connection that has failed is replaced. */
  readonly client: SocialServiceClient;
  /** Whoever comes from now on dials anew. Those that hold the connection find out for themselves. */
  abandon(): void;
  /** Once. The connection is closed when nobody holds it any more. */
  release(): void;
}

/**
 * What a channel is held for: to be called, or to be connected whenever that is possible, so that later calls
 * needn't wait.
 */
export type Purpose = 'calls' | 'warmth';

/**
 * Sessions that one connection carries. A server takes 10,000 calls on it, and each session's timeline is one
 * for as long as it lives: most of the places have to stay free for requests, which come and go.
 */
export const MAX_CALLERS_A_CONNECTION = 500;

export class ServerConnections {
  /** Of each address those that are held, the oldest first: that one is kept warm. */
  readonly #connections = new Map<Address, Connection[]>();

  acquire(address: Address, purpose: Purpose): ServerChannel {
    const held = this.#connections.get(address) ?? [];
    const connection = held.find((it) => purpose === 'warmth' || it.hasRoom) ?? new Connection(address);
    if (!held.includes(connection)) this.#connections.set(address, [...held, connection]);
    connection.hold(purpose);
    let released = false;
    return {
      get client() {
        return connection.client;
      },
      abandon: () => this.#forget(address, connection),
      release: () => {
        if (released) return;
        released = true;
        if (connection.letGo(purpose)) this.#forget(address, connection);
      },
    };
  }

  #forget(address: Address, connection: Connection): void {
    const others = this.#connections.get(address)?.filter((held) => held !== connection) ?? [];
    if (others.length === 0) this.#connections.delete(address);
    else this.#connections.set(address, others);
  }
}

/** Those of this program. */
export const serverConnections = new ServerConnections();

class Connection {
  readonly #address: Address;
  readonly #holders: Record<Purpose, number> = { calls: 0, warmth: 0 };
  #client: SocialServiceClient;
  /**
   * The channel whose changes are being waited for: never twice the same, as each wait would begin the next.
   */
  #watched: ChannelInterface | undefined;

  constructor(address: Address) {
    this.#address = address;
    this.#client = dial(address);
  }

  get client(): SocialServiceClient {
    return this.#client;
  }

  get hasRoom(): boolean {
    return this.#holders.calls < MAX_CALLERS_A_CONNECTION;
  }

  hold(purpose: Purpose): void {
    this.#holders[purpose] += 1;
    if (purpose === 'calls' && isBackingOff(this.#client)) this.#redial();
    if (this.#holders.warmth > 0) this.#keepConnected();
  }

  /** @returns whether nobody holds it any more; it is closed then */
  letGo(purpose: Purpose): boolean {
    this.#holders[purpose] -= 1;
    if (this.#holders.calls + this.#holders.warmth > 0) return false;
    this.#watched = undefined;
    this.#client.close();
    return true;
  }

  /** A new call would fail on the old one. Those that are on their way there go on until they end. */
  #redial(): void {
    const before = this.#client;
    this.#client = dial(this.#address);
    before.close();
  }

  /**
   * A channel connects only when it is used, and servers close idle connections: each time it falls idle it
   * is told to connect.
   */
  #keepConnected(): void {
    const channel = this.#client.getChannel();
    const state = channel.getConnectivityState(true);
    if (this.#watched === channel) return;
    this.#watched = channel;
    channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => {
      if (this.#watched !== channel) return;
      this.#watched = undefined;
      if (this.#holders.warmth > 0) this.#keepConnected();
    });
  }
}

const dial = (address: Address): SocialServiceClient =>
  new SocialServiceClient(address, credentials.createInsecure(), OWN_CONNECTION);

/**
 * Whether it fails every call until its back-off is over. It had its reason, but a server that was started
 * again is told of as primary sooner than that.
 */
const isBackingOff = (client: SocialServiceClient): boolean =>
  client.getChannel().getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE;
