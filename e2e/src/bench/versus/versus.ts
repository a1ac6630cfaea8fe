/**
 * Ours beside programs that people would use instead, in turn: each with three copies of everything, on this
 * machine.
 *
 * Ours speaks TLS and has users with keys. The others are as they come, in plain text; what each promises is
 * printed, because no two promise the same. Here their figures stand in the column of the limit.
 */
import { percentile } from '../../statistics.js';
import { type Bench, type BenchRun, rounds } from '../bench.js';
import { speedOf } from '../deliveries.js';
import type { FanoutLoad } from '../fanout-load.js';
import { type Quantity, TAIL_MILLISECONDS as TIME } from '../figures.js';
import { type OwnCluster, startOwnCluster } from '../own-cluster.js';
import { Part } from '../part-process.js';
import type { PostRun } from '../post-load.js';
import type { StreamLoad } from '../stream-load.js';
import { Stage } from '../takeover.js';
import { WARM_UP } from '../windowed.js';
import { etcd } from './etcd.js';
import { FOLLOWERS, MANY_IN_FLIGHT } from './loaded-peer.js';
import { nats } from './nats.js';
import type { Peer, PeerKind, Writes } from './peer.js';
import { postgres } from './postgres.js';
import { redis } from './redis.js';

const SERVERS = 3;
const IN_FLIGHT = [1, MANY_IN_FLIGHT] as const;
const RUN_MS = 2_000;
/** The other program may be of another version elsewhere: nothing here has a floor. */
const WRITES: Quantity = { unit: 'writes/s', better: 'more', guarded: false };
const DELIVERIES: Quantity = { unit: 'deliveries/s', better: 'more', guarded: false };

async function measureWrites(
  { repetitions, figures, say }: BenchRun,
  own: OwnCluster,
  peer: Peer,
): Promise<void> {
  const session = new Part<StreamLoad>('../stream-load.js', import.meta.url);
  try {
    await session.call('connectOurs', { router: own.cluster.routerAddress, certs: own.certs });
    const we = async (run: PostRun): Promise<Writes> => {
      const { posts, tookMs, latenciesMs } = await session.call('run', run);
      return { rate: (posts * 1_000) / tookMs, p50Ms: percentile([...latenciesMs], 0.5) };
    };
    await we(WARM_UP);
    await peer.writes(WARM_UP);
    for (const inFlight of IN_FLIGHT) {
      say(`versus ${peer.name}: ${inFlight} in flight`);
      const run = { inFlight, forMs: RUN_MS };
      const runs = { we: () => we(run), they: () => peer.writes(run) };
      // The first runs are slower.
      await runs.we();
      await runs.they();
      for await (const { we: ours, they } of rounds(repetitions, runs)) {
        figures.add(`writes, ${inFlight} in flight`, WRITES, ours.rate, they.rate);
        figures.add(`a write, ${inFlight} in flight, p50`, TIME, ours.p50Ms, they.p50Ms);
      }
    }
  } finally {
    await session.end();
  }
}

async function measureFanout(
  { repetitions, figures, say }: BenchRun,
  { address, certs }: OwnCluster,
  { name, fanout }: Pick<Peer, 'name'> & Required<Pick<Peer, 'fanout'>>,
): Promise<void> {
  say(`versus ${name}: ${FOLLOWERS} followers`);
  const load = new Part<FanoutLoad>('../fanout-load.js', import.meta.url);
  try {
    await load.call('connect', { address, followers: FOLLOWERS, sessions: MANY_IN_FLIGHT, certs });
    const many = { inFlight: MANY_IN_FLIGHT, forMs: RUN_MS };
    const we = () => speedOf((run) => load.call('run', run), many);
    const they = () => fanout(RUN_MS);
    await we();
    await they();
    for await (const { we: ours, they: theirs } of rounds(repetitions, { we, they })) {
      figures.add(`fan-out to ${FOLLOWERS}`, DELIVERIES, ours.rate, theirs.rate);
      figures.add(`write to last of ${FOLLOWERS}, p50`, TIME, ours.p50Ms, theirs.p50Ms);
    }
  } finally {
    await load.end();
  }
}

async function measureTakeover(
  { repetitions, figures, say }: BenchRun,
  { name, takeoverMs }: Pick<Peer, 'name'> & Required<Pick<Peer, 'takeoverMs'>>,
): Promise<void> {
  say(`versus ${name}: takeover`);
  const stage = await Stage.open(1);
  try {
    // The first takeover is slower, because its code runs for the first time.
    await stage.takeover('killed');
    const we = async (): Promise<number> => (await stage.takeover('killed')).postMs;
    for await (const { we: ours, they } of rounds(repetitions, { we, they: takeoverMs }))
      figures.add('killed, until the next acknowledged write', TIME, ours, they);
  } finally {
    await stage.close();
  }
}

async function measure(run: BenchRun, kind: PeerKind): Promise<void> {
  const peer = await kind.start();
  try {
    run.say(`${peer.name}: ${peer.promise}`);
    const own = await startOwnCluster(SERVERS);
    try {
      await measureWrites(run, own, peer);
      const { name, fanout } = peer;
      if (fanout !== undefined)
        await measureFanout(run, own, { name, fanout: (forMs) => fanout.call(peer, forMs) });
    } finally {
      await own.end();
    }
    const { name, takeoverMs } = peer;
    if (takeoverMs !== undefined)
      await measureTakeover(run, { name, takeoverMs: () => takeoverMs.call(peer) });
  } finally {
    await peer.end();
  }
}

const versus = (name: string, kind: PeerKind): Bench => ({
  title: `Beside ${name}, with three copies`,
  limit: `${name}, as its own promise allows`,
  async run(run) {
    const missing = kind.missing();
    if (missing === undefined) await measure(run, kind);
    else run.say(`versus ${name}: skipped, ${missing}`);
  },
});

/** By the word after `versus`. */
export const VERSUS: Readonly<Record<string, Bench>> = {
  etcd: versus('etcd', etcd),
  nats: versus('NATS JetStream', nats),
  redis: versus('Redis', redis),
  postgres: versus('PostgreSQL', postgres),
};
