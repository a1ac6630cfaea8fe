/**
 * How many posts a csce438 client delivers to its followers, and how soon the last of them has a post.
 *
 * The same load generator drives ours and a bare server that passes the bytes on unchanged. Ours makes each
 * post durable, numbers it, and sends it to the followers.
 */
import { encodeReusing, snsWire } from '@dualping/protocol';
import type { BareClassicServer } from './bare/classic-server.js';
import { type Bench, type BenchRun, rounds } from './bench.js';
import type { ClassicLoad } from './classic-load.js';
import { type Delivered, deliver } from './deliveries.js';
import { CPU_MICROSECONDS, MILLISECONDS, type Quantity } from './figures.js';
import { startOwnCluster } from './own-cluster.js';
import { Part } from './part-process.js';

const DELIVERIES: Quantity = { unit: 'deliveries/s', better: 'more' };
const FOLLOWERS = [1, 10] as const;
/** As many as one classic timeline may have in flight. */
const IN_FLIGHT = 32;
const WARM_UP_MS = 2_000;
const RUN_MS = 2_000;

class Target {
  private constructor(
    readonly load: Part<ClassicLoad>,
    readonly pid: number,
  ) {}

  static async of(address: string, pid: number, followers: number): Promise<Target> {
    const load = new Part<ClassicLoad>('./classic-load.js', import.meta.url);
    await load.call('connect', { address, followers });
    return new Target(load, pid);
  }

  run(forMs: number): Promise<Delivered> {
    return deliver((run) => this.load.call('run', run), this.pid, { inFlight: IN_FLIGHT, forMs });
  }
}

async function measure({ repetitions, figures, say }: BenchRun, followers: number): Promise<void> {
  const label = followers === 1 ? '1 follower' : `${followers} followers`;
  say(`classic: ${label}`);
  const own = await startOwnCluster(1, { classic: true });
  const bare = new Part<BareClassicServer>('./bare/classic-server.js', import.meta.url);
  const targets: Target[] = [];
  try {
    const ours = await Target.of(own.address, own.pid, followers);
    targets.push(ours);
    const reply = encodeReusing(snsWire.Reply, { msg: 'SUCCESS' });
    const limit = await Target.of(await bare.call('start', { reply }), bare.pid, followers);
    targets.push(limit);
    for (const target of targets) await target.run(WARM_UP_MS);
    const run = (target: Target) => () => target.run(RUN_MS);
    for await (const { we, they } of rounds(repetitions, { we: run(ours), they: run(limit) })) {
      figures.add(`rate, ${label}`, DELIVERIES, we.rate, they.rate);
      figures.add(`server, ${label}`, CPU_MICROSECONDS, we.cpuMicroseconds, they.cpuMicroseconds);
      figures.add(`post to last follower p50, ${label}`, MILLISECONDS, we.p50Ms, they.p50Ms);
    }
  } finally {
    await Promise.all([...targets.map(({ load }) => load.end()), bare.end()]);
    await own.end();
  }
}

export const classicBench: Bench = {
  title: 'The classic wire: one author, durable on one server',
  limit: 'bare grpc-js that passes on the bytes of each message, without a disk',
  async run(run) {
    for (const followers of FOLLOWERS) await measure(run, followers);
  },
};
