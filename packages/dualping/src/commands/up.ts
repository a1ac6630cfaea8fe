/** `up` and `start`: a whole network on this machine, and with `start` a client connected to it. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DualpingSession, type NetworkCredentials } from '@dualping/client';
import { type Address, DualpingError, quote } from '@dualping/core';
import {
  DRAIN_LIMIT_MS,
  type EndingSignal,
  type Report,
  SIGNAL_EXITS,
  Signals,
  withinLimit,
} from '@dualping/host';
import { checkListen, parseListenAddress } from '@dualping/protocol';
import { CERTS_FOLDER, NETWORK_FILE } from '@dualping/security';
import { checkMetricsPorts } from '../cluster/command-lines.js';
import { isKeptInFiles, LocalCluster, OWN_ETCD, renderPlaces } from '../cluster/local-cluster.js';
import { hasLocalEtcd, requireEtcd } from '../cluster/local-etcd.js';
import { NetworkProcess } from '../cluster/network-process.js';
import { command, type Invocation } from '../command.js';
import { certsAt, networkIn } from '../credentials.js';
import type { Io } from '../io.js';
import { ownCommand, shellWord } from '../own-command.js';
import { endWithParent, tellParent, tellParentOfRouters } from '../parent-link.js';
import { runPersonClient } from '../person-client.js';
import { renderMove, renderState } from '../render.js';
import * as classic from '../settings/classic-definitions.js';
import * as settings from '../settings/definitions.js';
import * as limits from '../settings/limits.js';
import { flagOf, type Values, wordsFor } from '../settings/setting.js';
import { timingOf } from '../settings/timing.js';
import { type StoreAccessValues, storeAccessFrom } from '../store-access.js';
import { cleanForTerminal } from '../terminal-text.js';
import { permitInsecure } from '../transport.js';
import { ownDevice } from '../user/device-keys.js';

/** The end of the error about an etcd that is not installed. */
const OTHER_ETCD = '. Or say where one runs: --store etcd://host:port/prefix';

const CLUSTER_SETTINGS = {
  host: settings.host,
  port: settings.routerPort,
  routers: settings.routersOfNetwork,
  store: settings.storeOfNetwork,
  ...settings.storeAccess,
  clusters: settings.clusters,
  servers: settings.servers,
  data: settings.data('dualping-data'),
  keepAliveMs: settings.keepAliveMs,
  diskStallMs: settings.diskStallMs,
  tripwire: settings.tripwire,
  minDiskFree: limits.minDiskFree,
  metrics: settings.networkMetrics,
  classicReplies: classic.networkClassicReplies,
  classicConfirmation: classic.classicConfirmation,
  insecure: settings.insecure,
  classic: settings.classicWire,
  classicFrom: settings.classicFrom,
  ...limits.OF_USERS,
  ...limits.OF_CONNECTIONS,
  registration: settings.registration,
  ...settings.timing,
};
type ClusterValues = Values<typeof CLUSTER_SETTINGS> & { readonly logFormat?: settings.LogFormat };

/** Where lines of the processes go. */
interface OperatorLines {
  readonly report: Report;
  readonly onLine: (name: string, line: string) => void;
}

const toStderr = (io: Io): OperatorLines => ({
  report: io.report,
  onLine: (name, line) => io.note(cleanForTerminal(`${name} | ${line}`)),
});

/** With `--log-format json`: a line of a process is an object already, and gets the name of the process. */
const asObjects = (io: Io): OperatorLines => ({
  report: io.report,
  onLine: (name, line) =>
    line.startsWith('{')
      ? io.note(`{"process":${JSON.stringify(name)},${line.slice(1)}`)
      : io.report({ part: name, event: 'note', text: line }),
});

