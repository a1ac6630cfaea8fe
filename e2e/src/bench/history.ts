/**
 * A journal with a million posts by 10,000 users: reading it, starting with it, and copying it to a new
 * standby.
 *
 * The limit for reading: bare grpc-js that sends the same bytes from memory. For a start: a process that
 * reads the journal's files and computes their checksum. For catching up: the same files over a bare stream
 * into a file, synced. Posts while a standby catches up are compared with posts just before.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { RouterClient } from '@dualping/client';
import { primaryMember } from '@dualping/core';
import { eventually } from '../eventually.js';
import { percentile } from '../statistics.js';
import { TestCluster } from '../test-cluster.js';
import type { BareHistoryServer } from './bare/history-server.js';
import type { BareJournalServer } from './bare/journal-server.js';
import { type Bench, type BenchRun, rounds } from './bench.js';
import { MILLISECONDS, type Quantity, TAIL_MILLISECONDS } from './figures.js';
import type { HistoryFiller } from './history-filler.js';
import type { HistoryLoad } from './history-load.js';
import { Part } from './part-process.js';
import type { PostLoad } from './post-load.js';

const SECONDS: Quantity = { unit: 's', better: 'less' };
const THROUGHPUT: Quantity = { unit: 'MB/s', better: 'more' };

const USERS = 10_000;
const POSTS = 1_000_000;
const FOLLOWED = 1_000;
const READER = 'user-0';
const PAGES = [20, 200] as const;
const RUN_MS = 1_500;
/**
 * Most repetitions of starts and copies, which take seconds; reads take microseconds and are repeated more
 * often.
 */
const MAX_LONG_REPETITIONS = 3;
const START_DEADLINE_MS = 180_000;
const MEGABYTE = 1024 * 1024;

class Stage {
  readonly routers: RouterClient;
  entries = 0;

  private constructor(readonly cluster: TestCluster) {
    this.routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  }

  /**
   * Starts a server until it has opened its first epoch, ends it, and writes the old posts into its journal.
   */
  static async open(): Promise<Stage> {
    const stage = new Stage(await TestCluster.start({ servers: 1 }));
    const { cluster } = stage;
    await cluster.whenWhole(stage.routers);
    await cluster.server(1).stop();
    const filler = new Part<HistoryFiller>('./history-filler.js', import.meta.url);
    const past = { folder: cluster.folderOf(1), users: USERS, posts: POSTS, followed: FOLLOWED };
    stage.entries = await filler.call('fill', past);
    await filler.end();
    return stage;
  }

  get certs(): string {
    return this.cluster.certs;
  }

  get folder(): string {
    return this.cluster.folderOf(1);
  }

  /** @returns time from the start of the process until it serves, s */
  async start(): Promise<number> {
    const beganAt = performance.now();
    await this.cluster.startServer(1);
    const server = this.cluster.server(1);
    await eventually(
      'the server serves',
      () => server.lines.some((line) => / serving: /.test(line)),
      START_DEADLINE_MS,
    );
    return (performance.now() - beganAt) / 1_000;
  }

  async stop(): Promise<void> {
    await this.cluster.server(1).stop();
  }

  async address(): Promise<string> {
    const assignment = await eventually('somebody is primary', () => this.cluster.assignment(this.routers));
    return primaryMember(assignment)?.address ?? '';
  }

  removeSnapshots(): void {
    for (const name of readdirSync(this.folder, { recursive: true, encoding: 'utf8' }))
      if (/snapshot-\d+$/.test(name)) rmSync(join(this.folder, name));
  }

  /** Starts a standby with an empty disk. @returns time from its start until it is in sync, ms */
  async catchUp(): Promise<number> {
    rmSync(this.cluster.folderOf(2), { recursive: true, force: true });
    await this.cluster.startServer(2);
    const beganAt = performance.now();
    await eventually(
      'the standby is in sync',
      async () => {
        const assignment = await this.cluster.assignment(this.routers);
        return assignment?.members.some(({ serverId, inSync, live }) => serverId === 2 && inSync && live);
      },
      START_DEADLINE_MS,
    );
    return performance.now() - beganAt;
  }

  async close(): Promise<void> {
    this.routers.close();
    await this.cluster.destroy();
  }
}

async function measureStarts({ repetitions, figures, say }: BenchRun, stage: Stage): Promise<void> {
  say('history: cold starts');
  const scan = async (): Promise<number> => {
    const beganAt = performance.now();
    const bare = new Part<BareHistoryServer>('./bare/history-server.js', import.meta.url);
    await bare.call('scan', { folder: stage.folder });
    const tookMs = performance.now() - beganAt;
    await bare.end();
    return tookMs / 1_000;
  };
  const without = async (): Promise<number> => {
    stage.removeSnapshots();
    const seconds = await stage.start();
    await eventually(
      'a snapshot is kept',
      () =>
        readdirSync(stage.folder, { recursive: true, encoding: 'utf8' }).some((name) =>
          /snapshot-\d+$/.test(name),
        ),
      START_DEADLINE_MS,
    );
    await stage.stop();
    return seconds;
  };
  const withSnapshot = async (): Promise<number> => {
    const seconds = await stage.start();
    await stage.stop();
    return seconds;
  };
  const runs = { without, withSnapshot, scan } as const;
  for await (const ran of rounds(Math.min(repetitions, MAX_LONG_REPETITIONS), runs)) {
    figures.add('cold start', SECONDS, ran.withSnapshot, ran.scan);
    figures.add('cold start without a snapshot', SECONDS, ran.without, ran.scan);
  }
}

