/** The messages of the streaming heartbeat, `DualPing`. */
import {
  type Address,
  cleanDetail,
  MAX_CLUSTERS,
  MAX_MEMBERS,
  type MemberMessage,
  type RouterMessage,
  unreachable,
} from '@dualping/core';
import * as wire from '../gen/dualping/v1/routing.js';
import { assignmentFromWire, assignmentToWire, statsFromWire, statsToWire } from './assignment.js';
import {
  addressFrom,
  buildFrom,
  buildToWire,
  clusterKeyFrom,
  clusterKeyToWire,
  count,
  durationFrom,
  epochFrom,
  listFrom,
  nameOf,
  optionalIdFrom,
  ordinal,
  refusalFrom,
  refuse,
  requiredIdFrom,
  serverIdFrom,
} from './judge.js';

export type AttachMessage = Extract<MemberMessage, { kind: 'attach' }>;

export function attachFromWire(attach: wire.Attach): AttachMessage {
  return {
    kind: 'attach',
    networkId: optionalIdFrom(attach.networkId, 'network_id'),
    cluster: clusterKeyFrom(attach),
    serverId: serverIdFrom(attach.serverId),
    incarnation: ordinal(attach.incarnation, 'incarnation'),
    journalId: attach.replicates
      ? requiredIdFrom(attach.journalId, 'journal_id')
      : optionalIdFrom(attach.journalId, 'journal_id'),
    lifeId: attach.replicates
      ? requiredIdFrom(attach.lifeId, 'life_id')
      : optionalIdFrom(attach.lifeId, 'life_id'),
    welcomedLife: optionalIdFrom(attach.welcomedLife, 'welcomed_life'),
    address: addressFrom(attach.address),
    epoch: epochFrom(attach.epoch),
    revision: count(attach.revision, 'revision'),
    stats: statsFromWire(attach.stats),
    replicates: attach.replicates,
    attempt: count(attach.attempt, 'attempt'),
    leaving: attach.leaving,
    ...buildFrom(attach),
  };
}

function attachToWire(message: AttachMessage): wire.Attach {
  const { kind: _, stats, cluster, build, ...attach } = message;
  const said = { ...clusterKeyToWire(cluster), ...buildToWire(build) };
  return { ...attach, ...said, stats: statsToWire(stats) };
}

const CHANGES = { add: wire.ChangeInSync_Change.ADD, remove: wire.ChangeInSync_Change.REMOVE } as const;

export function memberMessageFromWire({ message }: wire.DualPingRequest): MemberMessage {
  switch (message?.$case) {
    case undefined:
      return refuse(
        'a DualPing message is empty: one of attach, ping, change_in_sync, hand_over, dispute, leaving, leave is due',
      );
    case 'attach':
      return attachFromWire(message.value);
    case 'ping':
      return {
        kind: 'ping',
        sequence: count(message.value.sequence, 'sequence'),
        stats: statsFromWire(message.value.stats),
        cannotReach: listFrom(message.value.cannotReach, 'cannot_reach', MAX_MEMBERS, serverIdFrom),
      };
    case 'changeInSync':
      return {
        kind: 'change-in-sync',
        request: ordinal(message.value.request, 'request'),
        epoch: epochFrom(message.value.epoch),
        change: nameOf(CHANGES, message.value.change, 'change'),
        serverId: serverIdFrom(message.value.serverId),
        incarnation: ordinal(message.value.incarnation, 'incarnation'),
        journalId: requiredIdFrom(message.value.journalId, 'journal_id'),
        lifeId: requiredIdFrom(message.value.lifeId, 'life_id'),
      };
    case 'handOver':
      return { kind: 'hand-over', epoch: epochFrom(message.value.epoch), leaving: message.value.leaving };
    case 'dispute':
      return {
        kind: 'dispute',
        epoch: epochFrom(message.value.epoch),
        serverId: serverIdFrom(message.value.serverId),
        detail: cleanDetail(message.value.detail),
      };
    case 'leaving':
      return { kind: 'leaving' };
    case 'leave':
      return { kind: 'leave', stats: statsFromWire(message.value.stats) };
    default:
      return unreachable(message);
  }
}

export function memberMessageToWire(message: MemberMessage): wire.DualPingRequest {
  switch (message.kind) {
    case 'attach':
      return { message: { $case: 'attach', value: attachToWire(message) } };
    case 'ping':
      return {
        message: {
          $case: 'ping',
          value: {
            sequence: message.sequence,
            stats: statsToWire(message.stats),
            cannotReach: [...(message.cannotReach ?? [])],
          },
        },
      };
    case 'change-in-sync': {
      const { kind: _, change, ...rest } = message;
      return { message: { $case: 'changeInSync', value: { ...rest, change: CHANGES[change] } } };
    }
    case 'hand-over':
      return { message: { $case: 'handOver', value: { epoch: message.epoch, leaving: message.leaving } } };
    case 'dispute': {
      const { kind: _, detail, ...rest } = message;
      return { message: { $case: 'dispute', value: { ...rest, detail: cleanDetail(detail) } } };
    }
    case 'leaving':
      return { message: { $case: 'leaving', value: {} } };
    case 'leave':
      return { message: { $case: 'leave', value: { stats: statsToWire(message.stats) } } };
    default:
      return unreachable(message);
  }
}

