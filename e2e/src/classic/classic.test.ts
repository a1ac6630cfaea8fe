/**
 * csce438 programs with dualping: a client and a server that are written only from the wire of that family,
 * and our own `coordinator`, `tsd` and `tsc`.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DualpingSession } from '@dualping/client';
import type { DualpingProcess } from '../dualping-process.js';
import { eventually } from '../eventually.js';
import { Family } from './family.js';
import { LineClient } from './line-client.js';
import { OlderClient } from './older-client.js';
import { OlderServer } from './older-server.js';
import { OldCoordinatorStub, OldServerStub } from './older-wire.js';

const REFUSED = 1;

/** What a client shows after a typed line. */
async function answerTo(client: DualpingProcess, typed: string, pattern: RegExp): Promise<string> {
  const from = client.lines.length;
  client.type(`${typed}\n`);
  return await client.line(pattern, from);
}

describe('one coordinator, one server', () => {
  let family: Family;
  before(async () => {
    family = await Family.start();
    await family.startServer(1, 1);
    await family.server(1);
  });
  after(() => family.destroy());

  const connected = async (user: number): Promise<OlderClient> =>
    await new OlderClient(family.coordinator, user).connect();

  test('an older client gets the replies that it expects', async () => {
    const one = await connected(1);
    const four = await connected(4);
    assert.deepEqual(await one.list(), { all_users: ['1', '4'], followers: [] });
    assert.equal(await one.follow('4'), 'SUCCESS');
    assert.equal(await one.follow('4'), 'FAILURE_ALREADY_EXISTS');
    assert.equal(await one.follow('1'), 'FAILURE_ALREADY_EXISTS');
    assert.equal(await one.follow('77'), 'FAILURE_INVALID_USERNAME');
    assert.equal(await one.follow('no such name!'), 'FAILURE_INVALID_USERNAME');
    assert.equal(await one.follow(''), 'FAILURE_INVALID');
    assert.deepEqual((await four.list()).followers, ['1']);
    assert.equal(await one.unfollow('1'), 'FAILURE_INVALID_USERNAME');
    assert.equal(await one.unfollow('77'), 'FAILURE_INVALID_USERNAME');
    assert.equal(await one.unfollow('4'), 'SUCCESS');
    assert.equal(await one.unfollow('4'), 'FAILURE_NOT_A_FOLLOWER');
    await Promise.all([one.die(), four.die()]);
  });

  test("a user who is logged in can't log in again until the connection has ended", async () => {
    const first = await connected(7);
    await assert.rejects(connected(7), /CANCELLED: FAILURE_INVALID_USERNAME/);
    await first.die();
    const again = await eventually('7 can log in again', () => connected(7).catch(() => undefined));
    await again.die();
  });

  test('a request of a known user on a connection without a login is served', async () => {
    const { hostname, port } = await family.server(1);
    const server = new OldServerStub(`${hostname}:${port}`);
    assert.equal(await server.say('Follow', '1000', '1'), 'FAILURE_NOT_EXISTS');
    assert.equal(await server.say('Follow', '1', '7'), 'SUCCESS');
    assert.equal(await server.say('UnFollow', '1', '7'), 'SUCCESS');
    await assert.rejects(server.list('1000'), /NOT_FOUND/);
    server.close();
  });

  test('a timeline: no opening message, 20 posts of others, newest first, then new ones; never the reader’s own', async () => {
    const author = await connected(10);
    const reader = await connected(13);
    assert.equal(await reader.follow('10'), 'SUCCESS');
    author.enterTimeline();
    const late = await connected(16);
    assert.equal(await late.follow('10'), 'SUCCESS');
    for (let number = 1; number <= 25; number += 1) author.post(`post ${number}`);
    reader.enterTimeline();
    await reader.sees('post 25');

    late.enterTimeline();
    await late.sees('post 6');
    author.post('\tafter a tab');
    const live = await late.sees(' after a tab');
    assert.equal(live.username, '10');
    const seconds = Number(live.timestamp?.seconds);
    assert.ok(Math.abs(Date.now() / 1_000 - seconds) < 600, `${seconds}`);
    const past = Array.from({ length: 20 }, (_, at) => `post ${25 - at}`);
    assert.deepEqual(late.texts, [...past, ' after a tab']);
    assert.deepEqual(author.seen, []);
    await Promise.all([author.die(), reader.die(), late.die()]);
  });

  test('a user of an older client and a user of ours see each other’s posts', async () => {
    const old = await connected(19);
    const ours = new DualpingSession({
      routers: [family.coordinator],
      credentials: family.user,
      user: '22',
      timeline: { history: 20 },
    });
    const seen: string[] = [];
    ours.posts$.subscribe(({ author, text }) => seen.push(`${author}: ${text}`));
    await ours.post('before anybody follows');
    assert.equal(await old.follow('22'), 'SUCCESS');
    await ours.follow('19');
    old.enterTimeline();
    await ours.post('from ours');
    await old.sees('from ours');
    old.post('from the older one');
    await eventually('ours sees it', () => seen.includes('19: from the older one'));
    assert.deepEqual(old.texts, ['from ours']);
    ours.close();
    await old.die();
  });

  test('a small store of paths outlives the coordinator', async () => {
    const stub = new OldCoordinatorStub(family.coordinator);
    assert.deepEqual(await stub.ask('exists', { path: '/cluster1/master' }), { status: false });
    assert.deepEqual(await stub.ask('create', { path: '/cluster1/master', data: 'x:1' }), { status: true });
    assert.deepEqual(await stub.ask('create', { path: '/cluster1/master', data: 'y:2' }), { status: false });
    await family.startCoordinator();
    const exists = () => stub.ask<{ status: boolean }>('exists', { path: '/cluster1/master' });
    assert.deepEqual(await eventually('it answers again', () => exists().catch(() => undefined)), {
      status: true,
    });
    await assert.rejects(stub.ask('create', { path: '', data: '' }), /INVALID_ARGUMENT/);
    stub.close();
    await family.server(1); // it has attached to the new coordinator
  });

  test('our line client with the options of the csce438 client', async () => {
    const client = family.startClient(28);
    await client.line(/TINY SNS CLIENT/);
    await answerTo(client, 'follow', /No Arguments Given/);
    await answerTo(client, 'FoLLow 1', /Command completed successfully/);
    await answerTo(client, 'FOLLOW 1', /already exists, command failed/);
    await answerTo(client, 'dance', /Invalid Command/);
    await answerTo(client, 'list', /^All users: 1, 10, 13, /);
    await client.line(/^Followers: $/);
    await answerTo(client, 'TIMELINE', /Now you are in the timeline/);
    const one = await eventually('1 can log in', () => connected(1).catch(() => undefined));
    one.enterTimeline();
    one.post('hello, 28');
    await client.line(/^1 \([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\) >> hello, 28$/);
    const twice = family.startClient(28);
    assert.equal((await twice.outcome()).code, REFUSED);
    assert.ok(twice.lines.includes('connection failed: -1'), twice.tail());
    client.closeInput();
    assert.equal(await client.exited, 0);
    await one.die();
  });
});

test('the server is killed before the client starts: the client is refused at once, and served when the server is back', async () => {
  const family = await Family.start();
  try {
    const server = await family.startServer(1, 1);
    await family.server(1);
    await server.kill();
    await family.server(1, ({ serverID }) => serverID === -1);
    await assert.rejects(new OlderClient(family.coordinator, 1).connect(), /nobody is there/);
    const refused = family.startClient(1);
    assert.equal((await refused.outcome()).code, REFUSED);
    assert.ok(refused.lines.includes('connection failed: -1'), refused.tail());

    await family.startServer(1, 1);
    await family.server(1);
    const client = family.startClient(1);
    await client.line(/TINY SNS CLIENT/);
  } finally {
    await family.destroy();
  }
});

test('the server is killed after the client started: its commands fail, the other cluster is not affected', async () => {
  const family = await Family.start();
  try {
    const server = await family.startServer(1, 1);
    await family.startServer(2, 1);
    await Promise.all([family.server(1), family.server(2)]);
    const one = family.startClient(1);
    const two = family.startClient(2);
    const older = await new OlderClient(family.coordinator, 5).connect(); // also of cluster 2
    const neighbour = await new OlderClient(family.coordinator, 7).connect(); // of cluster 1
    await Promise.all([one.line(/TINY SNS CLIENT/), two.line(/TINY SNS CLIENT/)]);
    for (const somebody of [older, neighbour])
      await eventually(
        'everybody is known in both clusters',
        async () => (await somebody.list()).all_users.length === 4,
      );

    await server.kill();
    await answerTo(one, 'LIST', /grpc failed: /);
    await answerTo(one, 'follow 4', /grpc failed: /);
    await answerTo(two, 'LIST', /^All users: 1, 2, 5, 7, $/);
    assert.deepEqual((await older.list()).all_users, ['1', '2', '5', '7']);

    await family.startServer(1, 1);
    await family.server(1);
    await answerTo(one, 'LIST', /^All users: 1, 2, 5, 7, $/);
    await Promise.all([older.die(), neighbour.die()]);
  } finally {
    await family.destroy();
  }
});

test('users 1, 2 and 3 of three clusters follow one another: LIST names followers of all clusters', async () => {
  const family = await Family.start();
  try {
    await Promise.all([1, 2, 3].map((cluster) => family.startServer(cluster, 1)));
    await Promise.all([1, 2, 3].map((user) => family.server(user)));
    const line = await LineClient.start(family, 1);
    const two = await new OlderClient(family.coordinator, 2).connect();
    const three = await new OlderClient(family.coordinator, 3).connect();
    for (const other of ['2', '3'])
      await eventually(
        `1 follows ${other}`,
        async () => (await line.answer(`follow ${other}`)) === 'Command completed successfully',
      );
    for (const [client, others] of [
      [two, ['1', '3']],
      [three, ['1', '2']],
    ] as const)
      for (const other of others)
        await eventually(
          `${client.name} follows ${other}`,
          async () => (await client.follow(other)) === 'SUCCESS',
        );
    await eventually('1 lists both', async () => {
      const from = line.process.lines.length;
      await line.answer('list');
      return (await line.process.line(/^Followers: /, from)) === 'Followers: 2, 3, ';
    });
    await eventually('2 lists both', async () => (await two.list()).followers.join() === '1,3');
    await eventually('3 lists both', async () => (await three.list()).followers.join() === '1,2');
    assert.equal(await three.unfollow('1'), 'SUCCESS');
    await eventually('1 is told', async () => {
      const from = line.process.lines.length;
      await line.answer('list');
      return (await line.process.line(/^Followers: /, from)) === 'Followers: 2, ';
    });
    await Promise.all([two.die(), three.die()]);
  } finally {
    await family.destroy();
  }
});

test('a failover as the csce438 family does it: resolve again, log in again, and everything is there', async () => {
  const family = await Family.start();
  try {
    const primary = await family.startServer(1, 1);
    await family.server(1);
    await family.startServer(1, 2);
    await family.coordinatorSays(/the in-sync set of epoch 1 is s1, s2/);
    const stub = new OldCoordinatorStub(family.coordinator);
    const { serverID } = await stub.ask<{ serverID: number }>('GetSlave', { id: 1 });
    assert.equal(serverID, 2);
    stub.close();

    const one = await new OlderClient(family.coordinator, 1).connect();
    const four = await new OlderClient(family.coordinator, 4).connect();
    assert.equal(await four.follow('1'), 'SUCCESS');
    one.enterTimeline();
    four.enterTimeline();
    one.post('before the kill');
    await four.sees('before the kill');
    const line = family.startClient(7);
    await answerTo(line, 'follow 1', /Command completed successfully/);
    await answerTo(line, 'timeline', /Now you are in the timeline/);

    await primary.kill();
    await Promise.all([one.thrownOut(), four.thrownOut()]);
    await family.server(1, (info) => info.serverID === 2);
    await one.connect();
    await four.connect();
    assert.equal(await four.follow('1'), 'FAILURE_ALREADY_EXISTS');
    four.enterTimeline();
    await eventually(
      'the past is there again',
      () => four.texts.filter((text) => text === 'before the kill').length === 2,
    );
    one.enterTimeline();
    one.post('after the kill');
    await four.sees('after the kill');
    // Our client comes back by itself, and shows nothing twice.
    await line.line(/>> after the kill$/);
    assert.equal(line.lines.filter((each) => /before the kill$/.test(each)).length <= 1, true, line.tail());
    await Promise.all([one.die(), four.die()]);
  } finally {
    await family.destroy();
  }
});

test('servers of the csce438 family register by heartbeat, and clients are routed to them as to ours', async () => {
  const family = await Family.start('--heartbeat-timeout-ms', '1500', '--classic-confirmation', 'primary');
  const older: OlderServer[] = [];
  const start = async (cluster: number, id: number): Promise<OlderServer> => {
    const server = await new OlderServer({
      coordinator: family.coordinator,
      cluster,
      id,
      everyMs: 100,
    }).start();
    older.push(server);
    return server;
  };
  try {
    await family.startServer(1, 1);
    const first = await start(2, 1);
    const second = await start(2, 2);
    assert.deepEqual([first.confirmed, second.confirmed], [true, false]);
    const info = await family.server(2);
    assert.deepEqual(info, {
      serverID: 1,
      hostname: '127.0.0.1', // the wildcard means the address that it called from
      port: String(first.port),
      type: 'server',
      clusterID: 2,
      isMaster: true,
    });
    const [two, five] = [family.startClient(2), await new OlderClient(family.coordinator, 5).connect()];
    await two.line(/TINY SNS CLIENT/);
    await answerTo(two, 'follow 5', /Command completed successfully/);
    await answerTo(two, 'timeline', /Now you are in the timeline/);
    await eventually('5 is followed', async () => (await five.list()).followers.includes('2'));
    five.enterTimeline();
    await eventually('the post is seen', () => {
      five.post('by an older server');
      return two.lines.some((line) => /^5 \(.+\) >> by an older server$/.test(line));
    });

    first.pause();
    await family.server(2, ({ serverID }) => serverID === 2);
    await eventually('the second is told', () => second.confirmed);
    first.resume();
    await eventually('the first is told that it is no longer', () => first.confirmed === false);
    second.pause();
    await family.server(2, ({ serverID }) => serverID === 1);

    const stub = new OldCoordinatorStub(family.coordinator);
    const beat = { serverID: 1, hostname: '10.0.0.1', port: '3010', type: 'synchronizer' };
    await assert.rejects(
      stub.ask('Heartbeat', { ...beat, serverID: 4 }),
      /INVALID_ARGUMENT.*"cluster-id".*serverID "4" is no cluster: there are 3/,
    );
    await assert.rejects(
      stub.ask('Heartbeat', { ...beat, type: 'server' }, { 'cluster-id': '1' }),
      /FAILED_PRECONDITION/,
    );
    assert.deepEqual(await stub.ask('Heartbeat', beat, { 'cluster-id': '3' }), { status: true });
    assert.equal((await stub.getServer(3)).serverID, -1);
    const { serverID, type } = await stub.ask<{ serverID: number[]; type: string[] }>(
      'GetAllFollowerServers',
      { id: 1 },
    );
    assert.deepEqual([serverID, type], [[1], ['synchronizer']]);
    assert.equal((await stub.ask<{ port: string }>('GetFollowerServer', { id: 3 })).port, '3010');
    stub.close();
    await five.die();
  } finally {
    for (const server of older) server.stop();
    await family.destroy();
  }
});
