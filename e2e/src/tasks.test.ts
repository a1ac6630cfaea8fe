/**
 * The tasks of docs/operations.md, as it describes them, one after another on one network while people post: an
 * upgrade, a router that moves, one more server, a server whose disk is gone. Nobody's post fails or is lost.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import type { Assignment } from '@dualping/core';
import { everyoneSawEverythingOnce, followOneAnother } from './accounts.js';
import { DualpingProcess, LAUNCHER } from './dualping-process.js';
import { eventually } from './eventually.js';
import { Person } from './person.js';

/**
 * The command that is upgraded: the launcher of an installed release. There is no release yet, so by default it
 * is this build, and the test shows the procedure; between two versions it shows that they understand one another.
 */
const FORMER = process.env.DUALPING_FORMER ?? LAUNCHER;
/** Posts between two steps: enough that each step happens under load. */
const SOME_POSTS = 20;
const CALM = { inFlight: 2, thinkingMs: 50 };
/** Patient: a busy machine must not cause a failover that no step has caused. */
const PATIENT = ['--ping-ms', '500', '--dead-after-ms', '5000'];

const folder = mkdtempSync(join(tmpdir(), 'dualping-tasks-'));
const parts = new Map<string, DualpingProcess>();
const ports = new Map<string, number>();
let people: Person[] = [];
let routers: RouterClient;
let known: readonly string[];

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

/** Starts a part of the network at its port, in its folder. */
async function start(name: string, launcher: string, at = name): Promise<void> {
  const place = ['--data', join(folder, at), '--port', `${ports.get(at) ?? 0}`];
  const command =
    name === 'router'
      ? ['router', ...place, ...PATIENT]
      : ['server', '--id', name.slice(1), '--routers', known.join(), ...place];
  const part = new DualpingProcess(command, {}, [], launcher);
  parts.set(name, part);
  ports.set(at, Number((await part.ready()).split(':').at(-1)));
}

const part = (name: string): DualpingProcess => parts.get(name) ?? assert.fail(name);
const assignment = async (): Promise<Assignment | undefined> =>
  await routers.available({ cluster: 1 }).catch(() => undefined);
const primaryNow = async (): Promise<string> => `s${(await assignment())?.primary?.serverId}`;
const goesOn = async (): Promise<void> => {
  await Promise.all(people.map((person) => person.goesOn(SOME_POSTS)));
};

/** As the procedure says: the next step only when this ends with 0. */
async function whenInSync(name: string): Promise<void> {
  await eventually(
    `${name} is in sync`,
    async () => {
      const health = new DualpingProcess([
        'health',
        '--in-sync',
        '--address',
        `127.0.0.1:${ports.get(name)}`,
      ]);
      return (await health.exited) === 0;
    },
    60_000,
    () => part(name).tail(),
  );
}

async function replaceBy(launcher: string, name: string): Promise<void> {
  assert.equal(await part(name).stop(), 143);
  await start(name, launcher);
  await whenInSync(name);
}

before(async () => {
  known = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  for (const [at, address] of ['router', 'elsewhere'].map((name, index) => [name, known[index]] as const))
    ports.set(at, Number(address?.split(':')[1]));
  await start('router', FORMER);
  routers = new RouterClient({ routers: [...known] });
  for (const name of ['s1', 's2', 's3']) await start(name, FORMER);
  for (const name of ['s1', 's2', 's3']) await whenInSync(name);
  people = ['ana', 'bo'].map((user) => new Person(user, known, CALM));
  await followOneAnother(people);
  for (const person of people) person.startPosting();
});

after(async () => {
  for (const person of people) person.session.close();
  routers.close();
  await Promise.all([...parts.values()].map((each) => each.kill()));
  rmSync(folder, { recursive: true, force: true });
});

test('an upgrade: standbys, a handover, the former primary, the router', async () => {
  await goesOn();
  const { epoch = 0 } = (await assignment()) ?? {};
  const former = await primaryNow();
  for (const name of ['s1', 's2', 's3']) if (name !== former) await replaceBy(LAUNCHER, name);
  await goesOn();
  const wanted = former === 's3' ? 's2' : 's3';
  const handover = new DualpingProcess(['admin', 'handover', '--to', wanted, '--routers', known.join()]);
  assert.equal(await handover.exited, 0, handover.tail());
  assert.equal(await primaryNow(), wanted);
  await replaceBy(LAUNCHER, former);
  await goesOn();
  assert.equal(await part('router').stop(), 143);
  await start('router', LAUNCHER);
  await goesOn();
  const after = await eventually('the primary is back', assignment);
  assert.equal(after.epoch, epoch + 1, 'one handover, and no failover');
});

test('a router moves: its folder, to an address that all know', async () => {
  const before = await eventually('somebody serves', assignment);
  assert.equal(await part('router').stop(), 143);
  cpSync(join(folder, 'router'), join(folder, 'elsewhere'), { recursive: true });
  rmSync(join(folder, 'router'), { recursive: true });
  await goesOn();
  await start('router', LAUNCHER, 'elsewhere');
  for (const name of ['s1', 's2', 's3']) await whenInSync(name);
  const { epoch, primary } = await eventually('somebody serves', assignment);
  assert.deepEqual([epoch, primary?.serverId], [before.epoch, before.primary?.serverId]);
  await goesOn();
});

test('one more server, and one whose disk is gone', async () => {
  await start('s4', LAUNCHER);
  await whenInSync('s4');
  await goesOn();
  const broken = (await primaryNow()) === 's2' ? 's3' : 's2';
  await part(broken).kill();
  await eventually(`${broken} is away, and another is in sync`, async () => {
    const members = (await assignment())?.members ?? [];
    const isAway = members.some(({ serverId, live }) => `s${serverId}` === broken && !live);
    return isAway && members.some(({ live, inSync }) => live && inSync);
  });
  rmSync(join(folder, broken), { recursive: true });
  await start(broken, LAUNCHER);
  await whenInSync(broken);
  await goesOn();
});

test('after all of this nobody has lost, seen twice or been refused anything', async () => {
  await Promise.all(people.map((person) => person.stopPosting()));
  assert.deepEqual(
    people.flatMap(({ failures }) => failures),
    [],
  );
  await everyoneSawEverythingOnce(people);
});
