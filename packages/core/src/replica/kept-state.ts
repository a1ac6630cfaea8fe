/**
 * What a server stores on its disk in addition to the journal: what it knows from its router and primary, and
 * a snapshot from time to time.
 */
import type { Position } from '../ids.js';
import type { ReplicaContext } from './replica-context.js';

/**
 * Applied entries between two snapshots on the server's own disk: a start replays them in well under a
 * second.
 */
export const SNAPSHOT_EVERY_ENTRIES = 100_000;

export class KeptState {
  readonly #context: ReplicaContext;
  #snapshotAt: Position;
  /** What was last written. */
  #noted = '';

  /** `snapshotAt`: the position of the snapshot that the disk has. */
  constructor(context: ReplicaContext, snapshotAt: Position) {
    this.#context = context;
    this.#snapshotAt = snapshotAt;
  }

  /** A journal from another server was installed on the disk, with a snapshot of that position. */
  installed(snapshotAt: Position): void {
    this.#snapshotAt = snapshotAt;
  }

  /** At the end of a turn. */
  flush(): void {
    this.#noteKnown();
    const { social, outline } = this.#context.ledger;
    if (social.applied - this.#snapshotAt < SNAPSHOT_EVERY_ENTRIES) return;
    this.#snapshotAt = social.applied;
    const epochStarts = outline.epochStartsThrough(social.applied);
    this.#context.emit({ kind: 'save-snapshot', snapshot: social.toSnapshot(), epochStarts });
  }

  #noteKnown(): void {
    const known = this.#context.known();
    const text = `${known.committed} ${known.epoch} ${known.revision}`;
    if (text === this.#noted) return;
    this.#noted = text;
    this.#context.emit({ kind: 'note-known', known });
  }
}
