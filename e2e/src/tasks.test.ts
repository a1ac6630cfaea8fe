/**
 * The tasks of docs/operations.md, as it describes them, one after another on one network while people post:
 * an upgrade from the release before, a router that moves, one more server, a server whose disk is gone, a
 * router that goes back to the release before. Nobody's post fails or is lost.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import { type Assignment, LEVEL, VERSION } from '@dualping/core';
import { CERTS_FOLDER, NETWORK_FILE, readNetworkFile } from '@dualping/security';
import { everyoneSawEverythingOnce, followOneAnother } from './accounts.js';
import { DualpingProcess, LAUNCHER } from './dualping-process.js';
import { eventually } from './eventually.js';
import { FORMER_LEVEL, FORMER_VERSION, makeFormerRelease } from './former-release.js';
import { freePorts } from './free-ports.js';
import { Person } from './person.js';
import { operatorIn } from './test-cluster.js';

/** Posts between two steps: enough that each step happens under load. */
const SOME_POSTS = 20;
const CALM = { inFlight: 2, thinkingMs: 50 };
/** Patient: a busy machine must not cause a failover that no step has caused. */
const PATIENT = ['--ping-ms', '500', '--dead-after-ms', '5000'];

const folder = mkdtempSync(join(tmpdir(), 'dualping-tasks-'));
/** The command that is upgraded: the launcher of an installed release, or what stands for one. */
const FORMER = process.env.FORMER_RELEASE ?? makeFormerRelease(join(folder, 'former'));
const parts = new Map<string, DualpingProcess>();
const ports = new Map<string, number>();
let people: Person[] = [];
let routers: RouterClient;
let known: readonly string[];

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
const versions = async (): Promise<(string | undefined)[]> =>
  (await assignment())?.members.map(({ build }) => build?.version) ?? [];
/** There is no release yet: what stands for the one before is known exactly. */
const isStandIn = process.env.FORMER_RELEASE === undefined;
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
  known = (await freePorts(2)).map((port) => `127.0.0.1:${port}`);
  for (const [at, address] of ['router', 'elsewhere'].map((name, index) => [name, known[index]] as const))
    ports.set(at, Number(address?.split(':')[1]));
  await start('router', FORMER);
  const certs = join(folder, CERTS_FOLDER);
  routers = new RouterClient({ routers: [...known], credentials: operatorIn(certs) });
  for (const name of ['s1', 's2', 's3']) await start(name, FORMER);
  for (const name of ['s1', 's2', 's3']) await whenInSync(name);
  const user = readNetworkFile(join(certs, NETWORK_FILE));
  people = ['ana', 'bo'].map((name) => new Person(name, known, CALM, user));
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
  const { epoch = 0, level } = (await assignment()) ?? {};
  if (isStandIn) {
    assert.equal(level, FORMER_LEVEL);
    assert.deepEqual(await versions(), [FORMER_VERSION, FORMER_VERSION, FORMER_VERSION]);
  }
  const former = await primaryNow();
  for (const name of ['s1', 's2', 's3']) if (name !== former) await replaceBy(LAUNCHER, name);
  await goesOn();
  const wanted = former === 's3' ? 's2' : 's3';
  const handover = new DualpingProcess(['admin', 'handover', '--to', wanted, '--routers', known.join()]);
  assert.equal(await handover.exited, 0, handover.tail());
  assert.equal(await primaryNow(), wanted);
  if (isStandIn)
    assert.ok((await versions()).includes(FORMER_VERSION) && (await versions()).includes(VERSION));
  await replaceBy(LAUNCHER, former);
  await goesOn();
  assert.equal(await part('router').stop(), 143);
  await start('router', LAUNCHER);
  await goesOn();
  const after = await eventually('the primary is back', assignment);
  const { build } = await routers.status();
  assert.deepEqual([build?.version, build?.level, after.level], [VERSION, LEVEL, LEVEL]);
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
  // What came with a level is used only when all have it: an older server takes it from all.
  await start('s4', FORMER);
  await whenInSync('s4');
  if (isStandIn) {
    assert.equal((await assignment())?.level, FORMER_LEVEL);
    await assert.rejects(routers.rest(1), /needs level 2 of all members .* have less: s4 \(0\.0\.9\)/);
  }
  await replaceBy(LAUNCHER, 's4');
  await eventually('all have the level again', async () => (await assignment())?.level === LEVEL);
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

test("a router of the previous release names the format that it can't read, and the newer one goes on", async () => {
  await routers.pause(1);
  assert.equal(await part('router').stop(), 143);
  const place = ['--data', join(folder, 'elsewhere'), '--port', `${ports.get('elsewhere')}`];
  const older = new DualpingProcess(['router', ...place, ...PATIENT], {}, [], FORMER);
  if (isStandIn) {
    assert.equal(await older.exited, 2, older.tail());
    assert.match(
      older.tail(),
      /assignments\.log is of format 4, from a later release: dualping 0\.0\.9 reads formats 2 to 3/,
    );
  } else await older.kill();
  await start('router', LAUNCHER, 'elsewhere');
  await eventually('somebody serves', assignment);
  assert.equal((await routers.resume(1)).suspended, undefined);
  await goesOn();
});

test('after all of this no client has lost anything, seen anything twice or been refused', async () => {
  await Promise.all(people.map((person) => person.stopPosting()));
  assert.deepEqual(
    people.flatMap(({ failures }) => failures),
    [],
  );
  await everyoneSawEverythingOnce(people);
});