/** Runs `use` with a cluster, and always ends the cluster. */
async function withCluster(
  values: ClusterValues,
  { io, isGiven }: Invocation,
  lines: OperatorLines,
  use: (cluster: LocalCluster, signals: Signals) => Promise<number>,
): Promise<number> {
  const { host, port, routers, store, clusters, servers, data, keepAliveMs, diskStallMs, ...rest } = values;
  const { metrics, logFormat = 'text', registration, ...others } = rest;
  const { classicReplies, classicConfirmation, insecure, classic: isClassic, classicFrom } = others;
  const { pingIntervalMs, deadAfterMs, reattachGraceMs } = values;
  const timing = timingOf({ pingIntervalMs, deadAfterMs, reattachGraceMs });
  const { storeCa, storeCert, storeKey, storeUser, storePasswordFile } = values;
  const storeAccess = { storeCa, storeCert, storeKey, storeUser, storePasswordFile };
  storeAccessFrom(storeAccess); // each router reads it again
  const certs = certsFor({ host, data, insecure }, io);
  const childFlags = [
    ...wordsFor(settings.classicWire, isClassic),
    ...(classicFrom.length > 0 ? wordsFor(settings.classicFrom, classicFrom) : []),
    ...['--log-format', logFormat],
  ];
  if (routers > 1 && store === '')
    throw new DualpingError(
      'invalid-argument',
      `routers is "${routers}": several share an etcd: --store etcd runs one here, --store etcd://host:port/prefix says where one is`,
    );
  const observed = metrics === '' ? undefined : parseListenAddress(metrics);
  if (observed !== undefined) checkMetricsPorts(observed, servers * clusters);
  refuseOtherStore(data, store);
  if (store === OWN_ETCD) requireEtcd('store is "etcd"', OTHER_ETCD);
  // Checked first, so that a start that can't work leaves no folder behind.
  if (!existsSync(data)) await checkListen(host, isGiven('port') ? port : 0);
  const cluster = new LocalCluster({
    host,
    routerPort: port,
    routerMayMove: !isGiven('port'),
    routers,
    store: store === '' ? undefined : store,
    clusters: isGiven('clusters') ? clusters : undefined,
    servers,
    dataFolder: data,
    timing,
    keepAliveMs,
    diskStallMs,
    certs,
    metrics: observed,
    serverFlags: [
      ...childFlags,
      ...wordsFor(settings.tripwire, values.tripwire),
      ...(registration === '' ? [] : ['--registration', registration]),
      ...[flagOf(limits.minDiskFree), String(values.minDiskFree)],
      ...limits.userLimitFlags(values),
      ...limits.connectionLimitFlags(values),
    ],
    routerFlags: [
      ...['--classic-replies', classicReplies, '--classic-confirmation', classicConfirmation],
      ...childFlags,
      ...[flagOf(limits.minDiskFree), String(values.minDiskFree)],
      ...limits.connectionLimitFlags(values),
      ...storeFlags(storeAccess),
    ],
    ...lines,
    onRouters: (addresses) => tellParentOfRouters(addresses.join()),
  });
  const signals = new Signals(() => cluster.kill());
  try {
    const early = await Promise.race([cluster.start(), signals.first]);
    if (typeof early === 'string') return SIGNAL_EXITS[early];
    const places = renderPlaces(cluster.places);
    for (const line of places) io.out(line);
    tellParent(cluster.routerAddresses.join(), places);
    return await use(cluster, signals);
  } finally {
    if (!(await withinLimit(cluster.stop(), DRAIN_LIMIT_MS))) cluster.kill();
  }
}

/** Where the certificates are or will be; undefined: without TLS. Warns where that is due. */
function certsFor(
  { host, data, insecure }: Pick<ClusterValues, 'host' | 'data' | 'insecure'>,
  io: Io,
): string | undefined {
  if (insecure === 'no') return join(data, CERTS_FOLDER);
  permitInsecure(host, insecure, io);
  return undefined;
}

const storeFlags = (access: StoreAccessValues): readonly string[] =>
  Object.entries(access).flatMap(([name, value]) =>
    value === '' ? [] : [flagOf(settings.storeAccess[name as keyof StoreAccessValues]), value],
  );

/** A network stays in its store: in another store it would be a new network, which its servers refuse. */
function refuseOtherStore(data: string, store: string): void {
  if (store !== '' && isKeptInFiles(data))
    throw new DualpingError(
      'invalid-argument',
      `store is ${quote(store)}, but the network in ${quote(data)} is kept in files: ${howToMove(data, store)}`,
    );
  if (!hasLocalEtcd(data) || store === OWN_ETCD) return;
  const given = store === '' ? 'no store is given' : `store is ${quote(store)}`;
  throw new DualpingError(
    'invalid-argument',
    `${given}, but the network in ${quote(data)} is kept in an etcd of its own: say --store etcd`,
  );
}

/** An etcd of `up` itself runs only while `up` does: it can't be moved to before. */
function howToMove(data: string, store: string): string {
  const move = (to: string): string =>
    `dualping router --migrate to-store --data ${join(data, 'router')} --store ${to}`;
  if (store !== OWN_ETCD) return `stop the network, and ${move(store)} moves it there`;
  return `an etcd of its own is for a new network. To an etcd that runs ${move('etcd://HOST:PORT/PREFIX')} moves it`;
}

