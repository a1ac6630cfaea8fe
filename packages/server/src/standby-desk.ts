/** The streams of standbys, by their numbers in the machine, and the snapshots that standbys pull. */
import { once } from 'node:events';
import {
  DualpingError,
  damagedAtPrimary,
  type LinkId,
  NO_EPOCH,
  type Position,
  type PrimaryMessage,
  type ReplicaInput,
  type ReplicaOutput,
  type SnapshotCopy,
  type Token,
} from '@dualping/core';
import {
  type BidiStream,
  encodeReplicateResponse,
  MAX_MESSAGE_BYTES,
  primaryMessageToWire,
  type ReplicateOut,
  type replicationWire,
  snapshotChunks,
  snapshotChunkToWire,
  toDualpingError,
  toServiceError,
} from '@dualping/protocol';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { breathe } from './breathe.js';
import type { Journal } from './journal/index.js';
import { PostPositions } from './post-positions.js';

type Entries = Extract<PrimaryMessage, { kind: 'entries' }>;
type SnapshotCall = ServerWritableStream<
  replicationWire.GetFollowerInfoRequest,
  replicationWire.GetFollowerInfoResponse
>;

/** Posts read from the journal at a time for a snapshot. */
const POSTS_A_READ = 1_000;
const READ_BYTES = 128 * 1024;
/**
 * A snapshot whose reader takes nothing for so long is ended, ms, and its memory freed. A reader waits as
 * long for a chunk.
 */
export const SNAPSHOT_UNREAD_MS = 10_000;

export class StandbyDesk {
  readonly #streams = new Map<LinkId, BidiStream<ReplicateOut>>();
  readonly #snapshots = new Map<Token, SnapshotCall>();
  /** The last encoded batch: standbys at the same position get the same bytes. */
  #lastBatch: { readonly message: Entries; readonly bytes: Buffer } | undefined;

  /** The posts of the copy that is being read: all readers of a copy share it. */
  #lastPosts: { readonly of: SnapshotCopy; readonly positions: Promise<PostPositions> } | undefined;

  constructor(
    readonly journal: Journal,
    readonly feed: (input: ReplicaInput) => void,
    readonly unreadMs = SNAPSHOT_UNREAD_MS,
  ) {}

  add(link: LinkId, stream: BidiStream<ReplicateOut>): void {
    this.#streams.set(link, stream);
  }

  forget(link: LinkId): void {
    this.#streams.delete(link);
  }

  send(link: LinkId, message: PrimaryMessage): void {
    const stream = this.#streams.get(link);
    if (stream === undefined) return;
    try {
      if (message.kind === 'entries' && message.to >= message.from) stream.send(this.#encoded(message));
      else if (message.kind === 'joined')
        stream.send(primaryMessageToWire({ ...message, checksum: this.journal.checksumAt(message.common) }));
      else stream.send(primaryMessageToWire(message));
    } catch (error) {
      stream.close(this.#damaged(error));
    }
  }

  close(link: LinkId): void {
    this.#streams.get(link)?.close();
    this.#streams.delete(link);
  }

  addSnapshotCall(token: Token, call: SnapshotCall): void {
    this.#snapshots.set(token, call);
    for (const event of ['close', 'cancelled']) call.once(event, () => this.#forgetSnapshot(token));
  }

  /** Refuses a snapshot, or ends it early. */
  endSnapshot(token: Token, error: DualpingError): void {
    const call = this.#snapshots.get(token);
    this.#forgetSnapshot(token);
    call?.emit('error', toServiceError(error));
  }

  sendSnapshot({ token, copy }: Extract<ReplicaOutput, { kind: 'send-snapshot' }>): void {
    if (!this.#snapshots.has(token)) return;
    const { snapshot, epochStarts } = copy;
    const write = async (): Promise<void> => {
      const header = {
        epoch: epochStarts.at(-1)?.epoch ?? NO_EPOCH,
        checksum: this.journal.checksumAt(snapshot.position),
        epochStarts,
      };
      const positions = await this.#postsOf(copy);
      await this.#write(token, snapshotChunks(snapshot, header, this.#posts(positions)));
    };
    write().catch((error: unknown) => this.endSnapshot(token, this.#damaged(error)));
  }

  #forgetSnapshot(token: Token): void {
    if (!this.#snapshots.delete(token)) return;
    if (this.#snapshots.size === 0) this.#lastPosts = undefined;
    this.feed({ kind: 'snapshot-ended', token });
  }

  #postsOf(copy: SnapshotCopy): Promise<PostPositions> {
    if (this.#lastPosts?.of !== copy)
      this.#lastPosts = { of: copy, positions: PostPositions.of(copy.snapshot) };
    return this.#lastPosts.positions;
  }

  endAll(): void {
    for (const link of [...this.#streams.keys()]) this.close(link);
  }

  /**
   * The error that the standby is told. Damage is in this server's journal, so this server is the one that
   * has to be replaced.
   */
  #damaged(error: unknown): DualpingError {
    const { reason, detail } = toDualpingError(error);
    if (reason !== 'storage-failed') return toDualpingError(error);
    this.feed({ kind: 'journal-damaged', detail });
    return new DualpingError(reason, damagedAtPrimary(detail));
  }

  /** Makes a chunk when the one before has left. */
  async #write(token: Token, chunks: ReturnType<typeof snapshotChunks>): Promise<void> {
    for await (const chunk of chunks) {
      const call = this.#snapshots.get(token);
      if (call === undefined || call.cancelled || call.destroyed) return;
      const hasRoom = call.write(snapshotChunkToWire(chunk));
      // Otherwise a snapshot could block everything else for minutes: pings, posts and standbys have their
      // turns here.
      await breathe();
      if (!hasRoom) await drained(call, this.unreadMs);
    }
    this.#snapshots.get(token)?.end();
    this.#forgetSnapshot(token);
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

  #encoded(message: Entries): Buffer {
    const last = this.#lastBatch;
    const same =
      last !== undefined &&
      last.message.epoch === message.epoch &&
      last.message.from === message.from &&
      last.message.to === message.to &&
      last.message.committed === message.committed;
    if (same) return last.bytes;
    const entries = this.journal.read(message.from, message.to, MAX_MESSAGE_BYTES);
    const bytes = encodeReplicateResponse(primaryMessageToWire(message, entries));
    this.#lastBatch = { message, bytes };
    return bytes;
  }
}

/** Resolves when there is room again, or nobody who would read; rejects when nothing is read for too long. */
async function drained(call: SnapshotCall, unreadMs: number): Promise<void> {
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
