/** Sends snapshots to standbys in chunks, each made when the one before was sent. */
import { once } from 'node:events';
import { DualpingError, type Failure, NO_EPOCH, type Position, type SnapshotCopy } from '@dualping/core';
import {
  type replicationWire,
  snapshotChunks,
  snapshotChunkToWire,
  toDualpingError,
  toServiceError,
} from '@dualping/protocol';
import type { SnapshotCall } from '@dualping/runtime';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { breathe } from './breathe.js';
import type { Journal } from './journal/index.js';
import { PostPositions } from './post-positions.js';

export type SnapshotStream = ServerWritableStream<
  replicationWire.GetFollowerInfoRequest,
  replicationWire.GetFollowerInfoResponse
>;

/** Posts read from the journal at a time for a snapshot. */
const POSTS_A_READ = 1_000;
const READ_BYTES = 128 * 1024;
/**
 * A snapshot whose reader takes nothing for this long is ended, ms, and its memory freed. A reader waits as
 * long for a chunk.
 */
export const SNAPSHOT_UNREAD_MS = 10_000;

export class SnapshotSender {
  /** The posts of the copy in use: all its readers share them. */
  #lastPosts: { readonly of: SnapshotCopy; readonly positions: Promise<PostPositions> } | undefined;
  readonly #streams = new Set<SnapshotStream>();

  constructor(
    readonly journal: Journal,
    readonly unreadMs = SNAPSHOT_UNREAD_MS,
  ) {}

  /** @param over called once, when it was read to its end or broke; not when it was refused */
  callOn(stream: SnapshotStream, over: () => void): SnapshotCall {
    this.#streams.add(stream);
    const forget = (): boolean => {
      const isKnown = this.#streams.delete(stream);
      if (this.#streams.size === 0) this.#lastPosts = undefined;
      return isKnown;
    };
    const end = (): void => {
      if (forget()) over();
    };
    for (const event of ['close', 'cancelled']) stream.once(event, end);
    return {
      send: (copy, failed) => {
        this.#write(stream, copy).then(end, (error: unknown) => failed(toDualpingError(error)));
      },
      refuse: ({ reason, detail }: Failure) => {
        forget();
        stream.emit('error', toServiceError(new DualpingError(reason, detail)));
      },
    };
  }

  /** Makes a chunk when the one before was sent. */
  async #write(stream: SnapshotStream, copy: SnapshotCopy): Promise<void> {
    for await (const chunk of await this.#chunksOf(copy)) {
      if (!this.#streams.has(stream) || stream.cancelled || stream.destroyed) return;
      const hasRoom = stream.write(snapshotChunkToWire(chunk));
      // Otherwise a snapshot could block everything else for minutes: pings, posts and standbys are served
      // here.
      await breathe();
      if (!hasRoom) await drained(stream, this.unreadMs);
    }
    if (this.#streams.has(stream)) stream.end();
  }

  async #chunksOf(copy: SnapshotCopy): Promise<ReturnType<typeof snapshotChunks>> {
    const { snapshot, epochStarts } = copy;
    const header = {
      epoch: epochStarts.at(-1)?.epoch ?? NO_EPOCH,
      checksum: this.journal.checksumAt(snapshot.position),
      epochStarts,
    };
    return snapshotChunks(snapshot, header, this.#posts(await this.#postsOf(copy)));
  }

  #postsOf(copy: SnapshotCopy): Promise<PostPositions> {
    if (this.#lastPosts?.of !== copy)
      this.#lastPosts = { of: copy, positions: PostPositions.of(copy.snapshot) };
    return this.#lastPosts.positions;
  }

  /**
   * Consecutive posts of the journal are read in one piece: a read for each would take most of the time.
   */
  *#posts(positions: PostPositions): Generator<readonly Buffer[]> {
    const { journal } = this;
    for (const { from, count } of positions.runs(POSTS_A_READ))
      for (let at = 0; at < count; ) {
        const first = (from + at) as Position;
        const last = (from + count - 1) as Position;
        const payloads =
          first >= journal.first ? journal.read(first, last, READ_BYTES) : [journal.readOne(first)];
        yield payloads;
        at += payloads.length;
      }
  }
}

/** Resolves when there is room again, or the reader is gone; rejects when nothing is read for too long. */
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
