import { DualpingError, quote } from '@dualping/core';
import { EXIT } from '@dualping/host';
import type { Part } from '@dualping/protocol';
import type { Move } from '@dualping/router';
import { command } from '../command.js';
import { partCredentials, rememberAt } from '../credentials.js';
import type { Io } from '../io.js';
import { serveUntilSignal } from '../long-running.js';
import { toldToBegin } from '../parent-link.js';
import * as classic from '../settings/classic-definitions.js';
import * as settings from '../settings/definitions.js';
import * as limits from '../settings/limits.js';
import { timingOf } from '../settings/timing.js';
import { storeAccessFrom } from '../store-access.js';
import { settleTransport } from '../transport.js';

const ROUTER: Part = { role: 'router' };

export const routerCommand = command({
  name: 'router',
  summary: 'run a router: it knows which server is available',
  settings: {
    host: settings.host,
    port: settings.routerPort,
    store: settings.store,
    ...settings.storeAccess,
    migrate: settings.migrate,
    advertise: settings.advertise,
    data: settings.data('dualping-data/router'),
    clusters: settings.clusters,
    ...classic.OF_ROUTER,
    diskStallMs: settings.diskStallMs,
    metrics: settings.metrics,
    logFormat: settings.logFormat,
    noDialBack: settings.noDialBack,
    held: settings.held,
    certs: settings.certs,
    insecure: settings.insecure,
    classic: settings.classicWire,
    classicFrom: settings.classicFrom,
    minDiskFree: limits.routerMinDiskFree,
    ...limits.OF_CONNECTIONS,
    ...settings.timing,
  },
  run: async (
    {
      noDialBack,
      store,
      migrate,
      advertise,
      metrics,
      logFormat: _,
      certs,
      insecure,
      classic,
      classicFrom,
      held,
      ...options
    },
    { io, isGiven },
  ) => {
    const { host, port, data, clusters, ...rest } = options;
    const { heartbeatTimeoutMs, diskStallMs, classicReplies, classicConfirmation, ...others } = rest;
    const { storeCa, storeCert, storeKey, storeUser, storePasswordFile, ...more } = others;
    const storeAccess = storeAccessFrom({ storeCa, storeCert, storeKey, storeUser, storePasswordFile });
    const { minDiskFree, connectionsPerAddress, connectionsPerSecond, ...given } = more;
    if (store === '' && advertise !== '')
      throw new DualpingError(
        'invalid-argument',
        `advertise is ${quote(advertise)}: it is for routers that share a store, and --store is not given`,
      );
    if (migrate !== '') return await move(migrate, { dataFolder: data, store, storeAccess }, io);
    const timing = timingOf(given);
    // Loaded here only: the short commands must not pay for what they don't run.
    const { startRouter, startSharedRouter } = await import('@dualping/router');
    if (held) await toldToBegin();
    const transport = { host, port, data, certs, insecure, isAlone: store === '' };
    const folder = await settleTransport(transport, ROUTER, { name: 'router', io });
    const watched = partCredentials(folder, ROUTER, { name: 'router', report: io.report });
    const common = {
      host,
      port,
      ...(isGiven('clusters') && { clusters }),
      timing,
      heartbeatTimeoutMs,
      classicReplies,
      classicConfirmation,
      dialBack: !noDialBack,
      credentials: watched?.credentials,
      classic: classic || classicFrom.length > 0,
      classicFrom,
      connectionLimits: limits.connectionLimitsOf({ connectionsPerAddress, connectionsPerSecond }),
      ...(metrics !== '' && { metrics }),
      report: io.report,
    };
    return await serveUntilSignal('router', io, async () => {
      const router =
        store === ''
          ? await startRouter({ ...common, dataFolder: data, diskStallMs, minDiskFree })
          : await startSharedRouter({
              ...common,
              store,
              storeAccess,
              ...(isGiven('data') && { dataFolder: data }),
              ...(advertise !== '' && { advertise }),
            });
      rememberAt(router.address, folder);
      return router;
    });
  },
});

async function move(migration: settings.Migration, what: Move, io: Io): Promise<number> {
  const { dataFolder, store } = what;
  if (store === '')
    throw new DualpingError(
      'invalid-argument',
      `migrate is "${migration}": say with --store etcd://host:port/prefix which store is meant`,
    );
  const { moveToFolder, moveToStore } = await import('@dualping/router');
  const toStore = migration === 'to-store';
  const { networkId, clusters, paths } = await (toStore ? moveToStore : moveToFolder)(what);
  const [from, to] = toStore ? [dataFolder, store] : [store, dataFolder];
  io.out(
    `moved network ${networkId} from ${from} to ${to}, and read it again: clusters ${clusters}, paths ${paths}`,
  );
  const next = toStore ? `--store ${store}` : `--data ${dataFolder}, and without --store`;
  io.out(`start routers with ${next}; ${from} starts none any more`);
  return EXIT.done;
}
