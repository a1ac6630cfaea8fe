// Runs bundled parts as they will run, and keeps what V8 compiled for it: a cluster of three takes a few
// posts, loses its primary, and takes more. So what a takeover needs is compiled before there is one.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DualpingSession, RouterClient } from '../packages/client/dist/index.js';
import { CERTS_FOLDER, ensure, NETWORK_FILE, readNetworkFile } from '../packages/security/dist/index.js';

const RECORDER = fileURLToPath(new URL('record-part.mjs', import.meta.url));
const SERVERS = [1, 2, 3];
/** Nothing of this takes longer, ms; a machine that is busy may need a while. */
const PATIENCE_MS = 60_000;
const LOOK_AGAIN_MS = 20;

/** @param codes the file of each part; @returns the compiled code of each */
export async function rehearse(codes) {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-rehearsal-'));
  // With TLS, as they will run. They find their certificates here, so what makes them is not compiled.
  const certs = join(folder, CERTS_FOLDER);
  await ensure(certs, [
    { role: 'router' },
    { role: 'operator', name: 'up' },
    ...SERVERS.map((serverId) => ({ role: 'server', cluster: 1, serverId })),
  ]);
  const credentials = readNetworkFile(join(certs, NETWORK_FILE));
  const env = { ...process.env, XDG_STATE_HOME: folder };
  const running = new Set();
  const start = async (part, name, args) => {
    const output = join(folder, `${name}.compiled`);
    const place = ['--host', '127.0.0.1', '--port', '0', '--data', join(folder, name)];
    const child = fork(RECORDER, [codes[part], output, part, ...place, ...args], { silent: true, env });
    running.add(child);
    const [{ address }] = await once(child, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) });
    return { address, child, output };
  };
  const stop = async ({ child, output }) => {
    child.kill('SIGTERM');
    await once(child, 'exit', { signal: AbortSignal.timeout(PATIENCE_MS) });
    running.delete(child);
    return readFileSync(output);
  };
  try {
    const router = await start('router', 'router', []);
    const servers = new Map();
    for (const id of SERVERS)
      servers.set(id, await start('server', `s${id}`, ['--id', `${id}`, '--routers', router.address]));
    const server = await losePrimary({ routers: [router.address], credentials }, servers, running);
    const compiled = { server: await stop(server) };
    for (const other of servers.values()) if (other !== server && running.has(other.child)) await stop(other);
    return { ...compiled, router: await stop(router) };
  } finally {
    for (const child of running) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns the server that took over */
async function losePrimary(network, servers, running) {
  const routers = new RouterClient(network);
  const session = new DualpingSession({ ...network, user: 'rehearsal' });
  session.posts$.subscribe();
  try {
    const isWhole = ({ available, members }) =>
      available && members.filter(({ live, inSync }) => live && inSync).length === SERVERS.length;
    const { primary } = await eventually(routers, isWhole);
    for (let post = 1; post <= 3; post += 1) await session.post(`before ${post}`);
    const lost = servers.get(primary.serverId);
    running.delete(lost.child);
    lost.child.kill('SIGKILL');
    const { epoch } = await session.post('after');
    const next = await eventually(
      routers,
      (assignment) => assignment.available && assignment.epoch === epoch,
    );
    return servers.get(next.primary.serverId);
  } finally {
    session.close();
    routers.close();
  }
}

async function eventually(routers, holds) {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const assignment = await routers.available({ cluster: 1 }).catch(() => undefined);
    if (assignment !== undefined && holds(assignment)) return assignment;
    if (performance.now() > until) throw new Error('the rehearsal does not get on');
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}
