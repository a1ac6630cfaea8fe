/**
 * Channels to servers, one an address, shared by a session's link and the connection that it keeps warm. Nobody else in the
 * process shares them: a connection that failed for one session would fail for all until its back-off is over.
 */
import type { Address } from '@dualping/core';
import { OWN_CONNECTION, SocialServiceClient } from '@dualping/protocol';
import { connectivityState, credentials } from '@grpc/grpc-js';

export interface ServerChannel {
  readonly client: SocialServiceClient;
  /** Once. The connection is closed when nobody holds it any more. */
  release(): void;
}

interface Held {
  readonly client: SocialServiceClient;
  holders: number;
}

export class ServerChannels {
  readonly #held = new Map<Address, Held>();
  #warm: { readonly address: Address; readonly channel: ServerChannel } | undefined;

  acquire(address: Address): ServerChannel {
    const kept = this.#held.get(address);
    const held = kept === undefined || isBackingOff(kept.client) ? this.#open(address) : kept;
    held.holders += 1;
    let released = false;
    return {
      client: held.client,
      release: () => {
        if (released) return;
        released = true;
        held.holders -= 1;
        if (held.holders > 0) return;
        if (this.#held.get(address) === held) this.#held.delete(address);
        held.client.close();
      },
    };
  }

  /** Keeps a connection to `address` and to no other address; undefined: to none. */
  keepWarm(address: Address | undefined): void {
    if (this.#warm?.address === address) return;
    const before = this.#warm;
    this.#warm = address === undefined ? undefined : { address, channel: this.acquire(address) };
    before?.channel.release();
    if (this.#warm !== undefined) keepConnected(this.#warm.channel.client);
  }

  #open(address: Address): Held {
    const client = new SocialServiceClient(address, credentials.createInsecure(), OWN_CONNECTION);
    const held = { client, holders: 0 };
    this.#held.set(address, held);
    return held;
  }
}

/**
 * Whether it fails every call until its back-off is over. It had its reason, but a server that was started again is told of
 * as primary sooner than that.
 */
const isBackingOff = (client: SocialServiceClient): boolean =>
  client.getChannel().getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE;

/** A channel connects only when it is used, and servers close idle connections: each time it falls idle it is told to connect. */
function keepConnected(client: SocialServiceClient): void {
  const channel = client.getChannel();
  const state = channel.getConnectivityState(true);
  if (state === connectivityState.SHUTDOWN) return;
  channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => keepConnected(client));
}
