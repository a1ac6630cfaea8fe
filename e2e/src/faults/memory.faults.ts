/**
 * A server with a memory limit, and many idle clients.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../eventually.js';
import { inFull } from './length.js';
import { MemoryLimit } from './memory-limit.js';
import { memoryOf } from './process-memory.js';
import { SideProcess } from './side-process.js';
import { Trial } from './trial.js';

const LIMIT_MB = 256;
/**
 * Only all of them show that the limit is kept; the short form shows that it is in force and that many
 * clients work.
 */
const CLIENTS = inFull(5_000, 1_000);
/** Longest time until all have connected, logged in and opened a timeline, on two busy cores, ms. */
const ENTRY_DEADLINE_MS = 180_000;

/**
 * Generous, because the test is about memory: a busy machine must not cause a change of primary.
 */
const PATIENT = ['--ping-ms', '500', '--dead-after-ms', '10000'];

describe('memory', () => {
  let trial: Trial;
  let idle: SideProcess | undefined;
  const limit = new MemoryLimit(`dualping-${process.hrtime.bigint()}`, LIMIT_MB);

  before(async () => {
    const housing = (name: string) => (name === 's1' ? { prefix: limit.prefix } : {});
    trial = await Trial.start({ servers: 3, insecure: true, housing, routerFlags: PATIENT }, ['ana', 'bo']);
  });
  after(async () => {
    await idle?.kill();
    await trial?.destroy();
    limit.remove();
  });

  test(`${LIMIT_MB} MB for a primary with ${CLIENTS} idle clients`, async (t) => {
    const { epoch } = await trial.makePrimary('s1');
    const server = trial.cluster.server(1);
    const { members } = await trial.cluster.whenWhole(trial.routers);
    const address = members.find(({ serverId }) => serverId === 1)?.address ?? '';
    const memory = (): string =>
      `resident ${memoryOf(server.pid, 'VmHWM').toFixed(0)} MB at most, with its sockets ${limit.peakMegabytes.toFixed(0)} MB`;
    t.diagnostic(`before: ${memory()}`);
    const process = new SideProcess('idle-clients', [address, `${CLIENTS}`]);
    idle = process;
    const since = performance.now();
    await eventually(
      'all clients are on',
      () => {
        assert.ok(!process.ended && !server.ended, `${process.last} were on\n${trial.describe()}`);
        return process.last === `${CLIENTS}`;
      },
      ENTRY_DEADLINE_MS,
      () => `${process.last} are on; ${memory()}\n${trial.describe()}`,
    );
    t.diagnostic(`${CLIENTS} clients are on after ${((performance.now() - since) / 1_000).toFixed(1)} s`);
    await trial.posts(100);
    t.diagnostic(memory());
    const roles = await trial.whenWhole();
    assert.deepEqual([roles.epoch, roles.primary], [epoch, 's1'], trial.cluster.tails());
    t.diagnostic(await trial.settle());
  });
});
