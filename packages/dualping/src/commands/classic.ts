/** Router, server and client with the csce438 names and options. */
import { serverId as asServerId, serverName } from '@dualping/core';
import { Signals } from '@dualping/host';
import type { Part } from '@dualping/protocol';
import { ClassicClient } from '../classic/classic-client.js';
import { type Command, command } from '../command.js';
import { partCredentials, rememberAt } from '../credentials.js';
import { serveUntilSignal } from '../long-running.js';
import * as classic from '../settings/classic-definitions.js';
import * as settings from '../settings/definitions.js';
import * as limits from '../settings/limits.js';
import { timingOf } from '../settings/timing.js';
import { settleTransport } from '../transport.js';

const ROUTER: Part = { role: 'router' };

const coordinatorCommand = command({
  name: 'coordinator',
  summary: 'a router, with the command line of the csce438 coordinator',
  settings: {
    port: classic.coordinatorListenPort,
    host: settings.host,
    data: settings.data('dualping-data/coordinator'),
    clusters: classic.coordinatorClusters,
    ...classic.OF_ROUTER,
    diskStallMs: settings.diskStallMs,
    certs: settings.certs,
    ...limits.OF_CONNECTIONS,
    insecure: settings.insecure,
    classicFrom: settings.classicFrom,
    ...settings.timing,
  },
  run: async (values, { io }) => {
    const { host, port, data, clusters, diskStallMs, certs, insecure, classicFrom, ...rest } = values;
    const { heartbeatTimeoutMs, classicReplies, classicConfirmation } = rest;
    const { pingIntervalMs, deadAfterMs, reattachGraceMs } = rest;
    const timing = timingOf({ pingIntervalMs, deadAfterMs, reattachGraceMs });
    const folder = await settleTransport({ host, port, data, certs, insecure }, ROUTER, {
      name: 'router',
      io,
    });
    const watched = partCredentials(folder, ROUTER, { name: 'router', report: io.report });
    const { startRouter } = await import('@dualping/router');
    return await serveUntilSignal('router', io, async () => {
      const router = await startRouter({
        host,
        port,
        dataFolder: data,
        clusters,
        timing,
        heartbeatTimeoutMs,
        diskStallMs,
        classicReplies,
        classicConfirmation,
        credentials: watched?.credentials,
        classic: true,
        classicFrom,
        connectionLimits: limits.connectionLimitsOf(values),
        report: io.report,
      });
      rememberAt(router.address, folder);
      return router;
    });
  },
});

const tsdCommand = command({
  name: 'tsd',
  summary: 'a server, with the command line of the csce438 server',
  settings: {
    cluster: classic.cluster,
    id: classic.serverId,
    coordinatorHost: classic.coordinatorHost,
    coordinatorPort: classic.coordinatorPort,
    port: classic.serverListenPort,
    host: settings.host,
    data: classic.serverData,
    classicReplies: classic.classicReplies,
    diskStallMs: settings.diskStallMs,
    minDiskFree: limits.minDiskFree,
    certs: settings.certs,
    insecure: settings.insecure,
    classicFrom: settings.classicFrom,
    ...limits.OF_USERS,
    ...limits.OF_CONNECTIONS,
  },
  run: async (values, { io }) => {
    const { cluster, id, coordinatorHost, coordinatorPort, host, port } = values;
    const { classicReplies, diskStallMs, certs, insecure, classicFrom } = values;
    const data = values.data === '' ? `dualping-data/tsd-${cluster}-${id}` : values.data;
    const part = `server ${serverName(asServerId(id))}`;
    const identity = { role: 'server', cluster, serverId: asServerId(id) } as const;
    const folder = await settleTransport({ host, port, data, certs, insecure }, identity, { name: part, io });
    const watched = partCredentials(folder, identity, { name: part, report: io.report });
    const { startServer } = await import('@dualping/server');
    return await serveUntilSignal(part, io, async () => {
      const server = await startServer({
        host,
        port,
        dataFolder: data,
        cluster,
        serverId: id,
        routers: [classic.coordinatorAt(coordinatorHost, coordinatorPort)],
        ...(classicReplies === '' ? {} : { classicReplies }),
        diskStallMs,
        credentials: watched?.credentials,
        classic: true,
        classicFrom,
        minDiskFree: values.minDiskFree,
        userLimits: limits.userLimitsOf(values),
        connectionLimits: limits.connectionLimitsOf(values),
        report: io.report,
      });
      rememberAt(server.address, folder);
      return server;
    });
  },
});

const tscCommand = command({
  name: 'tsc',
  summary: 'the csce438 line client',
  settings: {
    coordinatorHost: classic.coordinatorHost,
    coordinatorPort: classic.coordinatorPort,
    user: classic.userNumber,
    classicOpener: classic.classicOpener,
  },
  run: async ({ coordinatorHost, coordinatorPort, user, classicOpener }, { io }) => {
    const coordinator = classic.coordinatorAt(coordinatorHost, coordinatorPort);
    const { first: signal } = new Signals();
    return await new ClassicClient({
      coordinator,
      user,
      opener: classicOpener === classic.NO_OPENER ? undefined : classicOpener,
      io,
      signal,
    }).run();
  },
});

export const CLASSIC_COMMANDS: readonly Command[] = [coordinatorCommand, tsdCommand, tscCommand];
