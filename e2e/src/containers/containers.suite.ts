/**
 * The image and the network of `docker/`, on a real engine: containers with their own addresses and disks,
 * and faults that loopback doesn't have. Some people post all the time; nothing acknowledged may be lost.
 *
 * This is not a `*.test.ts`: it needs an engine and some minutes, and `npm run e2e:docker` runs it.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Assignment } from '@dualping/core';
import { eventually } from '../eventually.js';
import { type ReadJournal, readJournal } from '../journals.js';
import { ContainerNetwork, ROUTER_ADDRESS, SERVERS } from './container-network.js';
import { composeCommand, docker, run } from './engine.js';
import { PeopleContainer } from './people-container.js';
import { TakeoverTable } from './takeover-table.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const BASE = 'node:20-bookworm-slim';
/** Most bytes that the image may add to its base: every user of the image downloads them. */
const MAX_ADDED_BYTES = 120_000_000;
/** How often each fault is made; `DUALPING_E2E_ROUNDS=1` is the short form. */
const ROUNDS = Number(process.env.DUALPING_E2E_ROUNDS ?? '5');
const USERS = ['ana', 'bo', 'chen'];
const EXIT_ON_SIGTERM = 143;
/**
 * Longest pause for people when nothing that they need has failed, ms: far above measured pauses, far below
 * any time-out that could hide in it.
 */
const UNNOTICED_MS = 3_000;

/** Time for a few health checks of the engine, ms. */
const HEALTHY_LIMIT_MS = 90_000;

const image = `dualping-e2e:${process.pid}`;
const table = new TakeoverTable();
let network: ContainerNetwork;

before(async () => {
  const compose = await composeCommand();
  network = new ContainerNetwork({ project: `dualping-e2e-${process.pid}`, image, compose });
  await run(['docker', 'build', '--file', join(ROOT, 'docker/Dockerfile'), '--tag', image, ROOT]);
});

after(async () => {
  await network.destroy();
  await docker('image', 'rm', image);
});

describe('the image', () => {
  test('is small, and runs as an unprivileged user', async (t) => {
    const [size, user] = (
      await docker('image', 'inspect', '--format', '{{.Size}} {{.Config.User}}', image)
    ).split(' ');
    const added = Number(size) - Number(await docker('image', 'inspect', '--format', '{{.Size}}', BASE));
    assert.ok(added < MAX_ADDED_BYTES, `${added} bytes over ${BASE}`);
    assert.equal(user, 'node');
    t.diagnostic(`${(added / 1e6).toFixed(1)} MB over ${BASE}, ${(Number(size) / 1e6).toFixed(0)} MB in all`);
  });

  test('has only the files that a run needs', async () => {
    const all = await docker('run', '--rm', '--entrypoint', 'find', image, '/opt/dualping', '-type', 'f');
    assert.match(all, /packages\/dualping\/bin\/dualping\.js/);
    const unwanted = /\/(typescript|fast-check|node-pty|sim|e2e)\/|\.(test|fixture)\.js$|\.ts$/;
    assert.deepEqual(
      all.split('\n').filter((path) => unwanted.test(path)),
      [],
    );
  });

  test('runs the command that it is given', async () => {
    assert.match(await docker('run', '--rm', image, '--version'), /^\d+\.\d+\.\d+$/);
    assert.match(await docker('run', '--rm', image), /dualping \[options\] \[command\]/);
  });
});

