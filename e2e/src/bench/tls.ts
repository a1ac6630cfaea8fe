/**
 * What TLS costs: takeovers and posts of a cluster with certificates beside one without, in one run.
 *
 * Here the limit is our own cluster without TLS: with `--insecure`, where users have no keys and show no
 * tokens. Machines are sessions with connections of their own; they have nothing beside them, because
 * sessions without credentials share connections.
 */
import { type Bench, type BenchRun, rounds } from './bench.js';
import { CPU_MICROSECONDS, MILLISECONDS, type Quantity, TAIL_MILLISECONDS } from './figures.js';
import { type OwnCluster, startOwnCluster } from './own-cluster.js';
import { Part } from './part-process.js';
import { Target } from './post.js';
import type { StreamLoad } from './stream-load.js';
import { type OwnTakeover, Stage } from './takeover.js';
import { WARM_UP } from './windowed.js';

const RATE: Quantity = { unit: 'posts/s', better: 'more' };
const PEOPLE = [1, 1_000] as const;
/**
 * All in one program: the handshakes of a thousand are 10 s of its processor time after each takeover, which
 * machines of their own would share.
 */
const MACHINES = 200;
/** Takeovers per repetition of a single client: they are short, and vary much. */
const TAKEOVERS_OF_ONE = 5;
const IN_FLIGHT = [1, 64] as const;
const SERVERS = 3;
const RUN_MS = 2_000;
const PLAINTEXT = { insecure: true } as const;

const takeovers = (stage: Stage) => (): Promise<OwnTakeover> => stage.takeover('killed');

async function measureTakeovers({ repetitions, figures, say }: BenchRun, people: number): Promise<void> {
  const label = `${people.toLocaleString('en')} ${people === 1 ? 'client' : 'clients'}`;
  say(`tls: takeover, ${label}`);
  const secure = await Stage.open(people);
  const plain = await Stage.open(people, PLAINTEXT);
  try {
    // The first takeover is slower, because its code runs for the first time.
    for (const stage of [secure, plain]) await stage.takeover('killed');
    const times = people === 1 ? repetitions * TAKEOVERS_OF_ONE : repetitions;
    const runs = rounds(times, { ours: takeovers(secure), limit: takeovers(plain) });
    for await (const { ours, limit } of runs) {
      figures.add(`router knows, ${label}`, TAIL_MILLISECONDS, ours.routerMs, limit.routerMs);
      const live = [ours, limit].map(({ liveMs }) => Math.max(...liveMs));
      figures.add(`all live, ${label}`, MILLISECONDS, live[0] ?? Number.NaN, live[1]);
      figures.add(`first post, ${label}`, MILLISECONDS, ours.postMs, limit.postMs);
    }
  } finally {
    await Promise.all([secure.close(), plain.close()]);
  }
}

async function measureMachines({ repetitions, figures, say }: BenchRun): Promise<void> {
  const label = `${MACHINES.toLocaleString('en')} machines`;
  say(`tls: takeover, ${label}`);
  const stage = await Stage.open(MACHINES, { apart: true });
  try {
    await stage.takeover('killed');
    for await (const { ours } of rounds(repetitions, { ours: takeovers(stage) })) {
      figures.add(`all live, ${label}`, MILLISECONDS, Math.max(...ours.liveMs));
      figures.add(`first post, ${label}`, MILLISECONDS, ours.postMs);
    }
  } finally {
    await stage.close();
  }
}

/** Of calls, one a post; of the stream of one session. */
interface Loads {
  readonly calls: Target;
  readonly stream: Part<StreamLoad>;
}

async function loadsOf({ address, pid, certs, cluster }: OwnCluster): Promise<Loads> {
  const stream = new Part<StreamLoad>('./stream-load.js', import.meta.url);
  await stream.call('connectOurs', { router: cluster.routerAddress, certs });
  return { calls: await Target.of(address, pid, certs), stream };
}

async function measurePosts({ repetitions, figures, say }: BenchRun): Promise<void> {
  const clusters = [await startOwnCluster(SERVERS), await startOwnCluster(SERVERS, PLAINTEXT)] as const;
  const secure = await loadsOf(clusters[0]);
  const plain = await loadsOf(clusters[1]);
  const stream = async ({ stream: load }: Loads, inFlight: number): Promise<number> => {
    const { posts, tookMs } = await load.call('run', { inFlight, forMs: RUN_MS });
    return (posts * 1_000) / tookMs;
  };
  try {
    for (const { calls } of [secure, plain]) await calls.run(WARM_UP.inFlight, WARM_UP.forMs);
    for (const inFlight of IN_FLIGHT) {
      const label = `${inFlight} in flight, ${SERVERS} in sync`;
      say(`tls: posts, ${label}`);
      for (const loads of [secure, plain]) {
        await loads.calls.run(inFlight, RUN_MS);
        await stream(loads, inFlight);
      }
      for await (const ran of rounds(repetitions, {
        ours: () => secure.calls.run(inFlight, RUN_MS),
        limit: () => plain.calls.run(inFlight, RUN_MS),
        oursOnStream: () => stream(secure, inFlight),
        limitOnStream: () => stream(plain, inFlight),
      })) {
        figures.add(`calls, ${label}`, RATE, ran.ours.rate, ran.limit.rate);
        figures.add(`calls, p50, ${label}`, TAIL_MILLISECONDS, ran.ours.p50Ms, ran.limit.p50Ms);
        const cpu = [ran.ours.cpuMicroseconds, ran.limit.cpuMicroseconds] as const;
        figures.add(`server, a call, ${label}`, CPU_MICROSECONDS, ...cpu);
        figures.add(`one session's stream, ${label}`, RATE, ran.oursOnStream, ran.limitOnStream);
      }
    }
  } finally {
    await Promise.all([secure, plain].flatMap(({ calls, stream: load }) => [calls.load.end(), load.end()]));
    for (const cluster of clusters) await cluster.end();
  }
}

export const tlsBench: Bench = {
  title: 'With certificates, keys and TLS',
  limit: 'our own cluster without TLS',
  async run(run) {
    for (const people of PEOPLE) await measureTakeovers(run, people);
    await measureMachines(run);
    await measurePosts(run);
  },
};
