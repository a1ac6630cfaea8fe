/** Assembles a server from folder, journal, machine and sockets, and stops them in the reverse order. */
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import {
  type Address,
  DEFAULT_TIMING,
  DualpingError,
  IN_SYNC_HEALTH,
  type Incarnation,
  InvariantBroken,
  type KeepAliveLink,
  memberServiceName,
  NO_EPOCH,
  quote,
  Replica,
  type ServerId,
  serverName,
} from '@dualping/core';
import {
  countEvents,
  DiskRoomWatch,
  lockDataFolder,
  mendFolder,
  type Observation,
  observe,
  spaceOf,
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
  listenToConnections,
  PLAINTEXT,
  parseAddress,
  toDualpingError,
} from '@dualping/protocol';
import { PROCESS_CLOCK, PROCESS_TURNS, ReplicaDriver, type Stopped } from '@dualping/runtime';
import createDebug from 'debug';
import { ClassicDialect } from './classic/classic-dialect.js';
import { Connections } from './classic/connections.js';
import { addSnsService, SNS_SERVICE_NAME } from './classic/sns-service.js';
import { FileJournal, type ReceivedBytes } from './file-journal.js';
import { GrpcReplicaNetwork } from './grpc-replica-network.js';
import { type Journal, openJournal } from './journal/index.js';
import { parseServerOptions, type ServerOptions } from './options.js';
import { replicaStart } from './replica-start.js';
import { ServerDisk } from './server-disk.js';
import { isInSync, SERVER_METRICS, type ServerView, serverProbes, serverSamples } from './server-metrics.js';
import { addServices, SERVICE_NAMES, type ServiceContext } from './services.js';
import { SnapshotSender } from './snapshot-sender.js';
import { Speakers } from './speakers.js';
import { StandbyWire } from './standby-wire.js';
import { SUPERVISION_SERVICE_NAME, SupervisorStreams } from './supervisor-streams.js';

const debug = createDebug('dualping:server');

/** How long clients have to read their last message when the server ends, ms. */
const GOODBYE_MS = 1_000;

export interface RunningServer {
  /** Where it listens, for dialling from this machine; others may get another address (`advertise`). */
  readonly address: Address;
  readonly serverId: ServerId;
  /** The incarnation of this start. */
  readonly incarnation: Incarnation;
  /** Ends the stream of a supervisor that was replaced by another. */
  closeSupervisor(link: KeepAliveLink): void;
  /**
   * Drains: a primary hands over first, for at most `HANDOVER_TIMEOUT_MS`. Resolves when everything is
   * closed.
   */
  stop(): Promise<void>;
  /** Resolves when it has stopped; rejects with the reason when it could not go on. */
  readonly finished: Promise<void>;
}

/**
 * Starts a server. It attaches to a router by itself, and again whenever the router comes back.
 *
 * Throws a `DualpingError` that quotes the problem: a wrong option, a folder that is in use or belongs to
 * another server, a damaged journal, an address that is taken.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const given = parseServerOptions(options);
  const events = countEvents(given.report);
  const parsed = { ...given, report: events.report };
  const name = serverName(parsed.serverId);
  // A start that can't work leaves no folder behind.
  if (!existsSync(parsed.dataFolder)) await checkListen(parsed.host, parsed.port);
  const lock = lockDataFolder(parsed.dataFolder, `server ${name} of cluster ${parsed.cluster}`);
  let journal: Journal | undefined;
  // Not the one of the access below: strangers must not use up the lines about this server's own routers.
  const own = withFewRefusals(parsed.report, () => performance.now());
  const report = (event: string, text: string) => own({ part: `server ${name}`, event, text });
  const mended = mendFolder(parsed.dataFolder);
  if (mended !== undefined) report('folder-mode', mended);
  const few = withFewRefusals(parsed.report, () => performance.now());
  const access = new Access(parsed.credentials, parsed.classic, {
    refused: (text) => few({ part: `server ${name}`, event: 'audit-refused', text }),
    privileged: (text) => report('audit', text),
  });
  const grpc = createGrpcServer({}, access);
  const disk = new ServerDisk(parsed.diskStallMs, (text) => report('slow-disk', text));
  try {
    const { cluster, serverId } = parsed;
    journal = await openJournal(parsed.dataFolder, { cluster, serverId, disk: disk.timer });
    reportFindings(parsed.dataFolder, journal, report);
    return await run(parsed, grpc, { journal, disk, events: events.counts, report }, lock.release);
  } catch (error) {
    grpc.forceShutdown();
    await journal?.close().catch(() => {});
    lock.release();
    throw error;
  }
}

/** Reports what opening the journal found and repaired. */
function reportFindings(
  folder: string,
  journal: Journal,
  report: (event: string, text: string) => void,
): void {
  if (journal.cutTail !== undefined) {
    const { file, offset, bytes, position } = journal.cutTail;
    report(
      'cut',
      `an incomplete write of ${bytes} bytes in ${quote(file)} at byte ${offset} (entry ${position}), not known to be durable, is cut`,
    );
  }
  if (journal.olderThan !== undefined)
    report(
      'older-copy',
      `the journal in ${quote(folder)} is older than its known-mark, or was cut: it ends at ${journal.last} and does not have what was committed up to ${journal.olderThan}. It goes on as a new journal, which has to catch up`,
    );
  for (const problem of journal.snapshotProblems)
    report('snapshot', `could not use a snapshot, replays more instead: ${problem}`);
}

