/** Sends snapshots to standbys in chunks, each made when the one before has left. */
import { once } from 'node:events';
import {
  DualpingError,
  type Failure,
  NO_EPOCH,
  type Position,
  type SnapshotCopy,
  type SocialSnapshot,
} from '@dualping/core';
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

export type SnapshotStream = ServerWritableStream<
  replicationWire.GetFollowerInfoRequest,
  replicationWire.GetFollowerInfoResponse
>;

/** Posts read from the journal at a time for a snapshot. */
const POSTS_A_READ = 1_000;
const READ_BYTES = 128 * 1024;
/**
 * A snapshot of which nothing is taken for so long is broken off, ms: what is prepared for it is let go. As
 * long as its reader waits.
 */
export const SNAPSHOT_UNREAD_MS = 10_000;

export class SnapshotSender {
  /** The posts of the copy that is being read: all readers of a copy share it. */
  #lastPosts: { readonly of: SnapshotCopy; readonly positions: Float64Array } | undefined;
  readonly #streams = new Set<SnapshotStream>();

  constructor(
    readonly journal: Journal,
    readonly unreadMs = SNAPSHOT_UNREAD_MS,
  ) {}

  /** @param over called once, when it was read to its end or broke off */
  callOn(stream: SnapshotStream, over: () => void): SnapshotCall {
    this.#streams.add(stream);
    const forget = (): void => {
      if (!this.#streams.delete(stream)) return;
      if (this.#streams.size === 0) this.#lastPosts = undefined;
      over();
    };
    for (const event of ['close', 'cancelled']) stream.once(event, forget);
    return {
      send: (copy, failed) => {
        this.#write(stream, copy).then(forget, (error: unknown) => failed(toDualpingError(error)));
      },
      refuse: ({ reason, detail }: Failure) => {
        forget();
        stream.emit('error', toServiceError(new DualpingError(reason, detail)));
      },
    };
  }

  /** One chunk is made when the one before has left. */
  async #write(stream: SnapshotStream, copy: SnapshotCopy): Promise<void> {
    for await (const chunk of this.#chunksOf(copy)) {
      if (!this.#streams.has(stream) || stream.cancelled || stream.destroyed) return;
      const hasRoom = stream.write(snapshotChunkToWire(chunk));
      // A snapshot is minutes of nothing else otherwise: pings, posts and standbys have their turns in
      // between.
      await breathe();
      if (!hasRoom) await drained(stream, this.unreadMs);
    }
    if (this.#streams.has(stream)) stream.end();
  }

  #chunksOf(copy: SnapshotCopy): ReturnType<typeof snapshotChunks> {
    const { snapshot, epochStarts } = copy;
    const header = {
      epoch: epochStarts.at(-1)?.epoch ?? NO_EPOCH,
      checksum: this.journal.checksumAt(snapshot.position),
      epochStarts,
    };
    return snapshotChunks(snapshot, header, this.#posts(this.#postsOf(copy)));
  }

  #postsOf(copy: SnapshotCopy): Float64Array {
    if (this.#lastPosts?.of !== copy) this.#lastPosts = { of: copy, positions: postsOf(copy.snapshot) };
    return this.#lastPosts.positions;
  }

  /**
   * Posts that follow one another in the journal are read in one piece: a read for each would take most of
   * the time.
   */
  *#posts(positions: Float64Array): Generator<Buffer> {
    for (let at = 0; at < positions.length; ) {
      const from = positions[at] as Position;
      let count = 1;
      while (count < POSTS_A_READ && positions[at + count] === from + count) count += 1;
      const payloads =
        from >= this.journal.first
          ? this.journal.read(from, (from + count - 1) as Position, READ_BYTES)
          : this.journal.readMany([...positions.subarray(at, at + count)] as Position[]);
      yield* payloads;
      at += payloads.length;
    }
  }
}

/**
 * Ascending. In an array of numbers only: sorting a million others takes long enough for the router to give
 * us up.
 */
function postsOf({ users }: SocialSnapshot): Float64Array {
  const all = new Float64Array(users.reduce((count, { posts }) => count + posts.length, 0));
  let at = 0;
  for (const { posts } of users) {
    all.set(posts, at);
    at += posts.length;
  }
  return all.sort();
}

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
