/** A whole cluster of real processes, and what happens to it when its parent ends. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseAddress } from '@dualping/protocol';

const LAUNCHER = fileURLToPath(new URL('../../bin/dualping.js', import.meta.url));
const DEADLINE_MS = 30_000;
const POLL_MS = 20;

interface Up {
  readonly process: ChildProcess;
  /** By name, in the order in which they were printed. */
  readonly addresses: ReadonlyMap<string, string>;
}

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-up-'));
  context.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

async function up(context: TestContext, folder: string, ...more: readonly string[]): Promise<Up> {
  const args = ['up', '--data', folder, '--port', '0', '--servers', '2', ...more];
  const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  context.after(() => child.kill('SIGKILL'));
  const addresses = new Map<string, string>();
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('ready')) return { process: child, addresses };
    const place = /^(\S+) .* (\S+:\d+) {2}pid \d+$/.exec(line);
    if (place !== null) addresses.set(place[1] ?? '', place[2] ?? '');
  }
  throw new Error('dualping up ended before it was ready');
}

async function answers(address: string): Promise<boolean> {
  const { host, port } = parseAddress(address);
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function assertAllGone(addresses: Iterable<string>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  for (const address of addresses)
    while (await answers(address)) {
      assert.ok(performance.now() < deadline, `${address} still answers`);
      await delay(POLL_MS);
    }
}

async function run(...args: string[]): Promise<{ readonly code: number | null; readonly out: string }> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const [code] = await once(child, 'close');
  return { code, out };
}

test('a cluster is killed with its parent, and comes back at the same ports with its data', async (context) => {
  const folder = folderFor(context);
  const first = await up(context, folder);
  assert.deepEqual([...first.addresses.keys()], ['router', 's1', 's2']);
  const router = first.addresses.get('router') ?? '';
  const posted = await run('post', 'hello', '--user', 'ann', '--routers', router, '--json');
  assert.equal(posted.code, 0);
  const { position } = JSON.parse(posted.out);

  first.process.kill('SIGKILL');
  await assertAllGone(first.addresses.values());

  const second = await up(context, folder);
  assert.deepEqual(second.addresses, first.addresses);
  const timeline = await run('timeline', '--user', 'ann', '--routers', router, '--json');
  assert.equal(timeline.code, 0);
  const post = JSON.parse(timeline.out);
  assert.deepEqual([post.position, post.author, post.text], [position, 'ann', 'hello']);

  second.process.kill('SIGTERM');
  const [code] = await once(second.process, 'exit');
  assert.equal(code, 143);
  await assertAllGone(second.addresses.values());
});

test('a folder has one cluster at a time', async (context) => {
  const folder = folderFor(context);
  const first = await up(context, folder);
  const { code } = await run('up', '--data', folder, '--port', '0');
  assert.equal(code, 2);
  first.process.kill('SIGINT');
  const [ending] = await once(first.process, 'exit');
  assert.equal(ending, 130);
});

test('several clusters: servers are named with their cluster, and a restart has as many clusters as the folder was made for', async (context) => {
  const folder = folderFor(context);
  const names = ['router', 'c1/s1', 'c1/s2', 'c2/s1', 'c2/s2', 'c3/s1', 'c3/s2'];
  const first = await up(context, folder, '--clusters', '3');
  assert.deepEqual([...first.addresses.keys()], names);
  const status = await run('admin', 'status', '--routers', first.addresses.get('router') ?? '');
  assert.deepEqual(
    [...status.out.matchAll(/^cluster (\d): epoch \d+, available$/gm)].map(([, cluster]) => cluster),
    ['1', '2', '3'],
  );
  first.process.kill('SIGTERM');
  await once(first.process, 'exit');

  const { code } = await run('up', '--data', folder, '--port', '0', '--clusters', '2');
  assert.equal(code, 2);

  const second = await up(context, folder);
  assert.deepEqual([...second.addresses.keys()], names);
  second.process.kill('SIGTERM');
  await once(second.process, 'exit');
});

test('the router decides how many clusters there are, whatever the file with the ports says', async (context) => {
  const folder = folderFor(context);
  const first = await up(context, folder);
  first.process.kill('SIGTERM');
  await once(first.process, 'exit');
  const places = join(folder, 'places.json');
  const kept = JSON.parse(readFileSync(places, 'utf8'));
  assert.equal(kept.clusters, 1);
  writeFileSync(places, JSON.stringify({ ...kept, clusters: 2 }));

  const second = await up(context, folder);
  assert.deepEqual(second.addresses, first.addresses);
  assert.equal(existsSync(join(folder, 'c1')), false);
  assert.equal(JSON.parse(readFileSync(places, 'utf8')).clusters, 1);
  second.process.kill('SIGTERM');
  await once(second.process, 'exit');
});

/** A server that no router knows, with a parent that it can be told by. */
function server(context: TestContext, folder: string, ...flags: readonly string[]): ChildProcess {
  const place = ['--host', '127.0.0.1', '--port', '0', '--id', '1', '--data', folder];
  const child = spawn(process.execPath, [LAUNCHER, 'server', ...place, '--insecure', ...flags], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  context.after(() => child.kill('SIGKILL'));
  return child;
}

test('a held process begins when its parent says so', async (context) => {
  const folder = folderFor(context);
  const held = server(context, join(folder, 's1'), '--held');
  await once(server(context, join(folder, 's2')), 'message'); // as soon as it could listen, too
  assert.equal(existsSync(join(folder, 's1')), false);

  const ready = once(held, 'message');
  held.send({ kind: 'begin', routers: ['127.0.0.1:1'] });
  const [{ kind, address }] = await ready;
  assert.equal(kind, 'ready');
  assert.equal(await answers(address), true);
});

test('a process ends with its parent, even if the parent ends while the process loads', async (context) => {
  const folder = folderFor(context);
  for (const flags of [['--held'], []]) {
    const child = server(context, join(folder, 's1'), ...flags);
    child.disconnect();
    const [code] = await once(child, 'exit');
    assert.equal(code, 1);
  }
});

test('nobody has to tell a process to begin that was started by hand', async (context) => {
  const folder = folderFor(context);
  const place = ['--host', '127.0.0.1', '--port', '0', '--data', join(folder, 'router')];
  const router = spawn(process.execPath, [LAUNCHER, 'router', ...place, '--insecure', '--held'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  context.after(() => router.kill('SIGKILL'));
  for await (const line of createInterface({ input: router.stderr })) if (line.includes('listening')) return;
  assert.fail('it ended before it listened');
});