interface Parts {
  readonly journal: Journal;
  readonly disk: ServerDisk;
  readonly events: ReadonlyMap<string, number>;
  readonly report: (event: string, text: string) => void;
}

async function run(
  parsed: ReturnType<typeof parseServerOptions>,
  grpc: GuardedServer,
  { journal, disk, events, report }: Parts,
  releaseLock: () => void,
): Promise<RunningServer> {
  // Before the server listens: no machine could answer calls yet.
  const stored = await replicaStart(journal);
  let begun: { readonly replica: Replica; readonly driver: ReplicaDriver } | undefined;
  const context: ServiceContext = {
    get driver() {
      if (begun === undefined) throw new DualpingError('internal', 'called before the server has begun');
      return begun.driver;
    },
    access: grpc.access,
    speakers: new Speakers(grpc.access),
    journal,
    standbys: new StandbyWire(journal),
    snapshots: new SnapshotSender(journal),
    servingEpoch: () => begun?.replica.servingEpoch ?? 0,
    epochToExpect: () => begun?.replica.epochToExpect ?? NO_EPOCH,
  };
  const connections = new Connections();
  addServices(grpc, context);
  const dialect = new ClassicDialect(parsed.classicReplies);
  addSnsService(grpc, { context, connections, dialect });
  const { cluster, serverId, incarnation, lifeId } = journal.identity;
  const supervisors = new SupervisorStreams({ cluster, serverId, incarnation }, parsed.supervision);
  supervisors.addTo(grpc);
  const health = addHealthAndReflection(
    grpc,
    [...SERVICE_NAMES, SUPERVISION_SERVICE_NAME, SNS_SERVICE_NAME],
    [memberServiceName({ cluster, serverId, incarnation, lifeId }), IN_SYNC_HEALTH],
  );
  const gate = new ConnectionGate(parsed.connectionLimits, (text) => report('limited', text));
  const onConnection = (socket: Socket) => connections.accept(socket);
  const listener = await listenToConnections(grpc, parsed.host, parsed.port, { onConnection, gate });
  const address = formatAddress({ host: parsed.advertiseHost, port: parseAddress(listener.address).port });
  const advertised = parsed.advertise ?? address;

  let onStopped: (stopped: Stopped) => void = () => {};
  const stopped = new Promise<Stopped>((resolve) => {
    onStopped = resolve;
  });
  const identity = { ...journal.identity, address: advertised, routers: parsed.routers };
  const { userLimits } = parsed;
  const look = (folder: string) =>
    disk.timer.time(`looking at the free space of ${folder}`, 'slowness', () => spaceOf(folder));
  const space = () => look(parsed.dataFolder);
  const room = new DiskRoomWatch(parsed.dataFolder, parsed.minDiskFree, {
    look,
    lookAtFolder: () => journal.look(),
    changed: (space, isLow) => driver.feed({ kind: 'disk-room', space, isLow }),
  });
  const diskStats = () => disk.timer.stats;
  const registration = parsed.credentials === undefined ? undefined : parsed.registration;
  const start = { ...stored, diskStats, diskRoom: () => room.stats, identity, userLimits, registration };
  const replica = new Replica(start, DEFAULT_TIMING);
  const received: ReceivedBytes = new WeakMap();
  const dialling = parsed.credentials ?? PLAINTEXT;
  const tellHealth = healthTeller(health, journal, replica);
  tellHealth();
  const network = new GrpcReplicaNetwork({
    routers: parsed.routers,
    journal,
    space,
    received,
    dialect,
    dialling,
    tripwire: parsed.tripwire ? (text) => report('tripwire', text) : undefined,
  });
  const driver = new ReplicaDriver(replica, identity, {
    clock: PROCESS_CLOCK,
    turns: PROCESS_TURNS,
    wallTime: () => Date.now(),
    journal: new FileJournal(journal, received),
    network,
    report,
    performed: (input, outputs) => {
      tellHealth();
      if (debug.enabled && outputs.length > 0)
        debug('%s → %s', input.kind, outputs.map(({ kind }) => kind).join(' '));
    },
    stopped: onStopped,
    failed: failureOf,
  });
  begun = { replica, driver };
  disk.onStalled = (detail) => driver.feed({ kind: 'disk-stalled', detail });
  const view = (): ServerView => {
    const { servingEpoch, isAttached, assignment, stats } = replica;
    const { journalId } = journal.identity;
    const diskHangs = disk.hangs;
    return { cluster, serverId, journalId, servingEpoch, isAttached, assignment, stats, diskHangs, events };
  };
  const observation = await observeServer(parsed, view).catch((error) => {
    listener.close();
    throw error;
  });
  const finished = stopped.then(async ({ failed, reason, detail }) => {
    room.stop();
    observation?.close();
    health.shutDown();
    if (failed) supervisors.sayEnding(new DualpingError(reason, detail));
    supervisors.endAll();
    listener.close();
    await shutDown(grpc);
    await network.tripwiresClosed();
    // A hanging disk is not awaited; the lock is void when the process is gone.
    if (!disk.hangs) {
      await journal.close().catch(() => {}); // a journal that failed has reported that already
      releaseLock();
    }
    if (failed) throw new DualpingError(reason, detail);
  });
  finished.catch(() => {}); // callers that need the result use `finished`
  driver.start();
  room.start();
  return {
    address,
    serverId: parsed.serverId,
    incarnation,
    closeSupervisor: (link) => supervisors.close(link),
    finished,
    stop: async () => {
      supervisors.sayEnding(undefined);
      driver.feed({ kind: 'stop' });
      await finished;
    },
  };
}

