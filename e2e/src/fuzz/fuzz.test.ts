/**
 * Every port is attacked with bytes, frames, messages and recordings that are wrong in random ways: no
 * process ends or answers with an internal error, none grows without bound, and other clients go on.
 *
 * Here some seconds for each port; `npm run fuzz -- --seconds 3600` for long. What it finds is printed with
 * the seed that finds it again.
 */
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { SecureContextOptions } from 'node:tls';
import fc from 'fast-check';
import type { DualpingProcess } from '../dualping-process.js';
import { memoryOf } from '../faults/process-memory.js';
import { Person } from '../person.js';
import { member, SecureCluster, server } from '../secure-cluster.js';
import { percentile } from '../statistics.js';
import { type Attack, attackText, bytesBy, callsBy, http1Bytes, type Visitor } from './attacks.js';
import { methodsOf } from './messages.js';
import { type Papers, recordCalls, recordHandshake, Victim } from './victim.js';

const SECONDS = Number(process.env.FUZZ_SECONDS ?? 3);
/** Another one each time: what is tried should not be what was tried the last time. */
const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
/**
 * Most that a process may grow, MB: compiled code, buffers of the attacks that are under way, and what the
 * attackers wrote as users within their limits.
 */
const GROWTH_BOUND_MB = 200;
/** Attacks at once. */
const AT_ONCE = 12;
/** Posts of the other client before any attack, for comparison. */
const QUIET_POSTS = 100;
/** Errors that end a process, so no attack may cause them. */
const MISTAKE = / (failed|uncaught|broken invariant)|InvariantBroken|internal: /;

const timesOf = (posts: Person['acknowledged']): readonly number[] => posts.map(({ tookMs }) => tookMs);

describe(`fuzzing, seed ${SEED}`, () => {
  let secure: SecureCluster;
  let ann: Person;
  let recordings: readonly Uint8Array[];
  let handshake: Uint8Array;
  const grown = new Map<DualpingProcess, number>();
  /** The 99th percentile of ann's posts before any attack, ms. */
  let quietMs: number;

  before(async () => {
    const flags = ['--metrics', '127.0.0.1:0'];
    secure = await SecureCluster.start({ servers: 2, clusters: 2, classic: true, flags });
    ann = new Person('ann', [secure.cluster.routerAddress], { inFlight: 1, thinkingMs: 20 }, secure.user);
    await ann.post('ann is here');
    ann.startPosting();
    await ann.goesOn(QUIET_POSTS, () => secure.cluster.tails());
    quietMs = percentile(timesOf(ann.acknowledged.slice(1)), 0.99);
    handshake = await recordHandshake();
    const [some] = fc.sample(callsBy('tcp', await methods()), { numRuns: 1, seed: 1 });
    recordings = [handshake, await recordCalls(some?.calls ?? [])];
  });
  after(async () => {
    await ann?.stopPosting();
    ann?.session.close();
    await secure?.destroy();
  });

  const methods = async () =>
    methodsOf({ networkId: await secure.routers.networkId(), users: ['ann', 'mallory', 'eve'] });

  for (const { name, place, part } of [
    // A server of another cluster: what it does to its own cluster is its right.
    { name: 'the router', place: 'router', part: server(1, 2) },
    // A server of the cluster that is no member: it gets past the table of roles, and not further.
    { name: 'a server', place: 's1', part: server(3) },
    { name: 'the other server', place: 's2', part: member(9) },
  ] as const)
    test(`${name}: no crash, no growth, and others go on`, async (t) => {
      const { cert, key } = (await secure.of(part)).serving as SecureContextOptions;
      const papers: Papers = { user: {}, part: { cert, key } as SecureContextOptions };
      await suffers(t, new Victim(secure.cluster.portOf(place), papers), await attacks());
    });

  for (const name of ['router', 'server'] as const)
    test(`metrics and probes of a ${name}: the same`, async (t) => {
      const process = name === 'router' ? secure.cluster.router : secure.cluster.server(1);
      const [, port] = /http:\/\/127\.0\.0\.1:(\d+)\/metrics/.exec(await process.line(/ metrics: /)) ?? [];
      const bytes = bytesBy('tcp', recordings);
      await suffers(t, new Victim(Number(port), { user: {}, part: {} }), fc.oneof(http1Bytes, bytes));
    });

  async function suffers(t: TestContext, victim: Victim, of: fc.Arbitrary<Attack>): Promise<void> {
    const processes = [secure.cluster.router, secure.cluster.server(1), secure.cluster.server(2)];
    for (const each of processes) if (!grown.has(each)) grown.set(each, memoryOf(each.pid, 'VmRSS'));
    const since = ann.acknowledged.length;
    await attack(victim, processes, of);
    await ann.goesOn(5, () => secure.cluster.tails());
    const times = timesOf(ann.acknowledged.slice(since));
    const p99Ms = percentile(times, 0.99);
    const growth = processes.map((each) => memoryOf(each.pid, 'VmRSS') - (grown.get(each) ?? 0));
    t.diagnostic(
      `${victim.attacks} attacks; ${times.length} posts of another meanwhile, p99 ${p99Ms.toFixed(0)} ms, ${(p99Ms / quietMs).toFixed(1)} times that of before; growth ${growth.map((mb) => mb.toFixed(0)).join(', ')} MB`,
    );
    assert.deepEqual(ann.failures, []);
    for (const each of processes) assert.ok(!each.ended, each.tail());
    for (const each of processes)
      assert.deepEqual(
        each.lines.filter((line) => MISTAKE.test(line)),
        [],
      );
    assert.ok(Math.max(...growth) < GROWTH_BOUND_MB, `it grew by ${growth.join(', ')} MB`);
  }

  async function attacks(): Promise<fc.Arbitrary<Attack>> {
    const known = await methods();
    const visitors: readonly Visitor[] = ['tcp', 'user', 'part'];
    return fc.oneof(
      ...visitors.map((by) => ({ weight: 1, arbitrary: bytesBy(by, recordings) as fc.Arbitrary<Attack> })),
      ...visitors.map((by) => ({ weight: 3, arbitrary: callsBy(by, known) as fc.Arbitrary<Attack> })),
    );
  }

  async function attack(
    victim: Victim,
    processes: readonly DualpingProcess[],
    of: fc.Arbitrary<Attack>,
  ): Promise<void> {
    const several = fc.array(of, { minLength: 1, maxLength: AT_ONCE });
    const outcome = await fc.check(
      fc.asyncProperty(several, async (all) => {
        const wrong = (await Promise.all(all.map(async (each) => await victim.suffers(each)))).flat();
        const dead = processes.find(({ ended }) => ended);
        if (dead !== undefined) wrong.push(`a process has ended:\n${dead.tail()}`);
        if (wrong.length > 0) throw new Error(`${wrong.join('\n')}\n${all.map(attackText).join('\n')}`);
      }),
      {
        seed: SEED,
        numRuns: Number.MAX_SAFE_INTEGER,
        interruptAfterTimeLimit: SECONDS * 1_000,
        markInterruptAsFailure: false,
        endOnFailure: true,
      },
    );
    if (outcome.failed)
      assert.fail(`with FUZZ_SEED=${SEED}, run ${outcome.numRuns}: ${String(outcome.errorInstance)}`);
  }
});
