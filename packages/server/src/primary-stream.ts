/** A standby's `Replicate` stream to its primary, over gRPC. */
import type { Entry, PrimaryMessage, StandbyMessage } from '@dualping/core';
import {
  type BidiStream,
  clientStream,
  decodeEntry,
  primaryMessageFromWire,
  type ReplicationServiceClient,
  type replicationWire,
  standbyMessageToWire,
  toDualpingError,
} from '@dualping/protocol';
import { endText } from './end-text.js';

export interface PrimaryStreamListener {
  /** `entries[i]` was decoded from `bytes[i]`. */
  onMessage(message: PrimaryMessage, entries: readonly Entry[], bytes: readonly Buffer[]): void;
  onEnd(detail: string): void;
}

export class PrimaryStream {
  readonly #stream: BidiStream<replicationWire.ReplicateRequest>;

  constructor(client: ReplicationServiceClient, join: StandbyMessage, listener: PrimaryStreamListener) {
    this.#stream = clientStream<replicationWire.ReplicateResponse, replicationWire.ReplicateRequest>(
      client.replicate(),
      {
        onMessage: (wire) => {
          try {
            const { message, entries } = primaryMessageFromWire(wire);
            listener.onMessage(message, entries.map(decodeEntry), entries);
          } catch (error) {
            this.close();
            listener.onEnd(`it said what no primary says: ${toDualpingError(error).detail}`);
          }
        },
        onEnd: (end) => {
          if (end.kind !== 'closed') listener.onEnd(endText(end));
        },
      },
      'server',
    );
    this.send(join);
  }

  send(message: StandbyMessage): void {
    this.#stream.send(standbyMessageToWire(message));
  }

  /** Ends the stream in order, so that earlier messages arrive. The listener is not called any more. */
  close(): void {
    this.#stream.close();
  }
}
