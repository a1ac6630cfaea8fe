/** The programs in `examples/`, as their READMEs start them. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RouterClient } from '@dualping/client';
import { serverId } from '@dualping/core';
import type { Part } from '@dualping/protocol';
import { ensure } from '@dualping/security';
import { eventually } from './eventually.js';
import { Program } from './program.js';
import { TestCluster } from './test-cluster.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENOUGH_TICKETS = 20;
/** The first that has grpcio and protobuf is taken: what Debian installs is for Debian's own. */
const PYTHONS = process.env.PYTHON === undefined ? ['python3', '/usr/bin/python3'] : [process.env.PYTHON];

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dualping-examples-')));
const programs: Program[] = [];
const clusters: TestCluster[] = [];

function start(command: string, args: readonly string[], cwd: string): Program {
  const program = new Program(command, args, cwd);
  programs.push(program);
  return program;
}

async function startRouter(insecure: boolean): Promise<TestCluster> {
  const cluster = await TestCluster.start({ servers: 0, insecure });
  clusters.push(cluster);
  return cluster;
}

after(async () => {
  for (const program of programs) program.signal('SIGKILL');
  await Promise.all(programs.map(({ exited }) => exited));
  for (const cluster of clusters) await cluster.destroy();
  rmSync(folder, { recursive: true });
});

test('tickets: kills, a freeze, a handover and an orderly end cost the client no call', async () => {
  const cluster = await startRouter(true);
  const { routerAddress } = cluster;
  const example = join(ROOT, 'examples/tickets');
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, '-p', example]);
  const service = (id: number): Program =>
    start(process.execPath, ['dist/service.js', routerAddress, `${id}`], example);
  // The client comes first: the service is there once its first member has attached.
  const client = start(process.execPath, ['dist/client.js', routerAddress], example);
  const s1 = service(1);
  await s1.says(/^s1 is primary in epoch 1$/);
  const s2 = service(2);
  await s2.says(/^s2 waits in epoch 1$/);
  const s3 = service(3);
  await s3.says(/^s3 waits in epoch 1$/);
  await client.says(/^ticket 1-/);

  s1.signal('SIGKILL');
  await client.says(/^ticket 2-/);
  s2.signal('SIGSTOP');
  await client.says(/^ticket 3-/);
  s2.signal('SIGCONT');
  await s2.says(/^s2 waits in epoch 3$/);
  const routers = new RouterClient({ routers: [routerAddress] });
  await routers.handover('tickets');
  routers.close();
  await client.says(/^ticket 4-/);
  s2.signal('SIGTERM');
  await client.says(/^ticket 5-/);
  assert.equal(await s2.exited, 0);
  await client.says(new RegExp(`^ticket 5-${ENOUGH_TICKETS}$`));

  assert.deepEqual(
    client.lines.filter((line) => !line.startsWith('ticket ')),
    [],
  );
  assert.equal(new Set(client.lines).size, client.lines.length, 'no ticket was given twice');
});

function succeeds(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { cwd: ROOT, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Of Python's own packages, and Debian's. Not whatever PATH has: npm puts the project's `protoc` there, which
 * may be too new for Debian's protobuf.
 */
const generatorsFor = (python: string): readonly (readonly string[])[] => [
  [python, '-m', 'grpc_tools.protoc'],
  ['/usr/bin/protoc'],
];

/** A Python for the example; its generated messages are then in `into`. Undefined: there is none. */
function pythonFor(into: string): string | undefined {
  const protos = ['dualping/v1/routing.proto', 'dualping/v1/types.proto'];
  const options = ['-I', 'protos', '--python_out', into, ...protos];
  const canImport = (python: string): boolean =>
    succeeds(python, '-c', `import sys; sys.path.insert(0, '${into}'); import grpc, dualping.v1.routing_pb2`);
  return PYTHONS.find((python) =>
    generatorsFor(python).some(
      ([command = '', ...flags]) => succeeds(command, ...flags, ...options) && canImport(python),
    ),
  );
}

test('Python: members from the protos alone, and a watcher that follows them', async (t) => {
  const example = join(folder, 'python');
  cpSync(join(ROOT, 'examples/python'), example, { recursive: true });
  const python = pythonFor(example);
  if (python === undefined) {
    t.skip(`no grpcio, or no protoc, for ${PYTHONS.join(' or ')}`);
    return;
  }
  const cluster = await startRouter(false);
  const { routerAddress, certs } = cluster;
  const members = [1, 2].map((id): Part => ({ role: 'member', cluster: 'greeter', serverId: serverId(id) }));
  await ensure(certs, members);
  const member = (id: number): Program =>
    start(python, ['member.py', routerAddress, `${id}`, certs], example);
  const p1 = member(1);
  await p1.says(/^s1 hears: s1 in epoch 1$/);
  const p2 = member(2);
  await p2.says(/^s2 hears: s1 in epoch 1$/);
  const watcher = start(python, ['watch.py', routerAddress, certs], example);
  await watcher.says(/^epoch 1: s1 at 127\.0\.0\.1:\d+$/);

  p1.signal('SIGKILL');
  await watcher.says(/^epoch 2: s2 at /);
  const again = member(1);
  await again.says(/^s1 hears: s2 in epoch 2$/);
  const routers = new RouterClient({ routers: [routerAddress], credentials: cluster.operator });
  await routers.handover('greeter');
  await watcher.says(/^epoch 3: s1 at /);

  const saidBefore = watcher.lines.length;
  await cluster.router.kill();
  await watcher.says(/^no router: UNAVAILABLE$/, saidBefore);
  await cluster.startRouter();
  await eventually('the same is primary', async () => {
    const assignment = await routers.available({ service: 'greeter' }).catch(() => undefined);
    return assignment?.epoch === 3 && assignment.primary?.serverId === 1;
  });
  again.signal('SIGTERM');
  await watcher.says(/^epoch 4: s2 at /);
  assert.equal(await again.exited, 0);
  routers.close();
});