/**
 * Tells health whether this is the serving primary, and whether it is in sync. To be called after each step:
 * only a step changes either.
 */
function healthTeller(health: HealthHandle, journal: Journal, replica: Replica): () => void {
  let wasServing: boolean | undefined;
  let wasInSync: boolean | undefined;
  return () => {
    const { servingEpoch, isAttached, assignment } = replica;
    const { serverId, journalId } = journal.identity;
    const isServing = servingEpoch > 0;
    const inSync = isInSync({ isAttached, assignment, serverId, journalId });
    if (isServing !== wasServing) health.setServing(isServing, SERVICE_NAMES[0]);
    if (inSync !== wasInSync) health.setServing(inSync, IN_SYNC_HEALTH);
    wasServing = isServing;
    wasInSync = inSync;
  };
}

/** Undefined: metrics are not switched on. */
async function observeServer(
  { metrics, serverId, report }: ReturnType<typeof parseServerOptions>,
  view: () => ServerView,
): Promise<Observation | undefined> {
  if (metrics === undefined) return undefined;
  const observation = await observe(metrics, {
    metrics: SERVER_METRICS,
    read: () => serverSamples(view()),
    probes: serverProbes(view),
  });
  const place = formatAddress({ ...metrics, port: observation.port });
  report({ part: `server ${serverName(serverId)}`, event: 'metrics', text: `at http://${place}/metrics` });
  return observation;
}

/** A broken invariant, or another bug of ours: better no server than a wrong one. */
function failureOf(error: unknown): Stopped {
  if (!(error instanceof InvariantBroken)) debug('failed %O', error);
  return { failed: true, reason: 'internal', detail: toDualpingError(error).detail };
}

async function shutDown(grpc: GuardedServer): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, GOODBYE_MS);
    grpc.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
  grpc.forceShutdown();
}
