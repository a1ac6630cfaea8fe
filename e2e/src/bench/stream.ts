/**
 * How fast one session of the library posts, compared with a bare stream and with bare calls.
 *
 * A session sends its posts over its timeline, several in a message if several are ready. The bare stream
 * does the same without users; the bare calls are the most that a program without a stream can reach. CPU
 * time is that of the program and the answering server together.
 */
import { percentile } from '../statistics.js';
import { BareJournal } from './bare/bare-journal.js';
import { type Bench, type BenchRun, rounds } from './bench.js';
import { CPU_MICROSECONDS, MILLISECONDS, type Quantity } from './figures.js';
import { startOwnCluster } from './own-cluster.js';
import { Part } from './part-process.js';
import type { PostLoad, PostRun, PostRunResult } from './post-load.js';
import { cpuTimeMs } from './process-time.js';
import type { StreamLoad } from './stream-load.js';
import { WARM_UP } from './windowed.js';

const RATE: Quantity = { unit: 'posts/s', better: 'more' };
const IN_FLIGHT = [1, 4, 64] as const;
const SERVERS = [1, 3] as const;
const WARM_UP_MS = 2_000;
const RUN_MS = 2_000;

interface Ran {
  readonly rate: number;
  readonly p50Ms: number;
  readonly cpuMicroseconds: number;
}

/** A load generator and the server that answers it. */
interface Target {
  readonly pids: readonly number[];
  run(run: PostRun): Promise<PostRunResult>;
}

const cpuOf = ({ pids }: Target): number => pids.reduce((sum, pid) => sum + cpuTimeMs(pid), 0);

async function ran(target: Target, run: PostRun): Promise<Ran> {
  const cpuBefore = cpuOf(target);
  const { posts, tookMs, latenciesMs } = await target.run(run);
  return {
    rate: (posts * 1_000) / tookMs,
    p50Ms: percentile([...latenciesMs], 0.5),
    cpuMicroseconds: ((cpuOf(target) - cpuBefore) * 1_000) / posts,
  };
}

async function measure({ repetitions, figures, say }: BenchRun, servers: number): Promise<void> {
  const own = await startOwnCluster(servers);
  const bare = await BareJournal.start(own.cluster.folder, servers, own.certs);
  const session = new Part<StreamLoad>('./stream-load.js', import.meta.url);
  const bareStream = new Part<StreamLoad>('./stream-load.js', import.meta.url);
  const bareCalls = new Part<PostLoad>('./post-load.js', import.meta.url);
  try {
    const { certs } = own;
    await session.call('connectOurs', { router: own.cluster.routerAddress, certs });
    await bareStream.call('connectBare', { server: bare.address, certs });
    await bareCalls.call('connect', { address: bare.address, people: Math.max(...IN_FLIGHT), certs });
    const targets = {
      we: { pids: [session.pid, own.pid], run: (run: PostRun) => session.call('run', run) },
      stream: { pids: [bareStream.pid, bare.pid], run: (run: PostRun) => bareStream.call('run', run) },
      calls: { pids: [bareCalls.pid, bare.pid], run: (run: PostRun) => bareCalls.call('run', run) },
    };
    for (const target of Object.values(targets)) await target.run(WARM_UP);
    for (const inFlight of IN_FLIGHT) {
      const label = `${inFlight} in flight, ${servers === 1 ? '1 server' : `${servers} in sync`}`;
      say(`stream: ${label}`);
      for (const target of Object.values(targets)) await target.run({ inFlight, forMs: WARM_UP_MS });
      const run = (target: Target) => () => ran(target, { inFlight, forMs: RUN_MS });
      const runs = rounds(repetitions, {
        we: run(targets.we),
        stream: run(targets.stream),
        calls: run(targets.calls),
      });
      for await (const { we, stream, calls } of runs) {
        figures.add(`rate, ${label}`, RATE, we.rate, stream.rate);
        figures.add(`rate, ${label}, bare calls`, RATE, we.rate, calls.rate);
        figures.add(`p50, ${label}`, MILLISECONDS, we.p50Ms, stream.p50Ms);
        figures.add(
          `program and server, ${label}`,
          CPU_MICROSECONDS,
          we.cpuMicroseconds,
          stream.cpuMicroseconds,
        );
      }
    }
  } finally {
    await Promise.all([session.end(), bareStream.end(), bareCalls.end(), bare.end()]);
    await own.end();
  }
}

export const streamBench: Bench = {
  title: 'Acknowledged, durable posts of one session',
  limit: 'a bare grpc-js stream, a turn of posts in a message, with a bare group commit; and bare calls',
  async run(run) {
    for (const servers of SERVERS) await measure(run, servers);
  },
};
