/** Router, server and client with the csce438 names and options. */
import { serverId as asServerId, parseTiming, serverName } from '@dualping/core';
import { Signals } from '@dualping/host';
import { ClassicClient } from '../classic/classic-client.js';
import { type Command, command } from '../command.js';
import { partCredentials } from '../credentials.js';
import { serveUntilSignal, warnIfOpen } from '../long-running.js';
import * as classic from '../settings/classic-definitions.js';
import * as settings from '../settings/definitions.js';
import * as limits from '../settings/limits.js';

const coordinatorCommand = command({
  name: 'coordinator',
  summary: "a router, as the csce438 family's coordinator is started",
  settings: {
    port: classic.coordinatorListenPort,
    host: settings.host,
    data: settings.data('dualping-data/coordinator'),
    clusters: classic.coordinatorClusters,
    ...classic.OF_ROUTER,
    diskStallMs: settings.diskStallMs,
    certs: settings.certs,
    ...limits.OF_CONNECTIONS,
    ...settings.timing,
  },
  run: async (values, { io }) => {
    const { host, port, data, clusters, diskStallMs, certs, ...rest } = values;
    const { heartbeatTimeoutMs, classicReplies, classicConfirmation } = rest;
    const { pingIntervalMs, deadAfterMs, reattachGraceMs } = rest;
    const timing = parseTiming({ pingIntervalMs, deadAfterMs, reattachGraceMs });
    warnIfOpen(host, io, certs !== '');
    const watched = partCredentials(certs, { role: 'router' }, { name: 'router', report: io.report });
    const { startRouter } = await import('@dualping/router');
    return await serveUntilSignal('router', io, () =>
      startRouter({
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
        connectionLimits: limits.connectionLimitsOf(values),
        report: io.report,
      }),
    );
  },
});

const tsdCommand = command({
  name: 'tsd',
  summary: "a server, as the csce438 family's is started",
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
    ...limits.OF_USERS,
    ...limits.OF_CONNECTIONS,
  },
  run: async (values, { io }) => {
    const { cluster, id, coordinatorHost, coordinatorPort, data, host, port } = values;
    const { classicReplies, diskStallMs, certs } = values;
    const part = `server ${serverName(asServerId(id))}`;
    warnIfOpen(host, io, certs !== '');
    const identity = { role: 'server', cluster, serverId: asServerId(id) } as const;
    const watched = partCredentials(certs, identity, { name: part, report: io.report });
    const { startServer } = await import('@dualping/server');
    return await serveUntilSignal(part, io, () =>
      startServer({
        host,
        port,
        dataFolder: data === '' ? `dualping-data/tsd-${cluster}-${id}` : data,
        cluster,
        serverId: id,
        routers: [classic.coordinatorAt(coordinatorHost, coordinatorPort)],
        ...(classicReplies === '' ? {} : { classicReplies }),
        diskStallMs,
        credentials: watched?.credentials,
        classic: true,
        minDiskFree: values.minDiskFree,
        userLimits: limits.userLimitsOf(values),
        connectionLimits: limits.connectionLimitsOf(values),
        report: io.report,
      }),
    );
  },
});

const tscCommand = command({
  name: 'tsc',
  summary: "the csce438 family's line client",
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
