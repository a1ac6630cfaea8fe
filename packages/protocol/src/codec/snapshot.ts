/** The chunks of `GetFollowerInfo`. */
import {
  type Epoch,
  type EpochStart,
  type FollowSnapshot,
  isReason,
  MAX_CLUSTERS,
  MAX_MENTIONS,
  MAX_REPLY_POSITION,
  MAX_SESSIONS,
  type Origin,
  type Position,
  packReply,
  type Reply,
  SESSION_WINDOW,
  type SessionSnapshot,
  SOCIAL_REASONS,
  type SocialReason,
  type UserSnapshot,
  unpackReply,
  unreachable,
} from '@dualping/core';
import type * as wire from '../gen/dualping/v1/replication.js';
import { epochStartsFromWire, epochStartsToWire } from './assignment.js';
import { originFrom } from './entry.js';
import {
  checksumFrom,
  clusterFrom,
  count,
  epochFrom,
  listFrom,
  ordinal,
  positionFrom,
  refuse,
  sessionIdFrom,
  userFrom,
} from './judge.js';

/** Posts of a user come as entries in chunks of their own; see `SnapshotAssembly`. */
export type SnapshotUser = Omit<UserSnapshot, 'posts' | 'origins'>;

/** The first chunk is `header`, the last is `end`, in between users, sessions and posts in this order. */
export type SnapshotChunk =
  | {
      readonly kind: 'header';
      readonly position: Position;
      readonly epoch: Epoch;
      readonly checksum: number;
      readonly epochStarts: readonly EpochStart[];
      readonly origins: readonly Origin[];
    }
  | { readonly kind: 'users'; readonly users: readonly SnapshotUser[] }
  | { readonly kind: 'sessions'; readonly sessions: readonly SessionSnapshot[] }
  /** Encoded entries, as they were journalled. */
  | { readonly kind: 'posts'; readonly entries: readonly Buffer[] }
  | { readonly kind: 'end'; readonly users: number; readonly sessions: number; readonly posts: number };

/**
 * Elements of one chunk: more than fit into a message of 4 MB; the counts of the whole snapshot are in `end`.
 */
const MAX_CHUNK_ELEMENTS = 1024 * 1024;

export function snapshotChunkFromWire({ chunk }: wire.GetFollowerInfoResponse): SnapshotChunk {
  switch (chunk?.$case) {
    case undefined:
      return refuse('a snapshot chunk is empty: one of header, users, sessions, posts, end is due');
    case 'header':
      return {
        kind: 'header',
        position: positionFrom(chunk.value.position),
        epoch: epochFrom(chunk.value.epoch),
        checksum: checksumFrom(chunk.value.checksum),
        epochStarts: epochStartsFromWire(chunk.value.epochStarts),
        origins: listFrom(chunk.value.origins, 'origins', MAX_CLUSTERS, originFrom),
      };
    case 'users':
      return { kind: 'users', users: listFrom(chunk.value.users, 'users', MAX_CHUNK_ELEMENTS, userFromWire) };
    case 'sessions':
      return {
        kind: 'sessions',
        sessions: listFrom(chunk.value.sessions, 'sessions', MAX_SESSIONS, sessionFromWire),
      };
    case 'posts':
      return {
        kind: 'posts',
        entries: listFrom(chunk.value.entries, 'entries', MAX_CHUNK_ELEMENTS, (bytes) => bytes),
      };
    case 'end':
      return {
        kind: 'end',
        users: count(chunk.value.users, 'users'),
        sessions: count(chunk.value.sessions, 'sessions'),
        posts: count(chunk.value.posts, 'posts'),
      };
    default:
      return unreachable(chunk);
  }
}

export function snapshotChunkToWire(chunk: SnapshotChunk): wire.GetFollowerInfoResponse {
  switch (chunk.kind) {
    case 'header':
      return {
        chunk: {
          $case: 'header',
          value: {
            position: chunk.position,
            epoch: chunk.epoch,
            checksum: chunk.checksum,
            epochStarts: epochStartsToWire(chunk.epochStarts),
            origins: chunk.origins.map((origin) => ({ ...origin })),
          },
        },
      };
    case 'users':
      return {
        chunk: {
          $case: 'users',
          value: {
            users: chunk.users.map(({ name, since, home, following, left = [], mentions = [] }) => ({
              name,
              since,
              home: home ?? 0,
              following: following.map((edge) => ({ ...edge })),
              left: left.map((edge) => ({ ...edge })),
              mentions: [...mentions],
            })),
          },
        },
      };
    case 'sessions':
      return { chunk: { $case: 'sessions', value: { sessions: chunk.sessions.map(sessionToWire) } } };
    case 'posts':
      return { chunk: { $case: 'posts', value: { entries: [...chunk.entries] } } };
    case 'end':
      return {
        chunk: {
          $case: 'end',
          value: { users: chunk.users, sessions: chunk.sessions, posts: chunk.posts },
        },
      };
    default:
      return unreachable(chunk);
  }
}

const userFromWire = (user: wire.SnapshotUser): SnapshotUser => ({
  name: userFrom(user.name),
  since: positionFrom(ordinal(user.since, 'since')),
  ...(user.home !== 0 && { home: clusterFrom(user.home) }),
  following: listFrom(user.following, 'following', MAX_CHUNK_ELEMENTS, edgeFromWire),
  ...(user.left.length > 0 && { left: listFrom(user.left, 'left', MAX_CHUNK_ELEMENTS, edgeFromWire) }),
  ...(user.mentions.length > 0 && {
    mentions: listFrom(user.mentions, 'mentions', MAX_MENTIONS, (at) =>
      positionFrom(ordinal(at, 'mentions')),
    ),
  }),
});

const edgeFromWire = (edge: wire.FollowEdge): FollowSnapshot => ({
  target: userFrom(edge.target),
  since: positionFrom(ordinal(edge.since, 'since')),
});

function sessionFromWire(session: wire.SnapshotSession): SessionSnapshot {
  const lastRequestNo = ordinal(session.lastRequestNo, 'last_request_no');
  const replies = listFrom(session.replies, 'replies', SESSION_WINDOW, (reply) =>
    packReply(replyFromWire(reply)),
  );
  if (replies.length > lastRequestNo)
    refuse(`a session has ${replies.length} replies, but only ${lastRequestNo} requests`);
  return {
    sessionId: sessionIdFrom(session.sessionId),
    user: userFrom(session.user),
    lastRequestNo,
    replies,
  };
}

const isSocialReason = (reason: string): reason is SocialReason =>
  isReason(reason) && Object.hasOwn(SOCIAL_REASONS, reason);

function replyFromWire(reply: wire.SnapshotReply): Reply {
  const at = positionFrom(ordinal(reply.position, 'position', MAX_REPLY_POSITION));
  if (reply.reason === '') return { kind: 'ok', position: at };
  // Unlike a peer's refusal this is replicated state: an unknown word can't be stored as another one.
  if (!isSocialReason(reply.reason))
    refuse(`reason of a reply is "${reply.reason.slice(0, 40)}", which is not known`);
  return { kind: 'refused', position: at, reason: reply.reason };
}

const sessionToWire = (session: SessionSnapshot): wire.SnapshotSession => ({
  sessionId: session.sessionId,
  user: session.user,
  lastRequestNo: session.lastRequestNo,
  replies: session.replies.map(unpackReply).map((reply) => ({
    position: reply.position,
    reason: reply.kind === 'ok' ? '' : reply.reason,
  })),
});
