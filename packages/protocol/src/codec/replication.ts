/**
 * The messages of `Replicate`. Entries are carried separately from the machine's message, as the bytes of the
 * journal.
 */
import {
  cleanDetail,
  MAX_BATCH_ENTRIES,
  type PrimaryMessage,
  position,
  type StandbyMessage,
  unreachable,
} from '@dualping/core';
import type * as wire from '../gen/dualping/v1/replication.js';
import { epochStartsFromWire, epochStartsToWire } from './assignment.js';
import {
  checksumFrom,
  clusterFrom,
  epochFrom,
  optionalIdFrom,
  ordinal,
  positionFrom,
  refusalFrom,
  refuse,
  requiredIdFrom,
  serverIdFrom,
} from './judge.js';

/** A primary's message with its encoded entries; only kind `entries` has any. */
export interface PrimaryFrame {
  readonly message: PrimaryMessage;
  readonly entries: readonly Buffer[];
}

export function standbyMessageFromWire({ message }: wire.ReplicateRequest): StandbyMessage {
  switch (message?.$case) {
    case undefined:
      return refuse('a Replicate message is empty: one of join, durable, fenced, lacking is due');
    case 'join':
      return {
        kind: 'join',
        networkId: requiredIdFrom(message.value.networkId, 'network_id'),
        cluster: clusterFrom(message.value.cluster),
        epoch: epochFrom(message.value.epoch),
        serverId: serverIdFrom(message.value.serverId),
        incarnation: ordinal(message.value.incarnation, 'incarnation'),
        journalId: requiredIdFrom(message.value.journalId, 'journal_id'),
        lifeId: requiredIdFrom(message.value.lifeId, 'life_id'),
        lastPosition: positionFrom(message.value.lastPosition, 'last_position'),
        epochStarts: epochStartsFromWire(message.value.epochStarts),
      };
    case 'durable':
      return {
        kind: 'durable',
        epoch: epochFrom(message.value.epoch),
        position: positionFrom(message.value.position),
        ...(message.value.diskIsLow && { diskIsLow: true }),
      };
    case 'fenced':
      return { kind: 'fenced', epoch: epochFrom(message.value.epoch) };
    case 'lacking':
      return {
        kind: 'lacking',
        epoch: epochFrom(message.value.epoch),
        committed: positionFrom(message.value.committed, 'committed'),
      };
    default:
      return unreachable(message);
  }
}

export function standbyMessageToWire(message: StandbyMessage): wire.ReplicateRequest {
  switch (message.kind) {
    case 'join': {
      const { kind: _, epochStarts, ...rest } = message;
      return { message: { $case: 'join', value: { ...rest, epochStarts: epochStartsToWire(epochStarts) } } };
    }
    case 'durable':
      return {
        message: {
          $case: 'durable',
          value: {
            epoch: message.epoch,
            position: message.position,
            diskIsLow: message.diskIsLow ?? false,
          },
        },
      };
    case 'fenced':
      return { message: { $case: 'fenced', value: { epoch: message.epoch } } };
    case 'lacking': {
      const { kind: _, ...rest } = message;
      return { message: { $case: 'lacking', value: rest } };
    }
    default:
      return unreachable(message);
  }
}

export function primaryMessageFromWire({ message }: wire.ReplicateResponse): PrimaryFrame {
  switch (message?.$case) {
    case undefined:
      return refuse('a Replicate answer is empty: one of joined, snapshot_needed, entries, refused is due');
    case 'joined':
      return {
        message: {
          kind: 'joined',
          epoch: epochFrom(message.value.epoch),
          common: positionFrom(message.value.common, 'common'),
          committed: positionFrom(message.value.committed, 'committed'),
          checksum: checksumFrom(message.value.checksum),
        },
        entries: [],
      };
    case 'snapshotNeeded':
      return {
        message: {
          kind: 'snapshot-needed',
          epoch: epochFrom(message.value.epoch),
          common: positionFrom(message.value.common, 'common'),
        },
        entries: [],
      };
    case 'entries':
      return entriesFromWire(message.value);
    case 'refused':
      return {
        message: {
          kind: 'refused',
          networkId: optionalIdFrom(message.value.networkId, 'network_id'),
          cluster: clusterFrom(message.value.cluster),
          epoch: epochFrom(message.value.epoch),
          ...refusalFrom(message.value.reason, message.value.detail),
        },
        entries: [],
      };
    default:
      return unreachable(message);
  }
}

function entriesFromWire(batch: wire.Entries): PrimaryFrame {
  const { length } = batch.entries;
  if (length > MAX_BATCH_ENTRIES)
    refuse(`a batch has ${length} entries, at most ${MAX_BATCH_ENTRIES} are allowed`);
  // The last position must be a safe integer too.
  const from = ordinal(batch.from, 'from', Number.MAX_SAFE_INTEGER - MAX_BATCH_ENTRIES);
  return {
    message: {
      kind: 'entries',
      epoch: epochFrom(batch.epoch),
      from: position(from),
      to: position(from + length - 1),
      committed: positionFrom(batch.committed, 'committed'),
    },
    entries: batch.entries,
  };
}

export function primaryMessageToWire(
  message: PrimaryMessage,
  entries: readonly Buffer[] = [],
): wire.ReplicateResponse {
  switch (message.kind) {
    case 'joined': {
      const { kind: _, ...rest } = message;
      return { message: { $case: 'joined', value: rest } };
    }
    case 'snapshot-needed': {
      const { kind: _, ...rest } = message;
      return { message: { $case: 'snapshotNeeded', value: rest } };
    }
    case 'entries':
      return {
        message: {
          $case: 'entries',
          value: {
            epoch: message.epoch,
            from: message.from,
            entries: [...entries],
            committed: message.committed,
          },
        },
      };
    case 'refused':
      return {
        message: {
          $case: 'refused',
          value: {
            epoch: message.epoch,
            reason: message.reason,
            detail: cleanDetail(message.detail),
            networkId: message.networkId,
            cluster: message.cluster,
          },
        },
      };
    default:
      return unreachable(message);
  }
}
