import { serverId as asServerId, serverName } from '@dualping/core';
import { boundOwnLog, logFile } from '@dualping/host';
import { command } from '../command.js';
import { partCredentials } from '../credentials.js';
import type { Io } from '../io.js';
import { type Running, serveUntilSignal, warnIfOpen } from '../long-running.js';
import { classicReplies } from '../settings/classic-definitions.js';
import * as settings from '../settings/definitions.js';
import type { PairValues } from '../supervisor/server-flags.js';

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
  certs: settings.certs,
  classic: settings.classicWire,
  registration: settings.registration,
  metrics: settings.metrics,
  logFormat: settings.logFormat,
};

export const serverCommand = command({
  name: 'server',
  summary: 'run a server: it keeps the network, as primary or standby as the router says',
  settings: {
    ...SERVER_SETTINGS,
    supervised: settings.supervised,
    noSupervise: settings.noSupervise,
    paired: settings.paired,
    keepAliveMs: settings.keepAliveMs,
  },
  run: async ({ supervised, noSupervise, paired, ...values }, { io }) => {
    warnIfOpen(values.host, io, values.certs !== '');
    if (!supervised || noSupervise || paired) return await serve(values, paired, io);
    const { keepPair } = await import('../supervisor/pair-keeper.js');
    return await keepPair(values, io);
  },
});

async function serve(values: PairValues, paired: boolean, io: Io): Promise<number> {
  const { host, port, advertise, data, cluster, id, routers, diskStallMs, metrics, certs, classic } = values;
  const { classicReplies: replies, registration } = values;
  const part = `server ${serverName(asServerId(id))}`;
  // Loaded here only: the short commands must not pay for what they don't run.
  const { startServer } = await import('@dualping/server');
  const { SupervisedServer } = await import('../supervisor/supervised-server.js');
  boundOwnLog(logFile(data, 'server'));
  const identity = { role: 'server', cluster, serverId: asServerId(id) } as const;
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
      ...(metrics !== '' && { metrics }),
      report: io.report,
      supervision: supervised.options,
      credentials: watched?.credentials,
      classic,
      ...(registration !== '' && { registration }),
    });
    supervised.started(server);
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
