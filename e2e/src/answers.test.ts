/**
 * Posts that answer others, across clusters and takeovers: the quoted words are those that were written, and
 * the answered post can be found.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DualpingError, type Position, type Post, RouterClient, referenceTo } from '@dualping/client';
import { eventually } from './eventually.js';
import { Person } from './person.js';
import { TestCluster } from './test-cluster.js';

let cluster: TestCluster;
let routers: RouterClient;
/** Users of cluster 1, 2 and 1. */
let ann: Person;
let bob: Person;
let eve: Person;

before(async () => {
  cluster = await TestCluster.start({ servers: 2, clusters: 2 });
  routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  for (const number of cluster.clusterNumbers) await cluster.whenWhole(routers, number);
  [ann, bob, eve] = ['1', '2', '3'].map(
    (user) => new Person(user, [cluster.routerAddress], undefined, cluster.user),
  ) as [Person, Person, Person];
  await ann.follow('2');
  await bob.follow('1');
  await eve.follow('1');
});

after(async () => {
  for (const person of [ann, bob, eve]) person?.session.close();
  routers?.close();
  await cluster?.destroy();
});

async function seen(person: Person, text: string): Promise<Post> {
  await eventually(`${person.user} sees "${text}"`, () => person.seen.some((post) => post.text === text));
  return person.seen.find((post) => post.text === text) as Post;
}

const refusalOf = (written: Promise<unknown>): Promise<unknown> =>
  written.then(
    () => 'was taken',
    (error: unknown) => (error instanceof DualpingError ? `${error.reason}: ${error.detail}` : error),
  );

test('an answer has the first words of its post, from the journal, and each cluster names that post in its own way', async () => {
  await bob.session.post('a question\nwith a second line');
  const question = await seen(ann, 'a question\nwith a second line');
  assert.equal(question.origin?.cluster, 2);
  await ann.session.post('an answer', {
    ...referenceTo(question),
    ...{ begin: 'nobody has ever written this' },
  });
  const { position } = question.origin ?? { position: 0 };
  const begin = 'a question with a second line';
  assert.deepEqual((await seen(eve, 'an answer')).answers, { home: 2, position, author: '2', begin });
  assert.deepEqual((await seen(bob, 'an answer')).answers, { position, author: '2', begin });
});

test('a reader of an answer may read the post that it answers, also without following its author', async () => {
  const { position } = await seen(eve, 'an answer');
  assert.equal((await eve.session.answered(position))?.text, 'a question\nwith a second line');
  assert.equal(await eve.session.answered(position - 1), undefined);
  assert.equal(await eve.session.answered(1_000_000), undefined);
});

test('a cluster may be named by its number too', async () => {
  const { position, author } = await seen(ann, 'an answer');
  await ann.session.post('to myself', { home: 1, position, author });
  const { answers } = await seen(eve, 'to myself');
  assert.deepEqual(answers, { position, author, begin: 'an answer' });
});

test("a missing post can't be answered, and the refusal names it", async () => {
  const { position, author } = await seen(ann, 'an answer');
  const at = (value: number): Position => value as Position;
  assert.equal(
    await refusalOf(ann.session.post('x', { position: at(99_999), author })),
    'unknown-post: there is no post 99999 by "1" to answer',
  );
  assert.equal(
    await refusalOf(ann.session.post('x', { position, author: '3' })),
    `unknown-post: there is no post ${position} by "3" to answer`,
  );
  assert.equal(
    await refusalOf(ann.session.post('x', { home: 2, position: at(3), author: '2' })),
    'unknown-post: there is no post 3 of cluster 2 by "2" to answer',
  );
});

test('the next primary knows all posts of the last one: answers go on, and the answered posts are found', async () => {
  const question = await seen(ann, 'a question\nwith a second line');
  const assignment = await cluster.assignment(routers, 1);
  await cluster.server(assignment?.primary?.serverId ?? 0, 1).kill();
  await ann.session.post('another answer', referenceTo(question));
  const post = await seen(eve, 'another answer');
  assert.equal(post.answers?.begin, 'a question with a second line');
  assert.equal((await eve.session.answered(post.position))?.author, '2');
});
