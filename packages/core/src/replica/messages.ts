/** The inputs and outputs of a replica. */
import type { Assignment } from '../assignment.js';
import type { DiskRoomStats, DiskSpace } from '../disk-room.js';
import type { DiskStats } from '../disk-watch.js';
import type { Command, Entry, EpochStart, OperatorCommand, Post, Reply } from '../entry.js';
import type {
  Address,
  ClusterId,
  Epoch,
  JournalId,
  LifeId,
  NetworkId,
  Position,
  PublicKey,
  RequestNumber,
  ServerId,
  SessionId,
  UserName,
  WallTimeMs,
} from '../ids.js';
import type { Attempt, MemberIdentity, RouterLinkOutput } from '../membership/membership-messages.js';
import type { MemberTiming } from '../membership/pace.js';
import type { PrimaryMessage, RouterMessage, StandbyMessage, TailBatch, TailMessage } from '../messages.js';
import type { ListPage } from '../presence.js';
import type { Failure } from '../reasons.js';
import type { Life } from '../same-life.js';
import type { SignsOfLife } from '../signs-of-life.js';
import type { NewsItem, Registration, SocialSnapshot, SocialState, UserKey } from '../social/index.js';
import type { PeerProbe } from './reachability.js';
import type { UserLimits } from './user-limits.js';

/** A stream that a peer or client opened to us, or a call: numbered by the driver, never reused. */
export type LinkId = number;
export type Token = number;

export interface ReplicaIdentity extends MemberIdentity {
  /** A server with a journal is in a cluster of users. */
  readonly cluster: ClusterId;
  /** Empty while the server has never belonged to a network. */
  readonly networkId: NetworkId | '';
  /** The last life over this journal that a router has welcomed; empty: none. */
  readonly welcomedLife: LifeId;
}

/** What a former life of the server knew at some moment; it may be old, but it was true. */
export interface Known {
  readonly committed: Position;
  /** The newest assignment of its cluster. */
  readonly epoch: Epoch;
  readonly revision: number;
}

/** What the disk held at the start. */
export interface ReplicaStart {
  readonly identity: ReplicaIdentity;
  /** Position of the last snapshot on disk; 0 when there is none. */
  readonly snapshotAt: Position;
  /** The state of all entries that are certainly committed. From now on only the machine may change it. */
  readonly social: SocialState;
  /** Where each epoch begins, over the whole journal including what the snapshot covers. */
  readonly epochStarts: readonly EpochStart[];
  /** First position that the journal itself still has. */
  readonly first: Position;
  /** All entries of the journal that are not applied in `social`, in order; all durable. */
  readonly entries: readonly Entry[];
  /** Checksum of the journal at its end. */
  readonly checksum: number;
  readonly known: Known;
  /** Default: none. */
  readonly userLimits?: UserLimits;
  /**
   * Who may have a new name, where callers prove which key they hold. Absent: callers prove nothing, and
   * every caller may use a name without keys.
   */
  readonly registration?: Registration | undefined;
  /** Stats of the disk, only for display. Default: unknown. */
  readonly diskStats?: () => DiskStats;
  /** Only for display. The input `disk-room` reports a low disk. */
  readonly diskRoom?: () => DiskRoomStats | undefined;
}

/** The caller of a request. */
export interface Asking {
  /** The key that the caller has proved to hold; absent: the wire has no such proof. */
  readonly by?: PublicKey | undefined;
}

export interface WriteRequest extends Asking {
  readonly kind: 'write';
  readonly token: Token;
  readonly sessionId: SessionId;
  readonly requestNo: RequestNumber;
  /** The epoch in which the caller expects us to be primary; 0 when it doesn't know. */
  readonly epoch: Epoch;
  readonly command: Command;
  readonly timeMs: WallTimeMs;
}

export interface ListRequest extends Asking {
  readonly kind: 'list';
  readonly token: Token;
  readonly user: UserName;
  readonly epoch: Epoch;
  /** Users whose names come after this one; undefined: from the first one on. */
  readonly after: UserName | undefined;
  readonly limit: number;
}

/** A write and a list as they come over a wire. */
export type ClientWrite = Omit<WriteRequest, 'kind' | 'token' | 'timeMs'>;
export type ListQuestion = Omit<ListRequest, 'kind' | 'token'>;

/** A user asks for the keys of their own name. */
export interface KeysRequest extends Asking {
  readonly kind: 'keys';
  readonly token: Token;
  readonly user: UserName;
  readonly epoch: Epoch;
}
export type KeysQuestion = Omit<KeysRequest, 'kind' | 'token'>;

