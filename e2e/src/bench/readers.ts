/**
 * What a delivery costs a program that reads with many sessions of the library, compared with bare streams of
 * the same server.
 *
 * Each kind of readers follows an author of its own, who posts in bursts at a fixed pace. So both get the
 * same number of messages with the same number of posts, and only the CPU time of the program differs.
 */
import { type Bench, type BenchRun, rounds } from './bench.js';
import { CPU_MICROSECONDS } from './figures.js';
import { startOwnCluster } from './own-cluster.js';
import { Part } from './part-process.js';
import { cpuTimeMs } from './process-time.js';
import type { Bursts, ReadersLoad } from './readers-load.js';

const READERS = 100;
/** Posts of a burst, which arrive in one message or a few. */
const BURSTS = [1, 8] as const;
const EVERY_MS = 20;
const WARM_UP_MS = 3_000;
const RUN_MS = 3_000;

class Target {
  private constructor(
    readonly author: Part<ReadersLoad>,
    readonly readers: Part<ReadersLoad>,
  ) {}

  static make(): Target {
    const part = () => new Part<ReadersLoad>('./readers-load.js', import.meta.url);
    return new Target(part(), part());
  }

  /** @returns CPU time of the readers for each delivery, µs */
  async run(bursts: Bursts): Promise<number> {
    const deliveries = bursts.bursts * bursts.posts * READERS;
    const before = cpuTimeMs(this.readers.pid);
    await Promise.all([this.readers.call('deliveries', deliveries), this.author.call('post', bursts)]);
    return ((cpuTimeMs(this.readers.pid) - before) * 1_000) / deliveries;
  }

  async end(): Promise<void> {
    await Promise.all([this.author.end(), this.readers.end()]);
  }
}

async function measure({ repetitions, figures, say }: BenchRun): Promise<void> {
  const own = await startOwnCluster(1);
  const targets = { we: Target.make(), bare: Target.make() };
  try {
    const { certs, cluster } = own;
    for (const [author, target] of Object.entries(targets))
      await target.author.call('logIn', { author, address: cluster.routerAddress, certs });
    const common = { certs, readers: READERS };
    await targets.we.readers.call('readOurs', { ...common, author: 'we', address: cluster.routerAddress });
    await targets.bare.readers.call('readBare', { ...common, author: 'bare', address: own.address });
    for (const posts of BURSTS) {
      const label = `${READERS} readers, ${posts === 1 ? '1 post' : `${posts} posts`} at a time`;
      say(`readers: ${label}`);
      const of = (forMs: number): Bursts => ({ bursts: forMs / EVERY_MS, posts, everyMs: EVERY_MS });
      for (const target of Object.values(targets)) await target.run(of(WARM_UP_MS));
      const run = (target: Target) => () => target.run(of(RUN_MS));
      for await (const ran of rounds(repetitions, { we: run(targets.we), bare: run(targets.bare) }))
        figures.add(`program, ${label}`, CPU_MICROSECONDS, ran.we, ran.bare);
    }
  } finally {
    await Promise.all(Object.values(targets).map((target) => target.end()));
    await own.end();
  }
}

export const readersBench: Bench = {
  title: 'A delivery to a program with many sessions',
  limit: 'bare grpc-js streams to the same server, whose messages are counted and not decoded',
  run: measure,
};
