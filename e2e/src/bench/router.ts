/**
 * The load that one router can carry: 10,000 members in 1,000 clusters that ping, clients that ask for them,
 * and the loss of all primaries at once.
 *
 * Both speak without TLS: a connection with a certificate carries one member, and here 50 share one.
 *
 * The bare router holds as many streams and answers with the same bytes. At a loss it does only what is
 * necessary: one record on disk, and a message to each other member of the cluster. Members don't replicate,
 * so the first of each cluster is its primary.
 */
import { join } from 'node:path';
import { percentile } from '../statistics.js';
import { TestCluster } from '../test-cluster.js';
import type { BareRouterServer } from './bare/router-server.js';
import { type Bench, rounds } from './bench.js';
import { CPU_MICROSECONDS, MILLISECONDS, type Quantity, TAIL_MILLISECONDS } from './figures.js';
import { Part } from './part-process.js';
import { cpuTimeMs, memoryMb } from './process-time.js';
import type { RateResult, RouterLoad } from './router-load.js';

const PINGS: Quantity = { unit: 'pings/s', better: 'more' };
const RESOLVES: Quantity = { unit: 'resolves/s', better: 'more' };
const KILOBYTES: Quantity = { unit: 'KB', better: 'less' };

const CLUSTERS = 1_000;
const RANKS = 10;
/** Each loss removes a rank, and other members must be left to inform. */
const MAX_LOSSES = RANKS - 2;
const IN_FLIGHT = 64;
const RUN_MS = 2_000;
/** A long time-out, because members here ping only while pings are measured. */
const ROUTER_FLAGS = ['--clusters', `${CLUSTERS + 1}`, '--dead-after-ms', '600000'];

interface Rate {
  readonly rate: number;
  readonly p99Ms: number;
  readonly cpuMicroseconds: number;
}

class Target {
  readonly load = new Part<RouterLoad>('./router-load.js', import.meta.url);

  constructor(
    readonly address: string,
    readonly pid: number,
  ) {}

  /** @returns memory per member, KB */
  async attach(): Promise<number> {
    const before = memoryMb(this.pid);
    await this.load.call('attach', { address: this.address, clusters: CLUSTERS, ranks: RANKS });
    return ((memoryMb(this.pid) - before) * 1_024) / (CLUSTERS * RANKS);
  }

  readonly ping = (): Promise<Rate> =>
    this.#rate(() => this.load.call('ping', { inFlight: IN_FLIGHT, forMs: RUN_MS }));
  readonly resolve = (): Promise<Rate> =>
    this.#rate(() => this.load.call('resolve', { inFlight: IN_FLIGHT, forMs: RUN_MS }));

  async #rate(run: () => Promise<RateResult>): Promise<Rate> {
    const cpuBefore = cpuTimeMs(this.pid);
    const { count, tookMs, latenciesMs } = await run();
    return {
      rate: (count * 1_000) / tookMs,
      p99Ms: percentile([...latenciesMs], 0.99),
      cpuMicroseconds: ((cpuTimeMs(this.pid) - cpuBefore) * 1_000) / count,
    };
  }
}

export const routerBench: Bench = {
  title: `One router, ${(CLUSTERS * RANKS).toLocaleString('en')} members in ${CLUSTERS.toLocaleString('en')} clusters`,
  limit:
    'bare grpc-js with as many streams and the same bytes, one record on disk and a word to each other member at a loss',
  async run({ repetitions, figures, say }) {
    const cluster = await TestCluster.start({ servers: 0, insecure: true, routerFlags: ROUTER_FLAGS });
    const bare = new Part<BareRouterServer>('./bare/router-server.js', import.meta.url);
    const ours = new Target(cluster.routerAddress, cluster.router.pid);
    const loads = [ours.load];
    try {
      const { welcome, pong, available } = await ours.load.call('sample', {
        address: ours.address,
        cluster: CLUSTERS + 1,
      });
      // An assignment for a member: the same content as in a welcome, with another tag.
      const assigned = Buffer.concat([Buffer.from([0x1a]), welcome.subarray(1)]);
      const file = join(cluster.folder, 'bare-router');
      const limit = new Target(
        await bare.call('start', { file, welcome, pong, assigned, available }),
        bare.pid,
      );
      loads.push(limit.load);
      say('router: members attach');
      figures.add('memory a member', KILOBYTES, await ours.attach(), await limit.attach());
      say('router: pings, resolves');
      for (const target of [ours, limit]) await target.ping();
      for await (const ran of rounds(repetitions, { we: ours.ping, they: limit.ping })) {
        figures.add('pings', PINGS, ran.we.rate, ran.they.rate);
        figures.add('pings, p99', TAIL_MILLISECONDS, ran.we.p99Ms, ran.they.p99Ms);
        figures.add('router, a ping', CPU_MICROSECONDS, ran.we.cpuMicroseconds, ran.they.cpuMicroseconds);
      }
      for (const target of [ours, limit]) await target.resolve();
      for await (const ran of rounds(repetitions, { we: ours.resolve, they: limit.resolve })) {
        figures.add('resolves', RESOLVES, ran.we.rate, ran.they.rate);
        figures.add('resolves, p99', TAIL_MILLISECONDS, ran.we.p99Ms, ran.they.p99Ms);
        figures.add('router, a resolve', CPU_MICROSECONDS, ran.we.cpuMicroseconds, ran.they.cpuMicroseconds);
      }
      say(`router: ${CLUSTERS} primaries are lost at once`);
      const lose = (target: Target) => () => target.load.call('losePrimaries', {});
      const losses = rounds(Math.min(repetitions, MAX_LOSSES), { we: lose(ours), they: lose(limit) });
      for await (const { we, they } of losses) {
        figures.add(
          '1,000 failovers at once, successors know',
          MILLISECONDS,
          we.successorsMs,
          they.successorsMs,
        );
        figures.add('1,000 failovers at once, all know', MILLISECONDS, we.allMs, they.allMs);
      }
    } finally {
      await Promise.all([bare.end(), ...loads.map((load) => load.end())]);
      await cluster.destroy();
    }
  },
};
