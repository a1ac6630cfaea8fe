/** The streams of other clusters that read here, by their numbers in the machine. */
import {
  DualpingError,
  type LinkId,
  type NewsItem,
  postIn,
  type ReplicaInput,
  type ReplicaOutput,
  type TailItem,
} from '@dualping/core';
import {
  type BidiStream,
  decodeEntry,
  type replicationWire,
  tailBatchToWire,
  toDualpingError,
} from '@dualping/protocol';
import type { Journal } from './journal/index.js';

export class TailDesk {
  readonly #streams = new Map<LinkId, BidiStream<replicationWire.TailResponse>>();

  constructor(
    readonly journal: Journal,
    readonly feed: (input: ReplicaInput) => void,
  ) {}

  add(link: LinkId, stream: BidiStream<replicationWire.TailResponse>): void {
    this.#streams.set(link, stream);
  }

  forget(link: LinkId): void {
    this.#streams.delete(link);
  }

  tell({ link, batch }: Extract<ReplicaOutput, { kind: 'tell-tail' }>): void {
    const stream = this.#streams.get(link);
    if (stream === undefined) return;
    try {
      stream.send(tailBatchToWire({ ...batch, items: this.#withTexts(batch.items) }));
    } catch (error) {
      this.feed({ kind: 'journal-failed', detail: toDualpingError(error).detail });
    }
  }

  end(link: LinkId, error: DualpingError): void {
    const stream = this.#streams.get(link);
    this.#streams.delete(link);
    stream?.close(error);
  }

  endAll(error: DualpingError): void {
    for (const link of [...this.#streams.keys()]) this.end(link, error);
  }

  #withTexts(items: readonly NewsItem[]): TailItem[] {
    const positions = items.filter(({ kind }) => kind === 'post').map(({ position }) => position);
    const texts = this.journal.borrowMany(positions).map((payload) => postIn(decodeEntry(payload)));
    let next = 0;
    return items.map((item) => {
      if (item.kind !== 'post') return item;
      const post = texts[next];
      next += 1;
      if (post === undefined) throw new DualpingError('internal', `entry ${item.position} is no post`);
      const { position, author: user, text, timeMs, answers } = post;
      return { kind: 'post', position, user, text, timeMs, ...(answers !== undefined && { answers }) };
    });
  }
}
