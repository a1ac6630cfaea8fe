/**
 * How long it takes until all clients are served again when the primary is killed, or frozen.
 *
 * Measured from the signal until: the router knows; the standby serves; clients are live again; the first
 * post is acknowledged. The bare takeover is the least that must happen with grpc-js: a watcher notices the
 * loss, and each client makes one round trip to the watcher and one to the other server. It decides nothing
 * and uses no disk. Both notice a frozen server by silence, after the same time.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Assignment } from '@dualping/core';
import { eventually } from '../eventually.js';
import { percentile } from '../statistics.js';
import { type BareTakeover, bareTakeover } from './bare/bare-takeover.js';
import { type Bench, type BenchRun, rounds } from './bench.js';
import { clockMs } from './clock.js';
import { connectionsTo } from './connections.js';
import { MILLISECONDS } from './figures.js';
import { type OwnCluster, type OwnClusterOptions, startOwnCluster } from './own-cluster.js';
import { Part } from './part-process.js';
import type { TakeoverClients } from './takeover-clients.js';

const SERVERS = 3;
/** Pause before the signal, ms: clients open what they keep warm within 2 s (`WARM_WITHIN_MS`). */
const SETTLE_MS = 2_500;
/** Hundreds of clients with connections of their own in one program need some 10 s to open them. */
const WARM_DEADLINE_MS = 180_000;

type Fault = 'killed' | 'frozen';

interface Scenario {
  readonly fault: Fault;
  readonly people: number;
  /** Takeovers per repetition: short ones need more. */
  readonly takeovers: number;
  readonly tripwire?: boolean;
}

const SCENARIOS: readonly Scenario[] = [
  { fault: 'killed', people: 1, takeovers: 3 },
  { fault: 'killed', people: 1, takeovers: 3, tripwire: true },
  { fault: 'killed', people: 100, takeovers: 1 },
  { fault: 'killed', people: 1_000, takeovers: 1 },
  { fault: 'frozen', people: 1, takeovers: 1 },
  { fault: 'frozen', people: 100, takeovers: 1 },
  { fault: 'frozen', people: 1_000, takeovers: 1 },
];

const SIGNALS = { killed: 'SIGKILL', frozen: 'SIGSTOP' } as const;

/** Times since the signal, ms. */
export interface OwnTakeover {
  readonly routerMs: number;
  readonly servesMs: number;
  readonly liveMs: readonly number[];
  readonly postMs: number;
}

interface StageOptions extends OwnClusterOptions {
  readonly apart?: boolean;
}

/** A dualping cluster with clients, in which one takeover follows another. */
export class Stage {
  readonly #clients = new Part<TakeoverClients>('./takeover-clients.js', import.meta.url);
  readonly #watch: { unsubscribe(): void };
  /** What was seen since the last signal. */
  #promotedAt: number | undefined;
  #servesAt: number | undefined;
  #epoch = 0;

