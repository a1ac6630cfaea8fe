/**
 * A router that shares its store with others: one of them leads, and has the registry; the others stand by,
 * say who leads, and pass calls on.
 */
import { randomUUID } from 'node:crypto';
import {
  type Address,
  CLUSTERS_PREFIX,
  type ClusterRecord,
  DualpingError,
  HEADER_KEY,
  type Leader,
  Leadership,
  quote,
  timingOfTakeover,
} from '@dualping/core';
import { countEvents, type Observation, withFewRefusals } from '@dualping/host';
import { addHealthAndReflection, createGrpcServer, PLAINTEXT, toDualpingError } from '@dualping/protocol';
import { type FencedStore, LeadershipDriver, PROCESS_CLOCK } from '@dualping/runtime';
import { type ParsedSharedOptions, parseSharedRouterOptions, type SharedRouterOptions } from '../options.js';
import { Reign } from '../reign.js';
import { ROUTING_SERVICE_NAME, SERVICE_NAMES, type Services, servicesOf } from '../services.js';
import { accessOf, listenAt, observeRouter, shutDown } from '../start-router.js';
import {
  headerFromJson,
  headerToJson,
  LaterFormat,
  LOG_VERSION_WITHOUT_SERVICES,
  type LogHeader,
  recordFromJson,
  recordToJson,
} from '../store/log-lines.js';
import { EtcdStore } from './etcd-store.js';
import { FollowerRecords } from './follower-records.js';
import { LeaderTelling } from './leader-telling.js';
import { addOpenServices } from './open-services.js';
import { OwnNetwork } from './own-network.js';
import { PassOn } from './pass-on.js';
import { peersOf } from './peers.js';
import { SharedPaths } from './shared-paths.js';

export interface RunningSharedRouter {
  /** Where it listens. */
  readonly address: Address;
  /** The leader, as far as this router knows. */
  leader(): Leader | undefined;
  /** Stops leading, so that another router takes over at once, and ends. */
  stop(): Promise<void>;
  /** Resolves when it has stopped; rejects with the reason when it could not go on. */
  readonly finished: Promise<void>;
}

/**
 * Starts a router on a store that it shares with others. Throws a `DualpingError` that quotes a wrong option.
 * It does not wait for the store: routers and store may be started in any order.
 */
export async function startSharedRouter(options: SharedRouterOptions): Promise<RunningSharedRouter> {
  const given = parseSharedRouterOptions(options);
  const events = countEvents(given.report);
  const parsed = { ...given, report: events.report };
  const grpc = createGrpcServer({}, accessOf(parsed));
  const health = addHealthAndReflection(grpc, SERVICE_NAMES);
  const report = withFewRefusals(parsed.report, () => performance.now());
  const ownNetwork = new OwnNetwork({ prefix: parsed.store.prefix, folder: parsed.dataFolder });
  const store = new EtcdStore(parsed.store, parsed.storeAccess);
  let onStopped: (failure: DualpingError | undefined) => void = () => {};
  const stopped = new Promise<DualpingError | undefined>((resolve) => {
    onStopped = resolve;
  });
  const failed = (error: unknown): void => {
    const failure = toDualpingError(error);
    report({ part: 'router', event: 'failed', text: `the router stops: ${failure.detail}` });
    onStopped(failure);
  };

  let reign: { readonly it: Reign; readonly services: Services } | undefined;
  let trouble: string | undefined;
  let storeAnswers = true;
  const passOn = new PassOn(grpc.access);
  const dialling = parsed.credentials ?? PLAINTEXT;
  const records = new FollowerRecords({ timing: parsed.timing, access: grpc.access, dialling });
  const telling = new LeaderTelling({
    pingIntervalMs: parsed.timing.pingIntervalMs,
    own: () => dialledAt,
    isSure: () => leadership.isSure(performance.now()),
  });
  const handOver = (): number => {
    if (telling.standbys.length === 0)
      throw new DualpingError('handover-impossible', 'no other router stands by');
    // The caller gets its answer before all calls of this term end.
    setImmediate(() => driver.handOver());
    return leadership.term ?? 0;
  };
  addOpenServices(grpc, { own: () => reign?.services, handOver, telling, records, passOn });
  const listener = await listenAt(grpc, parsed, () => reign?.it);
  const { address } = listener;
  const dialledAt = parsed.advertise ?? address;
  const leadership = new Leadership({ id: randomUUID(), address: dialledAt, timing: parsed.timing });

  const endReign = (why: string): void => {
    reign?.it.stop();
    reign?.it.sayGoodbye(new DualpingError('shutting-down', `this router no longer leads: ${why}`));
    reign = undefined;
    trouble = undefined;
    health.setServing(true, ROUTING_SERVICE_NAME);
  };
  const driver = new LeadershipDriver(leadership, {
    clock: PROCESS_CLOCK,
    store,
    peers: peersOf(dialledAt, dialling),
    objectionTo: (header) => ownNetwork.objectionTo(header?.value),
    lead: (fenced) =>
      withHeader(fenced, parsed, failed, (header) => {
        ownNetwork.serve(header.networkId);
        const it = new Reign({
          ...parsed,
          ...takenOver(fenced, header, parsed),
          paths: new SharedPaths(fenced),
          access: grpc.access,
          term: fenced.term,
          fence: {
            confirm: (confirmed) => fenced.confirm(confirmed),
            mayPong: () => leadership.mayPong(performance.now()),
          },
          persist: (records, durable) => fenced.write(records.map(entryOf), durable),
          troubled: (detail) => {
            trouble = detail;
            health.setServing(detail === undefined, ROUTING_SERVICE_NAME);
          },
          report,
          hears: (hears) => driver.hearsMembers(hears),
          failed,
        });
        reign = { it, services: servicesOf(it.parts) };
        it.begin();
        records.end();
        telling.closeRedirects();
      }),
    stepDown: (why, done) => {
      endReign(why);
      done();
    },
    leaderIs: (leader) => {
      telling.leaderIs(leader);
      const other = leader === undefined || leader.address === dialledAt ? undefined : leader.address;
      passOn.leaderIs(other);
      records.leaderIs(other);
    },
    report: (event, text) => {
      if (event === 'store-lost' || event === 'store-back') storeAnswers = event === 'store-back';
      report({ part: 'router', event, text });
    },
    failed,
  });
  const troubleNow = (): string | undefined => {
    if (!storeAnswers) return 'the store that routers share does not answer';
    if (leadership.objection !== undefined) return leadership.objection;
    return leadership.leader === undefined ? 'no router leads now, as far as this one knows' : trouble;
  };
  let observation: Observation | undefined;
  try {
    observation = await observeRouter(
      parsed,
      () => troubleNow(),
      () => ({
        assignments: reign?.it.parts.watchers.assignments ?? [],
        stats: reign?.it.stats() ?? [],
        watchers: reign?.it.parts.watchers.count ?? 0,
        events: events.counts,
        shared: {
          leads: leadership.term !== undefined,
          term: leadership.leader?.term ?? 0,
          standbys: telling.standbys.length,
          storeAnswers,
        },
      }),
    );
  } catch (error) {
    telling.close();
    listener.close();
    grpc.forceShutdown();
    await store.close();
    throw error;
  }
  driver.start();

  const finished = stopped.then(async (failure) => {
    health.shutDown();
    observation?.close();
    await driver.resign();
    endReign(failure?.detail ?? 'it is shutting down');
    telling.close();
    records.end();
    passOn.close();
    listener.close();
    await shutDown(grpc);
    await store.close();
    if (failure !== undefined) throw failure;
  });
  finished.catch(() => {}); // callers that need the result use `finished`
  return {
    address,
    finished,
    leader: () => leadership.leader,
    stop: async () => {
      onStopped(undefined);
      await finished;
    },
  };
}

