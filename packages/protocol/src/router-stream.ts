/** A member's `DualPing` stream to a router, over gRPC. */
import { type Address, DualpingError, type MemberMessage, type RouterMessage } from '@dualping/core';
import { credentials, type Metadata } from '@grpc/grpc-js';
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
import { toDualpingError } from './status.js';

export interface RouterStreamListener {
  onMessage(message: RouterMessage): void;
  /**
   * The dialect in which csce438 clients are answered in this network. Comes at most once, before all
   * messages.
   */
  onClassicReplies?(replies: ClassicReplies): void;
  /** Called once, but not when this side closed the stream. */
  onEnd(end: Exclude<StreamEnd, { readonly kind: 'closed' }>): void;
}

export class RouterStream {
  readonly #client: RoutingServiceClient;
  readonly #stream: BidiStream<routingWire.DualPingRequest>;

  constructor(address: Address, attach: MemberMessage, listener: RouterStreamListener) {
    this.#client = new RoutingServiceClient(address, credentials.createInsecure(), OWN_CONNECTION);
    const call = this.#client.dualPing();
    call.on('metadata', (header: Metadata) => {
      const replies = classicRepliesFromHeader(header);
      if (replies !== undefined) listener.onClassicReplies?.(replies);
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
          this.#client.close();
          if (end.kind !== 'closed') listener.onEnd(end);
        },
      },
      'router',
    );
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
}