describe('a router and three servers', () => {
  let people: PeopleContainer;

  before(async () => {
    await network.up();
    people = await PeopleContainer.start(
      `${network.options.project}-people`,
      image,
      network.network,
      network.volumeOf('router-certs'),
    );
    await network.whenWhole(people);
    await people.ask('start', { users: USERS, routers: [ROUTER_ADDRESS] });
  });

  after(async () => {
    await people.remove();
    await network.compose('down', '--volumes');
  });

  const acknowledged = async (): Promise<number> => (await people.ask('progress', {})).acknowledged;

  /** Waits until this many more posts are acknowledged, so that the wait depends on progress. */
  async function goOn(more = 50): Promise<void> {
    const from = await acknowledged();
    await eventually(
      `${more} more posts are acknowledged`,
      async () => (await acknowledged()) >= from + more,
    );
  }

  async function primaryOf(): Promise<{ service: string; assignment: Assignment }> {
    const { assignment } = await network.whenWhole(people);
    assert.ok(assignment.primary !== undefined);
    return { service: `s${assignment.primary.serverId}`, assignment };
  }

  /** Makes a fault at the primary, and undoes it. The longest time without any answer goes into the table. */
  async function takeover(
    fault: string,
    strike: (service: string) => Promise<unknown>,
    mend: (service: string) => Promise<unknown>,
  ): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      await goOn();
      const { service, assignment } = await primaryOf();
      await strike(service);
      const gap = await eventually(`a post is acknowledged after epoch ${assignment.epoch}`, async () => {
        const ms = await people.ask('gapAfter', { epoch: assignment.epoch });
        return ms === null ? undefined : ms;
      });
      table.add(fault, gap);
      await mend(service);
      await network.whenWhole(people);
    }
  }

  /** Makes a fault that connected people must not notice. */
  async function unnoticed(what: string, strike: () => Promise<unknown>): Promise<void> {
    const since = await acknowledged();
    await strike();
    await network.whenWhole(people);
    await goOn();
    const gap = await people.ask('longestGap', { since });
    table.add(what, gap);
    assert.ok(gap < UNNOTICED_MS, `${what}: nobody had an answer for ${gap} ms`);
  }

  test('have a read-only root file system and no privileges', async () => {
    for (const service of ['router', ...SERVERS])
      assert.equal(
        await network.inspect(service, '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}'),
        'true [ALL]',
      );
  });

  test('the primary is killed', async () => {
    await takeover(
      'docker kill of the primary',
      async (service) => await docker('kill', await network.containerOf(service)),
      async (service) => await docker('start', await network.containerOf(service)),
    );
  });

  test('the primary is paused, and goes on as a standby', async () => {
    await takeover(
      'docker pause of the primary',
      async (service) => await docker('pause', await network.containerOf(service)),
      async (service) => await docker('unpause', await network.containerOf(service)),
    );
  });

  test('the primary is cut off from all others, and no connection is closed', async () => {
    await takeover(
      'network disconnect of the primary',
      async (service) => await network.disconnect(service),
      async (service) => await network.connect(service),
    );
  });

  test('a standby is cut off: commits wait for it no longer than for a dead one', async () => {
    const { assignment } = await primaryOf();
    const standby = assignment.members.find((member) => member.serverId !== assignment.primary?.serverId);
    const service = `s${standby?.serverId}`;
    await unnoticed('network disconnect of a standby', async () => {
      await network.disconnect(service);
      await goOn();
      await network.connect(service);
    });
    assert.equal((await primaryOf()).assignment.epoch, assignment.epoch, 'no failover was needed');
  });

  test("all of them are healthy, as the image's own probe reports", async () => {
    for (const service of ['router', ...SERVERS])
      await eventually(
        `${service} is healthy`,
        async () => (await network.inspect(service, '{{.State.Health.Status}}')) === 'healthy',
        HEALTHY_LIMIT_MS,
      );
  });

  test('a server ends on SIGTERM by handing over, and the engine starts it again', async () => {
    const { service } = await primaryOf();
    const starts = await network.inspect(service, '{{.RestartCount}}');
    await unnoticed('SIGTERM to the primary', async () => {
      await docker('exec', await network.containerOf(service), 'node', '-e', "process.kill(1, 'SIGTERM')");
      await eventually(`${service} is started again`, async () => {
        return (
          (await network.inspect(service, '{{.RestartCount}} {{.State.Running}}')) ===
          `${Number(starts) + 1} true`
        );
      });
    });
    assert.match(await network.logs(service), /handed over to/);
  });

  test('the router is killed and started again: no failover, no client waits', async () => {
    const { assignment } = await primaryOf();
    await unnoticed('docker kill and start of the router', async () => {
      await docker('kill', await network.containerOf('router'));
      await goOn(); // it is not on the data path
      await docker('start', await network.containerOf('router'));
    });
    assert.equal((await primaryOf()).assignment.epoch, assignment.epoch, 'no failover was needed');
  });

  test("a server's volume is deleted: it comes back with a new journal and all that was in the old one", async () => {
    const { assignment } = await primaryOf();
    const lost = assignment.members.find((member) => member.serverId !== assignment.primary?.serverId);
    assert.ok(lost !== undefined);
    const service = `s${lost.serverId}`;
    await unnoticed("deletion of a standby's volume", async () => {
      await network.compose('stop', service);
      // As docs/operations.md says: first the router must know that the server is away, and another one must
      // have everything.
      await eventually('the router knows that it is away', async () => {
        const { assignments } = await people.ask('status', { routers: [ROUTER_ADDRESS] });
        const members = assignments[0]?.members ?? [];
        const away = members.some((member) => member.serverId === lost.serverId && !member.live);
        return away && members.some((member) => member.live && member.inSync);
      });
      await network.compose('rm', '--force', service);
      await docker('volume', 'rm', network.volumeOf(service));
      await network.up(service);
    });
    const back = (await primaryOf()).assignment.members.find((member) => member.serverId === lost.serverId);
    assert.notEqual(back?.journalId, lost.journalId);
  });

  test('everything is replaced by new containers one after another, as for an upgrade', async () => {
    for (const service of [...SERVERS, 'router']) {
      const old = await network.containerOf(service);
      const startedAt = await network.inspect(service, '{{.State.StartedAt}}');
      await unnoticed('replacement of each container in turn', async () => {
        await network.compose('up', '--detach', '--no-build', '--no-deps', '--force-recreate', service);
      });
      assert.notEqual(await network.containerOf(service), old);
      assert.notEqual(await network.inspect(service, '{{.State.StartedAt}}'), startedAt);
    }
  });

  test('compose stop ends all of them in order', async () => {
    await network.compose('stop');
    for (const service of ['router', ...SERVERS])
      assert.equal(await network.inspect(service, '{{.State.ExitCode}}'), String(EXIT_ON_SIGTERM), service);
    await network.up();
    await network.whenWhole(people);
    await goOn();
  });

  test('compose down and up: clients wait, and go on where they were', async () => {
    const { assignment } = await primaryOf();
    // A network with a container in it can't be removed.
    await docker('network', 'disconnect', network.network, people.name);
    await network.compose('down');
    await network.up();
    await docker('network', 'connect', network.network, people.name);
    const whole = await network.whenWhole(people);
    assert.ok(whole.assignment.epoch >= assignment.epoch);
    await goOn();
  });

  test('no acknowledged post is lost, repeated or out of order', async (t) => {
    await people.ask('stop', {});
    const { acknowledged: told, wrong } = await people.ask('verdict', {});
    assert.deepEqual(wrong, []);
    await eventually('all journals end at the same place', async () => {
      const { status } = await network.whenWhole(people);
      const ends = status.stats.map(({ stats }) => `${stats.durable} ${stats.checksum}`);
      return ends.length === SERVERS.length && new Set(ends).size === 1;
    });
    // The router first, so that it grants no new epoch while the servers end.
    await docker('kill', await network.containerOf('router'));
    await Promise.all(
      SERVERS.map(async (service) => await docker('kill', await network.containerOf(service))),
    );
    const all = await journals();
    // One journal begins with a snapshot, because its volume was deleted; the others have everything from the
    // beginning.
    const whole = all.find(({ first }) => first === 1);
    assert.ok(whole !== undefined);
    for (const { last, checksum } of all) assert.deepEqual([last, checksum], [whole.last, whole.checksum]);
    const posts = whole.entries.flatMap(({ command, position }) =>
      command.kind === 'post' ? [`${position} ${command.text}`] : [],
    );
    const texts = posts.map((line) => line.slice(line.indexOf(' ') + 1));
    assert.equal(new Set(texts).size, texts.length, 'a post is journalled once');
    const kept = new Set(posts);
    for (const { position, text } of told)
      assert.ok(kept.has(`${position} ${text}`), `"${text}" at ${position} is lost`);
    t.diagnostic(`${told.length} posts acknowledged, 0 lost, 0 repeated, 0 out of order`);
    t.diagnostic(`time without an answer, for all who posted:\n${table.render()}`);
  });

  /** Copies the journals out of the ended containers, and reads them. */
  async function journals(): Promise<ReadJournal[]> {
    const folder = mkdtempSync(join(tmpdir(), 'dualping-journals-'));
    try {
      const read: ReadJournal[] = [];
      for (const [i, service] of SERVERS.entries()) {
        const copy = join(folder, service);
        await docker('cp', `${await network.containerOf(service)}:/data`, copy);
        read.push(await readJournal(copy, 1, i + 1));
      }
      return read;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
});

