/**
 * How many deliveries a second a server makes when one author has many connected followers, and how soon the
 * last of them has a post.
 *
 * The same load generator drives ours and two bare servers that push encoded posts: one sends a message for
 * each post; the other, the harder limit, one message for all posts of a turn of the event loop. Neither has
 * a disk, users or sessions; ours makes each post durable first.
 */
import { position } from '@dualping/core';
import { encodePostFragment } from '@dualping/protocol';
import type { BareFanoutServer } from './bare/fanout-server.js';
import { type Bench, type BenchRun, rounds } from './bench.js';
import { type Delivered, deliver } from './deliveries.js';
import type { FanoutLoad } from './fanout-load.js';
import { CPU_MICROSECONDS, MILLISECONDS, type Quantity } from './figures.js';
import { startOwnCluster } from './own-cluster.js';
import { Part } from './part-process.js';
import type { Certs } from './wire.js';

const DELIVERIES: Quantity = { unit: 'deliveries/s', better: 'more' };
const FOLLOWERS = [10, 100, 1_000] as const;
const IN_FLIGHT = 64;
const WARM_UP_MS = 2_000;
const RUN_MS = 2_000;

const SAMPLE_POST = {
  position: position(123_456),
  author: 'author',
  text: 'somebody says something of about the usual length, with a number after it so that no two are the same: 1234',
  timeMs: 1_700_000_000_000,
} as const;

class Target {
  private constructor(
    readonly load: Part<FanoutLoad>,
    readonly pid: number,
  ) {}

  static async of(address: string, pid: number, followers: number, certs: Certs): Promise<Target> {
    const load = new Part<FanoutLoad>('./fanout-load.js', import.meta.url);
    await load.call('connect', { address, followers, sessions: IN_FLIGHT, certs });
    return new Target(load, pid);
  }

  run(forMs: number): Promise<Delivered> {
    return deliver((run) => this.load.call('run', run), this.pid, { inFlight: IN_FLIGHT, forMs });
  }
}

async function startBare(
  batches: boolean,
  certs: Certs,
): Promise<{ part: Part<BareFanoutServer>; address: string }> {
  const part = new Part<BareFanoutServer>('./bare/fanout-server.js', import.meta.url);
  const post = encodePostFragment(SAMPLE_POST);
  return { part, address: await part.call('start', { post, batches, certs }) };
}

async function measure({ repetitions, figures, say }: BenchRun, followers: number): Promise<void> {
  const label = `${followers.toLocaleString('en')} followers`;
  say(`fanout: ${label}`);
  const own = await startOwnCluster(1);
  const bare = await Promise.all([false, true].map((batches) => startBare(batches, own.certs)));
  const targets: Target[] = [];
  try {
    for (const { address, pid } of [own, ...bare.map(({ part, address }) => ({ address, pid: part.pid }))])
      targets.push(await Target.of(address, pid, followers, own.certs));
    const [ours, single, batching] = targets;
    if (ours === undefined || single === undefined || batching === undefined)
      throw new Error('three were made');
    for (const target of targets) await target.run(WARM_UP_MS);
    const run = (target: Target) => () => target.run(RUN_MS);
    const runs = rounds(repetitions, { we: run(ours), single: run(single), batching: run(batching) });
    for await (const ran of runs) {
      figures.add(`rate, ${label}`, DELIVERIES, ran.we.rate, ran.single.rate);
      figures.add(`rate, ${label}, batching limit`, DELIVERIES, ran.we.rate, ran.batching.rate);
      figures.add(`server, ${label}`, CPU_MICROSECONDS, ran.we.cpuMicroseconds, ran.single.cpuMicroseconds);
      figures.add(
        `server, ${label}, batching limit`,
        CPU_MICROSECONDS,
        ran.we.cpuMicroseconds,
        ran.batching.cpuMicroseconds,
      );
      figures.add(`post to last follower p50, ${label}`, MILLISECONDS, ran.we.p50Ms, ran.single.p50Ms);
    }
  } finally {
    await Promise.all([...targets.map(({ load }) => load.end()), ...bare.map(({ part }) => part.end())]);
    await own.end();
  }
}

export const fanoutBench: Bench = {
  title: 'Fan-out: one author, followers who are on',
  limit:
    'bare grpc-js pushing an encoded post, one message a post; the batching one sends a turn in one message',
  async run(run) {
    for (const followers of FOLLOWERS) await measure(run, followers);
  },
};
