/** The wire of the machine's stream to the router: one `DualPing` at a time. */
import type { Address, DualpingError, MemberMessage, RouterMessage } from '@dualping/core';
import {
  type BidiStream,
  CHANNEL_OPTIONS,
  clientStream,
  memberMessageToWire,
  RoutingServiceClient,
  routerMessageFromWire,
  type routingWire,
  type StreamEnd,
  toDualpingError,
} from '@dualping/protocol';
import { credentials } from '@grpc/grpc-js';

export interface RouterStreamListener {
  onMessage(message: RouterMessage): void;
  onEnd(detail: string): void;
}

/** For people: why a stream ended. */
export const endText = (end: StreamEnd): string => {
  switch (end.kind) {
    case 'closed':
      return 'closed by this server';
    case 'ended':
      return 'the other side closed the stream';
    case 'broken':
      return end.error === undefined ? 'the connection broke' : errorText(end.error);
  }
};

const errorText = ({ reason, detail }: DualpingError): string =>
  detail === '' ? reason : `${reason}: ${detail}`;

export class RouterStream {
  readonly #client: RoutingServiceClient;
  readonly #stream: BidiStream<routingWire.DualPingRequest>;

  constructor(address: Address, attach: MemberMessage, listener: RouterStreamListener) {
    this.#client = new RoutingServiceClient(address, credentials.createInsecure(), CHANNEL_OPTIONS);
    this.#stream = clientStream<routingWire.DualPingResponse, routingWire.DualPingRequest>(
      this.#client.dualPing(),
      {
        onMessage: (wire) => {
          try {
            listener.onMessage(routerMessageFromWire(wire));
          } catch (error) {
            this.close();
            listener.onEnd(`it said what no router says: ${toDualpingError(error).detail}`);
          }
        },
        onEnd: (end) => {
          this.#client.close();
          if (end.kind !== 'closed') listener.onEnd(endText(end));
        },
      },
      'router',
    );
    this.send(attach);
  }

  send(message: MemberMessage): void {
    this.#stream.send(memberMessageToWire(message));
  }

  /** Ends it in order, so that what was sent before arrives. The listener hears nothing more. */
  close(): void {
    this.#stream.close();
    this.#client.close();
  }
}
