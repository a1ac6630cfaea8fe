/** Faults of the machine: it runs out of disk space or file descriptors, or its clock is wrong. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { DualpingProcess, type Outcome } from '../dualping-process.js';
import { eventually } from '../eventually.js';
import { run, succeeds } from './commands.js';
import { FakeClock } from './fake-clock.js';
import { SmallDisk } from './small-disk.js';
import { idOf, Trial } from './trial.js';

/**
 * A failing disk is noticed at once: the bound is as for a kill on two busy cores, plus the exit of the
 * process, ms.
 */
const TAKEOVER_BOUND_MS = 2_000;
/**
 * Writes wait for a lost standby until its stream ends, or `dead_after` (500 ms), and then for the router's
 * assignment, ms.
 */
const PAUSE_BOUND_MS = 1_500;
/** Exit code for a failed disk. */
const STORAGE_FAILED = 3;
/** Id of the first server that comes when the router's disk is full. */
const FIRST_NEWCOMER = 11;
const MANY_NEWCOMERS = 8;
const USERS = ['ana', 'bo'];
const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1));

describe('disks', () => {
  let trial: Trial;
  const disks: SmallDisk[] = [];
  /** Servers that a test starts in addition to the three. */
  const newcomers: DualpingProcess[] = [];

  before(async () => {
    // What happens when a disk is full at once, before anybody has looked how much room it has.
    const housing = () => ({ environment: { DUALPING_MIN_DISK_FREE: '0' } });
    trial = await Trial.start({ servers: 3, housing }, USERS);
  });
  // A failing test must not make all later ones fail: make room again, and bring all processes back.
  afterEach(async () => {
    for (const disk of disks) disk.makeRoom();
    await Promise.all(newcomers.splice(0).map((newcomer) => newcomer.stop()));
    await trial.makeWhole();
  });
  after(async () => {
    for (const disk of disks) disk.remove();
    await trial?.destroy();
  });

  /** Moves a server's data to a disk of its own. */
  async function smallDiskOf(name: string): Promise<SmallDisk> {
    await trial.cluster.server(idOf(name)).stop();
    const disk = SmallDisk.under(trial.cluster.folderOf(idOf(name)));
    disks.push(disk);
    await trial.cluster.startServer(idOf(name));
    return disk;
  }

  test("the primary's disk is full: another takes over, and it comes back when there is room", async (t) => {
    const disk = await smallDiskOf('s2');
    const { epoch } = await trial.makePrimary('s2');
    const primary = trial.cluster.server(2);
    const full = performance.now();
    disk.fill();
    // A full disk does not fail at once: the rest of the journal's last page still takes some posts.
    const since = await primary.whenLine(/ journal-failed: .*ENOSPC/);
    const took = await trial.takeover(epoch, since);
    t.diagnostic(
      `takeover ${took.toFixed(0)} ms after the journal failed, ${(since - full).toFixed(0)} ms after the disk is full`,
    );
    assert.equal(await primary.exited, STORAGE_FAILED, primary.tail());
    assert.ok(took < TAKEOVER_BOUND_MS, `took ${took} ms`);

    const refused = await outcome(
      'server',
      '--id',
      '2',
      '--data',
      trial.cluster.folderOf(2),
      ...routersFlag(),
    );
    assert.equal(refused.code, STORAGE_FAILED, refused.text);
    assert.match(refused.text, /ENOSPC/);
    disk.makeRoom();
    await trial.cluster.startServer(2);
  });

  test("a standby's disk is full: no client is affected, and the operator is informed", async (t) => {
    const disk = await smallDiskOf('s3');
    await trial.makePrimary('s1');
    const standby = trial.cluster.server(3);
    const since = performance.now();
    disk.fill();
    await trial.posts(40);
    assert.equal(await standby.exited, STORAGE_FAILED, standby.tail());
    const pause = trial.longestPause(since);
    t.diagnostic(`longest pause ${pause.toFixed(0)} ms`);
    assert.ok(pause < PAUSE_BOUND_MS, `paused ${pause} ms`);
    disk.makeRoom();
    await trial.cluster.startServer(3);
  });

  test("the router's disk is full when the primary dies: it stops, and a takeover follows when there is room", async () => {
    await trial.whenWhole();
    const folder = join(trial.cluster.folder, 'router');
    await trial.cluster.router.stop();
    const disk = SmallDisk.under(folder);
    disks.push(disk);
    await trial.cluster.startRouter();
    const { epoch, primary } = await trial.whenWhole();
    const { router } = trial.cluster;
    disk.fill();
    // The router writes each new member to disk. The rest of its last page may still take some.
    while (!router.ended) {
      assert.ok(newcomers.length < MANY_NEWCOMERS, `the router goes on without a disk\n${router.tail()}`);
      const id = `${FIRST_NEWCOMER + newcomers.length}`;
      const data = join(trial.cluster.folder, `newcomer-${id}`);
      const newcomer = new DualpingProcess([
        ...['server', '--id', id, '--data', data, '--port', '0'],
        ...routersFlag(),
      ]);
      newcomers.push(newcomer);
      await eventually(
        'it is in, or the router has failed',
        () => router.ended || newcomer.lines.some((line) => line.includes(' following: ')),
      );
    }
    assert.equal(await router.exited, STORAGE_FAILED, router.tail());
    assert.match(router.tail(), /failed.*ENOSPC/);
    await trial.posts(20); // it is not on the data path
    await trial.cluster.server(idOf(primary)).kill();
    disk.makeRoom();
    await trial.cluster.startRouter();
    await trial.takeover(epoch, performance.now());
    await trial.cluster.startServer(idOf(primary));
  });

  test('a data folder that can only be read: a clear refusal', async () => {
    const folder = join(trial.cluster.folder, 'read-only');
    run('mkdir', '-p', folder);
    run('mount', '-t', 'tmpfs', '-o', 'ro', 'tmpfs', folder);
    try {
      const server = await outcome('server', '--id', '9', '--data', folder, ...routersFlag());
      const router = await outcome('router', '--data', folder);
      for (const { code, text } of [server, router]) {
        assert.ok(code === STORAGE_FAILED || code === 2, `${code}: ${text}`);
        assert.match(text, /EROFS/);
        assert.ok(text.includes(folder), text);
      }
    } finally {
      succeeds('umount', folder);
    }
  });

  test('in the end everything is there once, and in order', async (t) => {
    t.diagnostic(await trial.settle());
  });

  const routersFlag = (): readonly string[] => ['--routers', trial.cluster.routerAddress];
});

