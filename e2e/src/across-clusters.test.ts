/**
 * People who follow one another across clusters, while the primaries of their own and of the others' clusters
 * are killed in turn: nothing is lost, repeated, or out of its author's order.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import { clusterOf } from '@dualping/core';
import { acknowledgedCount } from './accounts.js';
import { eventually } from './eventually.js';
import { Person } from './person.js';
import { summary } from './statistics.js';
import { TestCluster } from './test-cluster.js';

const CLUSTERS = 3;
const USERS = ['1', '2', '3', '4', '5', '6'];
/** Posts that are sent one at a time, each awaited by a follower in another cluster. */
const TIMED_POSTS = 30;

let cluster: TestCluster;
let routers: RouterClient;
let people: Person[] = [];

before(async () => {
  cluster = await TestCluster.start({ servers: 2, clusters: CLUSTERS });
  routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  for (const number of cluster.clusterNumbers) await cluster.whenWhole(routers, number);
});

after(async () => {
  for (const person of people) person.session.close();
  routers.close();
  await cluster.destroy();
});

async function untilMoreAreAcknowledged(more: number): Promise<void> {
  const from = acknowledgedCount(people);
  await eventually(
    `${more} more posts are acknowledged`,
    () => acknowledgedCount(people) >= from + more,
    60_000,
    () => cluster.tails(),
  );
}

/** An author's texts in a reader's timeline. */
const seenOf = (reader: Person, author: string): string[] =>
  reader.seen.filter((post) => post.author === author).map(({ text }) => text);

async function everyoneSawEverythingOnce(): Promise<void> {
  for (const reader of people)
    for (const author of people) {
      const texts = author.acknowledged.map(({ text }) => text);
      await eventually(
        `${reader.user} sees the ${texts.length} posts of ${author.user}`,
        () => seenOf(reader, author.user).length >= texts.length,
        60_000,
        () => `${seenOf(reader, author.user).length} seen\n${cluster.tails()}`,
      );
      const posted = [...author.acknowledged].sort((a, b) => a.position - b.position).map(({ text }) => text);
      assert.deepEqual(seenOf(reader, author.user), posted, `${reader.user}'s view of ${author.user}`);
    }
}

/** Waits until a user's list has exactly these followers. */
async function followersAre(user: string, meant: readonly string[]): Promise<void> {
  const person = people.find((each) => each.user === user);
  let last: readonly string[] = [];
  await eventually(
    `the followers of ${user} are ${meant.join(', ')}`,
    async () => {
      const lists = await person?.session.list();
      last = lists?.followers.map((follower) => follower.user) ?? [];
      return last.join() === meant.join();
    },
    60_000,
    () => `they are ${last.join(', ')}\n${cluster.tails()}`,
  );
}

const othersThan = (user: string): string[] => USERS.filter((other) => other !== user);

test('all users follow one another, and each list has all of them', async () => {
  people = USERS.map((user) => new Person(user, [cluster.routerAddress], undefined, cluster.user));
  assert.equal(new Set(USERS.map((user) => clusterOf(user, CLUSTERS))).size, CLUSTERS);
  for (const person of people)
    for (const other of USERS) if (other !== person.user) await person.follow(other, () => cluster.tails());
  for (const person of people)
    await eventually(
      `${person.user} lists everybody as there`,
      async () => {
        const { users } = await person.session.list();
        return users.length === USERS.length && users.every(({ present }) => present);
      },
      30_000,
    );
  for (const user of USERS) await followersAre(user, othersThan(user));
  const [one] = people;
  await assert.rejects(one?.session.follow('2') ?? Promise.resolve(), /already-following/);
  await assert.rejects(one?.session.follow('nobody') ?? Promise.resolve(), /unknown-target/);
});

test('a post reaches a follower elsewhere in milliseconds', async (t) => {
  const [author, reader] = people;
  assert.ok(author !== undefined && reader !== undefined);
  const took: number[] = [];
  for (let no = 1; no <= TIMED_POSTS; no += 1) {
    const text = `timed ${no}`;
    const at = performance.now();
    const shown = new Promise<number>((resolve) => {
      const subscription = reader.session.posts$.subscribe((post) => {
        if (post.text !== text) return;
        subscription.unsubscribe();
        resolve(performance.now() - at);
      });
    });
    await author.post(text);
    took.push(await shown);
  }
  t.diagnostic(summary('from asking for a post to a follower in another cluster', took));
});

test('primaries of all clusters are killed in turn, and nothing is lost, repeated or out of order', async (t) => {
  for (const person of people) person.startPosting();
  for (const round of [1, 2])
    for (const number of cluster.clusterNumbers) {
      await untilMoreAreAcknowledged(40);
      const whole = await cluster.whenWhole(routers, number);
      const id = whole.primary?.serverId ?? 0;
      cluster.server(id, number).signal('SIGKILL');
      await cluster.server(id, number).exited;
      await untilMoreAreAcknowledged(40);
      await cluster.startServer(id, number);
      const afterwards = await cluster.whenWhole(routers, number);
      assert.ok(afterwards.epoch > whole.epoch, `round ${round}, cluster ${number}`);
    }
  await untilMoreAreAcknowledged(40);
  await Promise.all(people.map((person) => person.stopPosting()));
  assert.deepEqual(
    people.flatMap(({ failures }) => failures),
    [],
  );
  await everyoneSawEverythingOnce();
  for (const user of USERS) await followersAre(user, othersThan(user));
  t.diagnostic(
    `${acknowledgedCount(people)} posts acknowledged, each shown to ${USERS.length} people once and in order`,
  );
});

test('a cluster that was away for long catches up', async () => {
  for (const id of cluster.serverIds) await cluster.server(id, 3).kill();
  const elsewhere = people.filter(({ user }) => clusterOf(user, CLUSTERS) !== 3);
  await Promise.all(
    elsewhere.map(async (person) => {
      for (let no = 1; no <= 100; no += 1) await person.post(`${person.user} while it is away ${no}`);
    }),
  );
  for (const id of cluster.serverIds) await cluster.startServer(id, 3);
  await cluster.whenWhole(routers, 3);
  await everyoneSawEverythingOnce();
});

test('follows change while the other cluster is away, and the primary that reports them dies: the newest state arrives', async () => {
  const [one, two] = people;
  assert.ok(one !== undefined && two !== undefined);
  for (const id of cluster.serverIds) await cluster.server(id, 3).kill();
  await one.session.unfollow('3');
  for (let times = 0; times < 3; times += 1) {
    await two.session.unfollow('3');
    await two.session.follow('3');
    await two.session.unfollow('6');
    if (times < 2) await two.session.follow('6');
  }
  for (const number of [1, 2]) {
    const whole = await cluster.whenWhole(routers, number);
    const id = whole.primary?.serverId ?? 0;
    cluster.server(id, number).signal('SIGKILL');
    await cluster.server(id, number).exited;
    await cluster.startServer(id, number);
  }
  for (const id of cluster.serverIds) await cluster.startServer(id, 3);
  await followersAre('3', ['2', '4', '5', '6']);
  await followersAre('6', ['1', '3', '4', '5']);
  await one.session.follow('3');
  await followersAre('3', ['1', '2', '4', '5', '6']);
});
