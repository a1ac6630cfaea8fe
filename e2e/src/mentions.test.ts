/**
 * Mentions by authors whom the user does not follow: they come once, marked, across a takeover and from the
 * past, and only to sessions that ask for them.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DualpingSession, type Post, RouterClient } from '@dualping/client';
import { eventually } from './eventually.js';
import { TestCluster } from './test-cluster.js';

let cluster: TestCluster;
let routers: RouterClient;
const sessions: DualpingSession[] = [];

before(async () => {
  cluster = await TestCluster.start({ servers: 2 });
  routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  await cluster.whenWhole(routers);
});

after(async () => {
  for (const session of sessions) session.close();
  routers?.close();
  await cluster?.destroy();
});

interface Reading {
  readonly session: DualpingSession;
  readonly posts: Post[];
}

function reading(user: string, mentions: boolean): Reading {
  const session = new DualpingSession({
    routers: [cluster.routerAddress],
    credentials: cluster.user,
    user,
    mentions,
  });
  sessions.push(session);
  const posts: Post[] = [];
  session.posts$.subscribe((post) => posts.push(post));
  return { session, posts };
}

const said = ({ text, unfollowed }: Post): string => `${unfollowed === true ? '? ' : ''}${text}`;
const sees = (reader: Reading, ...wanted: readonly string[]): Promise<unknown> =>
  eventually(
    `${reader.session.user} sees ${wanted.join(', ')}`,
    () => reader.posts.map(said).join('|') === wanted.join('|'),
    undefined,
    () => reader.posts.map(said).join('|'),
  );

test("posts that mention a user arrive once, over a takeover, and are marked when the reader doesn't follow the author", async () => {
  const eve = reading('eve', true);
  await eve.session.list();
  const plain = reading('eve', false);
  const { session: bob } = reading('bob', false);
  const { session: ann } = reading('ann', false);
  await ann.post('@eve one');
  await ann.post('not for eve, nor for @everybody');
  await eve.session.follow('bob');
  await bob.post('@eve two');
  await sees(eve, '? @eve one', '@eve two');
  const { primary } = await cluster.whenWhole(routers);
  await cluster.server(primary?.serverId ?? 0).kill();
  await ann.post('@eve three');
  const { position } = await eve.session.post('who is that?');
  await ann.post('me', { position, author: 'eve' });
  await sees(eve, '? @eve one', '@eve two', '? @eve three', 'who is that?', '? me');
  await sees(plain, '@eve two', 'who is that?');
  const { posts: older } = await eve.session.older(position, 2);
  assert.deepEqual(older.map(said), ['@eve two', '? @eve three']);
  await eve.session.follow('ann');
  await ann.post('@eve four');
  await sees(eve, '? @eve one', '@eve two', '? @eve three', 'who is that?', '? me', '@eve four');
  const late = reading('eve', true);
  await sees(late, '? @eve one', '@eve two', '? @eve three', 'who is that?', '? me', '@eve four');
});
