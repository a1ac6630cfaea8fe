/** `up` and `start`: a whole network on this machine, and with `start` a client connected to it. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DualpingSession, type NetworkCredentials } from '@dualping/client';
import { type Address, DEFAULT_TIMING, DualpingError, parseTiming, quote } from '@dualping/core';
import {
  DRAIN_LIMIT_MS,
  type EndingSignal,
  type Report,
  SIGNAL_EXITS,
  Signals,
  withinLimit,
} from '@dualping/host';
import { checkListen, parseListenAddress } from '@dualping/protocol';
import { hasNetwork, NETWORK_FILE } from '@dualping/security';
import { checkMetricsPorts, LocalCluster, renderPlaces } from '../cluster/local-cluster.js';
import { NetworkProcess } from '../cluster/network-process.js';
import { command, type Invocation } from '../command.js';
import { certsAt, networkIn } from '../credentials.js';
import type { Io } from '../io.js';
import { warnIfOpen } from '../long-running.js';
import { ownCommand } from '../own-command.js';
import { endWithParent, tellParent } from '../parent-link.js';
import { FULL_SCREEN_HISTORY, hasFullScreen, runPersonClient } from '../person-client.js';
import { renderMove, renderState } from '../render.js';
import * as classic from '../settings/classic-definitions.js';
import * as settings from '../settings/definitions.js';
import { flagOf, type Values } from '../settings/setting.js';
import { cleanForTerminal } from '../terminal-text.js';
import { ownDevice } from '../user/device-keys.js';

/** Within the data folder. */
const CERTS_FOLDER = 'certs';

const CLUSTER_SETTINGS = {
  host: settings.host,
  port: settings.routerPort,
  routers: settings.routersOfNetwork,
  store: settings.store,
  clusters: settings.clusters,
  servers: settings.servers,
  data: settings.data('dualping-data'),
  keepAliveMs: settings.keepAliveMs,
  diskStallMs: settings.diskStallMs,
  metrics: settings.networkMetrics,
  classicReplies: classic.networkClassicReplies,
  classicConfirmation: classic.classicConfirmation,
  tls: settings.tls,
  insecure: settings.insecure,
  classic: settings.classicWire,
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
  const { classicReplies, classicConfirmation, tls, insecure, classic: isClassic, ...given } = others;
  const timing = parseTiming({ ...DEFAULT_TIMING, ...given });
  const certs = certsFor({ data, tls, insecure });
  warnIfOpen(host, io, certs !== undefined);
  const childFlags = [...(isClassic ? ['--classic'] : []), '--log-format', logFormat];
  if (routers > 1 && store === '')
    throw new DualpingError(
      'invalid-argument',
      `routers is "${routers}": several share an etcd, say where it is with --store etcd://host:port/prefix`,
    );
  if (store !== '' && certs !== undefined)
    throw new DualpingError(
      'invalid-argument',
      `store is ${quote(store)}: routers that share a store speak no TLS yet, say --insecure`,
    );
  const observed = metrics === '' ? undefined : parseListenAddress(metrics);
  if (observed !== undefined) checkMetricsPorts(observed, servers * clusters);
  // Checked first, so that a start that can't work leaves no folder behind.
  if (isGiven('port') && !existsSync(data)) await checkListen(host, port);
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
    serverFlags: [...childFlags, ...(registration === '' ? [] : ['--registration', registration])],
    routerFlags: [
      ...['--classic-replies', classicReplies, '--classic-confirmation', classicConfirmation],
      ...childFlags,
    ],
    ...lines,
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

/**
 * Where the certificates are or will be; undefined: without TLS. A network that has had them once goes on
 * with them, so that leaving out a word does not take its protection away.
 */
function certsFor({
  data,
  tls,
  insecure,
}: Pick<ClusterValues, 'data' | 'tls' | 'insecure'>): string | undefined {
  if (tls && insecure) throw new DualpingError('invalid-argument', 'give --tls or --insecure, not both');
  const certs = join(data, CERTS_FOLDER);
  return tls || (!insecure && hasNetwork(certs)) ? certs : undefined;
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
      const ca = certs === undefined ? '' : ` --ca ${join(certs, NETWORK_FILE)}`;
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
    return await besideNetwork(values, invocation, async (router, signal) => {
      const routers = router.split(',');
      const isFull = hasFullScreen(io, lines);
      const history = isFull && !isGiven('limit') ? FULL_SCREEN_HISTORY : limit;
      const credentials = credentialsFor(values.data, router);
      const session = new DualpingSession({
        routers,
        user,
        timeline: { history },
        mentions: isFull,
        credentials,
        ...ownDevice(credentials, user),
      });
      const formerly = [resolve(values.data)];
      return await runPersonClient({ session, routers, credentials, formerly, io, lines, signal });
    });
  },
});

/** What a user of the network in that folder has; undefined: it runs without TLS. */
function credentialsFor(data: string, router: Address): NetworkCredentials | undefined {
  const certs = certsAt(data, [router]);
  return certs === undefined ? undefined : networkIn(certs);
}

/** Runs `use` with a network in a process of its own, and always ends that process. */
async function besideNetwork(
  values: ClusterValues,
  { io, isGiven }: Invocation,
  use: (router: Address, signal: Promise<EndingSignal>) => Promise<number>,
): Promise<number> {
  warnIfOpen(values.host, io, certsFor(values) !== undefined);
  io.note(`what the servers do is written to ${join(values.data, 'logs')}`);
  const network = new NetworkProcess(flagsOf(values, isGiven));
  const signals = new Signals(() => network.kill());
  try {
    const first = await Promise.race([network.ready().then((router) => ({ router })), signals.first]);
    if (typeof first === 'string') return SIGNAL_EXITS[first];
    for (const line of network.lines) io.out(line);
    let ended: string | undefined;
    void network.endedByItself().then(({ text }) => {
      ended = text;
      // On this signal the client restores the terminal and saves its drafts.
      process.kill(process.pid, 'SIGTERM');
    });
    const exitCode = await use(first.router, signals.first);
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
    .flatMap(([name, setting]) => [flagOf(setting), String(texts[name])]);
}

async function watchStates(session: DualpingSession, signals: Signals, io: Io): Promise<number> {
  session.state$.subscribe((state) => io.out(renderState(state, performance.now())));
  session.moves$.subscribe((move) => io.out(renderMove(move)));
  const signal = await signals.first;
  session.close();
  return SIGNAL_EXITS[signal];
}