/** Runs a command to its end. */
async function outcome(...args: readonly string[]): Promise<Outcome> {
  const isPart = args[0] !== 'admin' && args[0] !== 'check';
  return await new DualpingProcess(isPart ? [...args, '--port', '0'] : args).outcome();
}

describe('a disk that fills', () => {
  let trial: Trial;
  const disks: SmallDisk[] = [];

  before(async () => {
    trial = await Trial.start({ servers: 3 }, USERS);
  });
  after(async () => {
    for (const disk of disks) disk.remove();
    await trial?.destroy();
  });

  for (const whose of ['primary', 'standby'] as const)
    test(`the disk of a ${whose}: writes wait and all clients are informed, no process ends, and writes go on by themselves`, async () => {
      const { standbys, primary } = await trial.whenWhole();
      const name = whose === 'primary' ? primary : (standbys[0] ?? '');
      await trial.cluster.server(idOf(name)).stop();
      const disk = SmallDisk.under(trial.cluster.folderOf(idOf(name)));
      disks.push(disk);
      await trial.cluster.startServer(idOf(name));
      await trial.whenWhole();
      const { epoch } = whose === 'primary' ? await trial.makePrimary(name) : await trial.whenWhole();
      disk.fill(97);
      const server = trial.cluster.server(idOf(name));
      await server.line(/ disk-low: .* % of its disk are free/);
      const [ana] = trial.people;
      assert.ok(ana !== undefined);
      await eventually('a session says why it waits', () => {
        const { state } = ana.session;
        return state.kind === 'live' && state.heldUp?.detail.includes(`the disk of ${name} is nearly full`);
      });
      const status = await outcome('admin', 'status', '--routers', trial.cluster.routerAddress);
      assert.match(status.text, new RegExp(`${name} .*DISK LOW: [0-9.]+ % of its disk are free`));
      const check = await outcome('check', '--routers', trial.cluster.routerAddress);
      assert.match(check.text, new RegExp(`CRITICAL: .*${name}: .*users' writes are refused`));
      assert.equal(check.code, 2);
      disk.makeRoom();
      await server.line(/ disk-has-room: /);
      await trial.posts(20);
      assert.equal((await trial.whenWhole()).epoch, epoch, 'nobody had to take over');
    });

  test('that of the router: it says so, goes on, and says when there is room again', async () => {
    const { cluster } = trial;
    await cluster.router.stop();
    const disk = SmallDisk.under(join(cluster.folder, 'router'));
    disks.push(disk);
    await cluster.startRouter();
    const { epoch } = await trial.whenWhole();
    disk.fill(97);
    await cluster.router.line(/ disk-low: [0-9.]+ % of its disk are free/);
    const status = await outcome('admin', 'status', '--routers', cluster.routerAddress);
    assert.match(status.text, /router in trouble: [0-9.]+ % of its disk are free/);
    const check = await outcome('check', '--routers', cluster.routerAddress);
    assert.match(check.text, /CRITICAL: the router is in trouble: [0-9.]+ % of its disk are free/);
    await trial.posts(5);
    disk.makeRoom();
    await cluster.router.line(/ disk-has-room: /);
    const { text } = await outcome('admin', 'status', '--routers', cluster.routerAddress);
    assert.doesNotMatch(text, /trouble/);
    assert.equal((await trial.whenWhole()).epoch, epoch);
  });

  test('in the end everything is there once, and in order', async (t) => {
    t.diagnostic(await trial.settle());
  });
});

