/**
 * Connections to the other servers of the cluster, kept open so that a takeover doesn't wait for a dial.
 */
import type { Address } from '@dualping/core';
import { CHANNEL_OPTIONS, type Dialling, ReplicationServiceClient } from '@dualping/protocol';

/**
 * How much a server may send ahead of what is read, bytes: some pieces of a snapshot. With the 64 KB that
 * HTTP/2 begins with, a snapshot waits for the other process after every quarter of a piece.
 */
const FLOW_CONTROL_WINDOW_BYTES = 1024 * 1024;

const PEER_OPTIONS = { ...CHANNEL_OPTIONS, 'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES };

export class Peers {
  readonly #clients = new Map<Address, ReplicationServiceClient>();

  constructor(readonly dialling: Dialling) {}

  to(address: Address): ReplicationServiceClient {
    let client = this.#clients.get(address);
    if (client === undefined) {
      client = new ReplicationServiceClient(address, this.dialling.channel('server'), PEER_OPTIONS);
      this.#clients.set(address, client);
    }
    return client;
  }

  /** Connects to these addresses, and closes connections to all others. Open streams go on. */
  keepWarm(addresses: readonly Address[]): void {
    for (const [address, client] of this.#clients) {
      if (addresses.includes(address)) continue;
      this.#clients.delete(address);
      client.close();
    }
    for (const address of addresses) this.to(address).getChannel().getConnectivityState(true);
  }
}
