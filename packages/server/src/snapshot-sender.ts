/** Sends snapshots to standbys: the journal piece by piece, each read when the one before has left. */
import { once } from 'node:events';
import { DualpingError, type Failure, type HeldCopy, type Position } from '@dualping/core';
import {
  encodeSnapshotPiece,
  type replicationWire,
  type SnapshotChunk,
  type SnapshotOut,
  snapshotChunkToWire,
  toDualpingError,
  toServiceError,
} from '@dualping/protocol';
import type { SnapshotCall } from '@dualping/runtime';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { breathe } from './breathe.js';
import { readingFrom } from './file-journal.js';
import type { Journal } from './journal/index.js';

export type SnapshotStream = ServerWritableStream<replicationWire.GetFollowerInfoRequest, SnapshotOut>;

/**
 * A snapshot whose reader takes nothing for so long is ended, ms, and its memory freed. A reader waits as
 * long for a chunk.
 */
const SNAPSHOT_UNREAD_MS = 10_000;

export class SnapshotSender {
  readonly #streams = new Set<SnapshotStream>();

  constructor(
    readonly journal: Pick<Journal, 'copyThrough'>,
    readonly unreadMs = SNAPSHOT_UNREAD_MS,
  ) {}

  /**
   * @param held what the caller has of a snapshot that broke off
   * @param over called once, when it was read to its end or broke off; not when it was refused
   */
  callOn(stream: SnapshotStream, held: HeldCopy | undefined, over: () => void): SnapshotCall {
    this.#streams.add(stream);
    const end = (): void => {
      if (this.#streams.delete(stream)) over();
    };
    for (const event of ['close', 'cancelled']) stream.once(event, end);
    return {
      send: (through, failed) => {
        this.#write(stream, through, held).then(end, (error: unknown) => failed(toDualpingError(error)));
      },
      refuse: ({ reason, detail }: Failure) => {
        this.#streams.delete(stream);
        stream.emit('error', toServiceError(new DualpingError(reason, detail)));
      },
    };
  }

  /** Reads a piece when the one before has left. */
  async #write(stream: SnapshotStream, through: Position, held: HeldCopy | undefined): Promise<void> {
    const chunks = this.#chunks(through, held);
    for (;;) {
      const next = readingFrom(() => chunks.next());
      if (next.done === true || !this.#streams.has(stream) || stream.cancelled || stream.destroyed) break;
      const hasRoom = stream.write(encoded(next.value));
      // Otherwise a snapshot could block everything else for minutes: pings, posts and standbys have their
      // turns here.
      await breathe();
      if (!hasRoom) await drained(stream, this.unreadMs);
    }
    if (this.#streams.has(stream)) stream.end();
  }

  *#chunks(through: Position, held: HeldCopy | undefined): Generator<SnapshotChunk, void> {
    const { content, pieces } = this.journal.copyThrough(through, held);
    yield { kind: 'header', header: content };
    yield* pieces();
    yield { kind: 'end' };
  }
}

const encoded = (chunk: SnapshotChunk): SnapshotOut =>
  chunk.kind === 'header' || chunk.kind === 'end' ? snapshotChunkToWire(chunk) : encodeSnapshotPiece(chunk);

/** Resolves when there is room again, or nobody who would read; rejects when nothing is read for too long. */
async function drained(call: SnapshotStream, unreadMs: number): Promise<void> {
  if (call.cancelled || !call.writableNeedDrain) return;
  const settled = new AbortController();
  const { signal } = settled;
  const patience = setTimeout(
    () => settled.abort(new DualpingError('may-have-happened', `nothing was read for ${unreadMs} ms`)),
    unreadMs,
  );
  try {
    await Promise.race(['drain', 'cancelled', 'close'].map((event) => once(call, event, { signal })));
  } catch (error) {
    throw signal.reason instanceof DualpingError ? signal.reason : error;
  } finally {
    clearTimeout(patience);
    settled.abort();
  }
}
