/** The chunks of `GetFollowerInfo`. */
import {
  type CodeSnapshot,
  type Epoch,
  type EpochStart,
  type FollowSnapshot,
  isReason,
  type KeySnapshot,
  MAX_CLUSTERS,
  MAX_CODES,
  MAX_KEYS,
  MAX_MENTIONS,
  MAX_REPLY_POSITION,
  MAX_REVOKED_KEYS,
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
import { codeFrom, originFrom } from './entry.js';
import {
  checksumFrom,
  clusterFrom,
  count,
  deviceFrom,
  epochFrom,
  hashFrom,
  hashToWire,
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
      readonly codes: readonly CodeSnapshot[];
    }
  | { readonly kind: 'users'; readonly users: readonly SnapshotUser[] }
  | { readonly kind: 'sessions'; readonly sessions: readonly SessionSnapshot[] }
  /** Encoded entries, as in the journal. */
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
        codes: listFrom(chunk.value.codes, 'codes', MAX_CODES, codeSnapshotFrom),
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
            codes: chunk.codes.map(codeToWire),
          },
        },
      };
    case 'users':
      return {
        chunk: {
          $case: 'users',
          value: {
            users: chunk.users.map(({ name, since, home, following, left = [], mentions = [], keys }) => ({
              name,
              since,
              home: home ?? 0,
              following: following.map((edge) => ({ ...edge })),
              left: left.map((edge) => ({ ...edge })),
              mentions: [...mentions],
              keys: (keys?.keys ?? []).map(keyToWire),
              lastKey: keys?.lastNumber ?? 0,
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

const codeSnapshotFrom = ({ user, madeAt, spentAt, ...code }: wire.SnapshotCode): CodeSnapshot => ({
  ...codeFrom(code),
  ...(user !== '' && { user: userFrom(user) }),
  madeAt: positionFrom(ordinal(madeAt, 'made_at')),
  ...(spentAt !== 0 && { spentAt: positionFrom(spentAt, 'spent_at') }),
});

const codeToWire = ({ code, user, untilMs, madeAt, spentAt }: CodeSnapshot): wire.SnapshotCode => ({
  code: hashToWire(code),
  user: user ?? '',
  untilMs,
  madeAt,
  spentAt: spentAt ?? 0,
});

const keyToWire = ({ number, key, device, since, revokedAt }: KeySnapshot): wire.SnapshotKey => ({
  number,
  key: hashToWire(key),
  device,
  since,
  revokedAt: revokedAt ?? 0,
});

const keyFromWire = ({ number, key, device, since, revokedAt }: wire.SnapshotKey): KeySnapshot => ({
  number: ordinal(number, 'number of a key'),
  key: hashFrom(key, 'key'),
  device: deviceFrom(device),
  since: positionFrom(ordinal(since, 'since')),
  ...(revokedAt !== 0 && { revokedAt: positionFrom(revokedAt, 'revoked_at') }),
});

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
  ...(user.lastKey !== 0 && {
    keys: {
      lastNumber: ordinal(user.lastKey, 'last_key'),
      keys: listFrom(user.keys, 'keys', MAX_KEYS + MAX_REVOKED_KEYS, keyFromWire),
    },
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
    ...(session.key !== 0 && { key: ordinal(session.key, 'key of a session') }),
    ...(session.isMute && { isMute: true }),
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
  key: session.key ?? 0,
  isMute: session.isMute === true,
});
