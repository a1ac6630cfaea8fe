import { type Address, serverId as asServerId, serverName } from '@dualping/core';
import { boundOwnLog, logFile } from '@dualping/host';
import type { Part } from '@dualping/protocol';
import { command } from '../command.js';
import { partCredentials, rememberAt } from '../credentials.js';
import type { Io } from '../io.js';
import { type Running, serveUntilSignal } from '../long-running.js';
import { toldToBegin } from '../parent-link.js';
import { classicReplies } from '../settings/classic-definitions.js';
import * as settings from '../settings/definitions.js';
import * as limits from '../settings/limits.js';
import type { PairValues } from '../supervisor/server-flags.js';
import { settleTransport } from '../transport.js';

export const SERVER_SETTINGS = {
  host: settings.host,
  port: settings.serverPort,
  advertise: settings.advertise,
  data: settings.data('dualping-data/server'),
  cluster: settings.cluster,
  id: settings.serverId,
  routers: settings.routers,
  classicReplies,
  diskStallMs: settings.diskStallMs,
  tripwire: settings.tripwire,
  minDiskFree: limits.minDiskFree,
  certs: settings.certs,
  insecure: settings.insecure,
  classic: settings.classicWire,
  classicFrom: settings.classicFrom,
  ...limits.OF_USERS,
  ...limits.OF_CONNECTIONS,
  registration: settings.registration,
  metrics: settings.metrics,
  logFormat: settings.logFormat,
};

export const serverCommand = command({
  name: 'server',
  summary: 'run a server: it holds the data, as primary or standby, as the router decides',
  settings: {
    ...SERVER_SETTINGS,
    supervised: settings.supervised,
    noSupervise: settings.noSupervise,
    paired: settings.paired,
    held: settings.held,
    keepAliveMs: settings.keepAliveMs,
  },
  run: async ({ supervised, noSupervise, paired, held, ...command }, { io }) => {
    const given = held ? await whenTold(command) : command;
    const { part, name } = partOf(given);
    const values = { ...given, certs: await settleTransport(given, part, { name, io }) };
    if (!supervised || noSupervise || paired) return await serve(values, paired, io);
    const { keepPair } = await import('../supervisor/pair-keeper.js');
    return await keepPair(values, io);
  },
});

/** With the routers that the parent names, when everything is loaded and the parent says so. */
async function whenTold<Given extends { readonly routers: readonly Address[] }>(
  given: Given,
): Promise<Given> {
  await loadServer();
  const told = await toldToBegin();
  return told === undefined ? given : { ...given, routers: told.routers };
}

/** Loaded here only: the short commands must not pay for what they don't run. */
const loadServer = async () => {
  const [{ startServer }, { SupervisedServer }] = await Promise.all([
    import('@dualping/server'),
    import('../supervisor/supervised-server.js'),
  ]);
  return { startServer, SupervisedServer };
};

/** The part in its certificate, and its name in lines for the operator. */
function partOf({ cluster, id }: { readonly cluster: number; readonly id: number }): {
  readonly part: Part;
  readonly name: string;
} {
  const serverId = asServerId(id);
  return { part: { role: 'server', cluster, serverId }, name: `server ${serverName(serverId)}` };
}

async function serve(values: PairValues, paired: boolean, io: Io): Promise<number> {
  const { host, port, advertise, data, cluster, id, routers, diskStallMs, metrics, certs, classic } = values;
  const { classicReplies: replies, classicFrom, registration } = values;
  const { part: identity, name: part } = partOf(values);
  const { startServer, SupervisedServer } = await loadServer();
  boundOwnLog(logFile(data, 'server'));
  const watched = partCredentials(certs, identity, { name: part, report: io.report });
  const supervised = new SupervisedServer(values, { paired, part, report: io.report });
  return await serveUntilSignal(part, io, async (): Promise<Running> => {
    const server = await startServer({
      host,
      port,
      ...(advertise === '' ? {} : { advertise }),
      dataFolder: data,
      cluster,
      serverId: id,
      routers,
      ...(replies === '' ? {} : { classicReplies: replies }),
      diskStallMs,
      tripwire: values.tripwire,
      ...(metrics !== '' && { metrics }),
      report: io.report,
      supervision: supervised.options,
      credentials: watched?.credentials,
      classic: classic || classicFrom.length > 0,
      classicFrom,
      ...(registration !== '' && { registration }),
      minDiskFree: values.minDiskFree,
      userLimits: limits.userLimitsOf(values),
      connectionLimits: limits.connectionLimitsOf(values),
    });
    supervised.started(server);
    rememberAt(server.address, certs);
    return {
      address: server.address,
      finished: server.finished,
      stop: async () => {
        supervised.stop();
        await server.stop();
      },
    };
  });
}
