/**
 * `CoordService`, through which csce438 programs use the router: heartbeats go to the registry like all other
 * evidence; questions are answered from durable assignments.
 */
import {
  type Assignment,
  type AuxiliaryProcess,
  type ClusterId,
  clusterOf,
  type MemberInfo,
} from '@dualping/core';
import {
  type Access,
  auxiliaryToClassic,
  type ClassicConfirmation,
  classicUserOf,
  type coordinatorWire,
  heartbeatFromWire,
  memberToClassic,
  NO_CLASSIC_SERVER,
  pathAndDataFromWire,
  pathFromWire,
  toServiceError,
} from '@dualping/protocol';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { answerAtOnce, expectAnswer } from './answers.js';
import type { Callers } from './callers.js';
import type { Paths } from './store/paths.js';
import type { Watchers } from './watchers.js';

export const COORD_SERVICE_NAME = 'csce438.CoordService';

export interface CoordParts {
  readonly clusters: number;
  readonly callers: Callers;
  readonly watchers: Watchers;
  readonly paths: Paths;
  readonly auxiliaries: () => readonly AuxiliaryProcess[];
  readonly confirmation: ClassicConfirmation;
  readonly access: Access;
}

type Ask = ServerUnaryCall<coordinatorWire.ID, coordinatorWire.ServerInfo>;

export function coordService({
  clusters,
  callers,
  watchers,
  paths,
  auxiliaries,
  confirmation,
  access,
}: CoordParts): coordinatorWire.CoordServiceServer {
  /** The cluster of a user; a cluster's own number gives that cluster. */
  const clusterFor = (call: Ask): ClusterId => clusterOf(classicUserOf(call.request), clusters);
  const answerServer = (
    call: Ask,
    callback: sendUnaryData<coordinatorWire.ServerInfo>,
    find: (cluster: ClusterId) => coordinatorWire.ServerInfo | undefined,
  ): void => answerAtOnce(callback, () => find(clusterFor(call)) ?? NO_CLASSIC_SERVER);

  return {
    heartbeat: callers.handler<coordinatorWire.ServerInfo, coordinatorWire.Confirmation>({
      ask: (request, token, call) => ({
        kind: 'heartbeat',
        token,
        heartbeat: heartbeatFromWire(request, call.metadata, access.peerOf(call), clusters),
      }),
      tell: (answer) => {
        const { isFirst } = expectAnswer(answer, 'heartbeat-noted');
        return { status: confirmation === 'accepted' || isFirst };
      },
    }),
    getServer: (call, callback) =>
      answerServer(call, callback, (cluster) => {
        const member = primaryOf(watchers.assignment(cluster));
        return member && memberToClassic(member, cluster, true);
      }),
    getSlave: (call, callback) =>
      answerServer(call, callback, (cluster) => {
        const member = standbyOf(watchers.assignment(cluster));
        return member && memberToClassic(member, cluster, false);
      }),
    getAllFollowerServers: (_call, callback) => answerAtOnce(callback, () => listOf(auxiliaries())),
    getFollowerServer: (call, callback) =>
      answerServer(call, callback, (cluster) => {
        const there = auxiliaries().filter((auxiliary) => auxiliary.cluster === cluster);
        const auxiliary = there.find(({ serverId }) => serverId === call.request.id) ?? there[0];
        if (auxiliary === undefined) return undefined;
        return auxiliaryToClassic(auxiliary, there.find(({ type }) => type === auxiliary.type) === auxiliary);
      }),
    create: (call, callback) =>
      answerStatus(callback, async () => await paths.create(pathAndDataFromWire(call.request))),
    exists: (call, callback) =>
      answerStatus(callback, async () => await paths.exists(pathFromWire(call.request))),
  };
}

function primaryOf(assignment: Assignment | undefined): MemberInfo | undefined {
  if (assignment?.available !== true) return undefined;
  return assignment.members.find((member) => member.serverId === assignment.primary?.serverId);
}

/** The member that would probably be the next primary: of dualping servers the first in-sync standby. */
function standbyOf(assignment: Assignment | undefined): MemberInfo | undefined {
  const others = assignment?.members.filter(
    (member) => member.live && member.serverId !== assignment.primary?.serverId,
  );
  return others?.find((member) => member.inSync) ?? others?.[0];
}

function listOf(auxiliaries: readonly AuxiliaryProcess[]): coordinatorWire.ServerList {
  const infos = auxiliaries.map((auxiliary) => auxiliaryToClassic(auxiliary, false));
  return {
    serverID: infos.map(({ serverID }) => serverID),
    hostname: infos.map(({ hostname }) => hostname),
    port: infos.map(({ port }) => port),
    type: infos.map(({ type }) => type),
  };
}

function answerStatus(callback: sendUnaryData<coordinatorWire.Status>, ask: () => Promise<boolean>): void {
  ask().then(
    (status) => callback(null, { status }),
    (error: unknown) => callback(toServiceError(error)),
  );
}
