/**
 * The social state as plain data, which is kept on disk and sent to standbys.
 *
 * It has what `protos/dualping/v1/replication.proto` carries, and each author's post positions. (On the wire
 * the retained entries themselves are sent, and the receiver takes the positions from them.)
 * The orders in it are part of the state: servers that applied the same entries give equal snapshots.
 */
import type { Entry, Origin } from '../entry.js';
import {
  type ClusterId,
  type CodeHash,
  type DeviceName,
  NO_POSITION,
  type Position,
  type PublicKey,
  type RequestNumber,
  type SessionId,
  type UserName,
  type WallTimeMs,
} from '../ids.js';
import type { PackedReply } from './packed-reply.js';

export interface SocialSnapshot {
  /** The snapshot contains everything up to here, and nothing after. */
  readonly position: Position;
  /** In the order in which they were made. */
  readonly users: readonly UserSnapshot[];
  /** The least recently used first. */
  readonly sessions: readonly SessionSnapshot[];
  /** For each other cluster the position up to which its journal was read, by cluster. */
  readonly origins: readonly Origin[];
  /** Codes that admit keys, the oldest first. Absent: none. */
  readonly codes?: readonly CodeSnapshot[];
}

export interface CodeSnapshot {
  readonly code: CodeHash;
  /** The name that it admits; absent: any name that has no key. */
  readonly user?: UserName;
  readonly untilMs: WallTimeMs;
  /** Positions of the entries that made it and that used it. Absent: it is not used. */
  readonly madeAt: Position;
  readonly spentAt?: Position;
}

/** The keys of a name. */
export interface KeysSnapshot {
  /** The highest number that was given to a key. */
  readonly lastNumber: number;
  /** By number, ascending, including the last revoked ones. */
  readonly keys: readonly KeySnapshot[];
}

export interface KeySnapshot {
  readonly number: number;
  readonly key: PublicKey;
  readonly device: DeviceName;
  readonly since: Position;
  readonly revokedAt?: Position;
}

export interface UserSnapshot {
  readonly name: UserName;
  /** Position of the entry that made the user. */
  readonly since: Position;
  /** The cluster of the user, if it is another one. */
  readonly home?: ClusterId;
  /**
   * In the order in which the follows began. For a user of another cluster: followed users of this cluster,
   * as far as known.
   */
  readonly following: readonly FollowSnapshot[];
  /** Users of other clusters that it no longer follows, and since which position. Absent: none. */
  readonly left?: readonly FollowSnapshot[];
  /** Positions of the user's posts, ascending. */
  readonly posts: readonly Position[];
  /** Of a user of another cluster: where each of the posts was accepted there, ascending. */
  readonly origins?: readonly Position[];
  /**
   * Positions of posts that name the user, of authors whom it did not follow then, ascending. Absent: none.
   */
  readonly mentions?: readonly Position[];
  /** Absent: the name belongs to no key. */
  readonly keys?: KeysSnapshot;
}

export interface FollowSnapshot {
  readonly target: UserName;
  readonly since: Position;
}

export interface SessionSnapshot {
  readonly sessionId: SessionId;
  readonly user: UserName;
  readonly lastRequestNo: RequestNumber;
  /** Outcomes of the last requests in order; the last one belongs to `lastRequestNo`. */
  readonly replies: readonly PackedReply[];
  /** The number of its key. Absent: it has shown none. */
  readonly key?: number;
  /** Its login was refused, and it may do nothing. */
  readonly isMute?: true;
}

/**
 * Where a post of a user of another cluster was accepted there. Old journals, from before servers refused
 * users of other clusters, have posts that such users made here. These get the origin of the previous post,
 * and can't be looked up by it.
 */
export const originAfter = (before: readonly Position[], { command }: Entry): Position =>
  command.kind === 'remote-post' ? command.origin.position : (before.at(-1) ?? NO_POSITION);
