/** A member's `DualPing` stream to a router, over gRPC. */
import { type Address, DualpingError, type MemberMessage, type RouterMessage } from '@dualping/core';
import { connectivityState, type Metadata } from '@grpc/grpc-js';
import { type BidiStream, clientStream, type StreamEnd } from './bidi.js';
import {
  type ClassicReplies,
  classicRepliesFromHeader,
  memberMessageToWire,
  routerMessageFromWire,
} from './codec/index.js';
import { OWN_CONNECTION } from './dial.js';
import type * as routingWire from './gen/dualping/v1/routing.js';
import { RoutingServiceClient } from './gen/dualping/v1/routing.js';
import { type Dialling, PLAINTEXT } from './security/network-credentials.js';
import { toDualpingError } from './status.js';
import { ticketFromHeader } from './tripwire.js';

export interface RouterStreamListener {
  onMessage(message: RouterMessage): void;
  /** The connection is open. Called at most once, before all messages. */
  onConnected?(): void;
  /**
   * The dialect of answers to csce438 clients in this network. Called at most once, before all messages.
   */
  onClassicReplies?(replies: ClassicReplies): void;
  /** The ticket for a tripwire of this stream. Called at most once, before all messages. */
  onTicket?(ticket: Buffer): void;
  /** Called once, but not when this side closed the stream. */
  onEnd(end: Exclude<StreamEnd, { readonly kind: 'closed' }>): void;
}

/**
 * How long a connection may take, ms. If an address drops all packets, the kernel tries again only after 1, 3
 * and 7 s: a router that restarts there would not be found for 2 s or more, and its reattach grace would end
 * first. When a new connection is dialled after this time, there is an attempt at least once a second.
 */
export const CONNECT_TIMEOUT_MS = 1_500;

export class RouterStream {
  readonly #client: RoutingServiceClient;
  readonly #stream: BidiStream<routingWire.DualPingRequest>;
  readonly #connecting: NodeJS.Timeout;

  constructor(
    address: Address,
    attach: MemberMessage,
    listener: RouterStreamListener,
    dialling: Dialling = PLAINTEXT,
  ) {
    this.#client = new RoutingServiceClient(address, dialling.channel('router'), OWN_CONNECTION);
    const call = this.#client.dualPing();
    call.on('metadata', (header: Metadata) => {
      listener.onConnected?.();
      const replies = classicRepliesFromHeader(header);
      if (replies !== undefined) listener.onClassicReplies?.(replies);
      const ticket = ticketFromHeader(header);
      if (ticket !== undefined) listener.onTicket?.(ticket);
    });
    this.#stream = clientStream<routingWire.DualPingResponse, routingWire.DualPingRequest>(
      call,
      {
        onMessage: (wire) => {
          let message: RouterMessage;
          try {
            message = routerMessageFromWire(wire);
          } catch (cause) {
            this.close();
            const detail = `it said what no router says: ${toDualpingError(cause).detail}`;
            listener.onEnd({ kind: 'broken', error: new DualpingError('not-a-router', detail, { cause }) });
            return;
          }
          listener.onMessage(message);
        },
        onEnd: (end) => {
          clearTimeout(this.#connecting);
          this.#client.close();
          if (end.kind !== 'closed') listener.onEnd(end);
        },
      },
      'router',
    );
    this.#connecting = setTimeout(
      () => this.#giveUpUnconnected(address, listener),
      CONNECT_TIMEOUT_MS,
    ).unref();
    this.send(attach);
  }

  send(message: MemberMessage): void {
    this.#stream.send(memberMessageToWire(message));
  }

  /** Ends the stream in order, so that earlier messages arrive. The listener is not called any more. */
  close(): void {
    this.#stream.close();
    this.#client.close();
  }

  /**
   * Ends the stream at once, so that nothing stays open even if the router does not answer. The listener is
   * not called any more.
   */
  abort(): void {
    this.#stream.abort();
    this.#client.close();
  }

  #giveUpUnconnected(address: Address, listener: RouterStreamListener): void {
    if (this.#client.getChannel().getConnectivityState(false) === connectivityState.READY) return;
    this.abort();
    const detail = `no connection to ${address} within ${CONNECT_TIMEOUT_MS} ms`;
    listener.onEnd({ kind: 'broken', error: new DualpingError('router-unreachable', detail) });
  }
}
