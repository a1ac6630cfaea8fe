/** `up --store etcd`: an etcd of three nodes that begins and ends with it, whatever happens to either. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { DualpingProcess } from './dualping-process.js';
import { NO_ETCD } from './etcd-cluster.js';
import { eventually } from './eventually.js';

const folder = mkdtempSync(join(tmpdir(), 'dualping-own-etcd-'));
const data = join(folder, 'data');
const UP = ['up', '--data', data, '--port', '0', '--routers', '2', '--servers', '1', '--store', 'etcd'];
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

interface Node {
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
}

const nodes = (): readonly Node[] =>
  (JSON.parse(readFileSync(join(data, 'etcd.json'), 'utf8')) as { readonly nodes: readonly Node[] }).nodes;

async function answers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const done = (does: boolean): void => {
      socket.destroy();
      resolve(does);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}

const nobodyListens = async (): Promise<boolean> => {
  const ports = nodes().flatMap(({ clientPort, peerPort }) => [clientPort, peerPort]);
  const all = await Promise.all(ports.map(answers));
  return !all.includes(true);
};

interface Listed {
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
}

async function pidOf(name: string): Promise<number | undefined> {
  const status = new DualpingProcess(['status', '--data', data, '--json']);
  const { processes } = JSON.parse(await status.line(/^\{/)) as Listed;
  return processes.find((each) => each.name === name)?.pid;
}

describe('an etcd of its own', { skip: NO_ETCD ?? false }, () => {
  test('after `up` and all its processes were killed every post is there again, and no process is left', async () => {
    const first = new DualpingProcess(UP);
    const routers = ['--routers', /--routers (\S+)/.exec(await first.line(/^ready/))?.[1] ?? ''];
    const posted = new DualpingProcess(['post', 'kept', '--user', 'ann', ...routers]);
    assert.equal(await posted.exited, 0);
    await first.kill();
    await eventually('no node listens any more', nobodyListens);

    const second = new DualpingProcess(UP);
    await second.line(/^ready/);
    const timeline = new DualpingProcess(['timeline', '--user', 'ann', ...routers]);
    await timeline.line(/ann: kept$/);

    const [node] = nodes();
    assert.ok(node);
    const pid = await pidOf(node.name);
    assert.ok(pid !== undefined, 'status has the process');
    process.kill(pid, 'SIGKILL');
    await second.line(/etcd-ended: etcd1 .*: it is started again$/);
    await eventually('it is another process', async () => {
      const next = await pidOf(node.name);
      return next !== undefined && next !== pid && (await answers(node.clientPort));
    });
    await second.stop();
    await eventually('no node listens any more', nobodyListens);
  });

  test('a network that is stored in it is not made anew elsewhere', async () => {
    const elsewhere = new DualpingProcess(['up', '--data', data, '--port', '0']);
    await elsewhere.line(
      /no store is given, but the network in ".*" is kept in an etcd of its own: say --store/,
    );
    assert.equal(await elsewhere.exited, 2);
  });
});

test('a network in files does not begin anew in a store: up prints how to move it', async () => {
  const inFiles = join(folder, 'in-files');
  mkdirSync(join(inFiles, 'router'), { recursive: true });
  writeFileSync(join(inFiles, 'router', 'assignments.log'), '');
  for (const [store, told] of [
    [
      'etcd',
      / an etcd of its own is for a new network\. .* --migrate to-store .* --store etcd:\/\/HOST:PORT/,
    ],
    [
      'etcd://127.0.0.1:1/net',
      / --migrate to-store --data \S+router --store etcd:\/\/127\.0\.0\.1:1\/net moves it there/,
    ],
  ] as const) {
    const up = new DualpingProcess(['up', '--data', inFiles, '--routers', '3', '--store', store]);
    await up.line(told);
    assert.equal(await up.exited, 2);
  }
});

test('without an installed etcd it prints how to install it, and makes no folder', async () => {
  const none = join(folder, 'none');
  const up = new DualpingProcess(['up', '--data', none, '--store', 'etcd'], { PATH: folder });
  await up.line(/the program etcd is not installed\. Debian and Ubuntu: apt-get install etcd-server; macOS/);
  assert.equal(await up.exited, 2);
  const status = new DualpingProcess(['status', '--data', none]);
  await status.line(/does not exist/);
});
