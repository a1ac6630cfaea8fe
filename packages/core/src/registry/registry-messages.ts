/** The inputs and outputs of the registry. */

import type { Assignment, ClusterRecord, HistoryEntry, JournalEnd } from '../assignment.js';
import type { Build } from '../build.js';
import type { Address, ClusterId, ClusterKey, Epoch, Incarnation, ServerId, WallTimeMs } from '../ids.js';
import type { MemberDescription, MemberMessage, RouterMessage } from '../messages.js';
import type { Failure } from '../reasons.js';
import type { ProbeNumber } from './reach.js';

/** Names one `DualPing` stream; given by the driver, never used again after `link-ended`. */
export type RegistryLink = number;
/** Names one call that waits for an answer; given by the driver, never used twice. */
export type RegistryToken = number;

/** What asks to become a member, or to go on as one. */
export interface Candidate extends MemberDescription {
  /** Where its journal ends; only from the server itself. */
  readonly stats?: JournalEnd;
  /** Whether it has been asked to stop; only from the server itself. */
  readonly leaving?: boolean;
  /** Only when it speaks for itself. */
  readonly build?: Build;
}

/** The content of a unary heartbeat. */
export interface Heartbeat {
  readonly cluster: ClusterId;
  readonly serverId: ServerId;
  readonly address: Address;
  /** `SERVER_TYPE`, or the type of an auxiliary process. */
  readonly type: string;
}

/** The only type to which clients are ever sent. */
export const SERVER_TYPE = 'server';

export type RegistryInput =
  /** A message came on a `DualPing` stream. The first on a new link has to be `attach`. */
  | { readonly kind: 'link-message'; readonly link: RegistryLink; readonly message: MemberMessage }
  /** The stream has ended. Comes once for every link, also for one that the registry closed. */
  | { readonly kind: 'link-ended'; readonly link: RegistryLink; readonly reason: string }
  /** A server reserves its place before it attaches. Answered `announced`. */
  | { readonly kind: 'add-master'; readonly token: RegistryToken; readonly candidate: Candidate }
  /**
   * A supervisor registers a server, which counts as live until the supervisor reports a crash. Answered
   * `registered`.
   */
  | { readonly kind: 'register-server'; readonly token: RegistryToken; readonly candidate: Candidate }
  /**
   * A heartbeat of a server that can only make calls, or of an auxiliary process. Answered `heartbeat-noted`.
   */
  | { readonly kind: 'heartbeat'; readonly token: RegistryToken; readonly heartbeat: Heartbeat }
  /** Answered `crash-noted`. */
  | {
      readonly kind: 'crash';
      readonly token: RegistryToken;
      readonly cluster: ClusterKey;
      readonly serverId: ServerId;
      readonly incarnation: Incarnation;
      readonly detail: string;
    }
  /** Answered with an assignment, or refused `no-available-server`, at the latest after `waitMs`. */
  | {
      readonly kind: 'get-available';
      readonly token: RegistryToken;
      readonly cluster: ClusterKey;
      readonly failedEpoch: Epoch;
      readonly waitMs: number;
    }
  /** The caller with this token no longer waits. */
  | { readonly kind: 'cancel'; readonly token: RegistryToken }
  /** Answered with the assignment in which another member is primary. */
  | {
      readonly kind: 'handover';
      readonly token: RegistryToken;
      readonly cluster: ClusterKey;
      /** The member that takes over; absent: the first that may. */
      readonly to?: ServerId | undefined;
    }
  /** Unclean: see AdminService.Promote. Answered with the new assignment. */
  | {
      readonly kind: 'promote';
      readonly token: RegistryToken;
      readonly cluster: ClusterKey;
      readonly serverId: ServerId;
      /** Promote it even if another live member has more. */
      readonly acceptLoss: boolean;
    }
  /** Nobody takes the epoch from a lost primary any more. Answered with the assignment. */
  | { readonly kind: 'pause'; readonly token: RegistryToken; readonly cluster: ClusterKey }
  /** The primary ends in order, and no epoch is granted. Answered with the assignment when it has ended. */
  | { readonly kind: 'rest'; readonly token: RegistryToken; readonly cluster: ClusterKey }
  /** Ends `pause` and `rest`. Answered with the assignment. */
  | { readonly kind: 'resume'; readonly token: RegistryToken; readonly cluster: ClusterKey }
  /** Forgets a member that does not come back. Answered with the assignment. */
  | {
      readonly kind: 'remove';
      readonly token: RegistryToken;
      readonly cluster: ClusterKey;
      readonly serverId: ServerId;
      /** Also when its copy is one of the few that have everything. */
      readonly acceptLoss: boolean;
    }
  /** Answered `history`. */
  | { readonly kind: 'history'; readonly token: RegistryToken; readonly cluster: ClusterKey }
  /** The wall clock as it is now: at the beginning, and when it has moved. For people only. */
  | { readonly kind: 'wall-time'; readonly timeMs: WallTimeMs }
  /** These records are durable, and everything that waited for them has been sent. */
  | { readonly kind: 'told'; readonly records: readonly ClusterRecord[] }
  /** The answer to a `probe`; `detail` says why the member could not be reached. Comes once for each. */
  | { readonly kind: 'probed'; readonly probe: ProbeNumber; readonly detail: string | undefined }
  /** Nothing but the time. */
  | { readonly kind: 'tick' };

