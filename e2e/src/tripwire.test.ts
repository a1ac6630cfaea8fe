/**
 * `--tripwire`: the router notices the end of a server by a connection that another process holds, and its
 * end means no more than that the stream of the server has ended.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import { type Assignment, serverId } from '@dualping/core';
import { everyoneSawEverythingOnce, followOneAnother, whenPostsGoOn } from './accounts.js';
import { eventually } from './eventually.js';
import { Person } from './person.js';
import { TestCluster } from './test-cluster.js';

const USERS = ['ana', 'bo'];

let cluster: TestCluster;
let routers: RouterClient;
let people: Person[] = [];
/** A folder of programs without `setpriv`. */
const bare = mkdtempSync(join(tmpdir(), 'dualping-path-'));

before(async () => {
  symlinkSync(process.execPath, join(bare, 'node'));
  cluster = await TestCluster.start({
    servers: 3,
    serverFlags: (router) => ['--routers', router, '--tripwire'],
    housing: (name) => (name === 's3' ? { environment: { PATH: bare } } : {}),
  });
  routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  await cluster.whenWhole(routers);
  people = USERS.map((user) => new Person(user, [cluster.routerAddress], undefined, cluster.user));
  await followOneAnother(people);
  for (const person of people) person.startPosting();
});

after(async () => {
  for (const person of people) person.session.close();
  routers.close();
  await cluster.destroy();
  rmSync(bare, { recursive: true, force: true });
});

/** The process that holds the tripwire of a server; undefined: none does. */
function holderOf(id: number): number | undefined {
  const { pid } = cluster.server(id);
  const threads = readdirSync(`/proc/${pid}/task`);
  const children = threads.flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return children.map(Number).find((child) => commandOf(child) === 'cat');
}

function commandOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return undefined; // it has ended
  }
}

/** What the descriptors of a server lead to. */
function descriptorsOf(id: number): string[] {
  const folder = `/proc/${cluster.server(id).pid}/fd`;
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(join(folder, name))];
    } catch {
      return []; // it was closed meanwhile
    }
  });
}

const held = (id: number): Promise<number> =>
  eventually(
    `the tripwire of s${id} is held`,
    () => holderOf(id),
    60_000,
    () => cluster.tails(),
  );

/** How many tripwires have broken at the router. */
const broken = (): number =>
  cluster.router.lines.filter((line) => line.includes('its tripwire broke')).length;

/** Waits for posts of everybody in a later epoch than this one. */
const servedAgain = (epoch: number): Promise<unknown> =>
  eventually(
    `everybody posts in an epoch above ${epoch}`,
    () => people.every(({ acknowledged }) => acknowledged.some((post) => post.epoch > epoch)),
    60_000,
    () => cluster.tails(),
  );

/** Whole, with a primary other than the one that has no `setpriv`. */
async function wholeWithHeldPrimary(): Promise<{ assignment: Assignment; id: number; holder: number }> {
  const assignment = await cluster.whenWhole(routers);
  assert.ok(assignment.primary !== undefined);
  const id = assignment.primary.serverId;
  if (id !== 3) return { assignment, id, holder: await held(id) };
  await routers.handover(1, { to: serverId(1) });
  return await wholeWithHeldPrimary();
}

test('without setpriv a server says so, and serves as ever', async () => {
  await eventually('s3 says so', () =>
    cluster
      .server(3)
      .lines.some((line) => /tripwire: .*setpriv.*its own connections close, until/.test(line)),
  );
  assert.equal(holderOf(3), undefined);
});

test('the holder alone has the connection', async () => {
  const { id, holder } = await wholeWithHeldPrimary();
  const connection = readlinkSync(`/proc/${holder}/fd/1`);
  assert.match(connection, /^socket:/);
  await eventually('the server has closed its own end', () => !descriptorsOf(id).includes(connection));
});

test('whoever kills the holder causes one failover: nothing is lost, and the server stays', async () => {
  const { assignment, id, holder } = await wholeWithHeldPrimary();
  process.kill(holder, 'SIGTERM'); // as to all processes of a service, which are to end in order
  process.kill(holder, 'SIGKILL');
  await servedAgain(assignment.epoch);
  await cluster.whenWhole(routers);
  assert.ok(cluster.router.lines.some((line) => line.includes('its tripwire broke')));
  const says = /tripwire: what held it has ended: .*until it is started again/;
  assert.ok(cluster.server(id).lines.some((line) => says.test(line)));
  assert.equal(holderOf(id), undefined);
  await cluster.server(id).stop();
  await cluster.startServer(id);
});

test('a signal to all processes of a service makes the server hand over in order', async () => {
  const { id, holder } = await wholeWithHeldPrimary();
  const before = broken();
  process.kill(holder, 'SIGTERM');
  cluster.server(id).signal('SIGTERM');
  await cluster.server(id).exited;
  assert.equal(broken(), before);
  await cluster.startServer(id);
  await cluster.whenWhole(routers);
});

test('a killed server leaves no holder behind, and nothing is lost', async () => {
  const { assignment, id, holder } = await wholeWithHeldPrimary();
  cluster.server(id).signal('SIGKILL');
  await servedAgain(assignment.epoch);
  await cluster.server(id).exited;
  await eventually('the holder has ended', () => commandOf(holder) !== 'cat');
  await cluster.startServer(id);
  await cluster.whenWhole(routers);
});

test('a server that is asked to stop hands over in order, and leaves no holder behind', async () => {
  const { id, holder } = await wholeWithHeldPrimary();
  const before = broken();
  await cluster.server(id).stop();
  await eventually('the holder has ended', () => commandOf(holder) !== 'cat');
  assert.equal(broken(), before);
  await cluster.startServer(id);
  await cluster.whenWhole(routers);
});

test('at the end everybody has seen everything once, in order', async () => {
  await whenPostsGoOn(people, () => cluster.tails());
  await Promise.all(people.map((person) => person.stopPosting()));
  await everyoneSawEverythingOnce(people);
});
