/** Assembles a router from folder, store, registry and sockets, and stops them in the reverse order. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type Address, DualpingError, type NetworkId, quote, Registry } from '@dualping/core';
import { DiskTimer, lockDataFolder } from '@dualping/host';
import {
  addHealthAndReflection,
  checkListen,
  createGrpcServer,
  type HealthHandle,
  listen,
  toDualpingError,
} from '@dualping/protocol';
import { PROCESS_CLOCK, RegistryDriver } from '@dualping/runtime';
import type { Server } from '@grpc/grpc-js';
import createDebug from 'debug';
import { Callers } from './callers.js';
import { dialBack } from './dial-back.js';
import { MemberStreams } from './member-streams.js';
import { type ParsedOptions, parseRouterOptions, type RouterOptions } from './options.js';
import { withFewRefusals } from './refusal-lines.js';
import { addServices, ROUTING_SERVICE_NAME, SERVICE_NAMES } from './services.js';
import { AssignmentStore } from './store/assignment-store.js';
import { PathStore } from './store/path-store.js';
import type { Timed } from './store/timed.js';
import { Watchers } from './watchers.js';

const debug = createDebug('dualping:router');

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
  const parsed = parseRouterOptions(options);
  // A start that can't work leaves no folder behind.
  if (!existsSync(parsed.dataFolder)) await checkListen(parsed.host, parsed.port);
  const lock = lockDataFolder(parsed.dataFolder, 'router');
  const grpc = createGrpcServer();
  let store: AssignmentStore | undefined;
  let paths: PathStore | undefined;
  const health = addHealthAndReflection(grpc, SERVICE_NAMES);
  const timed = timeDisk(parsed, health);
  try {
    store = await openStore(parsed, timed);
    paths = await PathStore.open(parsed.dataFolder, timed);
    return await run(parsed, grpc, { store, paths, health }, lock.release);
  } catch (error) {
    grpc.forceShutdown();
    store?.close();
    await paths?.close();
    lock.release();
    throw error;
  }
}

/** While its disk hangs the router can't make a decision durable: health and the operator are told. */
function timeDisk({ diskStallMs, report }: ParsedOptions, health: HealthHandle): Timed {
  const say = (event: string) => (text: string) => report({ part: 'router', event, text });
  const setServing = (serving: boolean): void => {
    for (const name of ['', ...SERVICE_NAMES]) health.setServing(serving, name);
  };
  const disk = new DiskTimer(diskStallMs, {
    slow: say('slow-disk'),
    stalled: (text) => {
      setServing(false);
      say('disk-stalled')(`${text}; nothing is decided meanwhile, health says NOT_SERVING`);
    },
    recovered: (text) => {
      setServing(true);
      say('disk-recovered')(text);
    },
  });
  return (doing, work) => disk.time(doing, 'both', work);
}

async function openStore(
  { dataFolder, clusters, report }: ParsedOptions,
  timed: Timed,
): Promise<AssignmentStore> {
  const fresh = () => ({ networkId: randomUUID(), clusters: clusters ?? 1 });
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
    const text = `a torn write of ${bytes} bytes in ${quote(file)} at byte ${offset} was never durable and is cut`;
    report({ part: 'router', event: 'cut', text });
  }
  return store;
}

interface Parts {
  readonly store: AssignmentStore;
  readonly paths: PathStore;
  readonly health: HealthHandle;
}

async function run(
  {
    host,
    port,
    timing,
    heartbeatTimeoutMs,
    classicReplies,
    classicConfirmation: confirmation,
    dialsBack,
    report: reportAll,
  }: ParsedOptions,
  grpc: Server,
  { store, paths, health }: Parts,
  releaseLock: () => void,
): Promise<RunningRouter> {
  const { networkId, clusters } = store.header;
  const report = withFewRefusals(reportAll, () => performance.now());
  const registry = new Registry({
    networkId,
    clusters,
    timing,
    heartbeatTimeoutMs,
    dialsBack,
    records: store.records,
    isNew: store.isNew,
  });
  const step: RegistryDriver['feed'] = (input) => {
    debug('%o', input);
    driver.feed(input);
  };
  const members = new MemberStreams(step, report, networkId, classicReplies);
  const callers = new Callers(step);
  const watchers = new Watchers(networkId, registry.assignments(), () => registry.figures());

  let onStopped: (failure: DualpingError | undefined) => void = () => {};
  const stopped = new Promise<DualpingError | undefined>((resolve) => {
    onStopped = resolve;
  });
  const driver = new RegistryDriver(registry, {
    clock: PROCESS_CLOCK,
    persist: (records, durable, failed) => void store.append(records).then(durable, failed),
    send: (link, message) => members.send(link, message),
    close: (link) => members.close(link),
    answer: (token, answer) => callers.answer(token, answer),
    refuse: (token, { reason, detail }) => callers.refuse(token, reason, detail),
    changed: (assignment) => watchers.changed(assignment),
    probe: (question) =>
      dialBack(question, (detail) => step({ kind: 'probed', probe: question.probe, detail })),
    troubled: (detail) => {
      health.setServing(detail === undefined, ROUTING_SERVICE_NAME);
      watchers.troubled(detail ?? '');
    },
    report: (event) => report({ part: 'router', ...event }),
    failed: (error) => {
      const failure = toDualpingError(error);
      report({ part: 'router', event: 'failed', text: `the router stops: ${failure.detail}` });
      onStopped(failure);
    },
  });

  const companions = () => registry.companions();
  addServices(grpc, {
    networkId,
    clusters,
    timing,
    members,
    callers,
    watchers,
    paths,
    companions,
    confirmation,
  });
  const address = await listen(grpc, host, port);
  step({ kind: 'tick' }); // the grace for members from before the start begins now

  const finished = stopped.then(async (failure) => {
    // First, so that the registry does not take the streams that we end for members that are gone.
    await driver.drain();
    health.shutDown();
    const goodbye =
      failure ?? new DualpingError('shutting-down', `the router at ${address} is shutting down`);
    callers.refuseAll(goodbye);
    watchers.endAll(goodbye);
    members.closeAll();
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
