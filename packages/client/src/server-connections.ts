/**
 * Connections to servers, shared by all sessions of a program: for a thousand sessions a takeover needs two
 * new connections, not a thousand.
 *
 * They do not use grpc-js's own pool: there a connection that failed for one session, because it came too
 * early, fails for all others until its back-off is over. Here the next session dials at once.
 */
import type { Address } from '@dualping/core';
import { type Dialling, OWN_CONNECTION, PLAINTEXT, SocialServiceClient } from '@dualping/protocol';
import { type ChannelInterface, connectivityState } from '@grpc/grpc-js';

export interface ServerChannel {
  /** Read it for each call: a connection that has failed is replaced. */
  readonly client: SocialServiceClient;
  /** Sessions that acquire it from now on get a new connection. Present holders keep the old one. */
  abandon(): void;
  /** Called once. The connection is closed when its last holder releases it. */
  release(): void;
}

/**
 * Why a channel is held: for calls, or only to keep it connected, so that later calls needn't wait.
 */
export type Purpose = 'calls' | 'warmth';

/**
 * Sessions that one connection carries. A server allows 10,000 calls on it. Each session's timeline is one of
 * them as long as it is open, and most must stay free for requests.
 */
export const MAX_CALLERS_A_CONNECTION = 500;

export class ServerConnections {
  /** The held connections of each address, the oldest first; the oldest is kept connected. */
  readonly #connections = new Map<Address, Connection[]>();

  /** Whether a connection there is held already. */
  isDialled(address: Address, dialling: Dialling = PLAINTEXT): boolean {
    return this.#connections.get(address)?.some((it) => it.dialling === dialling) === true;
  }

  acquire(address: Address, purpose: Purpose, dialling: Dialling = PLAINTEXT): ServerChannel {
    const held = this.#connections.get(address) ?? [];
    const fits = (it: Connection): boolean =>
      it.dialling === dialling && (purpose === 'warmth' || it.hasRoom);
    const connection = held.find(fits) ?? new Connection(address, dialling);
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

/** The connections of this program. */
export const serverConnections = new ServerConnections();

class Connection {
  readonly #address: Address;
  /** Shared only by sessions that dial in the same way. */
  readonly dialling: Dialling;
  readonly #holders: Record<Purpose, number> = { calls: 0, warmth: 0 };
  #client: SocialServiceClient;
  /**
   * The channel whose state changes are being watched: never watched twice, because each watch would start
   * another.
   */
  #watched: ChannelInterface | undefined;

  constructor(address: Address, dialling: Dialling) {
    this.#address = address;
    this.dialling = dialling;
    this.#client = dial(address, dialling);
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

  /** @returns whether that was the last holder; the connection is then closed */
  letGo(purpose: Purpose): boolean {
    this.#holders[purpose] -= 1;
    if (this.#holders.calls + this.#holders.warmth > 0) return false;
    this.#watched = undefined;
    this.#client.close();
    return true;
  }

  /** A new call would fail on the old channel. Calls in flight on it go on until they end. */
  #redial(): void {
    const before = this.#client;
    this.#client = dial(this.#address, this.dialling);
    before.close();
  }

  /**
   * A channel connects only when it is used, and servers close idle connections. So it is told to connect
   * each time it becomes idle.
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

const dial = (address: Address, dialling: Dialling): SocialServiceClient =>
  new SocialServiceClient(address, dialling.channel('server'), OWN_CONNECTION);

/**
 * Whether the channel fails every call until its back-off is over. A server that was started again can be
 * announced as primary before that.
 */
const isBackingOff = (client: SocialServiceClient): boolean =>
  client.getChannel().getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE;
