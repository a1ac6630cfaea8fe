/** Assembles a router from folder, store, registry and sockets, and stops them in the reverse order. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { type Address, DualpingError, type NetworkId, quote } from '@dualping/core';
import {
  countEvents,
  DiskTimer,
  lockDataFolder,
  mendFolder,
  type Observation,
  observe,
  withFewRefusals,
} from '@dualping/host';
import {
  Access,
  addHealthAndReflection,
  ConnectionGate,
  checkListen,
  createGrpcServer,
  formatAddress,
  type GuardedServer,
  type HealthHandle,
  type Listener,
  listenToConnections,
  toDualpingError,
} from '@dualping/protocol';
import { watchDiskRoom } from './disk-room.js';
import {
  type ParsedCommonOptions,
  type ParsedOptions,
  parseRouterOptions,
  type RouterOptions,
} from './options.js';
import { Reign } from './reign.js';
import { ROUTER_METRICS, type RouterView, routerSamples } from './router-metrics.js';
import { addServices, ROUTING_SERVICE_NAME, SERVICE_NAMES } from './services.js';
import { AssignmentStore, LOG_NAME } from './store/assignment-store.js';
import { requireNotMoved } from './store/moved.js';
import { PATHS_NAME, PathStore } from './store/path-store.js';
import type { Timed } from './store/timed.js';

/** How long callers have to read their last message when the router ends, ms. */
const GOODBYE_MS = 500;

export interface RunningRouter {
  /** The address to dial. */
  readonly address: Address;
  /** Made when the data folder was first used. */
  readonly networkId: NetworkId;
  readonly clusters: number;
  /** Resolves when everything is closed. Members go on without it, and attach again to its successor. */
  stop(): Promise<void>;
  /** Resolves when it has stopped; rejects with the reason when it could not go on. */
  readonly finished: Promise<void>;
}

/**
 * Starts a router. Throws a `DualpingError` that quotes the problem: a wrong option, a folder that is in use
 * or was made for another number of clusters, a damaged store, an address that is taken.
 */
export async function startRouter(options: RouterOptions): Promise<RunningRouter> {
  const given = parseRouterOptions(options);
  const events = countEvents(given.report);
  const parsed = { ...given, report: events.report };
  requireNotMoved(parsed.dataFolder);
  // A start that can't work leaves no folder behind.
  if (!existsSync(parsed.dataFolder)) await checkListen(parsed.host, parsed.port);
  const lock = lockDataFolder(parsed.dataFolder, 'router');
  const mended = mendFolder(parsed.dataFolder);
  if (mended !== undefined) parsed.report({ part: 'router', event: 'folder-mode', text: mended });
  const grpc = createGrpcServer({}, accessOf(parsed));
  let store: AssignmentStore | undefined;
  let paths: PathStore | undefined;
  const health = addHealthAndReflection(grpc, SERVICE_NAMES);
  const disk = timeDisk(parsed, health);
  try {
    store = await openStore(parsed, disk.timed);
    paths = await PathStore.open(parsed.dataFolder, disk.timed);
    const parts = { store, paths, health, disk, events: events.counts };
    return await run(parsed, grpc, parts, lock.release);
  } catch (error) {
    grpc.forceShutdown();
    store?.close();
    await paths?.close();
    lock.release();
    throw error;
  }
}

/** Who may call what; refusals and operators' calls become lines. */
export function accessOf({ credentials, classic, report }: ParsedCommonOptions): Access {
  const few = withFewRefusals(report, () => performance.now());
  return new Access(credentials, classic, {
    refused: (text) => few({ part: 'router', event: 'audit-refused', text }),
    privileged: (text) => report({ part: 'router', event: 'audit', text }),
  });
}

interface TimedDisk {
  readonly timed: Timed;
  readonly hangs: boolean;
}

/**
 * While its disk hangs the router can't make a decision durable: health and a line for the operator say so.
 */
function timeDisk({ diskStallMs, report }: ParsedOptions, health: HealthHandle): TimedDisk {
  let hangs = false;
  const say = (event: string) => (text: string) => report({ part: 'router', event, text });
  const setServing = (serving: boolean): void => {
    for (const name of ['', ...SERVICE_NAMES]) health.setServing(serving, name);
  };
  const disk = new DiskTimer(diskStallMs, {
    slow: say('slow-disk'),
    stalled: (text) => {
      hangs = true;
      setServing(false);
      say('disk-stalled')(`${text}; nothing is decided meanwhile, health says NOT_SERVING`);
    },
    recovered: (text) => {
      hangs = false;
      setServing(true);
      say('disk-recovered')(text);
    },
  });
  return {
    timed: (doing, work) => disk.time(doing, 'both', work),
    get hangs() {
      return hangs;
    },
  };
}

