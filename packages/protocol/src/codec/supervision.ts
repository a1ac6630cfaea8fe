/** The messages of the stream between a server and its supervisor, `KeepAlive`. */
import {
  type ClusterId,
  cleanDetail,
  type Incarnation,
  MAX_KEEP_ALIVE_MS,
  MIN_PING_INTERVAL_MS,
  type Reason,
  type ServerId,
  unreachable,
} from '@dualping/core';
import type * as wire from '../gen/dualping/v1/supervision.js';
import { clusterFrom, count, ordinal, refusalFrom, refuse, requiredIdFrom, serverIdFrom } from './judge.js';

/** Process ids are positive 32-bit numbers on every system that we run on. */
const MAX_PID = 2 ** 31 - 1;

/** Supervisor to server. The first message of a stream is `hello`, and only the first. */
export type SupervisorMessage =
  | { readonly kind: 'hello'; readonly key: string; readonly pid: number; readonly intervalMs: number }
  | { readonly kind: 'ping'; readonly sequence: number };

/** Server to supervisor. The first is `welcome`. */
export type SupervisedMessage =
  | {
      readonly kind: 'welcome';
      readonly cluster: ClusterId;
      readonly serverId: ServerId;
      readonly incarnation: Incarnation;
      readonly pid: number;
    }
  | { readonly kind: 'pong'; readonly sequence: number }
  /** `reason` undefined: it was asked to end. */
  | { readonly kind: 'ending'; readonly reason: Reason | undefined; readonly detail: string };

export function supervisorMessageFromWire({ message }: wire.KeepAliveRequest): SupervisorMessage {
  switch (message?.$case) {
    case undefined:
      return refuse('a KeepAlive message is empty: hello or ping is due');
    case 'hello': {
      const { key, pid, intervalMs } = message.value;
      if (intervalMs < MIN_PING_INTERVAL_MS || intervalMs > MAX_KEEP_ALIVE_MS)
        refuse(`interval_ms is "${intervalMs}": must be ${MIN_PING_INTERVAL_MS} to ${MAX_KEEP_ALIVE_MS}`);
      return {
        kind: 'hello',
        key: requiredIdFrom(key, 'key'),
        pid: ordinal(pid, 'pid', MAX_PID),
        intervalMs,
      };
    }
    case 'ping':
      return { kind: 'ping', sequence: count(message.value.sequence, 'sequence') };
    default:
      return unreachable(message);
  }
}

export function supervisorMessageToWire(message: SupervisorMessage): wire.KeepAliveRequest {
  switch (message.kind) {
    case 'hello': {
      const { kind: _, ...value } = message;
      return { message: { $case: 'hello', value } };
    }
    case 'ping':
      return { message: { $case: 'ping', value: { sequence: message.sequence } } };
    default:
      return unreachable(message);
  }
}

export function supervisedMessageFromWire({ message }: wire.KeepAliveResponse): SupervisedMessage {
  switch (message?.$case) {
    case undefined:
      return refuse('a KeepAlive answer is empty: one of welcome, pong, ending is due');
    case 'welcome':
      return {
        kind: 'welcome',
        cluster: clusterFrom(message.value.cluster),
        serverId: serverIdFrom(message.value.serverId),
        incarnation: ordinal(message.value.incarnation, 'incarnation'),
        pid: ordinal(message.value.pid, 'pid', MAX_PID),
      };
    case 'pong':
      return { kind: 'pong', sequence: count(message.value.sequence, 'sequence') };
    case 'ending': {
      const { reason, detail } = message.value;
      if (reason === '') return { kind: 'ending', reason: undefined, detail: cleanDetail(detail) };
      return { kind: 'ending', ...refusalFrom(reason, detail) };
    }
    default:
      return unreachable(message);
  }
}

export function supervisedMessageToWire(message: SupervisedMessage): wire.KeepAliveResponse {
  switch (message.kind) {
    case 'welcome': {
      const { kind: _, ...value } = message;
      return { message: { $case: 'welcome', value } };
    }
    case 'pong':
      return { message: { $case: 'pong', value: { sequence: message.sequence } } };
    case 'ending':
      return {
        message: {
          $case: 'ending',
          value: { reason: message.reason ?? '', detail: cleanDetail(message.detail) },
        },
      };
    default:
      return unreachable(message);
  }
}
