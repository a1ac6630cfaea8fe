/**
 * What operators order, as they type it: failover pauses and goes on, a server is forgotten, a cluster comes to
 * rest and begins again with any one of its servers, and the router remembers all of it. A person posts meanwhile.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import { serverId } from '@dualping/core';
import { everyoneSawEverythingOnce, followOneAnother } from './accounts.js';
import { DualpingProcess, type Outcome } from './dualping-process.js';
import { eventually } from './eventually.js';
import { Person } from './person.js';
import { TestCluster } from './test-cluster.js';

const CALM = { inFlight: 2, thinkingMs: 50 };
const SOME_POSTS = 5;

let cluster: TestCluster;
let routers: RouterClient;
let people: Person[] = [];

before(async () => {
  cluster = await TestCluster.start({ servers: 3, routerFlags: ['--reattach-grace-ms', '1000'] });
  routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  await cluster.whenWhole(routers);
  people = ['ana', 'bo'].map((name) => new Person(name, [cluster.routerAddress], CALM, cluster.user));
  await followOneAnother(people);
  for (const person of people) person.startPosting();
});

after(async () => {
  for (const person of people) person.session.close();
  routers.close();
  await cluster.destroy();
});

const admin = (...args: string[]): Promise<Outcome> =>
  new DualpingProcess(['admin', ...args, '--routers', cluster.routerAddress]).outcome();

const goesOn = async (): Promise<void> => {
  await Promise.all(people.map((person) => person.goesOn(SOME_POSTS)));
};
const primaryNow = async (): Promise<number> => {
  const { primary } = await eventually('somebody serves', () => cluster.assignment(routers));
  return primary?.serverId ?? assert.fail('no primary');
};

test('while failover is paused nobody takes over, and the server that was primary may come back', async () => {
  const { code, text: said } = await admin('pause');
  assert.equal(code, 0, said);
  assert.match(said, /^cluster 1: epoch \d+, available, FAILOVER PAUSED$/m);
  const primary = await primaryNow();
  await cluster.server(primary).kill();
  await eventually('it is missed', async () => (await cluster.assignment(routers)) === undefined);
  // The router keeps to the order when it has started again.
  await cluster.router.kill();
  await cluster.startRouter();
  await eventually('the grace is over', async () => {
    const { assignments } = await routers.status();
    return /and failover is paused: start s\d/.test(assignments[0]?.unavailableReason ?? '');
  });
  await cluster.startServer(primary);
  assert.equal(await primaryNow(), primary, 'no other server has taken over');
  await goesOn();

  assert.equal((await admin('resume')).code, 0);
  await cluster.whenWhole(routers);
});

test('a server that does not come back is forgotten; one that is there is not', async () => {
  const primary = await primaryNow();
  const gone = serverId(primary === 3 ? 2 : 3);
  await cluster.server(gone).kill();
  await eventually('it is missed', async () => {
    const members = (await cluster.assignment(routers))?.members ?? [];
    return members.some((member) => member.serverId === gone && !member.live);
  });
  await assert.rejects(routers.remove(1, serverId(primary)), /s\d is live at .*: stop it first/);
  await assert.rejects(routers.remove(1, serverId(9)), /cluster 1 knows no s9/);
  const { code, text: said } = await admin('remove', `s${gone}`, '--json');
  assert.equal(code, 0, said);
  assert.equal(JSON.parse(said).members.length, 2);
  await goesOn();
});

test('a cluster comes to rest, and begins again with any one of its servers', async () => {
  const primary = await primaryNow();
  const { code, text: said } = await admin('rest');
  assert.equal(code, 0, said);
  assert.match(said, /not available: cluster 1 is at rest, .*, AT REST$/m);
  assert.equal(await cluster.server(primary).exited, 0, 'the primary has ended in order');
  const other = [1, 2, 3].find((id) => id !== primary && !cluster.server(id).ended) ?? assert.fail();
  assert.equal(await cluster.server(other).stop(), 143);
  // As an operator would tomorrow.
  await cluster.startServer(other);
  await assert.rejects(routers.promote(1, serverId(other)), /at rest/);
  const resumed = await admin('resume');
  assert.equal(resumed.code, 0, resumed.text);
  assert.equal(await primaryNow(), other);
  await goesOn();
});

test('the router remembers what happened, with times and reasons', async () => {
  const { code, text: said } = await admin('history');
  assert.equal(code, 0, said);
  const [first] = await routers.history(1);
  assert.deepEqual([first?.what, first?.epoch, first?.detail], ['promoted', 1, 'the first']);
  assert.ok(Math.abs(Date.now() - (first?.timeMs ?? 0)) < 3_600_000);
  const order = [
    'is primary, the first',
    'failover paused',
    'resumed',
    'forgotten',
    'at rest',
    'resumed',
    'is primary',
  ];
  let from = 0;
  for (const text of order) {
    const at = said.indexOf(text, from);
    assert.ok(at >= from, `"${text}" is missing after ${from}: ${said}`);
    from = at + text.length;
  }
  assert.doesNotMatch(said, /unknown time/);
});

test('nobody has lost, seen twice or been refused anything', async () => {
  await Promise.all(people.map((person) => person.stopPosting()));
  assert.deepEqual(
    people.flatMap(({ failures }) => failures),
    [],
  );
  await everyoneSawEverythingOnce(people);
});
