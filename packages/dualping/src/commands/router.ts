import { DualpingError, parseTiming, quote } from '@dualping/core';
import type { Part } from '@dualping/protocol';
import { command } from '../command.js';
import { partCredentials, rememberAt } from '../credentials.js';
import { serveUntilSignal } from '../long-running.js';
import * as classic from '../settings/classic-definitions.js';
import * as settings from '../settings/definitions.js';
import * as limits from '../settings/limits.js';
import { settleTransport } from '../transport.js';

const ROUTER: Part = { role: 'router' };

export const routerCommand = command({
  name: 'router',
  summary: 'run a router: it knows which server is available',
  settings: {
    host: settings.host,
    port: settings.routerPort,
    store: settings.store,
    advertise: settings.advertise,
    data: settings.data('dualping-data/router'),
    clusters: settings.clusters,
    ...classic.OF_ROUTER,
    diskStallMs: settings.diskStallMs,
    metrics: settings.metrics,
    logFormat: settings.logFormat,
    noDialBack: settings.noDialBack,
    certs: settings.certs,
    insecure: settings.insecure,
    classic: settings.classicWire,
    classicFrom: settings.classicFrom,
    ...limits.OF_CONNECTIONS,
    ...settings.timing,
  },
  run: async (
    {
      noDialBack,
      store,
      advertise,
      metrics,
      logFormat: _,
      certs,
      insecure,
      classic,
      classicFrom,
      ...options
    },
    { io, isGiven },
  ) => {
    const { host, port, data, clusters, ...rest } = options;
    const { heartbeatTimeoutMs, diskStallMs, classicReplies, classicConfirmation, ...others } = rest;
    const { connectionsPerAddress, connectionsPerSecond, ...given } = others;
    if (store === '' && advertise !== '')
      throw new DualpingError(
        'invalid-argument',
        `advertise is ${quote(advertise)}: it is for routers that share a store, and --store is not given`,
      );
    if (store !== '' && certs !== '')
      throw new DualpingError(
        'invalid-argument',
        `store is ${quote(store)} and certs is ${quote(certs)}: routers that share a store speak no TLS yet`,
      );
    if (store !== '' && metrics !== '')
      throw new DualpingError(
        'invalid-argument',
        `store is ${quote(store)} and metrics is ${quote(metrics)}: routers that share a store have no metrics yet`,
      );
    if (store !== '' && insecure === 'no')
      throw new DualpingError(
        'invalid-argument',
        `store is ${quote(store)}: routers that share a store speak no TLS yet, say --insecure`,
      );
    const folder = await settleTransport({ host, port, data, certs, insecure }, ROUTER, {
      name: 'router',
      io,
    });
    const watched = partCredentials(folder, ROUTER, { name: 'router', report: io.report });
    const common = {
      host,
      port,
      ...(isGiven('clusters') && { clusters }),
      timing: parseTiming(given),
      heartbeatTimeoutMs,
      classicReplies,
      classicConfirmation,
      dialBack: !noDialBack,
      connectionLimits: limits.connectionLimitsOf({ connectionsPerAddress, connectionsPerSecond }),
      report: io.report,
    };
    // Loaded here only: the short commands must not pay for what they don't run.
    const { startRouter, startSharedRouter } = await import('@dualping/router');
    return await serveUntilSignal('router', io, async () => {
      const router =
        store === ''
          ? await startRouter({
              ...common,
              dataFolder: data,
              diskStallMs,
              ...(metrics !== '' && { metrics }),
              credentials: watched?.credentials,
              classic: classic || classicFrom.length > 0,
              classicFrom,
            })
          : await startSharedRouter({ ...common, store, ...(advertise !== '' && { advertise }) });
      rememberAt(router.address, folder);
      return router;
    });
  },
});
