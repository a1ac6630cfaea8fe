/** `RoutingService` and `AdminService`: the codec checks each request, and the registry answers it. */
import {
  type Assignment,
  type ClusterKey,
  clusterOf,
  DualpingError,
  MAX_WAIT_MS,
  type NetworkId,
  OWN_BUILD,
  type RegistryAnswer,
  type Timing,
  unreachable,
} from '@dualping/core';
import {
  type Access,
  AdminServiceService,
  addMasterFromWire,
  assignmentToWire,
  availableToWire,
  CoordServiceService,
  clusterOrderFromWire,
  connectedToWire,
  connectFromWire,
  type coordinatorWire,
  crashFromWire,
  getAvailableFromWire,
  handoverFromWire,
  historyToWire,
  promoteFromWire,
  RoutingServiceDefinition,
  registerServerFromWire,
  removeFromWire,
  restFromWire,
  type routingWire,
  type Target,
  toServiceError,
  type typesWire,
  WATCH_OF_ALL,
  watchFromWire,
} from '@dualping/protocol';
import type { Server, ServerWritableStream } from '@grpc/grpc-js';
import { answerAtOnce, expectAnswer } from './answers.js';
import type { Callers } from './callers.js';
import { COORD_SERVICE_NAME, type CoordParts, coordService } from './coord-service.js';
import { type MemberStreams, requireOwn } from './member-streams.js';

export const ROUTING_SERVICE_NAME = 'dualping.v1.RoutingService';
export const SERVICE_NAMES = [ROUTING_SERVICE_NAME, 'dualping.v1.AdminService', COORD_SERVICE_NAME] as const;

export interface RouterParts extends CoordParts {
  readonly networkId: NetworkId;
  readonly timing: Timing;
  readonly members: MemberStreams;
  readonly access: Access;
}

export function addServices(grpc: Server, parts: RouterParts): void {
  const { routing, admin, coord } = servicesOf(parts);
  grpc.addService(RoutingServiceDefinition, routing);
  grpc.addService(AdminServiceService, admin);
  grpc.addService(CoordServiceService, coord);
}

export interface Services {
  readonly routing: routingWire.RoutingServiceServer;
  readonly admin: routingWire.AdminServiceServer;
  readonly coord: coordinatorWire.CoordServiceServer;
}

export const servicesOf = (parts: RouterParts): Services => ({
  routing: routingService(parts),
  admin: adminService(parts.callers),
  coord: coordService(parts),
});

function routingService(parts: RouterParts): routingWire.RoutingServiceServer {
  const { networkId, clusters, members, callers, access } = parts;
  return {
    dualPing: (call) => members.accept(call),
    addMaster: callers.handler<routingWire.AddMasterRequest, routingWire.AddMasterResponse>({
      ask: (request, token, call) => {
        const candidate = addMasterFromWire(request);
        requireOwn(access, call, candidate);
        return { kind: 'add-master', token, candidate };
      },
      tell: (answer) => ({ networkId, ...expectAnswer(answer, 'announced') }),
    }),
    registerServer: callers.handler<routingWire.RegisterServerRequest, routingWire.RegisterServerResponse>({
      ask: (request, token, call) => {
        const candidate = registerServerFromWire(request);
        access.requireSelf(call, candidate, 'RegisterServer');
        return { kind: 'register-server', token, candidate };
      },
      tell: (answer) => {
        expectAnswer(answer, 'registered');
        return { networkId };
      },
    }),
    crash: callers.handler<routingWire.CrashRequest, routingWire.CrashResponse>({
      ask: (request, token, call) => {
        const crashed = crashFromWire(request);
        access.requireSelf(call, crashed, 'Crash');
        return { kind: 'crash', token, ...crashed };
      },
      tell: (answer) => ({ dropped: expectAnswer(answer, 'crash-noted').dropped }),
    }),
    getAvailable: callers.handler<routingWire.GetAvailableRequest, routingWire.GetAvailableResponse>({
      ask: (request, token) => {
        const { target, ...question } = getAvailableFromWire(request);
        return { kind: 'get-available', token, cluster: clusterIn(target, clusters), ...question };
      },
      tell: (answer) => availableToWire({ networkId, assignment: assignmentIn(answer) }),
    }),
    leader: (call) => {
      const detail = 'it shares its store with no other router';
      call.emit('error', toServiceError(new DualpingError('not-a-router', detail)));
    },
    connect: (call, callback) => answerAtOnce(callback, () => connect(call.request, parts)),
    watch: (call) => serveWatch(call, parts),
  };
}

