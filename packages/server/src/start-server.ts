/** Assembles a server from folder, journal, machine and sockets, and stops them in the reverse order. */
import { existsSync } from 'node:fs';
import {
  type Address,
  DEFAULT_TIMING,
  DualpingError,
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
import { lockDataFolder } from '@dualping/host';
import {
  addHealthAndReflection,
  checkListen,
  createGrpcServer,
  formatAddress,
  listenToConnections,
  parseAddress,
  toDualpingError,
} from '@dualping/protocol';
import { PROCESS_CLOCK, PROCESS_TURNS, ReplicaDriver, type Stopped } from '@dualping/runtime';
import type { Server } from '@grpc/grpc-js';
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
import { addServices, SERVICE_NAMES, type ServiceContext } from './services.js';
import { SnapshotSender } from './snapshot-sender.js';
import { StandbyWire } from './standby-wire.js';
import { SUPERVISION_SERVICE_NAME, SupervisorDesk } from './supervisor-desk.js';

const debug = createDebug('dualping:server');

/** How long clients have to read their last message when the server ends, ms. */
const GOODBYE_MS = 1_000;
/** How often health is updated with whether this is the serving primary, ms. */
const HEALTH_INTERVAL_MS = 100;

export interface RunningServer {
  /** Where it listens, as dialled from this machine; others may be told another address (`advertise`). */
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
  const parsed = parseServerOptions(options);
  const name = serverName(parsed.serverId);
  // A start that can't work leaves no folder behind.
  if (!existsSync(parsed.dataFolder)) await checkListen(parsed.host, parsed.port);
  const lock = lockDataFolder(parsed.dataFolder, `server ${name} of cluster ${parsed.cluster}`);
  const grpc = createGrpcServer();
  let journal: Journal | undefined;
  const report = (event: string, text: string) => parsed.report({ part: `server ${name}`, event, text });
  const disk = new ServerDisk(parsed.diskStallMs, (text) => report('slow-disk', text));
  try {
    const { cluster, serverId } = parsed;
    journal = await openJournal(parsed.dataFolder, { cluster, serverId, disk: disk.timer });
    reportFindings(journal, report);
    return await run(parsed, grpc, { journal, disk, report }, lock.release);
  } catch (error) {
    grpc.forceShutdown();
    await journal?.close().catch(() => {});
    lock.release();
    throw error;
  }
}

/** Reports what opening the journal found and repaired. */
function reportFindings(journal: Journal, report: (event: string, text: string) => void): void {
  if (journal.cutTail !== undefined) {
    const { file, offset, bytes, position } = journal.cutTail;
    report(
      'cut',
      `a torn write of ${bytes} bytes in ${quote(file)} at byte ${offset} (entry ${position}), not known to be durable, is cut`,
    );
  }
  for (const problem of journal.snapshotProblems)
    report('snapshot', `passed over one, replays more instead: ${problem}`);
}

interface Parts {
  readonly journal: Journal;
  readonly disk: ServerDisk;
  readonly report: (event: string, text: string) => void;
}

async function run(
  parsed: ReturnType<typeof parseServerOptions>,
  grpc: Server,
  { journal, disk, report }: Parts,
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
  const supervisors = new SupervisorDesk({ cluster, serverId, incarnation }, parsed.supervision);
  supervisors.addTo(grpc);
  const health = addHealthAndReflection(
    grpc,
    [...SERVICE_NAMES, SUPERVISION_SERVICE_NAME, SNS_SERVICE_NAME],
    [memberServiceName({ cluster, serverId, incarnation, lifeId })],
  );
  const listener = await listenToConnections(grpc, parsed.host, parsed.port, (socket) =>
    connections.accept(socket),
  );
  const address = formatAddress({ host: parsed.advertiseHost, port: parseAddress(listener.address).port });
  const advertised = parsed.advertise ?? address;

  let onStopped: (stopped: Stopped) => void = () => {};
  const stopped = new Promise<Stopped>((resolve) => {
    onStopped = resolve;
  });
  const identity = { ...journal.identity, address: advertised, routers: parsed.routers };
  const start = { ...stored, diskFigures: () => disk.timer.figures, identity };
  const replica = new Replica(start, DEFAULT_TIMING);
  const received: ReceivedBytes = new WeakMap();
  const driver = new ReplicaDriver(replica, identity, {
    clock: PROCESS_CLOCK,
    turns: PROCESS_TURNS,
    wallTime: () => Date.now(),
    journal: new FileJournal(journal, received),
    network: new GrpcReplicaNetwork(parsed.routers, journal, received, dialect),
    report,
    performed: (input, outputs) => {
      if (debug.enabled && outputs.length > 0)
        debug('%s → %s', input.kind, outputs.map(({ kind }) => kind).join(' '));
    },
    stopped: onStopped,
    failed: failureOf,
  });
  begun = { replica, driver };
  disk.onStalled = (detail) => driver.feed({ kind: 'disk-stalled', detail });
  const healthTimer = setInterval(
    () => health.setServing(replica.servingEpoch > 0, SERVICE_NAMES[0]),
    HEALTH_INTERVAL_MS,
  );
  health.setServing(false, SERVICE_NAMES[0]);
  const finished = stopped.then(async ({ failed, reason, detail }) => {
    clearInterval(healthTimer);
    health.shutDown();
    if (failed) supervisors.sayEnding(new DualpingError(reason, detail));
    supervisors.endAll();
    listener.close();
    await shutDown(grpc);
    // A disk that hangs is not waited for; the lock is void when the process is gone.
    if (!disk.hangs) {
      await journal.close().catch(() => {}); // a journal that failed has reported that already
      releaseLock();
    }
    if (failed) throw new DualpingError(reason, detail);
  });
  finished.catch(() => {}); // callers that need the result use `finished`
  driver.start();
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

/** A broken invariant, or a mistake of ours: better no server than a wrong one. */
function failureOf(error: unknown): Stopped {
  if (!(error instanceof InvariantBroken)) debug('failed %O', error);
  return { failed: true, reason: 'internal', detail: toDualpingError(error).detail };
}

async function shutDown(grpc: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, GOODBYE_MS);
    grpc.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
  grpc.forceShutdown();
}