describe('by profile', () => {
  after(async () => await network.destroy());

  test('clusters: three of two servers each', async () => {
    await network.compose('--profile', 'clusters', 'up', '--detach', '--no-build', 'clusters');
    await eventually(
      'all three clusters have a primary and a standby in sync',
      async () => {
        // Where the operator's certificate is.
        const words = ['exec', '-T', 'clusters', 'dualping', 'admin', 'status'];
        const { stdout } = await network.tryCompose('', ...words);
        return (
          stdout.match(/^cluster [123]: epoch \d+, available$/gm)?.length === 3 &&
          stdout.match(/in sync/g)?.length === 6
        );
      },
      90_000,
    );
    const services = (await network.compose('ps', '--services')).split('\n');
    assert.ok(services.length > 0);
    await network.destroy();
  });

  test('demo: a network within one container', async () => {
    const script = ['--script', '--takeovers', '2', '--people', '3'];
    const shown = await network.tryCompose('', 'run', '--rm', '-T', 'demo', 'demo', ...script);
    assert.equal(shown.code, 0, shown.stdout + shown.stderr);
    assert.match(shown.stdout, /0 lost, 0 repeated, 0 out of order/);
  });

  test('demo: as in a plain run of the image, which listens everywhere and keeps everything in /data', async () => {
    const image = { DUALPING_HOST: '0.0.0.0', DUALPING_PORT: '7070', DUALPING_DATA: '/data' };
    const environment = Object.entries(image).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    const run = ['run', '--rm', '-T', '-w', '/data', ...environment, 'demo', 'demo', '--script'];
    const shown = await network.tryCompose('', ...run, '--takeovers', '1', '--people', '3');
    assert.equal(shown.code, 0, shown.stdout + shown.stderr);
    assert.match(shown.stderr, /the report is in \/data\/dualping-demo\.html/);
  });

  test('client: one container a person', async () => {
    await network.up();
    const asMira = async (...lines: readonly string[]) =>
      await network.tryCompose(
        `${lines.join('\n')}\n`,
        'run',
        '--rm',
        '-T',
        '-e',
        'DUALPING_USER=mira',
        'client',
      );
    const first = await asMira('from a container');
    assert.equal(first.code, 0, first.stderr);
    const second = await asMira('and again');
    assert.match(second.stdout, /mira: from a container/);
  });
});