export interface LeaderNews {
  /** 0: no router leads. */
  readonly term: number;
  /** Empty when no router leads. */
  readonly address: Address | '';
  /** Whether the answering router itself leads, confirmed by the store. */
  readonly leads: boolean;
  /** From the leader: the addresses of the routers that stand by. */
  readonly standbys: readonly Address[];
  /** The address of the answering router; empty: not given. */
  readonly router: Address | '';
}

/** Most routers named as standing by: etcd serves more than a few badly. */
export const MAX_STANDBYS = 64;

export function leaderIsFromWire({ term, address, leads, standbys, router }: wire.LeaderIs): LeaderNews {
  if (standbys.length > MAX_STANDBYS)
    refuse(`standbys: ${standbys.length} are named, and ${MAX_STANDBYS} may be`);
  const isKnown = count(term, 'term') > 0;
  return {
    term,
    address: isKnown ? addressFrom(address) : '',
    leads: isKnown && leads,
    standbys: standbys.map((standby) => addressFrom(standby)),
    router: router === '' ? '' : addressFrom(router),
  };
}

export const leaderIsToWire = ({ standbys, ...news }: LeaderNews): wire.LeaderIs => ({
  ...news,
  standbys: [...standbys],
});

/** The address of the asking router, which stands by; empty: the caller is not a router. */
export const leaderRequestFromWire = ({ standby }: wire.LeaderRequest): Address | '' =>
  standby === '' ? '' : addressFrom(standby);

export function routerMessageFromWire({ message }: wire.DualPingResponse): RouterMessage {
  switch (message?.$case) {
    case undefined:
      return refuse(
        'a DualPing answer is empty: one of welcome, leader_is, pong, assigned, please_hand_over, please_rest, no_successor, refused is due',
      );
    case 'welcome':
      return {
        kind: 'welcome',
        networkId: requiredIdFrom(message.value.networkId, 'network_id'),
        clusters: count(message.value.clusters, 'clusters', MAX_CLUSTERS),
        pingIntervalMs: durationFrom(message.value.pingIntervalMs, 'ping_interval_ms'),
        deadAfterMs: durationFrom(message.value.deadAfterMs, 'dead_after_ms'),
        assignment: assignmentFromWire(message.value.assignment),
        term: count(message.value.term, 'term'),
      };
    case 'leaderIs': {
      const { term, address } = leaderIsFromWire(message.value);
      return { kind: 'leader-is', term, address };
    }
    case 'pong':
      return {
        kind: 'pong',
        sequence: count(message.value.sequence, 'sequence'),
        pingIntervalMs: durationFrom(message.value.pingIntervalMs, 'ping_interval_ms'),
      };
    case 'assigned':
      return {
        kind: 'assignment',
        assignment: assignmentFromWire(message.value.assignment),
        lastRequest: count(message.value.lastRequest, 'last_request'),
      };
    case 'pleaseHandOver':
      return { kind: 'please-hand-over', epoch: epochFrom(message.value.epoch) };
    case 'pleaseRest':
      return { kind: 'please-rest', epoch: epochFrom(message.value.epoch) };
    case 'noSuccessor':
      return { kind: 'no-successor', epoch: epochFrom(message.value.epoch) };
    case 'refused':
      return {
        kind: 'refused',
        networkId: optionalIdFrom(message.value.networkId, 'network_id'),
        ...refusalFrom(message.value.reason, message.value.detail),
      };
    default:
      return unreachable(message);
  }
}

export function routerMessageToWire(message: RouterMessage): wire.DualPingResponse {
  switch (message.kind) {
    case 'welcome': {
      const { kind: _, assignment, term = 0, ...rest } = message;
      const value = { ...rest, term, assignment: assignmentToWire(assignment) };
      return { message: { $case: 'welcome', value } };
    }
    case 'leader-is': {
      const { term, address } = message;
      return {
        message: { $case: 'leaderIs', value: { term, address, leads: false, standbys: [], router: '' } },
      };
    }
    case 'pong':
      return {
        message: {
          $case: 'pong',
          value: { sequence: message.sequence, pingIntervalMs: message.pingIntervalMs },
        },
      };
    case 'assignment':
      return {
        message: {
          $case: 'assigned',
          value: { assignment: assignmentToWire(message.assignment), lastRequest: message.lastRequest },
        },
      };
    case 'please-hand-over':
      return { message: { $case: 'pleaseHandOver', value: { epoch: message.epoch } } };
    case 'please-rest':
      return { message: { $case: 'pleaseRest', value: { epoch: message.epoch } } };
    case 'no-successor':
      return { message: { $case: 'noSuccessor', value: { epoch: message.epoch } } };
    case 'refused':
      return {
        message: {
          $case: 'refused',
          value: {
            networkId: message.networkId,
            reason: message.reason,
            detail: cleanDetail(message.detail),
          },
        },
      };
    default:
      return unreachable(message);
  }
}
