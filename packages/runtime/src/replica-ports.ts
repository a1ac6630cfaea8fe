/**
 * What the driver of a replica needs. Production implements it with gRPC and files, the simulator with a
 * virtual network and a virtual disk.
 *
 * Answers come through the given callbacks: later, never from within the call itself.
 */
import type {
  Address,
  Assignment,
  Entry,
  EpochStart,
  Failure,
  InstalledJournal,
  JournalId,
  Known,
  LifeId,
  MemberMessage,
  NetworkId,
  Position,
  Post,
  PrimaryMessage,
  ReplicaEvent,
  ReplicaInput,
  ReplicaOutput,
  RouterMessage,
  SocialSnapshot,
  StandbyMessage,
  TailBatch,
  TailMessage,
  Tick,
  WallTimeMs,
} from '@dualping/core';
import type { Clock } from './clock.js';
import type { Cancel } from './session-driver.js';
import type { Turns } from './turns.js';

/** How a replica has ended. */
export interface Stopped extends Failure {
  readonly failed: boolean;
}

export interface JournalListener {
  /** Everything up to `position` is on disk, except what a later cut removes. */
  durable(position: Position, checksum: number): void;
  /** A write or a sync failed: nothing is reported durable after it. */
  failed(detail: string): void;
}

/** One of the two is called later, once. A failure is final, as in `JournalListener`. */
export interface DiskAsker<Answer> {
  readonly done: (answer: Answer) => void;
  readonly failed: (detail: string) => void;
}

/** The journal on the disk. Appends and cuts are visible to reads at once, and durable later. */
export interface ReplicaJournal {
  /** The position of the first entry that is, or would be, here; below it there are only posts. */
  readonly first: Position;
  readonly last: Position;
  listen(listener: JournalListener): void;
  /** The checksum of the whole journal up to there: from `first` − 1 to `last`. */
  checksumAt(position: Position): number;
  /**
   * In the order of the positions, which need not ascend; undefined for an entry without a post.
   *
   * @throws DualpingError `storage-failed` when entries can't be read
   */
  readPosts(positions: readonly Position[]): (Post | undefined)[];
  append(entries: readonly Entry[]): void;
  /**
   * Cuts the entries after `position`, and keeps them aside. Operations are done in the order of the calls.
   */
  truncateAfter(position: Position, asker: DiskAsker<void>): void;
  /** Saves it when the journal is durable up to its position. A failure does no harm. */
  saveSnapshot(snapshot: SocialSnapshot, epochStarts: readonly EpochStart[]): void;
  noteWelcome(networkId: NetworkId, lifeId: LifeId, asker: DiskAsker<void>): void;
  /** Writes it soon, and without a sync. */
  noteKnown(known: Known): void;
  /** Gives the journal a new id. */
  renew(asker: DiskAsker<JournalId>): void;
}

/** A stream that this server has opened. */
export interface OpenedStream<Message> {
  send(message: Message): void;
  /** Ends it in order, so that earlier messages arrive. No more messages are received on it. */
  close(): void;
}

export interface StreamListener<Message> {
  heard(message: Message): void;
  /** Called once, and last. */
  ended(detail: string): void;
}

/** `entries` belong to a message of kind `entries`. */
export interface PrimaryListener {
  heard(message: PrimaryMessage, entries: readonly Entry[]): void;
  ended(detail: string): void;
}

type OutputOf<Kind extends ReplicaOutput['kind']> = Extract<ReplicaOutput, { readonly kind: Kind }>;
export type SnapshotPull = Omit<OutputOf<'pull-snapshot'>, 'kind'>;
export type MemberProbe = Pick<OutputOf<'probe-member'>, 'address' | 'service' | 'timeoutMs'>;

/** How a server reaches routers and other servers. */
export interface ReplicaNetwork {
  openRouter(
    address: Address,
    attach: MemberMessage,
    listener: StreamListener<RouterMessage>,
  ): OpenedStream<MemberMessage>;
  openPrimary(
    address: Address,
    join: StandbyMessage,
    listener: PrimaryListener,
  ): OpenedStream<StandbyMessage>;
  openTail(
    address: Address,
    open: TailMessage,
    listener: StreamListener<TailBatch>,
  ): OpenedStream<TailMessage>;
  /**
   * Pulls it and installs it: when this is done, it is durable and in the place of the whole journal. The
   * journal is untouched when it fails; what has come is kept, and the next pull goes on from there.
   */
  pullSnapshot(pull: SnapshotPull, asker: DiskAsker<InstalledJournal>): void;
  probe(question: MemberProbe, answered: (isReached: boolean) => void): void;
  /** Calls `refused` if nothing listens at that address, and not at all otherwise. */
  probePort(address: Address, refused: () => void): void;
  /** Keeps open connections to these addresses, and to no others. */
  keepWarm(addresses: readonly Address[]): void;
  /** Follows the assignments of all clusters of this network, at any router that answers. Called once. */
  watchClusters(networkId: NetworkId, learn: (networkId: NetworkId, assignment: Assignment) => void): Cancel;
}

/** A standby's stream. */
export interface StandbyStream {
  /**
   * A message of kind `entries` is sent with the journal's entries from `from` to `to`.
   *
   * @throws DualpingError `storage-failed` when entries can't be read
   */
  send(message: PrimaryMessage): void;
  close(failure?: Failure): void;
}

/** A call for a snapshot. */
export interface SnapshotCall {
  /**
   * Sends the journal up to there piece by piece, as it is read, after what the caller says that it holds.
   * The driver is told when the call is over.
   */
  send(through: Position, failed: (failure: Failure) => void): void;
  /** Refuses it, or breaks it off. */
  refuse(failure: Failure): void;
}

export interface SnapshotListener {
  /** The call is over: it was read to its end, or broke. */
  ended(): void;
}

/** The stream of another cluster's primary that reads here. */
export interface TailReader {
  send(batch: TailBatch): void;
  close(failure: Failure): void;
}

export interface ReplicaPorts {
  readonly clock: Clock;
  readonly turns: Turns;
  /** Only for display. */
  readonly wallTime: () => WallTimeMs;
  readonly journal: ReplicaJournal;
  readonly network: ReplicaNetwork;
  readonly report: (event: ReplicaEvent, text: string) => void;
  /** The outputs of this input have been performed. */
  readonly performed?: (input: ReplicaInput | Tick, outputs: readonly ReplicaOutput[]) => void;
  /**
   * The machine has stopped, and everything is closed. Called once; not if the driver was stopped.
   */
  readonly stopped: (stopped: Stopped) => void;
  /**
   * The machine or a port has thrown: an invariant is broken. Returns the end to report. Without this port
   * the error is thrown again, as by `MachineLoop`.
   */
  readonly failed?: (error: unknown) => Stopped;
}