async function measureReading({ repetitions, figures, say }: BenchRun, stage: Stage): Promise<void> {
  say('history: last posts, pages');
  const bare = new Part<BareHistoryServer>('./bare/history-server.js', import.meta.url);
  const loads = [0, 1].map(() => new Part<HistoryLoad>('./history-load.js', import.meta.url));
  const [ours, limit] = loads;
  try {
    if (ours === undefined || limit === undefined) throw new Error('two loads were made');
    const { entries, certs } = stage;
    const reader = { user: READER, entries, certs };
    await ours.call('connect', { address: await stage.address(), ...reader });
    const { opening } = await ours.call('sample', { limit: 20 });
    await limit.call('connect', { address: await bare.call('serve', { opening, certs }), ...reader });
    const opens = (load: Part<HistoryLoad>) => () => load.call('open', { forMs: RUN_MS });
    for (const load of [ours, limit]) await opens(load)();
    for await (const ran of rounds(repetitions, { we: opens(ours), they: opens(limit) })) {
      figures.add(
        'last 20 of 1,000 followed, p50',
        MILLISECONDS,
        percentile([...ran.we], 0.5),
        percentile([...ran.they], 0.5),
      );
      figures.add(
        'last 20 of 1,000 followed, p99',
        TAIL_MILLISECONDS,
        percentile([...ran.we], 0.99),
        percentile([...ran.they], 0.99),
      );
    }
    for (const size of PAGES) {
      await bare.call('setPage', { bytes: (await ours.call('sample', { limit: size })).page });
      const pages = (load: Part<HistoryLoad>) => () => load.call('page', { limit: size, forMs: RUN_MS });
      for (const load of [ours, limit]) await pages(load)();
      for await (const ran of rounds(repetitions, { we: pages(ours), they: pages(limit) }))
        figures.add(
          `a page of ${size}, p50`,
          MILLISECONDS,
          percentile([...ran.we], 0.5),
          percentile([...ran.they], 0.5),
        );
    }
  } finally {
    await Promise.all([bare, ...loads].map((part) => part.end()));
  }
}

async function measureCatchUp({ repetitions, figures, say }: BenchRun, stage: Stage): Promise<void> {
  say('history: an empty standby catches up');
  const load = new Part<PostLoad>('./post-load.js', import.meta.url);
  const source = new Part<BareHistoryServer>('./bare/history-server.js', import.meta.url);
  const { certs } = stage;
  await load.call('connect', { address: await stage.address(), people: 1, certs });
  const bytes = await source.call('scan', { folder: stage.folder });
  const posts = async (forMs: number): Promise<readonly number[]> => [
    ...(await load.call('run', { inFlight: 1, forMs })).latenciesMs,
  ];
  /** Latencies of posts until `work` is over, ms. */
  const postsDuring = async (work: Promise<unknown>): Promise<readonly number[]> => {
    const latencies: number[] = [];
    let over = false;
    const ended = work.finally(() => {
      over = true;
    });
    while (!over) latencies.push(...(await posts(RUN_MS / 10)));
    await ended;
    return latencies;
  };
  const rateOf = (tookMs: number): number => bytes / MEGABYTE / (tookMs / 1_000);
  const own = async () => {
    const quiet = await posts(RUN_MS);
    const caughtUp = stage.catchUp();
    const busy = await postsDuring(caughtUp);
    const rate = rateOf(await caughtUp);
    await stage.cluster.server(2).kill();
    return { rate, quiet, busy };
  };
  const bare = async () => {
    const copy = new Part<BareJournalServer>('./bare/journal-server.js', import.meta.url);
    const to = await copy.call('startCopy', { file: join(stage.cluster.folder, 'bare-copy'), certs });
    const copied = source.call('copy', { folder: stage.folder, to, certs });
    const busy = await postsDuring(copied);
    const { tookMs } = await copied;
    await copy.end();
    return { rate: rateOf(tookMs), busy };
  };
  try {
    for await (const { we, they } of rounds(Math.min(repetitions, MAX_LONG_REPETITIONS), {
      we: own,
      they: bare,
    })) {
      figures.add('catch-up of an empty standby', THROUGHPUT, we.rate, they.rate);
      for (const share of [0.5, 0.99]) {
        const [busy, quiet, beside] = [we.busy, we.quiet, they.busy].map((each) => percentile(each, share));
        const label = `post meanwhile, p${100 * share}`;
        figures.add(`${label}, against before`, TAIL_MILLISECONDS, busy ?? Number.NaN, quiet);
        figures.add(
          `${label}, against posts beside a bare copy`,
          TAIL_MILLISECONDS,
          busy ?? Number.NaN,
          beside,
        );
      }
    }
  } finally {
    await Promise.all([load.end(), source.end()]);
  }
}

export const historyBench: Bench = {
  title: 'A past of a million posts',
  limit:
    'the same bytes over bare grpc-js; reading the files and their checksum; copying them over a bare stream',
  async run(run) {
    run.say('history: a million posts are written');
    const stage = await Stage.open();
    try {
      await measureStarts(run, stage);
      await stage.start();
      await measureReading(run, stage);
      await measureCatchUp(run, stage);
    } finally {
      await stage.close();
    }
  },
};
