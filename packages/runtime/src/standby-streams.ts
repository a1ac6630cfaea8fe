/** The streams of standbys, and the snapshots that they pull, by the machine's numbers for them. */
import {
  damagedAtPrimary,
  type Failure,
  type LinkId,
  type ReplicaInput,
  type ReplicaOutput,
  type StandbyMessage,
  type Token,
} from '@dualping/core';
import type {
  ReplicaJournal,
  SnapshotCall,
  SnapshotListener,
  StandbyStream,
  StreamListener,
} from './replica-ports.js';
import { storageFailure } from './storage-failure.js';

type OutputOf<Kind extends ReplicaOutput['kind']> = Extract<ReplicaOutput, { readonly kind: Kind }>;

export class StandbyStreams {
  readonly #streams = new Map<LinkId, StandbyStream>();
  readonly #snapshots = new Map<Token, SnapshotCall>();

  constructor(
    readonly journal: Pick<ReplicaJournal, 'checksumAt'>,
    readonly feed: (input: ReplicaInput) => void,
  ) {}

  add(link: LinkId, stream: StandbyStream): StreamListener<StandbyMessage> {
    this.#streams.set(link, stream);
    return {
      heard: (message) => this.feed({ kind: 'standby-message', link, message }),
      ended: (detail) => {
        this.#streams.delete(link);
        this.feed({ kind: 'standby-ended', link, detail });
      },
    };
  }

  send({ link, message }: OutputOf<'to-standby'>): void {
    const stream = this.#streams.get(link);
    if (stream === undefined) return;
    try {
      if (message.kind === 'joined')
        stream.send({ ...message, checksum: this.journal.checksumAt(message.common) });
      else stream.send(message);
    } catch (error) {
      stream.close(this.#damaged(storageFailure(error)));
    }
  }

  close(link: LinkId): void {
    this.#streams.get(link)?.close();
    this.#streams.delete(link);
  }

  addSnapshot(token: Token, call: SnapshotCall): SnapshotListener {
    this.#snapshots.set(token, call);
    return { ended: () => this.#snapshotEnded(token) };
  }

  sendSnapshot({ token, through }: OutputOf<'send-snapshot'>): void {
    this.#snapshots
      .get(token)
      ?.send(through, (failure) =>
        this.endSnapshot(token, failure.reason === 'storage-failed' ? this.#damaged(failure) : failure),
      );
  }

  endSnapshot(token: Token, failure: Failure): void {
    const call = this.#snapshots.get(token);
    this.#snapshotEnded(token);
    call?.refuse(failure);
  }

  endAll(): void {
    for (const link of [...this.#streams.keys()]) this.close(link);
  }

  #snapshotEnded(token: Token): void {
    if (this.#snapshots.delete(token)) this.feed({ kind: 'snapshot-ended', token });
  }

  /**
   * The failure to send to a standby. The damage is on this server's disk, so this server must end, not the
   * standby.
   */
  #damaged({ reason, detail }: Failure): Failure {
    this.feed({ kind: 'journal-damaged', detail });
    return { reason, detail: damagedAtPrimary(detail) };
  }
}