const keyOf = (cluster: ClusterRecord['cluster']): string => `${CLUSTERS_PREFIX}${cluster}`;

const entryOf = (record: ClusterRecord) => ({ key: keyOf(record.cluster), value: recordToJson(record) });

/** The network's header: from the store, or made by the first leader. */
function withHeader(
  fenced: FencedStore,
  { clusters }: ParsedSharedOptions,
  failed: (error: unknown) => void,
  use: (header: LogHeader) => void,
): void {
  const stored = fenced.belongings.header;
  if (stored === undefined && fenced.belongings.records.length > 0) {
    const detail =
      'the store has records of clusters and no network: a move to it was interrupted, repeat it';
    return failed(new DualpingError('invalid-argument', detail));
  }
  if (stored === undefined) {
    const header = { networkId: randomUUID(), clusters: clusters ?? 1 };
    // A leader of an older version leaves the records of services unchanged: each is a key of its own.
    const value = headerToJson(header, LOG_VERSION_WITHOUT_SERVICES);
    return fenced.write([{ key: HEADER_KEY, value }], () => use(header));
  }
  const header = understood(stored.key, () => headerFromJson(stored.value));
  if (header.movedTo !== undefined) {
    const folder = quote(header.movedTo);
    const detail = `the network of this store was moved to data folder ${folder}: start that router, or move it back`;
    return failed(new DualpingError('invalid-argument', detail));
  }
  if (clusters === undefined || clusters === header.clusters) return use(header);
  const detail = `clusters is "${clusters}", but the store was made for ${header.clusters}: users belong to their cluster for good`;
  failed(new DualpingError('invalid-argument', detail));
}

/** The records, and the times that a takeover over them needs. */
function takenOver(fenced: FencedStore, header: LogHeader, { timing }: ParsedSharedOptions) {
  const records = fenced.belongings.records.map(({ key, value }) =>
    understood(key, () => recordFromJson(value)),
  );
  const isNew = fenced.belongings.header === undefined;
  return { header, records, isNew, timing: timingOfTakeover(timing, records) };
}

function understood<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof LaterFormat) throw error.in(`key "${key}" of the store`);
    const detail = `key "${key}" of the store is not what a router writes: ${toDualpingError(error).detail}`;
    throw new DualpingError('storage-failed', detail, { cause: error });
  }
}