  private constructor(
    readonly own: OwnCluster,
    /** How many clients have connections of their own. */
    readonly apart: number,
  ) {
    for (const id of own.cluster.serverIds) this.#listenTo(id);
    this.#watch = own.routers.watch().subscribe(({ assignments }) => {
      for (const assignment of assignments) this.#assigned(assignment);
    });
  }

  /** @param apart each client with connections of its own, which takes TLS */
  static async open(people: number, { apart = false, ...wire }: StageOptions = {}): Promise<Stage> {
    const own = await startOwnCluster(SERVERS, wire);
    const stage = new Stage(own, apart ? people : 0);
    try {
      const routers = [own.cluster.routerAddress];
      const { certs } = own;
      if (certs !== undefined && apart) await stage.#clients.call('connectApart', { routers, people, certs });
      else await stage.#clients.call('connect', { routers, people, certs });
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  async takeover(fault: Fault): Promise<OwnTakeover> {
    const { cluster, routers } = this.own;
    const { epoch, primary } = await cluster.whenWhole(routers);
    if (primary === undefined) throw new Error('a whole cluster has a primary');
    await this.#clients.call('beginPosting', { epoch });
    const back = this.#clients.call('whenBack', { epoch });
    await delay(SETTLE_MS);
    await this.#whenWarm(primary.serverId);
    this.#epoch = epoch;
    this.#promotedAt = undefined;
    this.#servesAt = undefined;
    const lost = cluster.server(primary.serverId);
    const begunAt = clockMs();
    lost.signal(SIGNALS[fault]);
    const { liveAt, postedAt } = await back;
    const since = (at: number | undefined): number => (at ?? Number.NaN) - begunAt;
    const seen = {
      routerMs: since(this.#promotedAt),
      servesMs: since(this.#servesAt),
      liveMs: [...liveAt].map(since),
      postMs: since(postedAt),
    };
    if (fault === 'frozen') lost.signal('SIGCONT');
    else {
      await lost.exited;
      await cluster.startServer(primary.serverId);
      this.#listenTo(primary.serverId);
    }
    await cluster.whenWhole(routers);
    return seen;
  }

  /** Each client that has connections of its own has one to the next primary. */
  async #whenWarm(primary: number): Promise<void> {
    const { cluster } = this.own;
    const ports = cluster.serverIds.flatMap((id) => (id === primary ? [] : [cluster.portOf(`s${id}`)]));
    const isWarm = () => ports.some((port) => connectionsTo(port) >= this.apart);
    await eventually('all clients are connected to the next primary', isWarm, WARM_DEADLINE_MS);
  }

  async close(): Promise<void> {
    this.#watch.unsubscribe();
    await this.#clients.end();
    await this.own.end();
  }

  #assigned({ epoch, available }: Assignment): void {
    if (epoch > this.#epoch && available) this.#promotedAt ??= clockMs();
  }

  #listenTo(serverId: number): void {
    this.own.cluster.server(serverId).onLine((line) => {
      if (/ serving: /.test(line)) this.#servesAt ??= clockMs();
    });
  }
}

async function measure(
  { repetitions, figures, say }: BenchRun,
  { fault, people, takeovers, tripwire = false }: Scenario,
): Promise<void> {
  const clients = `${people.toLocaleString('en')} ${people === 1 ? 'client' : 'clients'}`;
  const label = `${fault}, ${clients}${tripwire ? ', tripwire' : ''}`;
  say(`takeover: ${label}`);
  const stage = await Stage.open(people, { tripwire });
  const own = (): Promise<OwnTakeover> => stage.takeover(fault);
  const bare = (): Promise<BareTakeover> => bareTakeover(SIGNALS[fault], people, SETTLE_MS, stage.own.certs);
  try {
    // The first takeover is slower, because its code runs for the first time.
    await own();
    for await (const { ours, limit } of rounds(repetitions * takeovers, { ours: own, limit: bare })) {
      figures.add(`router knows, ${label}`, MILLISECONDS, ours.routerMs, limit.noticedMs);
      figures.add(`standby serves, ${label}`, MILLISECONDS, ours.servesMs);
      if (people > 1)
        figures.add(
          `half live, ${label}`,
          MILLISECONDS,
          percentile(ours.liveMs, 0.5),
          percentile(limit.backMs, 0.5),
        );
      figures.add(
        `${people > 1 ? 'all live' : 'live'}, ${label}`,
        MILLISECONDS,
        Math.max(...ours.liveMs),
        Math.max(...limit.backMs),
      );
      figures.add(`first post, ${label}`, MILLISECONDS, ours.postMs, limit.firstMs);
    }
  } finally {
    await stage.close();
  }
}

export const takeoverBench: Bench = {
  title: 'Takeover, from the signal to the primary',
  limit: 'a bare grpc-js stream ends, or is silent for as long, and two bare round trips follow',
  async run(run) {
    for (const scenario of SCENARIOS) await measure(run, scenario);
  },
};
