/**
 * The interface of a server's durable journal.
 *
 *     append ─► in memory ─► one write and one sync for all waiting entries ─► durable ─► listener
 *
 * Positions are contiguous from `first` to `last`. A journal begins at 1. One from an older version may begin
 * after a snapshot: of the entries before `first` only posts can be read. Payloads are opaque bytes. Errors
 * are `DualpingError`: `storage-failed` names file, byte offset and position if it can.
 */
import type {
  ClusterId,
  CopyHeader,
  DualpingError,
  Epoch,
  HeldCopy,
  Incarnation,
  JournalId,
  Known,
  LifeId,
  NetworkId,
  Position,
  ServerId,
} from '@dualping/core';

/** The owner of the journal. `networkId` is empty until the server has belonged to a network. */
export interface Identity {
  readonly networkId: NetworkId | '';
  readonly cluster: ClusterId;
  readonly serverId: ServerId;
  /** Made together with the journal. */
  readonly journalId: JournalId;
  /** Raised, durably, by each opening. From 1. */
  readonly incarnation: Incarnation;
  /** Names this opening: 128 random bits. */
  readonly lifeId: LifeId;
  /** The last life that a router has welcomed; empty when there is none. */
  readonly welcomedLife: LifeId;
}

/** Identifies the state in a snapshot. */
export interface SnapshotInfo {
  /** The snapshot contains everything up to here, and nothing after. */
  readonly position: Position;
  /** Epoch of the entry at `position`. */
  readonly epoch: Epoch;
  /** Checksum of the journal up to `position`. */
  readonly checksum: number;
}

/**
 * A snapshot with its content, in parts that are opaque to the journal; each at most
 * `MAX_SNAPSHOT_PART_BYTES`.
 */
export interface Snapshot extends SnapshotInfo {
  readonly parts: readonly Buffer[];
}

/** A snapshot to save: each part is requested when there is room for it. */
export interface SnapshotToKeep extends SnapshotInfo {
  readonly parts: Iterable<Buffer>;
}

/** Number and checksum of the posts from before a journal's base. */
export interface HistoryRecord {
  readonly posts: number;
  readonly checksum: number;
}

/** What a copy of a journal consists of. */
export interface CopyContent extends CopyHeader {
  /** Position of the snapshot that comes with it; 0: none. */
  readonly state: Position;
  readonly history: HistoryRecord;
  /** Of all pieces. */
  readonly bytes: number;
}

/**
 * A piece of a copy, in this order: of the snapshot's file; whole frames of posts from before the base, only
 * where the copy begins at the base; whole frames of the journal.
 */
export interface CopyPiece {
  readonly kind: 'state' | 'history' | 'records';
  readonly bytes: Buffer;
}

/** A copy for a standby. */
export interface CopySource {
  readonly content: CopyContent;
  /**
   * Reads each piece when it is asked for, and verifies it.
   *
   * @throws DualpingError `storage-failed` when the disk has other bytes than were written
   */
  pieces(): Iterable<CopyPiece>;
}

/**
 * An incomplete write at the end of the journal, which opening cut: it was beyond what is known to be
 * durable.
 */
export interface CutTail {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  /** Position that the record would have had. */
  readonly position: Position;
}

export interface JournalListener {
  /** Everything up to `position` is on disk. Rises, except after a truncation. */
  durable(position: Position, checksum: number): void;
  /** Called once: a write or sync failed. Nothing is reported durable after it. */
  failed(error: DualpingError): void;
}

/** What a state is made from. */
export type JournalContent = Pick<
  Journal,
  'first' | 'last' | 'durableChecksum' | 'known' | 'readSnapshot' | 'replay' | 'readOne'
>;

