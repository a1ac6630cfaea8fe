/**
 * What TLS costs: takeovers and posts of a cluster with certificates beside one without, in one run.
 *
 * Here the limit is our own cluster without TLS. Shares have no floors: both sides are ours, and what either
 * costs beside bare grpc-js is measured by `takeover` and `post`.
 */
import { type Bench, type BenchRun, rounds } from './bench.js';
import { type Quantity, TAIL_MILLISECONDS } from './figures.js';
import { startOwnCluster, startSecureCluster } from './own-cluster.js';
import { Target } from './post.js';
import { type OwnTakeover, Stage } from './takeover.js';

const RATE: Quantity = { unit: 'posts/s', better: 'more', guarded: false };
const CPU: Quantity = { unit: 'µs CPU', better: 'less', guarded: false };
const PEOPLE = [1, 1_000] as const;
/** Takeovers per repetition of a single client: they are short. */
const TAKEOVERS_OF_ONE = 3;
const IN_FLIGHT = [1, 64] as const;
const SERVERS = 3;
const RUN_MS = 2_000;

async function measureTakeovers({ repetitions, figures, say }: BenchRun, people: number): Promise<void> {
  const label = `${people.toLocaleString('en')} ${people === 1 ? 'client' : 'clients'}`;
  say(`tls: takeover, ${label}`);
  const secure = await Stage.open(people, startSecureCluster);
  const plain = await Stage.open(people);
  const run = (stage: Stage) => (): Promise<OwnTakeover> => stage.takeover('killed');
  try {
    // The first takeover is slower, because its code runs for the first time.
    for (const stage of [secure, plain]) await stage.takeover('killed');
    const times = people === 1 ? repetitions * TAKEOVERS_OF_ONE : repetitions;
    for await (const { ours, limit } of rounds(times, { ours: run(secure), limit: run(plain) })) {
      figures.add(`router knows, ${label}`, TAIL_MILLISECONDS, ours.routerMs, limit.routerMs);
      figures.add(
        `all live, ${label}`,
        TAIL_MILLISECONDS,
        Math.max(...ours.liveMs),
        Math.max(...limit.liveMs),
      );
      figures.add(`first post, ${label}`, TAIL_MILLISECONDS, ours.postMs, limit.postMs);
    }
  } finally {
    await Promise.all([secure.close(), plain.close()]);
  }
}

async function measurePosts({ repetitions, figures, say }: BenchRun): Promise<void> {
  const clusters = [await startSecureCluster(SERVERS), await startOwnCluster(SERVERS)] as const;
  const targets = clusters.map(({ address, pid, ca }) => Target.of(address, pid, ca));
  const [secure, plain] = await Promise.all(targets);
  if (secure === undefined || plain === undefined) throw new Error('there are two clusters');
  try {
    for (const inFlight of IN_FLIGHT) {
      const label = `${inFlight} in flight, ${SERVERS} in sync`;
      say(`tls: posts, ${label}`);
      for (const target of [secure, plain]) await target.run(inFlight, RUN_MS);
      const run = (target: Target) => () => target.run(inFlight, RUN_MS);
      for await (const { ours, limit } of rounds(repetitions, { ours: run(secure), limit: run(plain) })) {
        figures.add(`posts, ${label}`, RATE, ours.rate, limit.rate);
        figures.add(`p50, ${label}`, TAIL_MILLISECONDS, ours.p50Ms, limit.p50Ms);
        figures.add(`server, ${label}`, CPU, ours.cpuMicroseconds, limit.cpuMicroseconds);
      }
    }
  } finally {
    await Promise.all([secure.load.end(), plain.load.end()]);
    for (const cluster of clusters) await cluster.end();
  }
}

export const tlsBench: Bench = {
  title: 'With certificates and TLS',
  limit: 'our own cluster without TLS',
  async run(run) {
    for (const people of PEOPLE) await measureTakeovers(run, people);
    await measurePosts(run);
  },
};
