/** The chunks of `GetFollowerInfo`, and the question for them. */
import {
  type CopyHeader,
  type HeldCopy,
  type JournalPlace,
  type Position,
  type SnapshotQuestion,
  unreachable,
} from '@dualping/core';
import type * as wire from '../gen/dualping/v1/replication.js';
import {
  checksumFrom,
  clusterFrom,
  count,
  epochFrom,
  ordinal,
  positionFrom,
  present,
  refuse,
  requiredIdFrom,
  serverIdFrom,
} from './judge.js';

/** What a snapshot consists of. */
export interface SnapshotHeader extends CopyHeader {
  /** Position of the state; 0: there is none, the records give it. */
  readonly state: Position;
  /** Posts from before the base. */
  readonly history: { readonly posts: number; readonly checksum: number };
  /** So many bytes follow: of state, history and records. */
  readonly bytes: number;
}

/** The first chunk is `header`, the last is `end`, in between state, history and records in this order. */
export type SnapshotChunk =
  | { readonly kind: 'header'; readonly header: SnapshotHeader }
  | SnapshotPiece
  | { readonly kind: 'end' };

/** `state`: a piece of its file. `history`, `records`: whole records, as a journal has them on disk. */
export interface SnapshotPiece {
  readonly kind: 'state' | 'history' | 'records';
  readonly bytes: Buffer;
}

/** The question, and what the standby has of a snapshot that broke off. */
export interface SnapshotRequest {
  readonly question: SnapshotQuestion;
  readonly held: HeldCopy | undefined;
}

export const snapshotRequestFromWire = ({
  held,
  ...request
}: wire.GetFollowerInfoRequest): SnapshotRequest => ({
  question: {
    networkId: requiredIdFrom(request.networkId, 'network_id'),
    cluster: clusterFrom(request.cluster),
    epoch: epochFrom(request.epoch),
    serverId: serverIdFrom(request.serverId),
    incarnation: ordinal(request.incarnation, 'incarnation'),
    journalId: requiredIdFrom(request.journalId, 'journal_id'),
    lifeId: requiredIdFrom(request.lifeId, 'life_id'),
  },
  held: held && { base: placeFrom(held.base, 'held.base'), end: placeFrom(held.end, 'held.end') },
});

export const snapshotRequestToWire = ({ question, held }: SnapshotRequest): wire.GetFollowerInfoRequest => ({
  ...question,
  held: held && { base: held.base, end: held.end },
});

export function snapshotChunkFromWire({ chunk }: wire.GetFollowerInfoResponse): SnapshotChunk {
  switch (chunk?.$case) {
    case undefined:
      return refuse('a snapshot chunk is empty: one of header, state, history, records, end is due');
    case 'header':
      return { kind: 'header', header: headerFrom(chunk.value) };
    case 'state':
    case 'history':
    case 'records':
      return { kind: chunk.$case, bytes: chunk.value };
    case 'end':
      return { kind: 'end' };
    default:
      return unreachable(chunk);
  }
}

export function snapshotChunkToWire(chunk: SnapshotChunk): wire.GetFollowerInfoResponse {
  switch (chunk.kind) {
    case 'header': {
      const { history, ...header } = chunk.header;
      const value = { ...header, historyPosts: history.posts, historyChecksum: history.checksum };
      return { chunk: { $case: 'header', value } };
    }
    case 'state':
    case 'history':
    case 'records':
      return { chunk: { $case: chunk.kind, value: chunk.bytes } };
    case 'end':
      return { chunk: { $case: 'end', value: {} } };
    default:
      return unreachable(chunk);
  }
}

/** Fields of `GetFollowerInfoResponse` that hold bytes, as they are tagged. */
const PIECE_TAGS = { state: 0x12, history: 0x1a, records: 0x22 } as const;
const LONGEST_PREFIX_BYTES = 6;

/** Encodes a piece with one copy: an encoder that grows its memory copies a large one several times. */
export function encodeSnapshotPiece({ kind, bytes }: SnapshotPiece): Buffer {
  const message = Buffer.allocUnsafe(LONGEST_PREFIX_BYTES + bytes.length);
  let at = message.writeUInt8(PIECE_TAGS[kind], 0);
  let length = bytes.length;
  for (; length > 0x7f; length = Math.floor(length / 0x80))
    at = message.writeUInt8((length & 0x7f) | 0x80, at);
  at = message.writeUInt8(length, at);
  return message.subarray(0, at + bytes.copy(message, at));
}

const headerFrom = (header: wire.SnapshotHeader): SnapshotHeader => ({
  base: placeFrom(header.base, 'base'),
  after: placeFrom(header.after, 'after'),
  through: placeFrom(header.through, 'through'),
  state: positionFrom(header.state, 'state'),
  history: {
    posts: count(header.historyPosts, 'history_posts'),
    checksum: checksumFrom(header.historyChecksum),
  },
  bytes: count(header.bytes, 'bytes'),
});

function placeFrom(place: wire.JournalPlace | undefined, field: string): JournalPlace {
  const { position, checksum } = present(place, field);
  return { position: positionFrom(position, field), checksum: checksumFrom(checksum) };
}