export interface Journal {
  readonly identity: Identity;
  /** What opening had to cut, for a line to the operator. */
  readonly cutTail: CutTail | undefined;
  /**
   * Texts about snapshots that opening could not use; empty when all were good. They only cause a longer
   * replay.
   */
  readonly snapshotProblems: readonly string[];
  /**
   * Set when opening found that the journal is an older copy, or was cut: a former life knew it to be
   * committed up to here. It has another id since.
   */
  readonly olderThan: Position | undefined;
  /**
   * Position of the first entry of this journal, present or future: 1, except for journals from older
   * versions.
   */
  readonly first: Position;
  /** Last position appended; `first` − 1 when there is none. */
  readonly last: Position;
  readonly durable: Position;
  /** Checksum over the whole journal up to `durable`. */
  readonly durableChecksum: number;

  /** Replaces the listener. The listener is never called from within a call of the journal's own methods. */
  listen(listener: JournalListener): void;

  /** Queues the entry at `last` + 1. The payload is copied. After a failure it stays in memory only. */
  append(position: Position, payload: Buffer): void;
  /**
   * Resolves when everything up to `position` is durable; rejects after a failure, or when the journal is
   * closed or replaced.
   */
  whenDurable(position: Position): Promise<void>;
  /**
   * Cuts the entries after `position`: at once for readers, durably when it resolves, and before later
   * appends are reported durable. The cut entries are kept aside, which may take longer.
   */
  truncateAfter(position: Position): Promise<void>;

  /**
   * Payloads from `from` to at most `to`: as many as fit into `maxBytes`, but at least one. Includes entries
   * that are not durable yet.
   */
  read(from: Position, to: Position, maxBytes: number): Buffer[];
  /** All payloads from `from` to `to`, read ahead in large pieces. */
  replay(from: Position, to: Position): Iterable<{ readonly position: Position; readonly payload: Buffer }>;
  /** A payload by position; also posts before `first`. */
  readOne(position: Position): Buffer;
  /** Payloads by positions, ascending or not; also posts before `first`. */
  readMany(positions: readonly Position[]): Buffer[];
  /**
   * The same for callers that use them at once: neighbours with one read, into memory that the next read
   * overwrites.
   */
  borrowMany(positions: readonly Position[]): readonly Buffer[];
  /** Checksum over the whole journal up to `position`, from `first` − 1 to `last`. */
  checksumAt(position: Position): number;

  /** The newest complete snapshot. */
  readSnapshot(): Snapshot | undefined;
  /**
   * Saves a snapshot, when the journal is durable up to its position. A rejection does no harm to the
   * journal.
   */
  saveSnapshot(snapshot: SnapshotToKeep): Promise<void>;
  /**
   * A copy up to `through`, which must be durable; after what a standby holds, if that is the beginning of
   * this journal.
   */
  copyThrough(through: Position, held?: HeldCopy): CopySource;
  /** What has come of a copy whose installation broke off: the next one may go on from there. */
  readonly heldCopy: HeldCopy | undefined;
  /**
   * Replaces the whole journal with a copy of a primary's. Appended entries and older snapshots are gone when
   * it resolves, and untouched when it rejects or the server dies before. Nothing may be appended meanwhile.
   * `setAside`: keep the replaced journal for a person to look at. `make`: what the caller wants of the copy;
   * a copy of which it can't be made is not installed.
   */
  installCopy<Made>(
    content: CopyContent,
    pieces: AsyncIterable<CopyPiece>,
    options: { readonly setAside: boolean },
    make: (copied: JournalContent) => Promise<Made>,
  ): Promise<Made>;

  /** What the server knew when this was last written; it may be old, but it was true. */
  readonly known: Known;
  /** Writes it soon, without a sync. */
  noteKnown(known: Known): void;
  /**
   * Stores that this life was welcomed. Rejects as `wrong-network` when another network is recorded. Durable
   * when it resolves.
   */
  noteWelcome(networkId: NetworkId, lifeId: LifeId): Promise<void>;
  /** Gives the journal a new id, as if its disk had never been in sync. Durable when it resolves. */
  renew(): Promise<JournalId>;
  /**
   * Fails the journal when its folder, or its identity, is no longer where it was, or another one is in its
   * place: what is written then is lost with the process. Rejects when the disk can't say so now.
   */
  look(): Promise<void>;
  /** Waits for appended entries, then closes the files. */
  close(): Promise<void>;
}
