/** Real processes keep users within their limits, sessions wait, and an operator sees it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import { Family } from './classic/family.js';
import { OlderClient } from './classic/older-client.js';
import { DualpingProcess } from './dualping-process.js';
import { eventually } from './eventually.js';
import { Person } from './person.js';
import { TestCluster } from './test-cluster.js';

const BURST = 5;
const LIMITS = {
  DUALPING_POSTS_PER_SECOND: '20',
  DUALPING_POST_BURST: `${BURST}`,
  DUALPING_LOGINS_PER_MINUTE: '3',
  DUALPING_USER_MB_PER_DAY: '20',
  DUALPING_MAX_USERS: '3',
};

describe('limits of users', () => {
  let cluster: TestCluster;
  let routers: RouterClient;

  before(async () => {
    cluster = await TestCluster.start({ servers: 2, housing: () => ({ environment: LIMITS }) });
    routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
    await cluster.whenWhole(routers);
  });
  after(async () => {
    routers.close();
    await cluster.destroy();
  });

  const primaryLines = async (): Promise<readonly string[]> => {
    const { primary } = await cluster.whenWhole(routers);
    return cluster.server(primary?.serverId ?? 0).lines;
  };

  test('a session that writes too fast waits: each post is taken, once and in order', async () => {
    const ann = new Person('ann', [cluster.routerAddress], undefined, cluster.user);
    const texts = Array.from({ length: 3 * BURST }, (_, index) => `ann ${index}`);
    const posted = await Promise.all(texts.map((text) => ann.post(text)));
    const positions = posted.map(({ position }) => position);
    assert.deepEqual(
      positions,
      positions.toSorted((one, other) => one - other),
    );
    await eventually('all are shown', () => ann.seen.length === texts.length);
    assert.deepEqual(
      ann.seen.map(({ text }) => text),
      texts,
    );
    ann.session.close();
    const lines = await primaryLines();
    await eventually('the operator is told', () =>
      lines.some((line) => /limited: .*posts a second/.test(line)),
    );
  });

  test('a refused command prints why, and other commands go on', async () => {
    const flags = ['--routers', cluster.routerAddress, '--timeout-ms', '3000', '--user'];
    const post = (user: string) =>
      new DualpingProcess(['post', ...flags, user, 'hello'], cluster.environment).outcome();
    for (let i = 0; i < 3; i += 1) assert.equal((await post('bob')).code, 0);
    const fourth = await post('bob');
    assert.notEqual(fourth.code, 0, fourth.text);
    assert.match(fourth.text, /"bob" logs in more than 3 a minute: try again in \d+\.\d s/);
    assert.equal((await post('chen')).code, 0);
    const stranger = await post('dora');
    assert.notEqual(stranger.code, 0, stranger.text);
    assert.match(stranger.text, /the cluster has 3 users, and takes 3: "dora" can't be one more/);
  });

  test('a wrong limit is refused, and quoted', async () => {
    for (const [flag, value, pattern] of [
      ['--post-burst', 'many', /"many"/],
      ['--min-disk-free', '91', /"91": give a whole number from 0 to 90/],
      ['--connections-per-address', '-1', /"-1"/],
    ] as const) {
      const place = ['--id', '1', '--data', `${cluster.folder}/x`];
      const { code, text } = await new DualpingProcess(['server', ...place, flag, value]).outcome();
      assert.equal(code, 2, text);
      assert.match(text, pattern);
    }
  });
});

test('a csce438 client that posts too fast is slowed down, and loses nothing', async () => {
  const family = await Family.start();
  try {
    await family.startServer(1, 1, '--posts-per-second', '20', '--post-burst', `${BURST}`);
    await family.server(1);
    const author = await new OlderClient(family.coordinator, 10).connect();
    const reader = await new OlderClient(family.coordinator, 13).connect();
    assert.equal(await reader.follow('10'), 'SUCCESS');
    reader.enterTimeline();
    author.enterTimeline();
    // One message becomes three posts: it is longer than a post may be.
    const long = 'x'.repeat(2_500);
    author.post(long);
    const texts = Array.from({ length: 3 * BURST }, (_, index) => `post ${index}`);
    for (const text of texts) author.post(text);
    await reader.sees(texts.at(-1) ?? '');
    assert.deepEqual(reader.texts.slice(-texts.length), texts);
    assert.equal(reader.texts.slice(0, -texts.length).join(''), long);
    await Promise.all([author.die(), reader.die()]);
  } finally {
    await family.destroy();
  }
});
