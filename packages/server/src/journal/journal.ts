/**
 * What the server knows of its durable journal.
 *
 *     append ─► in memory ─► one write and one sync for all that waits ─► durable ─► listener
 *
 * Positions are contiguous from `first` to `last`. What lies before `first` is in a snapshot that was
 * installed from a primary, and of that only posts can be read back. Payloads are opaque bytes.
 * Errors are `DualpingError`: `storage-failed` names file, byte offset and position where it can.
 */
import type {
  ClusterId,
  DualpingError,
  Epoch,
  Incarnation,
  JournalId,
  Known,
  LifeId,
  NetworkId,
  Position,
  ServerId,
} from '@dualping/core';

/** Whose journal it is. `networkId` is empty until it has belonged to a network. */
export interface Identity {
  readonly networkId: NetworkId | '';
  readonly cluster: ClusterId;
  readonly serverId: ServerId;
  /** Made when the journal was. */
  readonly journalId: JournalId;
  /** Raised, durably, by each opening. From 1. */
  readonly incarnation: Incarnation;
  /** Of this opening: 128 random bits. */
  readonly lifeId: LifeId;
  /** The last life that a router has welcomed; empty when there is none. */
  readonly welcomedLife: LifeId;
}

/** What a snapshot is of. */
export interface SnapshotInfo {
  /** Everything up to here is in it, nothing after. */
  readonly position: Position;
  /** Epoch of the entry at `position`. */
  readonly epoch: Epoch;
  /** Checksum of the journal up to `position`. */
  readonly checksum: number;
}

/**
 * A snapshot with its content, in parts that the journal doesn't look into; each at most
 * `MAX_SNAPSHOT_PART_BYTES`.
 */
export interface Snapshot extends SnapshotInfo {
  readonly parts: readonly Buffer[];
}

/** One that is to be kept: each part is asked for when there is room for it. */
export interface SnapshotToKeep extends SnapshotInfo {
  readonly parts: Iterable<Buffer>;
}

/** What arrives of a primary's snapshot: parts, and retained posts in ascending order of position. */
export type InstallChunk =
  | { readonly kind: 'part'; readonly bytes: Buffer }
  | {
      readonly kind: 'posts';
      readonly positions: readonly Position[];
      /** One for each position. */
      readonly payloads: readonly Buffer[];
    };

/**
 * A torn write that opening found at the end of the journal and cut: beyond what is known to have been
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
  /** Everything up to `position` is on disk. Rises, but for truncation. */
  durable(position: Position, checksum: number): void;
  /** Said once: a write or sync failed. Nothing is reported durable after it, whatever is tried. */
  failed(error: DualpingError): void;
}

export interface Journal {
  readonly identity: Identity;
  /** What opening had to cut, for the operator. */
  readonly cutTail: CutTail | undefined;
  /**
   * Snapshots that opening had to pass over, in words; empty when all was well. They cost a longer replay
   * only.
   */
  readonly snapshotProblems: readonly string[];
  /** Position of the first entry that is, or would be, here: 1, or the one after an installed snapshot. */
  readonly first: Position;
  /** Last position appended; `first` − 1 when there is none. */
  readonly last: Position;
  readonly durable: Position;
  /** Checksum over the whole journal up to `durable`. */
  readonly durableChecksum: number;

  /** Replaces the listener. Never called from within a call of the journal's own methods. */
  listen(listener: JournalListener): void;

  /** Queues the entry at `last` + 1. The payload is copied. After a failure it stays in memory only. */
  append(position: Position, payload: Buffer): void;
  /**
   * Resolves when everything up to `position` is durable; rejects after a failure, or when the journal is
   * closed or replaced.
   */
  whenDurable(position: Position): Promise<void>;
  /**
   * Takes back what lies after `position`: at once for readers, durably when it resolves, and before anything
   * that is appended behind it is reported. What is cut is set aside, which may take longer.
   */
  truncateAfter(position: Position): Promise<void>;

  /**
   * Payloads from `from` to at most `to`: as many as fit into `maxBytes`, but at least one. Includes what is
   * not durable yet.
   */
  read(from: Position, to: Position, maxBytes: number): Buffer[];
  /** All payloads from `from` to `to`, read ahead in large pieces. */
  replay(from: Position, to: Position): Iterable<{ readonly position: Position; readonly payload: Buffer }>;
  /** A payload by position; posts before `first` too. */
  readOne(position: Position): Buffer;
  /** Payloads by positions, ascending or not; posts before `first` too. */
  readMany(positions: readonly Position[]): Buffer[];
  /**
   * The same for whoever looks at them at once: neighbours with one read, into memory that is used again when
   * something is read next.
   */
  borrowMany(positions: readonly Position[]): readonly Buffer[];
  /** Checksum over the whole journal up to `position`, from `first` − 1 to `last`. */
  checksumAt(position: Position): number;

  /** The newest snapshot that is whole. */
  readSnapshot(): Snapshot | undefined;
  /**
   * Keeps a snapshot, once the journal is durable up to its position. A rejection does the journal no harm.
   */
  saveSnapshot(snapshot: SnapshotToKeep): Promise<void>;
  /**
   * Replaces the whole journal with a primary's snapshot. Appended entries and older snapshots are gone
   * when it resolves, and untouched when it rejects or the server dies before. Nothing may be appended
   * meanwhile. `setAside`: what is replaced is kept for a person to look at.
   */
  installSnapshot(
    info: SnapshotInfo,
    chunks: AsyncIterable<InstallChunk>,
    options?: { readonly setAside: boolean },
  ): Promise<void>;

  /** What the server knew as it was last noted; lags behind, and is true. */
  readonly known: Known;
  /** Soon, and without a sync. */
  noteKnown(known: Known): void;
  /**
   * That this life was welcomed. Refused as `wrong-network` when another network is recorded. Durable when it
   * resolves.
   */
  noteWelcome(networkId: NetworkId, lifeId: LifeId): Promise<void>;
  /** Gives the journal a new id, as of a disk that has never been in sync. Durable when it resolves. */
  renew(): Promise<JournalId>;
  /** Waits for what was appended, then lets go of the files. */
  close(): Promise<void>;
}
