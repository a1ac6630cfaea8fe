/** Abuse of every port by unknown clients, which must not disturb other users. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../eventually.js';
import { percentile } from '../statistics.js';
import { ABUSES, type Abuse, CONNECTIONS, STREAMS } from './abuses.js';
import { inFull } from './length.js';
import { memoryOf } from './process-memory.js';
import { SideProcess } from './side-process.js';
import { Trial } from './trial.js';

/**
 * How many times as long others' posts may take under abuse, compared with a quiet measurement in the same
 * run.
 */
const SLOWER_AT_MOST = 3;
/**
 * A quiet figure below this counts as this, ms: two garbage collections, in processes that share two cores,
 * are not abuse.
 */
const QUIET_AT_LEAST_MS = 20;
/**
 * Most memory of a process under abuse, MB, including about 80 MB at its start. The most expensive abuses are
 * 10,000 connections, 30 to 45 KB each, and 10,000 unfinished messages or unread answers on streams of one
 * connection, at most 64 KB each.
 */
const MEMORY_BOUND_MB = 1_024;
/** Generous, because the test is about load: a busy machine must not cause a change of primary. */
const PATIENT = ['--ping-ms', '500', '--dead-after-ms', '10000'];
const WARM_POSTS = 200;
const PEOPLE = ['ana', 'bo'];
const POSTS = inFull(1_500, 300);
/**
 * Most measurements of posts. After each slow one the quiet figure is measured again without the abuser,
 * because another program may have started on the machine.
 */
const MEASUREMENTS = 6;
/**
 * How far an abuse must be before others are measured: everything that it holds is open, or it has repeated
 * its calls this often.
 */
const UNDER_WAY: Readonly<Record<Abuse, number>> = {
  garbage: 50,
  'half-open': STREAMS,
  connections: CONNECTIONS,
  oversize: 2,
  'never-reads': 200,
  flood: 500,
  streams: STREAMS,
  crowd: STREAMS,
};
const UNDER_WAY_DEADLINE_MS = 120_000;

describe('abuse', () => {
  let trial: Trial;
  let quietP99 = Number.NaN;

  before(async () => {
    const prefix = ['prlimit', '--nofile=20000:20000'];
    trial = await Trial.start(
      { servers: 3, insecure: true, routerFlags: PATIENT, housing: () => ({ prefix }) },
      PEOPLE,
    );
    await trial.posts(WARM_POSTS); // so that the code is compiled and warm
    quietP99 = await quiet();
  });
  after(async () => {
    await trial?.destroy();
  });

  async function p99(): Promise<number> {
    const since = performance.now();
    await trial.posts(POSTS, 120_000);
    return percentile(trial.times(since), 0.99);
  }

  const quiet = async (): Promise<number> => Math.max(QUIET_AT_LEAST_MS, await p99());

  const processes = () => [
    trial.cluster.router,
    ...trial.cluster.serverIds.map((id) => trial.cluster.server(id)),
  ];

  async function addressOf(what: 'router' | 'primary'): Promise<string> {
    if (what === 'router') return trial.cluster.routerAddress;
    const { members, primary } = await trial.cluster.whenWhole(trial.routers);
    return members.find(({ serverId }) => serverId === primary?.serverId)?.address ?? '';
  }

  const AT_ROUTERS: readonly Abuse[] = ['garbage', 'half-open', 'connections'];
  for (const abuse of ABUSES)
    for (const target of AT_ROUTERS.includes(abuse)
      ? (['primary', 'router'] as const)
      : (['primary'] as const))
      test(`${abuse}, at the ${target}`, async (t) => {
        const { epoch } = await trial.whenWhole();
        const abuser = new SideProcess('abuser', [abuse, await addressOf(target), ...PEOPLE]);
        try {
          await eventually(
            `${abuse} is under way`,
            () => {
              assert.equal(abuser.ended, false, 'the abuser gave up');
              return Number(abuser.last) >= UNDER_WAY[abuse];
            },
            UNDER_WAY_DEADLINE_MS,
            () => `${abuser.last} done\n${trial.describe()}`,
          );
          const measured: number[] = [];
          do measured.push(await p99());
          while (Math.min(...measured) > SLOWER_AT_MOST * quietP99 && measured.length < MEASUREMENTS);
          const memory = processes().map(({ pid }) => memoryOf(pid, 'VmHWM'));
          const best = Math.min(...measured);
          const done = abuser.last;
          let calm = quietP99;
          if (best > SLOWER_AT_MOST * quietP99) {
            await abuser.kill();
            await trial.posts(WARM_POSTS);
            calm = Math.max(calm, await quiet());
          }
          t.diagnostic(
            `others' p99 ${measured.map((ms) => ms.toFixed(1))} ms, quiet ${calm.toFixed(1)} ms; ${done} done; resident at most (router, s1, s2, s3) ${memory.map((mb) => mb.toFixed(0))} MB`,
          );
          assert.ok(Math.max(...memory) < MEMORY_BOUND_MB, `${memory} MB`);
          assert.ok(best <= SLOWER_AT_MOST * calm, `p99 ${measured}, quiet ${calm}`);
          assert.equal((await trial.whenWhole()).epoch, epoch, trial.describe());
        } finally {
          await abuser.kill();
        }
      });

  test('in the end everything is there once, and memory has come back', async (t) => {
    for (const one of processes()) assert.equal(one.ended, false, one.tail());
    t.diagnostic(`resident ${processes().map(({ pid }) => memoryOf(pid, 'VmRSS').toFixed(0))} MB`);
    t.diagnostic(await trial.settle());
  });
});
