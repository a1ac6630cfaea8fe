// Runs bundled parts as they will run, and keeps what V8 compiled for it: a cluster of three takes a few
// posts, loses its primary, and takes more, while a person looks on and posts too. So what a takeover and a
// first frame need is compiled before there is one.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DualpingSession, RouterClient } from '../packages/client/dist/index.js';
import { CERTS_FOLDER, ensure, NETWORK_FILE, readNetworkFile } from '../packages/security/dist/index.js';

const RECORDER = fileURLToPath(new URL('record-part.mjs', import.meta.url));
const AS_TERMINAL = new URL('as-terminal.mjs', import.meta.url).href;
/** The name of the person in the full-screen client. */
const PERSON = 'person';
const PERSONS_POST = 'hello';
const SERVERS = [1, 2, 3];
/** Who post while the primary is lost. */
const POSTERS = ['ann', 'ben', 'cleo', 'dan'];
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
  const env = { ...process.env, XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder, TERM: 'xterm-256color' };
  const running = new Set();
  const record = (part, args, more = {}) => {
    const child = fork(RECORDER, [codes[part], ...args], { silent: true, env, ...more });
    running.add(child);
    return child;
  };
  const openClient = (router) => {
    const output = join(folder, 'client.compiled');
    const network = ['--routers', router, '--ca', join(certs, NETWORK_FILE)];
    const execArgv = ['--import', AS_TERMINAL];
    const child = record('main', [output, 'client', '--user', PERSON, ...network], { execArgv });
    child.stdout.resume();
    return { child, output };
  };
  const start = async (part, name, args) => {
    const output = join(folder, `${name}.compiled`);
    const place = ['--host', '127.0.0.1', '--port', '0', '--data', join(folder, name)];
    const child = record(part, [output, part, ...place, ...args]);
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
    const client = openClient(router.address);
    const network = { routers: [router.address], credentials };
    const server = await losePrimary(network, servers, running, client.child.stdin);
    const compiled = { main: await stop(client), server: await stop(server) };
    for (const other of servers.values()) if (other !== server && running.has(other.child)) await stop(other);
    return { ...compiled, router: await stop(router) };
  } finally {
    for (const child of running) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param keys of the person in the full-screen client
 * @returns the server that took over
 */
async function losePrimary(network, servers, running, keys) {
  const routers = new RouterClient(network);
  const session = new DualpingSession({ ...network, user: 'rehearsal' });
  const isPosted = new Promise((resolve) =>
    session.posts$.subscribe(({ author, text }) => {
      if (author === PERSON && text === PERSONS_POST) resolve();
    }),
  );
  try {
    const isWhole = ({ available, members }) =>
      available && members.filter(({ live, inSync }) => live && inSync).length === SERVERS.length;
    const { primary } = await eventually(() => routers.available({ cluster: 1 }), isWhole);
    // The person is known as soon as the client has logged in.
    await eventually(() => session.follow(PERSON));
    keys.write(`i${PERSONS_POST}\r`);
    await within(isPosted, 'the post of the person');
    for (let post = 1; post <= 3; post += 1) await session.post(`before ${post}`);
    // Some are on their way when the primary is lost: the next one holds what comes too early.
    const posters = POSTERS.map((user) => new DualpingSession({ ...network, user }));
    const posting = posters.map((poster) => keepPosting(poster));
    await Promise.all(posters.map((poster) => poster.post('first')));
    const lost = servers.get(primary.serverId);
    running.delete(lost.child);
    lost.child.kill('SIGKILL');
    const { epoch } = await session.post('after');
    for (const poster of posters) poster.close();
    await Promise.all(posting);
    const next = await eventually(
      () => routers.available({ cluster: 1 }),
      (assignment) => assignment.available && assignment.epoch === epoch,
    );
    return servers.get(next.primary.serverId);
  } finally {
    session.close();
    routers.close();
  }
}

/** Until the session is closed. */
async function keepPosting(session) {
  try {
    for (let post = 1; ; post += 1) await session.post(`${post}`);
  } catch {
    // it is closed
  }
}

/** Asks again until there is an answer, and it is the right one. */
async function eventually(ask, holds = () => true) {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined && holds(answer)) return answer;
    if (performance.now() > until) throw new Error('the rehearsal does not get on');
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

async function within(promise, what) {
  const late = new AbortController();
  const tooLate = delay(PATIENCE_MS, undefined, { signal: late.signal }).then(() => {
    throw new Error(`the rehearsal does not get on: ${what} does not come`);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    late.abort();
    tooLate.catch(() => {});
  }
}
