/** Disks of routers and servers that are slow, or hang. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import { processIdentity } from '@dualping/host';
import { askHealth } from '@dualping/protocol';
import { eventually } from './eventually.js';
import { Person } from './person.js';
import { SlowDisk, whyNoSlowDisk } from './slow-disk.js';
import { TestCluster } from './test-cluster.js';

const skip = await whyNoSlowDisk();

/** Silence after which a member is dropped, ms: on a busy machine half a second is not enough. */
const DEAD_AFTER_MS = 1_000;
/**
 * Longer than a member waits for a message of the router; shorter than the time after which a disk counts as
 * hanging, ms.
 */
const SLOW_MS = 3_500;
const STALL_MS = 5_000;
const HANGS_MS = 60_000;

/** A cluster of three. */
function withCluster(): {
  cluster: () => TestCluster;
  routers: () => RouterClient;
  person: () => Person;
  slow: (...disk: Parameters<typeof SlowDisk.of>) => Promise<SlowDisk>;
} {
  let cluster: TestCluster;
  let routers: RouterClient;
  let person: Person;
  const disks: SlowDisk[] = [];
  before(async () => {
    cluster = await TestCluster.start({
      servers: 3,
      routerFlags: ['--dead-after-ms', `${DEAD_AFTER_MS}`],
      housing: () => ({ environment: { DUALPING_DISK_STALL_MS: `${STALL_MS}` } }),
    });
    routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
    await cluster.whenWhole(routers);
    person = new Person('ana', [cluster.routerAddress], undefined, cluster.user);
    await person.post('before');
  });
  after(async () => {
    for (const disk of disks) await disk.end();
    person.session.close();
    routers.close();
    await cluster.destroy();
  });
  return {
    cluster: () => cluster,
    routers: () => routers,
    person: () => person,
    slow: async (...which) => {
      const disk = await SlowDisk.of(...which);
      disks.push(disk);
      return disk;
    },
  };
}

const isRunning = (pid: number): boolean => processIdentity(pid) !== undefined;

const linesWith = (lines: readonly string[], pattern: RegExp): string[] =>
  lines.filter((line) => pattern.test(line));

describe("a router's slow disk", { skip }, () => {
  const { cluster, routers, person, slow } = withCluster();

  test("members that leave and join don't delay the others, and a takeover needs one write", async () => {
    const { router } = cluster();
    const disk = await slow(router.pid, SLOW_MS);
    await cluster().server(3).kill();
    await router.line(/dropped: .* s3 \(standby\)/);
    await cluster().startServer(3);
    await cluster().whenWhole(routers());
    await cluster().server(1).kill();
    const { epoch } = await person().post('after');
    assert.equal(epoch, 2);
    await disk.end();
    assert.deepEqual(
      linesWith(router.lines, /dropped:/).map((line) => /s\d \(\w+/.exec(line)?.[0]),
      ['s3 (standby', 's1 (primary'],
      cluster().tails(),
    );
    for (const id of [2, 3]) assert.deepEqual(linesWith(cluster().server(id).lines, /router-lost/), []);
    assert.match(
      linesWith(router.lines, /slow-disk:.* took/)[0] ?? '',
      /syncing .*router\/assignments\.log took \d{4} ms$/,
    );
  });
});

describe("a router's disk that hangs", { skip }, () => {
  const { cluster, person, slow } = withCluster();

  test('health shows the hang and its end; connected clients go on', async () => {
    const { router, routerAddress } = cluster();
    const isServing = async (): Promise<boolean> =>
      (await askHealth({
        address: routerAddress,
        service: '',
        timeoutMs: 10_000,
        dialling: cluster().user,
      })) === 'serving';
    assert.equal(await isServing(), true);
    const disk = await slow(router.pid, HANGS_MS);
    await cluster().server(3).kill();
    await router.line(/disk-stalled: the disk hangs: syncing .*assignments\.log/);
    assert.equal(await isServing(), false);
    await disk.end();
    await router.line(/disk-recovered: /);
    assert.equal(await isServing(), true);
    await person().post('goes on');
    for (const id of [1, 2]) assert.deepEqual(linesWith(cluster().server(id).lines, /router-lost/), []);
  });

  test('it still ends on a signal', async () => {
    const { router } = cluster();
    const disk = await slow(router.pid, HANGS_MS);
    const said = router.lines.length;
    await cluster().startServer(3);
    await router.line(/disk-stalled: /, said);
    router.signal('SIGTERM');
    await router.line(/gave-up: could not end in order/);
    await eventually('its process has ended', () => !isRunning(router.pid));
    await disk.end();
    assert.equal(await router.exited, 'SIGKILL');
  });
});

describe("a primary's disk that hangs", { skip }, () => {
  const { cluster, person, slow } = withCluster();

  test('it fences itself, another takes over, and its process ends', async () => {
    const primary = cluster().server(1);
    const disk = await slow(primary.pid, HANGS_MS);
    const { epoch } = await person().post('waits');
    assert.equal(epoch, 2);
    const why = /disk-stalled: the disk hangs: writing .*journal-\d+ has not ended for \d+ ms/;
    await primary.line(why);
    await primary.line(/failed: storage-failed: the disk hangs/);
    await cluster().router.line(/dropped: cluster 1: s1 \(primary of epoch 1\)/);
    // While strace holds the dead process, its parent does not see its end.
    await eventually('its process has ended', () => !isRunning(primary.pid));
    await disk.end();
    assert.equal(await primary.exited, 'SIGKILL');
  });
});

describe("a standby's disk that hangs", { skip }, () => {
  const { cluster, person, slow } = withCluster();

  test('writes go on without it, and it leaves', async () => {
    const standby = cluster().server(2);
    const disk = await slow(standby.pid, HANGS_MS);
    await person().post('waits for a moment');
    await cluster()
      .server(1)
      .line(/in-sync set is now s1 s3; s2 was removed: writes waited \d+ ms for it/);
    await standby.line(/disk-stalled: the disk hangs: /);
    await eventually('its process has ended', () => !isRunning(standby.pid));
    await disk.end();
    assert.equal(await standby.exited, 'SIGKILL');
    assert.equal((await person().post('goes on')).epoch, 1);
  });
});
