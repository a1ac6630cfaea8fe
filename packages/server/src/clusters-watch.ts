/**
 * Watches all clusters at the router, as long as the server runs, to know the primaries of the other
 * clusters.
 *
 * The machine decides what to do with it; this class only opens the watch again when it breaks.
 */
import type { Address, Assignment, NetworkId } from '@dualping/core';
import {
  CHANNEL_OPTIONS,
  type Dialling,
  RoutingServiceClient,
  watchToWire,
  watchUpdateFromWire,
} from '@dualping/protocol';
import type { ClientReadableStream } from '@grpc/grpc-js';
import createDebug from 'debug';

const debug = createDebug('dualping:server:clusters');

/** Wait before another router is asked, or the same one again, ms: the machine goes on with what it knows. */
const RETRY_MS = 200;

export class ClustersWatch {
  #at = 0;
  #client: RoutingServiceClient | undefined;
  #call: ClientReadableStream<unknown> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    readonly routers: readonly Address[],
    /**
     * The server's own network. If a router belongs to another network, the next one is asked: its clusters
     * are not ours.
     */
    readonly networkId: NetworkId,
    readonly onAssignment: (networkId: NetworkId, assignment: Assignment) => void,
    readonly dialling: Dialling,
  ) {
    this.#open();
  }

  #open(): void {
    if (this.#closed) return;
    const address = this.routers[this.#at % this.routers.length];
    if (address === undefined) return;
    const client = new RoutingServiceClient(address, this.dialling.channel('router'), CHANNEL_OPTIONS);
    const call = client.watch(watchToWire({ target: undefined, stats: false }));
    this.#client = client;
    this.#call = call;
    let over = false;
    const again = (why: string): void => {
      if (over) return;
      over = true;
      debug('%s: %s', address, why);
      call.cancel();
      client.close();
      if (this.#closed) return;
      this.#at += 1;
      this.#timer = setTimeout(() => this.#open(), RETRY_MS);
    };
    call.on('data', (response) => {
      if (over) return;
      try {
        const { networkId, assignments } = watchUpdateFromWire(response);
        if (networkId !== this.networkId) return again(`it is of network ${networkId}`);
        for (const assignment of assignments) this.onAssignment(networkId, assignment);
      } catch (error) {
        again(String(error));
      }
    });
    call.on('error', (error) => again(error.message));
    call.on('end', () => again('ended'));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#call?.cancel();
    this.#client?.close();
  }
}
