/**
 * How long it takes until another router leads when the leading one is killed, or frozen; and until a post is
 * acknowledged again when it is killed together with the primary.
 *
 * The bare limit is a grpc-js stream that ends, or is silent for as long, as in `takeover.ts`: no gRPC client
 * of a process can know sooner. It asks no store; ours makes one transaction of etcd after that.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { RouterClient } from '@dualping/client';
import { EtcdCluster, NO_ETCD } from '../etcd-cluster.js';
import { eventually } from '../eventually.js';
import { Person } from '../person.js';
import { SeveralRouters } from '../several-routers.js';
import { bareTakeover } from './bare/bare-takeover.js';
import { type Bench, type BenchRun, rounds } from './bench.js';
import { MILLISECONDS } from './figures.js';

/** Pause before the signal, ms, so that the followers hear the leader. */
const SETTLE_MS = 500;
/** Takeovers per repetition. */
const TAKEOVERS = 3;
/** A takeover depends on a store on disks that are not measured beside it: shown, and without a floor. */
const SHOWN = { ...MILLISECONDS, guarded: false };

class Stage {
  private constructor(
    readonly etcd: EtcdCluster,
    readonly network: SeveralRouters,
    readonly client: RouterClient,
    readonly person: Person,
  ) {}

  static async open(): Promise<Stage> {
    const etcd = await EtcdCluster.start(3);
    const network = await SeveralRouters.start(etcd.store, { routers: 3, servers: 3 });
    const client = new RouterClient({ routers: network.addresses });
    await network.whenWhole(client);
    const person = new Person('ann', network.addresses);
    person.startPosting();
    return new Stage(etcd, network, client, person);
  }

  /** Until another router leads, ms. */
  async lead(signal: 'SIGKILL' | 'SIGSTOP'): Promise<number> {
    const { network } = this;
    const leader = await this.#settled();
    const since = network.whenNextLeads(leader);
    const begunAt = performance.now();
    network.signal(leader, signal);
    const tookMs = (await since) - begunAt;
    if (signal === 'SIGSTOP') {
      network.signal(leader, 'SIGCONT');
      await network.whenFollows(leader);
    } else {
      await network.kill(leader);
      await network.restart(leader);
    }
    return tookMs;
  }

  /** Until a post is acknowledged in the next epoch, ms. */
  async both(): Promise<number> {
    const { network, client, person } = this;
    const leader = await this.#settled();
    const { epoch, primary } = await network.whenWhole(client);
    if (primary === undefined) throw new Error('a whole cluster has a primary');
    const begunAt = performance.now();
    await Promise.all([network.kill(leader), network.killServer(primary.serverId)]);
    const first = await eventually('posts go on', () =>
      person.acknowledged.find((each) => each.epoch > epoch),
    );
    await network.restart(leader);
    await network.startServer(primary.serverId);
    return first.at - begunAt;
  }

  async close(): Promise<void> {
    await this.person.stopPosting();
    this.person.session.close();
    this.client.close();
    await this.network.destroy();
    await this.etcd.destroy();
  }

  async #settled(): Promise<number> {
    await this.network.whenWhole(this.client);
    await eventually('one router leads', () => this.network.leaders().length === 1);
    await delay(SETTLE_MS);
    return this.network.leader();
  }
}

async function measure({ repetitions, figures, say }: BenchRun): Promise<void> {
  say('router-takeover: three routers, three servers, three nodes of etcd');
  const stage = await Stage.open();
  try {
    const bare = async (signal: NodeJS.Signals) => await bareTakeover(signal, 1, SETTLE_MS, undefined);
    for await (const { killed, frozen, both, bareKilled, bareFrozen } of rounds(repetitions * TAKEOVERS, {
      killed: () => stage.lead('SIGKILL'),
      bareKilled: () => bare('SIGKILL'),
      frozen: () => stage.lead('SIGSTOP'),
      bareFrozen: () => bare('SIGSTOP'),
      both: () => stage.both(),
    })) {
      figures.add('another leads, killed', SHOWN, killed, bareKilled.noticedMs);
      figures.add('another leads, frozen', SHOWN, frozen, bareFrozen.noticedMs);
      figures.add('first post, killed with the primary', SHOWN, both, bareFrozen.firstMs);
    }
  } finally {
    await stage.close();
  }
}

export const routerTakeoverBench: Bench = {
  title: 'Takeover of the leading router, of three on an etcd',
  limit: 'a bare grpc-js stream ends, or is silent for as long',
  async run(run) {
    if (NO_ETCD === undefined) await measure(run);
    else run.say(`router-takeover: skipped, ${NO_ETCD}`);
  },
};
