import { serverId as asServerId, serverName } from '@dualping/core';
import { command } from '../command.js';
import { serveUntilSignal, warnIfOpen } from '../long-running.js';
import { classicReplies } from '../settings/classic-definitions.js';
import * as settings from '../settings/definitions.js';

export const serverCommand = command({
  name: 'server',
  summary: 'run a server: it keeps the network, as primary or standby as the router says',
  settings: {
    host: settings.host,
    port: settings.serverPort,
    advertise: settings.advertise,
    data: settings.data('dualping-data/server'),
    cluster: settings.cluster,
    id: settings.serverId,
    routers: settings.routers,
    classicReplies,
  },
  run: async ({ host, port, advertise, data, cluster, id, routers, classicReplies: replies }, { io }) => {
    warnIfOpen(host, io);
    // Loaded here only: the short commands must not pay for what they don't run.
    const { startServer } = await import('@dualping/server');
    return await serveUntilSignal(`server ${serverName(asServerId(id))}`, io, () =>
      startServer({
        host,
        port,
        ...(advertise === '' ? {} : { advertise }),
        dataFolder: data,
        cluster,
        serverId: id,
        routers,
        classicReplies: replies,
        report: io.report,
      }),
    );
  },
});
