/**
 * Checks the promise at the end of a test: nothing acknowledged is lost, nothing is there twice, nothing
 * changed its order.
 */
import assert from 'node:assert/strict';
import type { RouterClient } from '@dualping/client';
import { eventually } from './eventually.js';
import { type ReadJournal, readJournal } from './journals.js';
import type { Person } from './person.js';
import type { TestCluster } from './test-cluster.js';

export const acknowledgedCount = (people: readonly Person[]): number =>
  people.reduce((sum, person) => sum + person.acknowledged.length, 0);

/** Logs all people in, and makes each follow all others. */
export async function followOneAnother(people: readonly Person[]): Promise<void> {
  for (const person of people)
    for (const { user } of people) if (user !== person.user) await person.follow(user);
}

/**
 * Posts of each are acknowledged that were begun after this.
 *
 * @param tails for the message when that does not come
 */
export async function whenPostsGoOn(people: readonly Person[], tails: () => string): Promise<void> {
  const begun = performance.now();
  await eventually(
    'posts of all are acknowledged',
    () => people.every(({ acknowledged }) => acknowledged.some(({ at, tookMs }) => at - tookMs > begun)),
    60_000,
    tails,
  );
}

/**
 * Every acknowledged post is in every timeline exactly once, and each author's posts are in the order in
 * which they were sent.
 */
export async function everyoneSawEverythingOnce(people: readonly Person[]): Promise<void> {
  const expected = acknowledgedCount(people);
  for (const person of people) {
    await eventually(
      `${person.user} sees ${expected} posts`,
      () => person.seen.length >= expected,
      60_000,
      () => `${person.user} saw ${person.seen.length}`,
    );
    for (const author of people) {
      const seen = person.seen
        .filter((post) => post.author === author.user)
        .map(({ position, text }) => `${position} ${text}`);
      const sent = [...author.acknowledged]
        .sort((a, b) => a.position - b.position)
        .map(({ position, text }) => `${position} ${text}`);
      assert.deepEqual(seen, sent, `${person.user}'s view of ${author.user}`);
      const numbers = seen.map((line) => Number(line.split(' ').at(-1)));
      assert.deepEqual(
        numbers,
        numbers.map((_, i) => i + 1),
        `${author.user}'s posts in the order they were sent`,
      );
    }
  }
}

/**
 * Kills everything, and reads the journals from the disks: they are the same everywhere, with each epoch
 * opened once and each post once.
 */
export async function journalsAreIdentical(
  cluster: TestCluster,
  routers: RouterClient,
): Promise<ReadJournal> {
  await cluster.whenWhole(routers);
  await eventually('all journals end at the same place', async () => {
    const { stats } = await routers.status();
    return stats.length === cluster.serverIds.length && new Set(stats.map((f) => f.stats.durable)).size === 1;
  });
  // The router first, so that it grants no new epoch while the servers end.
  await cluster.router.kill();
  await Promise.all(cluster.serverIds.map((id) => cluster.server(id).kill()));
  const journals = await Promise.all(cluster.serverIds.map((id) => readJournal(cluster.folderOf(id), 1, id)));
  const [first, ...others] = journals;
  assert.ok(first !== undefined);
  for (const other of others) {
    assert.deepEqual(other.entries, first.entries);
    assert.equal(other.checksum, first.checksum);
  }
  const starts = first.entries
    .filter(({ command }) => command.kind === 'epoch-start')
    .map(({ epoch }) => epoch);
  assert.equal(new Set(starts).size, starts.length, 'an epoch is opened once');
  // By session and request number: people may post the same text twice.
  const requests = first.entries.flatMap(({ command, sessionId, requestNo }) =>
    command.kind === 'epoch-start' ? [] : [`${sessionId} ${requestNo}`],
  );
  assert.equal(new Set(requests).size, requests.length, 'a request is journalled once');
  return first;
}
