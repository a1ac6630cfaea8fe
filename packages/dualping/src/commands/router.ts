import { parseTiming } from '@dualping/core';
import { command } from '../command.js';
import { partCredentials } from '../credentials.js';
import { serveUntilSignal, warnIfOpen } from '../long-running.js';
import * as classic from '../settings/classic-definitions.js';
import * as settings from '../settings/definitions.js';

export const routerCommand = command({
  name: 'router',
  summary: 'run a router: it knows which server is available',
  settings: {
    host: settings.host,
    port: settings.routerPort,
    data: settings.data('dualping-data/router'),
    clusters: settings.clusters,
    ...classic.OF_ROUTER,
    diskStallMs: settings.diskStallMs,
    metrics: settings.metrics,
    logFormat: settings.logFormat,
    noDialBack: settings.noDialBack,
    certs: settings.certs,
    classic: settings.classicWire,
    ...settings.timing,
  },
  run: async (
    { noDialBack, diskStallMs, metrics, logFormat: _, certs, classic, ...options },
    { io, isGiven },
  ) => {
    const { host, port, data, clusters, ...rest } = options;
    const { heartbeatTimeoutMs, classicReplies, classicConfirmation, ...given } = rest;
    const timing = parseTiming(given);
    warnIfOpen(host, io, certs !== '');
    const watched = partCredentials(certs, { role: 'router' }, { name: 'router', report: io.report });
    // Loaded here only: the short commands must not pay for what they don't run.
    const { startRouter } = await import('@dualping/router');
    return await serveUntilSignal('router', io, () =>
      startRouter({
        host,
        port,
        dataFolder: data,
        ...(isGiven('clusters') && { clusters }),
        timing,
        heartbeatTimeoutMs,
        diskStallMs,
        ...(metrics !== '' && { metrics }),
        classicReplies,
        classicConfirmation,
        dialBack: !noDialBack,
        credentials: watched?.credentials,
        classic,
        report: io.report,
      }),
    );
  },
});
