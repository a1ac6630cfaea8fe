/**
 * The promise, on real processes: the primary is killed and frozen, and the router killed, again and again,
 * while people post. Nothing acknowledged is lost, nothing is shown twice, nothing changes its order.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import type { Assignment } from '@dualping/core';
import {
  acknowledgedCount,
  everyoneSawEverythingOnce,
  followOneAnother,
  journalsAreIdentical,
} from './accounts.js';
import { eventually } from './eventually.js';
import { Person } from './person.js';
import { summary } from './statistics.js';
import { TestCluster } from './test-cluster.js';

const KILLS = 20;
const FREEZES = 3;
const ROUTER_KILLS = 2;
const USERS = ['ana', 'bo', 'chen', 'dora'];

type Fault = 'kill' | 'freeze' | 'kill-router';

let cluster: TestCluster;
let routers: RouterClient;
let people: Person[] = [];

before(async () => {
  cluster = await TestCluster.start({ servers: 3 });
  routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  await cluster.whenWhole(routers);
});

after(async () => {
  for (const person of people) person.session.close();
  routers.close();
  await cluster.destroy();
});

/**
 * The faults in a random order. There is no seed to replay, because processes are not deterministic.
 */
function schedule(): Fault[] {
  const faults: Fault[] = [
    ...Array<Fault>(KILLS).fill('kill'),
    ...Array<Fault>(FREEZES).fill('freeze'),
    ...Array<Fault>(ROUTER_KILLS).fill('kill-router'),
  ];
  for (let i = faults.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    const [a, b] = [faults[i], faults[j]];
    if (a !== undefined && b !== undefined) [faults[i], faults[j]] = [b, a];
  }
  return faults;
}

/** Waits for a random number of posts, so that the moment depends on progress and not on a clock. */
async function atSomeMoment(): Promise<void> {
  const from = acknowledgedCount(people);
  const more = 20 + Math.floor(Math.random() * 100);
  await eventually(
    `${more} more posts are acknowledged`,
    () => acknowledgedCount(people) >= from + more,
    60_000,
    () => cluster.tails(),
  );
}

/** From `since` to the first acknowledgement in an epoch above `epoch`, ms. */
async function untilServedAgain(epoch: number, since: number): Promise<number> {
  const first = await eventually(
    `a post is acknowledged in an epoch above ${epoch}`,
    () => {
      const newer = people.flatMap((person) =>
        person.acknowledged.filter((post) => post.epoch > epoch && post.at >= since),
      );
      return newer.length === 0 ? undefined : Math.min(...newer.map(({ at }) => at));
    },
    60_000,
    () => `${cluster.tails()}\n${people.flatMap((person) => person.failures).join('\n')}`,
  );
  return first - since;
}

async function perform(fault: Fault, assignment: Assignment): Promise<number | undefined> {
  const primary = assignment.primary;
  assert.ok(primary !== undefined);
  const server = cluster.server(primary.serverId);
  const since = performance.now();
  switch (fault) {
    case 'kill': {
      server.signal('SIGKILL');
      const took = await untilServedAgain(assignment.epoch, since);
      await server.exited;
      await cluster.startServer(primary.serverId);
      return took;
    }
    case 'freeze': {
      server.signal('SIGSTOP');
      const took = await untilServedAgain(assignment.epoch, since);
      server.signal('SIGCONT');
      return took;
    }
    case 'kill-router': {
      await cluster.router.kill();
      await atSomeMoment(); // the router is not on the data path
      await cluster.startRouter();
      return undefined;
    }
  }
}

test(`${KILLS} kills, ${FREEZES} freezes and ${ROUTER_KILLS} kills of the router while clients post`, async (t) => {
  people = USERS.map((user) => new Person(user, [cluster.routerAddress], undefined, cluster.user));
  await followOneAnother(people);
  for (const person of people) person.startPosting();

  const took: Record<Fault, number[]> = { kill: [], freeze: [], 'kill-router': [] };
  for (const fault of schedule()) {
    await atSomeMoment();
    const before = await cluster.whenWhole(routers);
    const ms = await perform(fault, before);
    if (ms !== undefined) took[fault].push(ms);
    const afterwards = await cluster.whenWhole(routers);
    if (fault === 'kill-router')
      assert.equal(afterwards.epoch, before.epoch, 'the router came back: no failover was needed');
    else assert.ok(afterwards.epoch > before.epoch);
  }
  await atSomeMoment();
  await Promise.all(people.map((person) => person.stopPosting()));
  assert.deepEqual(
    people.flatMap((person) => person.failures),
    [],
  );

  await everyoneSawEverythingOnce(people);
  await journalsAreIdentical(cluster, routers);
  t.diagnostic(summary('takeover after SIGKILL, signal to first acknowledged post', took.kill));
  t.diagnostic(summary('takeover after SIGSTOP, signal to first acknowledged post', took.freeze));
  t.diagnostic(`${acknowledgedCount(people)} posts acknowledged, 0 lost, 0 repeated, 0 out of order`);
});