describe('descriptors', () => {
  /** Most file descriptors: enough to serve some people, and soon used up. */
  const DESCRIPTORS = 128;
  const CONNECTIONS = 300;
  let trial: Trial;

  before(async () => {
    const prefix = ['prlimit', `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`];
    trial = await Trial.start({ servers: 3, housing: () => ({ prefix }) }, USERS);
  });
  after(async () => {
    await trial?.destroy();
  });

  test('of the primary, then of the router, are used up by connections: clients go on, and all works again when the connections are gone', async (t) => {
    for (const name of ['primary', 'router'] as const) {
      await trial.whenWhole();
      const { members, primary } = await trial.cluster.whenWhole(trial.routers);
      const address =
        name === 'router'
          ? trial.cluster.routerAddress
          : (members.find(({ serverId }) => serverId === primary?.serverId)?.address ?? '');
      const since = performance.now();
      const sockets = Array.from({ length: CONNECTIONS }, () => {
        const socket: Socket = connect(portOf(address), '127.0.0.1');
        socket.on('error', () => {});
        socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
        return socket;
      });
      await trial.posts(100);
      const pause = trial.longestPause(since);
      for (const socket of sockets) socket.destroy();
      await trial.posts(20);
      for (const id of trial.cluster.serverIds)
        if (trial.cluster.server(id).ended) await trial.cluster.startServer(id);
      await trial.whenWhole();
      t.diagnostic(`${name}: longest pause ${pause.toFixed(0)} ms`);
      assert.ok(pause < TAKEOVER_BOUND_MS, `paused ${pause} ms`);
    }
    assert.equal(trial.cluster.router.ended, false);
    t.diagnostic(await trial.settle());
  });
});

describe('clocks', () => {
  const HOUR_S = 3_600;
  let trial: Trial;
  const clocks = new Map<string, FakeClock>();

  before(async () => {
    const folder = run('mktemp', '-d').trim();
    const housing = (name: string) => {
      const clock = clocks.get(name) ?? new FakeClock(folder, name);
      clocks.set(name, clock);
      return { environment: clock.environment };
    };
    // Certificates made here don't count yet where it is two hours earlier, and tokens not where it is later.
    trial = await Trial.start({ servers: 3, insecure: true, housing }, USERS);
  });
  after(async () => {
    await trial?.destroy();
  });

  test('moved by an hour, forth and back, on each machine: no client is affected', async (t) => {
    const before = await trial.whenWhole();
    const since = performance.now();
    for (const clock of clocks.values())
      for (const seconds of [HOUR_S, -HOUR_S]) {
        clock.move(seconds);
        await trial.posts(20);
      }
    const pause = trial.longestPause(since);
    t.diagnostic(`longest pause ${pause.toFixed(0)} ms`);
    assert.ok(pause < PAUSE_BOUND_MS, `paused ${pause} ms`);
    assert.equal((await trial.whenWhole()).epoch, before.epoch);
  });

  test('different on all of them: a takeover like any other, and posts keep their order', async (t) => {
    let hours = -2;
    for (const clock of clocks.values()) {
      clock.move(hours * HOUR_S);
      hours += 1;
    }
    await trial.posts(20);
    const { epoch, primary } = await trial.whenWhole();
    const since = performance.now();
    await trial.cluster.server(idOf(primary)).kill();
    const took = await trial.takeover(epoch, since);
    t.diagnostic(`takeover ${took.toFixed(0)} ms`);
    assert.ok(took < TAKEOVER_BOUND_MS, `took ${took} ms`);
    await trial.cluster.startServer(idOf(primary));
    t.diagnostic(await trial.settle());
    const posts = trial.people[0]?.seen ?? [];
    const backwards = posts.filter((post, i) => post.timeMs < (posts[i - 1]?.timeMs ?? 0)).length;
    assert.ok(backwards > 0, 'the clocks did differ');
  });
});
