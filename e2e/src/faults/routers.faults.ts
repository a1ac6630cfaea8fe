/**
 * Several routers on a real etcd, each on a host of its own: cut off one way, with clocks that jump, and
 * killed again and again. What happens between routers and etcd alone costs no epoch; nothing costs a post.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RouterClient } from '@dualping/client';
import {
  acknowledgedCount,
  everyoneSawEverythingOnce,
  followOneAnother,
  whenPostsGoOn,
} from '../accounts.js';
import { EtcdCluster, NO_ETCD } from '../etcd-cluster.js';
import { eventually } from '../eventually.js';
import { Person } from '../person.js';
import { routerName, SeveralRouters } from '../several-routers.js';
import { FakeClock } from './fake-clock.js';
import { IS_SHORT, inFull } from './length.js';
import { Network } from './network.js';

const ROUTERS = 3;
const SERVERS = 3;
const USERS = ['ana', 'bo', 'chen', 'dee'];
const ETCD = 'etcd';
const serverNames = Array.from({ length: SERVERS }, (_, at) => `s${at + 1}`);

/** How long cuts last, ms: longer than a lease, and than a leader may be unsure. */
const CUT_MS = inFull(4_000, 2_600);
/** Longest time until another router leads in place of one that etcd can't reach, ms: its lease is over. */
const LEASE_PATH_MS = 6_000;
/** How far the clocks of routers jump, s. */
const JUMPS_S = [3_600, -3_600] as const;
const KILLS_FOR_MS = 75_000;
const KILL_EVERY_MS = 5_000;

describe('three routers, each on a host of its own', { skip: NO_ETCD ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-clocks-'));
  const clocks = new Map<string, FakeClock>();
  let hosts: Network;
  let etcd: EtcdCluster;
  let network: SeveralRouters;
  let client: RouterClient;
  let people: readonly Person[] = [];

  const clockOf = (name: string): FakeClock => {
    const clock = clocks.get(name) ?? new FakeClock(folder, name);
    clocks.set(name, clock);
    return clock;
  };

  before(async () => {
    hosts = new Network();
    etcd = await EtcdCluster.start(3, undefined, hosts.housing(ETCD));
    network = await SeveralRouters.start(etcd.store, {
      routers: ROUTERS,
      flags: ['--insecure=beyond-loopback'],
      servers: SERVERS,
      housing: (name) => ({ ...hosts.housing(name), environment: clockOf(name).environment }),
    });
    client = new RouterClient({ routers: network.addresses });
    await network.whenWhole(client);
    people = USERS.map((user) => new Person(user, network.addresses));
    await followOneAnother(people);
    for (const person of people) person.startPosting();
  });
  after(async () => {
    for (const { session } of people) session.close();
    client?.close();
    await network?.destroy();
    await etcd?.destroy();
    hosts?.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  const postsGoOn = (): Promise<void> => whenPostsGoOn(people, () => network.tails());

  /** Ends with the network whole, in the same epoch. */
  const without = async (
    what: (leader: number, others: readonly string[]) => Promise<void>,
  ): Promise<void> => {
    const { epoch } = await network.whenWhole(client);
    const leader = network.leader();
    const others = network.addresses.flatMap((_, at) => (at === leader ? [] : [routerName(at)]));
    try {
      await what(leader, others);
    } finally {
      hosts.heal();
    }
    await eventually('one router leads', () => network.leaders().length === 1);
    await postsGoOn();
    assert.equal((await network.whenWhole(client)).epoch, epoch, 'no failover for a router');
  };

  const FROM_ETCD: readonly (readonly [what: string, cut: (leader: string) => void])[] = [
    ['its questions are lost', (leader) => hosts.cutOneWay(leader, ETCD)],
    ['the answers are lost', (leader) => hosts.cutOneWay(ETCD, leader)],
  ];
  for (const [what, cut] of FROM_ETCD.slice(0, inFull(FROM_ETCD.length, 1)))
    test(`the leader is cut from etcd, ${what}: another leads`, async (t) => {
      await without(async (leader) => {
        const since = performance.now();
        cut(routerName(leader));
        await network.whenLedByAnother(leader);
        const tookMs = Math.round(performance.now() - since);
        t.diagnostic(`another leads after ${tookMs} ms`);
        assert.ok(tookMs < LEASE_PATH_MS, `${tookMs} ms`);
        await network.whenFollows(leader);
        await postsGoOn();
      });
    });

  const ways: readonly ('is not heard' | 'hears nothing')[] = ['is not heard', 'hears nothing'];
  for (const way of ways.slice(0, inFull(ways.length, 1))) {
    const cut = (leader: string, others: readonly string[]): void => {
      for (const other of others)
        if (way === 'is not heard') hosts.cutOneWay(leader, other);
        else hosts.cutOneWay(other, leader);
    };

    const agree = `the leader is cut from the other routers and ${way}: they agree on one within two terms`;
    test(agree, { skip: IS_SHORT }, async () => {
      await without(async (leader, others) => {
        const before = ledTimes(network);
        cut(routerName(leader), others);
        await delay(CUT_MS);
        assert.ok(ledTimes(network) - before <= 1, 'routers that hear one another again stay as they are');
        assert.equal(network.leaders().length, 1);
        await postsGoOn();
      });
    });

    test(`the leader is cut from all servers and ${way}: another leads, and posts go on`, async () => {
      await network.whenWhole(client);
      const leader = network.leader();
      cut(routerName(leader), serverNames);
      await network.whenLedByAnother(leader);
      await postsGoOn();
      hosts.heal();
      await network.whenWhole(client);
    });
  }

  for (const seconds of JUMPS_S.slice(0, inFull(JUMPS_S.length, 0)))
    test(`the clocks of all routers jump by ${seconds} s: nothing changes`, async () => {
      await without(async (leader) => {
        const before = ledTimes(network);
        for (const at of network.addresses.keys()) clockOf(routerName(at)).move(seconds);
        await postsGoOn();
        await delay(CUT_MS);
        assert.equal(network.leader(), leader);
        assert.equal(ledTimes(network), before);
      });
    });

  const kills = `the leader is killed every ${KILL_EVERY_MS / 1_000} s, each third time with the primary`;
  test(kills, { skip: IS_SHORT }, async (t) => {
    const often = { forMs: KILLS_FOR_MS, everyMs: KILL_EVERY_MS };
    const times = await network.killLeaders(client, often, postsGoOn);
    t.diagnostic(`${times} times`);
  });

  test('nothing acknowledged is lost or repeated, and no epoch has had two primaries', async (t) => {
    await Promise.all(people.map(async (person) => await person.stopPosting()));
    assert.deepEqual(
      people.flatMap(({ failures }) => failures),
      [],
    );
    await everyoneSawEverythingOnce(people);
    const epochs = await etcd.epochsHadOnePrimary();
    t.diagnostic(`${acknowledgedCount(people)} posts acknowledged, ${epochs} epochs`);
  });
});

/** How often a router has begun to lead. */
const ledTimes = (network: SeveralRouters): number =>
  network.addresses.flatMap((_, at) => network.linesOf(at)).filter((line) => / router leads: /.test(line))
    .length;