/** From an operator, proved by the connection's certificate. */
export interface OperatorRequest {
  readonly kind: 'operate';
  readonly token: Token;
  readonly epoch: Epoch;
  readonly command: OperatorCommand;
  readonly timeMs: WallTimeMs;
}
export type OperatorAsk = Omit<OperatorRequest, 'kind' | 'token' | 'timeMs'>;

export interface TimelineOpenRequest extends Asking {
  readonly kind: 'timeline-open';
  readonly timeline: LinkId;
  readonly user: UserName;
  readonly epoch: Epoch;
  /** Go on after this position; 0 starts with past posts. */
  readonly resumeAfter: Position;
  /** With `resumeAfter` 0: how many past posts to begin with. */
  readonly history: number;
  /** False: the timeline only makes its user present. */
  readonly posts: boolean;
  /** Without the reader's own posts, for the classic wire. */
  readonly othersOnly?: boolean;
  /** Also posts that name the reader, of authors whom the reader does not follow. */
  readonly mentions?: boolean;
  /** Both sides give signs of life. */
  readonly signs?: boolean;
}

/** A standby's request for a snapshot: its identity, and the network, cluster and epoch that it means. */
export interface SnapshotQuestion extends Life {
  readonly networkId: NetworkId;
  readonly cluster: ClusterId;
  readonly epoch: Epoch;
}

/** A journal that was copied from a primary, durably, and the state at its end: all of it is committed. */
export type InstalledJournal = Pick<
  ReplicaStart,
  'snapshotAt' | 'social' | 'epochStarts' | 'first' | 'checksum'
>;

/** Requests that wait in `HeldRequests` when they arrive before the server knows their epoch. */
export type ClientRequest = WriteRequest | ListRequest | KeysRequest | OperatorRequest | TimelineOpenRequest;

export type ReplicaInput =
  | { readonly kind: 'start' }
  | { readonly kind: 'tick' }
  /** The end of a turn of the driver's loop: entries for standbys and posts for timelines go out. */
  | { readonly kind: 'flush' }
  /** SIGTERM: drain, hand over, end. */
  | { readonly kind: 'stop' }
  // The disk.
  | { readonly kind: 'durable'; readonly position: Position; readonly checksum: number }
  | { readonly kind: 'truncated'; readonly last: Position; readonly checksum: number }
  | { readonly kind: 'snapshot-installed'; readonly installed: InstalledJournal }
  | { readonly kind: 'snapshot-failed'; readonly detail: string }
  | { readonly kind: 'journal-failed'; readonly detail: string }
  /** The disk has become low, or has room again. */
  | { readonly kind: 'disk-room'; readonly space: DiskSpace; readonly isLow: boolean }
  /** A write or sync that a commit waits for has taken so long that it may never end. */
  | { readonly kind: 'disk-stalled'; readonly detail: string }
  /**
   * Damage was found on disk while the journal was read for others. The state in memory is intact.
   */
  | { readonly kind: 'journal-damaged'; readonly detail: string }
  /** The disk has stored what `note-welcome` asked for. */
  | { readonly kind: 'welcome-noted' }
  /** The disk has stored what `renew-journal` asked for. */
  | { readonly kind: 'journal-renewed'; readonly journalId: JournalId }
  // The router.
  | { readonly kind: 'router-message'; readonly attempt: Attempt; readonly message: RouterMessage }
  | { readonly kind: 'router-ended'; readonly attempt: Attempt; readonly detail: string }
  // The primary, while this is a standby. `entries` belong to a message of kind `entries`. `checksum` belongs
  // to one of kind `joined`: it is the checksum of this server's own journal up to `common`, undefined when
  // the journal ends before `common`.
  | {
      readonly kind: 'primary-message';
      readonly attempt: Attempt;
      readonly message: PrimaryMessage;
      readonly entries: readonly Entry[];
      readonly checksum?: number | undefined;
    }
  | { readonly kind: 'primary-ended'; readonly attempt: Attempt; readonly detail: string }
  /** The answer to a `probe-port`, if nothing listens there. Any other result proves nothing: no answer. */
  | { readonly kind: 'port-refused'; readonly attempt: Attempt }
  /** The answer to a `probe-member`. Comes once for each. */
  | { readonly kind: 'member-probed'; readonly probe: PeerProbe; readonly isReached: boolean }
  // Standbys, while this is the primary.
  | { readonly kind: 'standby-message'; readonly link: LinkId; readonly message: StandbyMessage }
  | { readonly kind: 'standby-ended'; readonly link: LinkId; readonly detail: string }
  | ({ readonly kind: 'snapshot-asked'; readonly token: Token } & SnapshotQuestion)
  /**
   * The call has ended: the snapshot was read to its end, the call broke, or it was not read for too long.
   */
  | { readonly kind: 'snapshot-ended'; readonly token: Token }
  // Other clusters: assignments from the router, our tails of them, their tails of us.
  /** `networkId` is the network of the router that sent it. */
  | { readonly kind: 'cluster-assigned'; readonly networkId: NetworkId; readonly assignment: Assignment }
  | { readonly kind: 'tail-heard'; readonly attempt: Attempt; readonly batch: TailBatch }
  | { readonly kind: 'tail-broken'; readonly attempt: Attempt; readonly detail: string }
  | { readonly kind: 'tail-asked'; readonly link: LinkId; readonly message: TailMessage }
  | { readonly kind: 'tail-ended'; readonly link: LinkId }
  // Clients.
  | ClientRequest
  | { readonly kind: 'write-abandoned'; readonly token: Token }
  | {
      readonly kind: 'timeline-older';
      readonly timeline: LinkId;
      readonly before: Position;
      readonly limit: number;
    }
  /** The reader asks for the post that the post at `of` answers. */
  | { readonly kind: 'timeline-answered'; readonly timeline: LinkId; readonly of: Position }
  /** A sign of life from a reader. */
  | { readonly kind: 'timeline-alive'; readonly timeline: LinkId }
  /** The stream's buffer is full: stop pushing, read again from the journal later. */
  | { readonly kind: 'timeline-full'; readonly timeline: LinkId }
  /** The stream was full, for any reason, and has drained. */
  | { readonly kind: 'timeline-writable'; readonly timeline: LinkId }
  /** The posts that `timeline-read` asked for were sent, and the stream has room for more. */
  | { readonly kind: 'timeline-read-out'; readonly timeline: LinkId }
  | { readonly kind: 'timeline-ended'; readonly timeline: LinkId };