export const upCommand = command({
  name: 'up',
  summary: 'run a network on this machine: a router and its servers, each a process of its own',
  settings: { ...CLUSTER_SETTINGS, logFormat: settings.logFormat },
  run: async (values, invocation) => {
    const { io } = invocation;
    endWithParent();
    const lines = values.logFormat === 'json' ? asObjects(io) : toStderr(io);
    return await withCluster(values, invocation, lines, async (cluster, signals) => {
      const certs = certsAt(values.data, cluster.routerAddresses);
      const ca = certs === undefined ? '' : ` --ca ${shellWord(join(certs, NETWORK_FILE))}`;
      io.out(`ready: ${ownCommand()} client --routers ${cluster.routerAddresses.join()}${ca}`);
      return SIGNAL_EXITS[await signals.first];
    });
  },
});

export const startCommand = command({
  name: 'start',
  summary:
    'run a network on this machine and a client to it; without a terminal, print its states until SIGTERM',
  settings: { ...CLUSTER_SETTINGS, user: settings.user, limit: settings.limit, line: settings.line },
  run: async ({ user, limit, line: lines, ...values }, invocation) => {
    const { io, isGiven } = invocation;
    if (!io.interactive)
      return await withCluster(values, invocation, toStderr(io), async (cluster, signals) => {
        const routers = cluster.routerAddresses;
        const credentials = credentialsFor(values.data, cluster.routerAddresses[0] ?? '');
        const session = new DualpingSession({
          routers,
          user,
          timeline: { history: limit },
          credentials,
          ...ownDevice(credentials, user),
        });
        return await watchStates(session, signals, io);
      });
    return await besideNetwork(values, invocation, async (router, { signal, complete }) => {
      return await runPersonClient({
        user,
        routers: router.split(','),
        credentials: credentialsFor(values.data, router),
        formerly: [resolve(values.data)],
        limit,
        isLimitGiven: isGiven('limit'),
        io,
        lines,
        signal,
        mayShow: complete,
      });
    });
  },
});

/** A user's credentials for the network in that folder; undefined: it runs without TLS. */
function credentialsFor(data: string, router: Address): NetworkCredentials | undefined {
  const certs = certsAt(data, [router]);
  return certs === undefined ? undefined : networkIn(certs);
}

/** A network that starts in a process of its own. */
interface StartingNetwork {
  readonly signal: Promise<EndingSignal>;
  /** Resolves when every server is live and in sync; rejects with the error of the process. */
  readonly complete: Promise<void>;
}

/**
 * Runs `use` with a network in a process of its own, as soon as its routers listen, and always ends that
 * process.
 */
async function besideNetwork(
  values: ClusterValues,
  { io, isGiven }: Invocation,
  use: (router: Address, network: StartingNetwork) => Promise<number>,
): Promise<number> {
  certsFor(values, io);
  io.note(`what the servers do is written to ${join(values.data, 'logs')}`);
  const network = new NetworkProcess(flagsOf(values, isGiven));
  const signals = new Signals(() => network.kill());
  try {
    const first = await Promise.race([network.routers().then((router) => ({ router })), signals.first]);
    if (typeof first === 'string') return SIGNAL_EXITS[first];
    let ended: string | undefined;
    const complete = network.complete().then(() => {
      for (const line of network.lines) io.out(line);
      void network.endedByItself().then(({ text }) => {
        ended = text;
        // On this signal the client restores the terminal and saves its drafts.
        process.kill(process.pid, 'SIGTERM');
      });
    });
    complete.catch(() => {}); // after a signal its error is of no interest
    const exitCode = await use(first.router, { signal: signals.first, complete });
    if (ended !== undefined) io.note(`the network ${ended}`);
    return exitCode;
  } finally {
    await network.stop();
  }
}

/** The given settings of the network, as flags; the other process knows the defaults of the rest. */
function flagsOf(values: ClusterValues, isGiven: (key: string) => boolean): readonly string[] {
  const texts: Readonly<Record<string, unknown>> = { ...values, data: resolve(values.data) };
  return Object.entries(CLUSTER_SETTINGS)
    .filter(([, { key }]) => key === 'data' || isGiven(key))
    .flatMap(([name, setting]) => wordsFor(setting, texts[name]));
}

async function watchStates(session: DualpingSession, signals: Signals, io: Io): Promise<number> {
  session.state$.subscribe((state) => io.out(renderState(state, performance.now())));
  session.moves$.subscribe((move) => io.out(renderMove(move)));
  const signal = await signals.first;
  session.close();
  return SIGNAL_EXITS[signal];
}
