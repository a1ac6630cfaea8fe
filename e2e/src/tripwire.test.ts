/**
 * `--tripwire`: the router notices the end of a server by a connection that another process holds, and its
 * end means no more than that the stream of the server has ended.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
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

const held = (id: number): Promise<number> =>
  eventually(
    `the tripwire of s${id} is held`,
    () => holderOf(id),
    60_000,
    () => cluster.tails(),
  );

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
    cluster.server(3).lines.some((line) => /tripwire: .*setpriv.*its own connections close/.test(line)),
  );
  assert.equal(holderOf(3), undefined);
});

test('whoever ends the holder causes a failover: nothing is lost, and the server stays', async () => {
  const { assignment, id, holder } = await wholeWithHeldPrimary();
  process.kill(holder, 'SIGKILL');
  await servedAgain(assignment.epoch);
  await cluster.whenWhole(routers);
  assert.ok(cluster.router.lines.some((line) => line.includes('its tripwire broke')));
  const next = await held(id);
  assert.notEqual(next, holder);
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
  const before = cluster.router.lines.filter((line) => line.includes('its tripwire broke')).length;
  await cluster.server(id).stop();
  await eventually('the holder has ended', () => commandOf(holder) !== 'cat');
  const later = cluster.router.lines.filter((line) => line.includes('its tripwire broke')).length;
  assert.equal(later, before);
  await cluster.startServer(id);
  await cluster.whenWhole(routers);
});

test('at the end everybody has seen everything once, in order', async () => {
  await whenPostsGoOn(people, () => cluster.tails());
  await Promise.all(people.map((person) => person.stopPosting()));
  await everyoneSawEverythingOnce(people);
});