function adminService(callers: Callers): routingWire.AdminServiceServer {
  return {
    handover: callers.handler<routingWire.HandoverRequest, routingWire.HandoverResponse>({
      ask: (request, token) => ({ kind: 'handover', token, ...handoverFromWire(request) }),
      tell: assigned,
    }),
    promote: callers.handler<routingWire.PromoteRequest, routingWire.PromoteResponse>({
      ask: (request, token) => ({ kind: 'promote', token, ...promoteFromWire(request) }),
      tell: assigned,
    }),
    pause: callers.handler<routingWire.PauseRequest, routingWire.OrderResponse>({
      ask: (request, token) => ({ kind: 'pause', token, ...clusterOrderFromWire(request) }),
      tell: assigned,
    }),
    rest: callers.handler<routingWire.RestRequest, routingWire.OrderResponse>({
      ask: (request, token) => ({ kind: 'rest', token, ...restFromWire(request) }),
      tell: assigned,
    }),
    resume: callers.handler<routingWire.ResumeRequest, routingWire.OrderResponse>({
      ask: (request, token) => ({ kind: 'resume', token, ...clusterOrderFromWire(request) }),
      tell: assigned,
    }),
    remove: callers.handler<routingWire.RemoveRequest, routingWire.OrderResponse>({
      ask: (request, token) => ({ kind: 'remove', token, ...removeFromWire(request) }),
      tell: assigned,
    }),
    history: callers.handler<routingWire.HistoryRequest, routingWire.HistoryResponse>({
      ask: (request, token) => ({ kind: 'history', token, ...clusterOrderFromWire(request) }),
      tell: (answer) => historyToWire(expectAnswer(answer, 'history').entries),
    }),
    handoverRouter: (_call, callback) => callback(toServiceError(ALONE)),
  };
}

const ALONE = new DualpingError('handover-impossible', 'this router shares its store with no other');

type WatchCall = ServerWritableStream<routingWire.WatchRequest, routingWire.WatchResponse>;

/** Serves one call of `Watch`, for as long as it lasts. */
export function serveWatch(
  call: WatchCall,
  { clusters, watchers, access }: Pick<RouterParts, 'clusters' | 'watchers' | 'access'>,
): void {
  try {
    const { target, stats, services } = watchFromWire(call.request);
    if (target === undefined || stats)
      access.require(call, WATCH_OF_ALL, 'Watch of all clusters or of stats');
    const cluster = target === undefined ? undefined : clusterIn(target, clusters);
    if (typeof cluster === 'number' && watchers.assignment(cluster) === undefined)
      throw new DualpingError('unknown-cluster', `there is no cluster "${cluster}", only 1 to ${clusters}`);
    watchers.add(call, cluster ?? { services: services ?? false }, stats);
  } catch (error) {
    call.emit('error', toServiceError(error));
  }
}

export function connect(
  request: routingWire.ConnectRequest,
  parts: Pick<RouterParts, 'networkId' | 'clusters' | 'timing' | 'watchers' | 'access'>,
): routingWire.ConnectResponse {
  const { networkId, clusters, timing, watchers, access } = parts;
  const user = connectFromWire(request);
  const cluster = user === undefined ? undefined : clusterOf(user, clusters);
  const assignment = cluster === undefined ? undefined : watchers.assignment(cluster);
  return connectedToWire({
    networkId,
    clusters,
    cluster,
    failoverWaitMs: failoverWaitMs(timing),
    build: OWN_BUILD,
    assignment: assignment?.primary === undefined ? undefined : assignment,
    authorities: access.credentials?.statement ?? [],
    nowMs: Date.now(),
  });
}

/**
 * How long a failover may take in addition to detection, ms: the router's own disk, the standby's first
 * entry, a busy machine.
 */
const FAILOVER_SPARE_MS = 1_000;

/**
 * A router whose timer is late notices silence late (therefore twice `deadAfterMs`); and it may have to wait
 * for members first.
 */
const failoverWaitMs = ({ deadAfterMs, reattachGraceMs }: Timing): number =>
  Math.min(2 * deadAfterMs + reattachGraceMs + FAILOVER_SPARE_MS, MAX_WAIT_MS);

export function clusterIn(target: Target, clusters: number): ClusterKey {
  switch (target.kind) {
    case 'cluster':
      return target.cluster;
    case 'user':
      return clusterOf(target.user, clusters);
    case 'service':
      return target.service;
    default:
      return unreachable(target);
  }
}

const assignmentIn = (answer: RegistryAnswer): Assignment => expectAnswer(answer, 'assignment').assignment;

const assigned = (answer: RegistryAnswer): { assignment: typesWire.Assignment } => ({
  assignment: assignmentToWire(assignmentIn(answer)),
});
