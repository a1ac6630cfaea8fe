/** The streams of other clusters that read here, by the machine's numbers for them. */
import type {
  Failure,
  LinkId,
  NewsItem,
  ReplicaInput,
  ReplicaOutput,
  TailItem,
  TailMessage,
} from '@dualping/core';
import type { ReplicaJournal, StreamListener, TailReader } from './replica-ports.js';
import { storageFailure } from './storage-failure.js';

type OutputOf<Kind extends ReplicaOutput['kind']> = Extract<ReplicaOutput, { readonly kind: Kind }>;

export class TailFeeds {
  readonly #readers = new Map<LinkId, TailReader>();

  constructor(
    readonly journal: Pick<ReplicaJournal, 'readPosts'>,
    readonly feed: (input: ReplicaInput) => void,
  ) {}

  add(link: LinkId, reader: TailReader): StreamListener<TailMessage> {
    this.#readers.set(link, reader);
    return {
      heard: (message) => this.feed({ kind: 'tail-asked', link, message }),
      ended: () => {
        this.#readers.delete(link);
        this.feed({ kind: 'tail-ended', link });
      },
    };
  }

  tell({ link, batch }: OutputOf<'tell-tail'>): void {
    const reader = this.#readers.get(link);
    if (reader === undefined) return;
    const items = this.#withTexts(batch.items);
    if (items !== undefined) reader.send({ ...batch, items });
  }

  end(link: LinkId, failure: Failure): void {
    const reader = this.#readers.get(link);
    this.#readers.delete(link);
    reader?.close(failure);
  }

  endAll(failure: Failure): void {
    for (const link of [...this.#readers.keys()]) this.end(link, failure);
  }

  /** Undefined: they can't be read. */
  #withTexts(items: readonly NewsItem[]): TailItem[] | undefined {
    const positions = items.filter(({ kind }) => kind === 'post').map(({ position }) => position);
    let texts: ReturnType<ReplicaJournal['readPosts']>;
    try {
      texts = this.journal.readPosts(positions);
    } catch (error) {
      this.feed({ kind: 'journal-failed', detail: storageFailure(error).detail });
      return undefined;
    }
    let next = 0;
    return items.map((item) => {
      if (item.kind !== 'post') return item;
      const post = texts[next];
      next += 1;
      if (post === undefined) throw new Error(`entry ${item.position} is no post to tell of`);
      const { position, author: user, text, timeMs, answers } = post;
      return { kind: 'post', position, user, text, timeMs, ...(answers !== undefined && { answers }) };
    });
  }
}