export type ReplicaOutput =
  // The disk. Performed in order. Later outputs don't wait for these; inputs say when they are done.
  | { readonly kind: 'append'; readonly entries: readonly Entry[] }
  /** Cuts the entries after `after`, and keeps them aside. */
  | { readonly kind: 'truncate'; readonly after: Position }
  | {
      readonly kind: 'save-snapshot';
      readonly snapshot: SocialSnapshot;
      readonly epochStarts: readonly EpochStart[];
    }
  /**
   * Store on disk that this life was welcomed, and by which network; answered by `welcome-noted` when it is
   * durable.
   */
  | { readonly kind: 'note-welcome'; readonly networkId: NetworkId; readonly lifeId: LifeId }
  /** Write this to disk soon, without a sync: at the next start an older version does no harm. */
  | { readonly kind: 'note-known'; readonly known: Known }
  /**
   * Give the journal a new id, durably: this folder is an older copy of the journal that the old id names.
   * Answered by `journal-renewed`.
   */
  | { readonly kind: 'renew-journal' }
  // The router.
  | RouterLinkOutput
  // The primary.
  | {
      readonly kind: 'open-primary';
      readonly attempt: Attempt;
      readonly address: Address;
      readonly message: StandbyMessage;
    }
  | { readonly kind: 'to-primary'; readonly attempt: Attempt; readonly message: StandbyMessage }
  | { readonly kind: 'close-primary'; readonly attempt: Attempt }
  /** `setAside`: keep the replaced journal, because the snapshot does not contain all of it. */
  | {
      readonly kind: 'pull-snapshot';
      readonly address: Address;
      readonly question: SnapshotQuestion;
      readonly setAside: boolean;
    }
  /**
   * Ask whether a process still listens at this address, where the primary of stream `attempt` was; answer
   * with `port-refused` if none does.
   */
  | { readonly kind: 'probe-port'; readonly attempt: Attempt; readonly address: Address }
  /** Ask the health service of the member at this address for this service; answer with `member-probed`. */
  | {
      readonly kind: 'probe-member';
      readonly probe: PeerProbe;
      readonly address: Address;
      readonly service: string;
      readonly timeoutMs: number;
    }
  /** Keep open connections to these addresses: one of these servers may be the next primary. */
  | { readonly kind: 'keep-warm'; readonly addresses: readonly Address[] }
  // Standbys. The driver adds the journal's bytes from `from` to `to` to a message of kind `entries`, and the
  // journal's checksum up to `common` to one of kind `joined`.
  | { readonly kind: 'to-standby'; readonly link: LinkId; readonly message: PrimaryMessage }
  | { readonly kind: 'close-standby'; readonly link: LinkId }
  /**
   * Send the journal up to this committed position, and the newest state that is kept of it, piece by piece,
   * as fast as it is read.
   */
  | { readonly kind: 'send-snapshot'; readonly token: Token; readonly through: Position }
  /** Refuses a snapshot, or ends one early. */
  | ({ readonly kind: 'end-snapshot'; readonly token: Token } & Failure)
  // Other clusters.
  | {
      readonly kind: 'open-tail';
      readonly attempt: Attempt;
      readonly address: Address;
      readonly message: TailMessage;
    }
  | { readonly kind: 'ask-tail'; readonly attempt: Attempt; readonly message: TailMessage }
  | { readonly kind: 'close-tail'; readonly attempt: Attempt }
  /** The driver reads the texts of posts from the journal. */
  | {
      readonly kind: 'tell-tail';
      readonly link: LinkId;
      readonly batch: Omit<TailBatch, 'items'> & { readonly items: readonly NewsItem[] };
    }
  | ({ readonly kind: 'end-tail'; readonly link: LinkId } & Failure)
  // Clients.
  | { readonly kind: 'answer-write'; readonly token: Token; readonly epoch: Epoch; readonly reply: Reply }
  | { readonly kind: 'answer-list'; readonly token: Token; readonly page: ListPage }
  | { readonly kind: 'answer-keys'; readonly token: Token; readonly keys: readonly UserKey[] }
  | ({ readonly kind: 'refuse'; readonly token: Token } & Failure)
  | {
      readonly kind: 'timeline-opened';
      readonly timeline: LinkId;
      readonly epoch: Epoch;
      readonly serverId: ServerId;
      readonly committed: Position;
      /** If its reader asked for them. */
      readonly signs: SignsOfLife | undefined;
    }
  /** A sign of life; not needed while other messages wait to be read. */
  | { readonly kind: 'timeline-sign'; readonly timeline: LinkId; readonly signs: SignsOfLife }
  /** New posts, in commit order. Every timeline that gets a post gets the same object. */
  | { readonly kind: 'timeline-posts'; readonly timeline: LinkId; readonly posts: readonly Post[] }
  /**
   * Read these posts from the journal and send them, now or later. Answer with `timeline-read-out` when they
   * were sent, not before. Until then only a `timeline-page` comes for this timeline.
   */
  | {
      readonly kind: 'timeline-read';
      readonly timeline: LinkId;
      readonly positions: readonly Position[];
      /** The positions of posts that are included only because they name the reader. */
      readonly unfollowed: readonly Position[];
    }
  | {
      readonly kind: 'timeline-page';
      readonly timeline: LinkId;
      readonly before: Position;
      readonly positions: readonly Position[];
      /** As in `timeline-read`. */
      readonly unfollowed: readonly Position[];
      readonly oldest: boolean;
    }
  /**
   * Find the post that the post at `of` answers, read it from the journal and send it. `isShown` false: the
   * reader must learn nothing about it.
   */
  | {
      readonly kind: 'timeline-answered';
      readonly timeline: LinkId;
      readonly of: Position;
      readonly isShown: boolean;
    }
  | ({ readonly kind: 'timeline-end'; readonly timeline: LinkId } & Failure)
  // Operators.
  | { readonly kind: 'report'; readonly event: ReplicaEvent; readonly text: string }
  /** The process may end. `failed`: it ends because it can't go on. */
  | ({ readonly kind: 'stopped'; readonly failed: boolean } & Failure);

/** The events that are reported to an operator, one line each. */
export type ReplicaEvent =
  | 'attached'
  | 'router-lost'
  | 'refused'
  | 'promoted'
  | 'serving'
  | 'isolated'
  | 'stepped-down'
  | 'standby-joined'
  | 'standby-lost'
  | 'in-sync'
  | 'following'
  | 'truncated'
  | 'older-copy'
  | 'conflict'
  | 'snapshot'
  | 'remote-reader'
  | 'handover'
  | 'draining'
  | 'limited'
  | 'journal-failed'
  | 'journal-damaged'
  | 'disk-stalled'
  | 'disk-low'
  | 'disk-has-room'
  | 'stopped';

/** Times until the router has sent its own. */
export type ReplicaTiming = MemberTiming;
