/** The messages of `Tail`, by which clusters read one another. */
import {
  MAX_TAIL_ITEMS,
  MAX_TAIL_NAMES,
  type TailBatch,
  type TailItem,
  type TailMessage,
  unreachable,
} from '@dualping/core';
import type * as wire from '../gen/dualping/v1/replication.js';
import { answersFrom, answersToWire, postTextFrom } from './entry.js';
import {
  clusterFrom,
  count,
  epochFrom,
  listFrom,
  ordinal,
  positionFrom,
  refuse,
  requiredIdFrom,
  userFrom,
} from './judge.js';

export function tailMessageFromWire({ message }: wire.TailRequest): TailMessage {
  switch (message?.$case) {
    case undefined:
      return refuse('a Tail message is empty: one of open, subscribe, taken, alive is due');
    case 'open':
      return {
        kind: 'open',
        networkId: requiredIdFrom(message.value.networkId, 'network_id'),
        from: clusterFrom(message.value.from),
        fromEpoch: epochFrom(message.value.fromEpoch, 'from_epoch'),
        cluster: clusterFrom(message.value.cluster),
        epoch: epochFrom(message.value.epoch),
      };
    case 'subscribe':
      return {
        kind: 'subscribe',
        number: ordinal(message.value.number, 'number'),
        after: positionFrom(message.value.after, 'after'),
        add: listFrom(message.value.add, 'add', MAX_TAIL_NAMES, userFrom),
        remove: listFrom(message.value.remove, 'remove', MAX_TAIL_NAMES, userFrom),
        more: message.value.more,
      };
    case 'taken':
      return { kind: 'taken', number: ordinal(message.value.number, 'number') };
    case 'alive':
      return { kind: 'alive' };
    default:
      return unreachable(message);
  }
}

export function tailMessageToWire(message: TailMessage): wire.TailRequest {
  switch (message.kind) {
    case 'open': {
      const { kind: _, ...open } = message;
      return { message: { $case: 'open', value: open } };
    }
    case 'subscribe': {
      const { kind: _, add, remove, ...rest } = message;
      return { message: { $case: 'subscribe', value: { ...rest, add: [...add], remove: [...remove] } } };
    }
    case 'taken':
      return { message: { $case: 'taken', value: { number: message.number } } };
    case 'alive':
      return { message: { $case: 'alive', value: {} } };
    default:
      return unreachable(message);
  }
}

export const tailBatchFromWire = (response: wire.TailResponse): TailBatch => ({
  kind: 'batch',
  number: ordinal(response.number, 'number'),
  items: listFrom(response.items, 'items', MAX_TAIL_ITEMS, itemFromWire),
  through: positionFrom(response.through, 'through'),
  arrived: listFrom(response.arrived, 'arrived', MAX_TAIL_NAMES, userFrom),
  left: listFrom(response.left, 'left', MAX_TAIL_NAMES, userFrom),
});

export const tailBatchToWire = (batch: TailBatch): wire.TailResponse => ({
  number: batch.number,
  items: batch.items.map(itemToWire),
  through: batch.through,
  arrived: [...batch.arrived],
  left: [...batch.left],
});

function itemFromWire({ position: at, item }: wire.TailItem): TailItem {
  const position = positionFrom(ordinal(at, 'position'));
  switch (item?.$case) {
    case undefined:
      return refuse(`what was committed at ${position} is nothing that this version knows`);
    case 'user':
      return { kind: 'user', position, user: userFrom(item.value) };
    case 'post':
      return {
        kind: 'post',
        position,
        user: userFrom(item.value.author),
        text: postTextFrom(item.value.text),
        timeMs: count(item.value.timeMs, 'time_ms'),
        ...answersFrom(item.value.answers),
      };
    case 'follow':
    case 'unfollow':
      return {
        kind: item.$case,
        position,
        user: userFrom(item.value.user),
        target: userFrom(item.value.target),
      };
    default:
      return unreachable(item);
  }
}

function itemToWire(item: TailItem): wire.TailItem {
  const { position } = item;
  switch (item.kind) {
    case 'user':
      return { position, item: { $case: 'user', value: item.user } };
    case 'post': {
      const { user: author, text, timeMs, answers } = item;
      return {
        position,
        item: { $case: 'post', value: { author, text, timeMs, answers: answersToWire(answers) } },
      };
    }
    case 'follow':
    case 'unfollow': {
      const { user, target } = item;
      return { position, item: { $case: item.kind, value: { user, target } } };
    }
    default:
      return unreachable(item);
  }
}
