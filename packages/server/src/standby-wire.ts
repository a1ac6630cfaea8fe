/** The wire of standbys: a batch for several of them is read and encoded once. */
import { DualpingError, type PrimaryMessage } from '@dualping/core';
import {
  type BidiStream,
  encodeReplicateResponse,
  MAX_MESSAGE_BYTES,
  primaryMessageToWire,
  type ReplicateOut,
} from '@dualping/protocol';
import type { StandbyStream } from '@dualping/runtime';
import { readingFrom } from './file-journal.js';
import type { Journal } from './journal/index.js';

type Entries = Extract<PrimaryMessage, { kind: 'entries' }>;

export class StandbyWire {
  /** The last encoded batch: standbys at the same position get the same bytes. */
  #lastBatch: { readonly message: Entries; readonly bytes: Buffer } | undefined;

  constructor(readonly journal: Pick<Journal, 'read'>) {}

  over(stream: BidiStream<ReplicateOut>): StandbyStream {
    return {
      send: (message) => {
        if (message.kind === 'entries' && message.to >= message.from) stream.send(this.#encoded(message));
        else stream.send(primaryMessageToWire(message));
      },
      close: (failure) => stream.close(failure && new DualpingError(failure.reason, failure.detail)),
    };
  }

  #encoded(message: Entries): Buffer {
    const last = this.#lastBatch;
    const same =
      last !== undefined &&
      last.message.epoch === message.epoch &&
      last.message.from === message.from &&
      last.message.to === message.to &&
      last.message.committed === message.committed;
    if (same) return last.bytes;
    const entries = readingFrom(() => this.journal.read(message.from, message.to, MAX_MESSAGE_BYTES));
    const bytes = encodeReplicateResponse(primaryMessageToWire(message, entries));
    this.#lastBatch = { message, bytes };
    return bytes;
  }
}