async function openStore(
  { dataFolder, clusters, report }: ParsedOptions,
  timed: Timed,
): Promise<AssignmentStore> {
  const fresh = () => {
    // Each router has made its log before its paths: this folder belongs to a network, and has lost a file.
    if (existsSync(join(dataFolder, PATHS_NAME)))
      throw new DualpingError(
        'storage-failed',
        `${join(dataFolder, LOG_NAME)} is missing, though ${PATHS_NAME} of its router is there: put it back; for another network give the router an empty folder`,
      );
    return { networkId: randomUUID(), clusters: clusters ?? 1 };
  };
  const store = await AssignmentStore.open(dataFolder, fresh, timed);
  if (clusters !== undefined && clusters !== store.header.clusters) {
    store.close();
    throw new DualpingError(
      'invalid-argument',
      `clusters is "${clusters}", but data folder ${quote(dataFolder)} was made for ${store.header.clusters}: users belong to their cluster for good`,
    );
  }
  if (store.cutTail !== undefined) {
    const { file, offset, bytes } = store.cutTail;
    const text = `an incomplete write of ${bytes} bytes in ${quote(file)} at byte ${offset} is not known to be durable, and is cut`;
    report({ part: 'router', event: 'cut', text });
  }
  return store;
}

interface Parts {
  readonly store: AssignmentStore;
  readonly paths: PathStore;
  readonly health: HealthHandle;
  readonly disk: TimedDisk;
  readonly events: ReadonlyMap<string, number>;
}

async function run(
  options: ParsedOptions,
  grpc: GuardedServer,
  { store, paths, health, disk, events }: Parts,
  releaseLock: () => void,
): Promise<RunningRouter> {
  const { metrics, report: reportAll, ...settings } = options;
  const { networkId, clusters } = store.header;
  const report = withFewRefusals(reportAll, () => performance.now());
  let trouble: string | undefined;
  let onStopped: (failure: DualpingError | undefined) => void = () => {};
  const stopped = new Promise<DualpingError | undefined>((resolve) => {
    onStopped = resolve;
  });
  const reign = new Reign({
    ...settings,
    header: store.header,
    records: store.records,
    isNew: store.isNew,
    access: grpc.access,
    paths,
    term: 0,
    persist: (records, durable, failed) => void store.append(records).then(durable, failed),
    troubled: (detail) => {
      trouble = detail;
      health.setServing(detail === undefined, ROUTING_SERVICE_NAME);
    },
    report,
    failed: (error) => {
      const failure = toDualpingError(error);
      report({ part: 'router', event: 'failed', text: `the router stops: ${failure.detail}` });
      onStopped(failure);
    },
  });
  addServices(grpc, reign.parts);
  const listener = await listenAt(grpc, options, () => reign);
  const { address } = listener;
  const room = watchDiskRoom(options, report, reign.parts.watchers);
  const troubleNow = () => (disk.hangs ? 'its disk does not answer' : trouble);
  const observation = await observeRouter({ metrics, report }, troubleNow, () => ({
    assignments: reign.parts.watchers.assignments,
    stats: reign.stats(),
    watchers: reign.parts.watchers.count,
    disk: room.stats,
    events,
  }));
  reign.begin();

  const finished = stopped.then(async (failure) => {
    await reign.drain();
    room.stop();
    observation?.close();
    health.shutDown();
    const goodbye =
      failure ?? new DualpingError('shutting-down', `the router at ${address} is shutting down`);
    reign.sayGoodbye(goodbye);
    listener.close();
    await shutDown(grpc);
    store.close();
    await paths.close();
    releaseLock();
    if (failure !== undefined) throw failure;
  });
  finished.catch(() => {}); // callers that need the result use `finished`
  return {
    address,
    networkId,
    clusters,
    finished,
    stop: async () => {
      onStopped(undefined);
      await finished;
    },
  };
}

/** Serves metrics and probes, if an address is given. @param troubleNow undefined: nothing is wrong */
export async function observeRouter(
  { metrics, report }: Pick<ParsedCommonOptions, 'metrics' | 'report'>,
  troubleNow: () => string | undefined,
  look: () => Omit<RouterView, 'trouble'>,
): Promise<Observation | undefined> {
  if (metrics === undefined) return undefined;
  const observation = await observe(metrics, {
    metrics: ROUTER_METRICS,
    read: () => routerSamples({ ...look(), trouble: troubleNow() }),
    probes: { '/healthz': () => undefined, '/readyz': troubleNow },
  });
  const place = formatAddress({ ...metrics, port: observation.port });
  report({ part: 'router', event: 'metrics', text: `at http://${place}/metrics` });
  return observation;
}

/**
 * Listens, with TLS if there are credentials, and with the limits of connections for each address.
 *
 * @param reign the present one, which gets the tripwires; undefined: another router leads
 */
export async function listenAt(
  grpc: GuardedServer,
  { host, port, connectionLimits, report }: ParsedCommonOptions,
  reign: () => Reign | undefined,
): Promise<Listener> {
  const gate = new ConnectionGate(connectionLimits, (text) =>
    report({ part: 'router', event: 'limited', text }),
  );
  const tripwire = (socket: Socket, proved: () => void): void => {
    const members = reign()?.parts.members;
    if (members === undefined) socket.destroy();
    else members.tripwires.accept(socket, proved);
  };
  return await listenToConnections(grpc, host, port, { gate, tripwire });
}

/** Ends all calls, after readers have got their last message. */
export async function shutDown(grpc: GuardedServer): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, GOODBYE_MS);
    grpc.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
  grpc.forceShutdown();
}
