/**
 * How many posts a second are acknowledged, durable on every in-sync server, and how soon.
 *
 * The same load generator drives our server and the bare one: one or 64 users, each with one post in flight.
 * With three servers the bare one sends each group to two bare copies and waits for them, in parallel with
 * its own sync. CPU time is that of the answering server: it varies less than rates when others use the
 * machine.
 */
import { percentile } from '../statistics.js';
import { BareJournal } from './bare/bare-journal.js';
import { type Bench, type BenchRun, rounds } from './bench.js';
import { CPU_MICROSECONDS, MILLISECONDS, type Quantity, TAIL_MILLISECONDS } from './figures.js';
import { startOwnCluster } from './own-cluster.js';
import { Part } from './part-process.js';
import type { PostLoad } from './post-load.js';
import { cpuTimeMs } from './process-time.js';
import { WARM_UP } from './windowed.js';
import type { Certs } from './wire.js';

const RATE: Quantity = { unit: 'posts/s', better: 'more' };
const IN_FLIGHT = [1, 64] as const;
const SERVERS = [1, 3] as const;
const PEOPLE = Math.max(...IN_FLIGHT);
const WARM_UP_MS = 2_000;
const RUN_MS = 2_000;

interface Ran {
  readonly rate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMicroseconds: number;
}

/** A server under load, with its load generator. */
export class Target {
  private constructor(
    readonly load: Part<PostLoad>,
    readonly pid: number,
  ) {}

  static async of(address: string, pid: number, certs: Certs): Promise<Target> {
    const load = new Part<PostLoad>('./post-load.js', import.meta.url);
    await load.call('connect', { address, people: PEOPLE, certs });
    return new Target(load, pid);
  }

  async run(inFlight: number, forMs: number): Promise<Ran> {
    const cpuBefore = cpuTimeMs(this.pid);
    const { posts, tookMs, latenciesMs } = await this.load.call('run', { inFlight, forMs });
    const latencies = [...latenciesMs];
    return {
      rate: (posts * 1_000) / tookMs,
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      cpuMicroseconds: ((cpuTimeMs(this.pid) - cpuBefore) * 1_000) / posts,
    };
  }
}

async function measure({ repetitions, figures, say }: BenchRun, servers: number): Promise<void> {
  const own = await startOwnCluster(servers);
  const bare = await BareJournal.start(own.cluster.folder, servers, own.certs);
  const ours = await Target.of(own.address, own.pid, own.certs);
  const limit = await Target.of(bare.address, bare.pid, own.certs);
  try {
    for (const target of [ours, limit]) await target.run(WARM_UP.inFlight, WARM_UP.forMs);
    for (const inFlight of IN_FLIGHT) {
      const label = `${inFlight} in flight, ${servers === 1 ? '1 server' : `${servers} in sync`}`;
      say(`post: ${label}`);
      for (const target of [ours, limit]) await target.run(inFlight, WARM_UP_MS);
      const run = (target: Target) => () => target.run(inFlight, RUN_MS);
      const runs = rounds(repetitions, { we: run(ours), they: run(limit) });
      for await (const { we, they } of runs) {
        figures.add(`rate, ${label}`, RATE, we.rate, they.rate);
        figures.add(`p50, ${label}`, MILLISECONDS, we.p50Ms, they.p50Ms);
        figures.add(`p99, ${label}`, TAIL_MILLISECONDS, we.p99Ms, they.p99Ms);
        figures.add(`server, ${label}`, CPU_MICROSECONDS, we.cpuMicroseconds, they.cpuMicroseconds);
      }
    }
  } finally {
    await Promise.all([ours.load.end(), limit.load.end(), bare.end()]);
    await own.end();
  }
}

export const postBench: Bench = {
  title: 'Acknowledged, durable posts',
  limit: 'bare grpc-js round trips with a bare group commit, here and at as many bare copies',
  async run(run) {
    for (const servers of SERVERS) await measure(run, servers);
  },
};