export type RegistryAnswer =
  | { readonly kind: 'assignment'; readonly assignment: Assignment }
  | {
      readonly kind: 'announced';
      readonly pingIntervalMs: number;
      readonly deadAfterMs: number;
      readonly graceMs: number;
    }
  | { readonly kind: 'registered' }
  /**
   * For a server, whether clients are sent to it; for an auxiliary process, whether it is the first of its
   * type.
   */
  | { readonly kind: 'heartbeat-noted'; readonly isFirst: boolean }
  | { readonly kind: 'crash-noted'; readonly dropped: boolean }
  /** The oldest first. */
  | { readonly kind: 'history'; readonly entries: readonly HistoryEntry[] };

/** One line for the operator. */
export interface RegistryEvent {
  readonly event:
    | 'attached'
    | 'announced'
    | 'registered'
    | 'dropped'
    | 'awaited'
    | 'refused'
    | 'promoted'
    | 'resumed'
    | 'in-sync'
    | 'unavailable'
    | 'handover'
    | 'unclean-promotion'
    | 'suspended'
    | 'removed'
    | 'older-store'
    | 'hears-nobody'
    | 'hears-again'
    | 'unreachable'
    | 'reached'
    | 'cut-off';
  readonly text: string;
}

/**
 * Performed in order; a `persist` is durable before anything after it is performed. Only outputs with
 * `overtakes` are performed at once, because they depend on nothing that waits for the disk. Once a record is
 * durable and what followed it has been performed, the registry gets `told`.
 */
export type RegistryOutput =
  | { readonly kind: 'persist'; readonly record: ClusterRecord }
  | {
      readonly kind: 'send';
      readonly link: RegistryLink;
      readonly message: RouterMessage;
      readonly overtakes: boolean;
    }
  /** End the stream, after what was sent on it. */
  | { readonly kind: 'close'; readonly link: RegistryLink; readonly why: string }
  | {
      readonly kind: 'answer';
      readonly token: RegistryToken;
      readonly answer: RegistryAnswer;
      readonly overtakes: boolean;
    }
  | ({ readonly kind: 'refuse'; readonly token: RegistryToken } & Failure)
  /** From now on this may be announced: for watchers. */
  | { readonly kind: 'changed'; readonly assignment: Assignment }
  /** Dial this address and ask its health for this service; answer with `probed`. */
  | {
      readonly kind: 'probe';
      readonly probe: ProbeNumber;
      readonly address: Address;
      readonly service: string;
    }
  /** What is wrong with the router itself from now on, for people; undefined: nothing. */
  | { readonly kind: 'trouble'; readonly detail: string | undefined }
  | { readonly kind: 'report'; readonly event: RegistryEvent };

/** Why a request is refused, for the caller. */
export type Refusal = Failure;
