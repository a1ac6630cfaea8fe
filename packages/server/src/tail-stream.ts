/** A primary's `Tail` stream to the primary of another cluster, over gRPC. */
import type { Address, TailBatch, TailMessage } from '@dualping/core';
import {
  type BidiStream,
  CHANNEL_OPTIONS,
  clientStream,
  ReplicationServiceClient,
  type replicationWire,
  tailBatchFromWire,
  tailMessageToWire,
  toDualpingError,
} from '@dualping/protocol';
import { credentials } from '@grpc/grpc-js';
import { endText } from './end-text.js';

export interface TailStreamListener {
  onBatch(batch: TailBatch): void;
  onEnd(detail: string): void;
}

export class TailStream {
  readonly #client: ReplicationServiceClient;
  readonly #stream: BidiStream<replicationWire.TailRequest>;

  constructor(address: Address, open: TailMessage, listener: TailStreamListener) {
    this.#client = new ReplicationServiceClient(address, credentials.createInsecure(), CHANNEL_OPTIONS);
    this.#stream = clientStream<replicationWire.TailResponse, replicationWire.TailRequest>(
      this.#client.tail(),
      {
        onMessage: (wire) => {
          try {
            listener.onBatch(tailBatchFromWire(wire));
          } catch (error) {
            this.close();
            listener.onEnd(`it said what no primary says: ${toDualpingError(error).detail}`);
          }
        },
        onEnd: (end) => {
          this.#client.close();
          if (end.kind !== 'closed') listener.onEnd(endText(end));
        },
      },
      'server',
    );
    this.send(open);
  }

  send(message: TailMessage): void {
    this.#stream.send(tailMessageToWire(message));
  }

  /** The listener is not called any more. */
  close(): void {
    this.#stream.abort();
    this.#client.close();
  }
}
