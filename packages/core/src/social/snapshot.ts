/**
 * The social state as plain data, which is kept on disk and sent to standbys.
 *
 * It has what `protos/dualping/v1/replication.proto` carries, and each author's post positions. (On the
 * wire those come as the retained entries themselves, from which the receiver takes the positions.)
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
  /** It contains everything up to here, and nothing after. */
  readonly position: Position;
  /** In the order in which they were made. */
  readonly users: readonly UserSnapshot[];
  /** The longest silent first. */
  readonly sessions: readonly SessionSnapshot[];
  /** For each other cluster the last position there that was heard of, by cluster. */
  readonly origins: readonly Origin[];
  /** Codes that let keys in, the oldest first. Absent: none. */
  readonly codes?: readonly CodeSnapshot[];
}

export interface CodeSnapshot {
  readonly code: CodeHash;
  /** Whom it lets in; absent: any name that has no key. */
  readonly user?: UserName;
  readonly untilMs: WallTimeMs;
  /** Positions of the entries that made it and that spent it. Absent: it is not spent. */
  readonly madeAt: Position;
  readonly spentAt?: Position;
}

/** The keys of a name. */
export interface KeysSnapshot {
  /** The highest number that was given to a key. */
  readonly lastNumber: number;
  /** By number, ascending; those that were revoked last too. */
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
   * In the order in which they began. For a user of another cluster: followed users of this cluster, as far
   * as was told.
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
  /** Outcomes of the last requests in order; the last of them is that of `lastRequestNo`. */
  readonly replies: readonly PackedReply[];
  /** The number of the key that it speaks with. Absent: it has shown none. */
  readonly key?: number;
  /** Its login was refused, and it may do nothing. */
  readonly isMute?: true;
}

/**
 * Where a post of a user of another cluster was accepted there. Older journals, from before servers refused
 * users of other clusters, have posts that such users made here. These get the origin of the post before, and
 * are not found by it.
 */
export const originAfter = (before: readonly Position[], { command }: Entry): Position =>
  command.kind === 'remote-post' ? command.origin.position : (before.at(-1) ?? NO_POSITION);
