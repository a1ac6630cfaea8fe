/**
 * csce438 programs of six dialects: their clients with our servers, our `tsc` with their servers and with
 * ours. Their programs are written only from the description of the dialects. The user numbers of dialect i
 * are i + 1, i + 7, i + 13 and so on: users of cluster i + 1 of six.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DualpingSession } from '@dualping/client';
import { eventually } from '../eventually.js';
import { DIALECTS, type Dialect, KNOWN_OPENER } from './dialects.js';
import { Family } from './family.js';
import { LineClient } from './line-client.js';
import { OlderClient } from './older-client.js';
import { OlderServer } from './older-server.js';
import { OldCoordinatorStub, OldServerStub } from './older-wire.js';
import { RawTimeline } from './raw-timeline.js';

const NOBODY = '9999';
/** An unknown user of the first dialect's cluster. */
const NOBODY_HERE = '10003';
const numberOf = (dialect: Dialect): number => DIALECTS.indexOf(dialect) + 1;
const usersOf = (dialect: Dialect, first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => numberOf(dialect) + DIALECTS.length * (first + index));

describe('our servers, their clients', () => {
  let family: Family;
  const clients: OlderClient[] = [];
  before(async () => {
    // The router's setting; each server except one has a flag of its own.
    family = await Family.start('--clusters', String(DIALECTS.length), '--classic-replies', 'words');
    await Promise.all(
      DIALECTS.map(({ name }, index) =>
        family.startServer(index + 1, 1, ...(name === 'words' ? [] : ['--classic-replies', name])),
      ),
    );
    await Promise.all(DIALECTS.map((_, index) => family.server(index + 1)));
  });
  after(async () => {
    await Promise.all(clients.map((client) => client.die()));
    await family.destroy();
  });

  async function connected(dialect: Dialect, user: number | undefined): Promise<OlderClient> {
    assert.ok(user !== undefined);
    const client = await new OlderClient(family.coordinator, user, dialect).connect();
    clients.push(client);
    return client;
  }

  for (const dialect of DIALECTS)
    test(`${dialect.name}: each answer is the text that its clients expect`, async () => {
      const { words } = dialect;
      const [one = 0, four = 0] = usersOf(dialect, 0, 2);
      const { hostname, port } = await family.server(one);
      const address = `${hostname}:${port}`;
      const [first, second] = [new OldServerStub(address), new OldServerStub(address)];
      assert.equal(await first.answer('Login', `${one}`), words.firstLogin);
      assert.equal(await second.answer('Login', `${one}`), words.loginWhileOn);
      assert.equal(await second.answer('Login', `${four}`), words.firstLogin);
      assert.match(await second.answer('Login', 'no such name!'), /^INVALID_ARGUMENT: /);
      const ask = (call: 'Follow' | 'UnFollow', ...args: string[]) => first.answer(call, `${one}`, ...args);
      assert.equal(await ask('UnFollow', `${four}`), words.unfollowNotFollowed);
      assert.equal(await ask('Follow', `${four}`), words.follow);
      assert.equal(await ask('Follow', `${four}`), words.followTwice);
      assert.equal(await ask('Follow', `${one}`), words.followSelf);
      assert.equal(await ask('Follow', NOBODY), words.followUnknown);
      assert.equal(await ask('Follow', 'no such name!'), words.followUnknown);
      assert.equal(await ask('Follow'), words.noArgument);
      assert.deepEqual((await second.list(`${four}`)).followers, [`${one}`]);
      assert.equal(await ask('UnFollow', `${one}`), words.unfollowSelf);
      assert.equal(await ask('UnFollow', NOBODY), words.unfollowUnknown);
      assert.equal(await ask('UnFollow'), words.noArgument);
      assert.equal(await ask('UnFollow', `${four}`), words.unfollow);
      assert.equal(await ask('UnFollow', `${four}`), words.unfollowNotFollowed);
      assert.deepEqual((await second.list(`${four}`)).followers, []);
      first.close();
      const again = new OldServerStub(address);
      await eventually(
        'it is off, and logs in again',
        async () => (await again.answer('Login', `${one}`)) === words.login,
      );
      second.close();
      again.close();
    });

  for (const dialect of DIALECTS)
    test(`${dialect.name}: its clients open a timeline in their way, and no first post is lost`, async () => {
      const [reader, author, late] = await Promise.all(
        usersOf(dialect, 2, 3).map((user) => connected(dialect, user)),
      );
      assert.ok(reader !== undefined && author !== undefined && late !== undefined);
      for (const follower of [reader, late])
        assert.equal(await follower.follow(author.name), dialect.words.follow);
      reader.enterTimeline();
      author.enterTimeline();
      author.post('the first line');
      author.post('Timeline');
      await reader.sees('Timeline');
      assert.deepEqual(reader.texts, ['the first line', 'Timeline']);
      late.enterTimeline();
      await late.sees('the first line');
      assert.deepEqual(late.texts, ['Timeline', 'the first line'], 'the past comes newest first');
    });

  const WAYS = [
    ['metadata, and nothing else', { metadata: true, opener: undefined }],
    ['metadata, and an empty opener', { metadata: true, opener: '' }],
    ['metadata, and "Timeline"', { metadata: true, opener: 'Timeline' }],
    ['metadata, and "Set Stream"', { metadata: true, opener: 'Set Stream\n' }],
    ['metadata, and "[handshake]"', { metadata: true, opener: '[handshake]' }],
    ['metadata, and the long opener', { metadata: true, opener: KNOWN_OPENER }],
    ['a first message of any text', { metadata: false, opener: 'whatever it says' }],
  ] as const;

  test('for each way to open a timeline: history comes at once, the opening message is not a post, a first post is not taken for it', async () => {
    const dialect = DIALECTS[0] as Dialect;
    const [author, reader] = await Promise.all(
      usersOf(dialect, 5, 2).map((user) => connected(dialect, user)),
    );
    assert.ok(author !== undefined && reader !== undefined);
    await reader.follow(author.name);
    author.enterTimeline();
    author.post('the past');
    reader.enterTimeline();
    await reader.sees('the past');
    for (const [index, [way, entering]] of WAYS.entries()) {
      const [user = 0] = usersOf(dialect, 7 + index, 1);
      const somebody = await connected(dialect, user);
      await somebody.follow(author.name);
      await reader.follow(somebody.name);
      author.post(`seen by ${way}`);
      somebody.enterTimeline(entering);
      if (entering.metadata) await somebody.sees(`seen by ${way}`); // before it has posted
      somebody.post(`by ${way}`);
      await reader.sees(`by ${way}`);
      assert.equal(reader.texts.filter((text) => text.includes('whatever') || text === '').length, 0);
    }
    assert.deepEqual(
      reader.texts.filter((text) => text.startsWith('by ')),
      WAYS.map(([way]) => `by ${way}`),
    );
  });

  test('a wrong metadata key is ignored; an invalid name ends only its own stream', async () => {
    const dialect = DIALECTS[0] as Dialect;
    const [user = 0, author = 0] = usersOf(dialect, 20, 2);
    const [client, other] = [await connected(dialect, user), await connected(dialect, author)];
    await client.follow(other.name);
    client.enterTimeline({ metadata: false, opener: 'opens' }, { user_name: client.name, user: 'x' });
    other.enterTimeline();
    other.post('still here');
    await client.sees('still here');
    other.enterTimeline({ metadata: false, opener: undefined }, { username: 'no such name!' });
    assert.match(String(await other.thrownOut()), /INVALID_ARGUMENT.*no such name!/);
    other.enterTimeline({ metadata: false, opener: undefined }, { username: NOBODY_HERE });
    assert.match(String(await other.thrownOut()), /NOT_FOUND/);
    assert.equal(await other.follow(client.name), dialect.words.follow);
  });

  test('100 kB are a hundred posts in order, and half a character of fgets is one character', async () => {
    const dialect = DIALECTS[0] as Dialect;
    const [author, reader] = await Promise.all(
      usersOf(dialect, 22, 2).map((user) => connected(dialect, user)),
    );
    assert.ok(author !== undefined && reader !== undefined);
    await reader.follow(author.name);
    reader.enterTimeline();
    author.enterTimeline();
    const parts = Array.from({ length: 100 }, (_, index) => `${index} `.padEnd(1_000, '.'));
    author.post(parts.join(''));
    author.post('and on it goes');
    await reader.sees('and on it goes');
    assert.deepEqual(reader.texts, [...parts, 'and on it goes']);

    const { hostname, port } = await family.server(author.user);
    const raw = new RawTimeline(`${hostname}:${port}`);
    const [head, tail] = [
      Buffer.from(`${'x'.repeat(254)}é`).subarray(0, 255),
      Buffer.from('é\n').subarray(1),
    ];
    for (const bytes of [Buffer.from('opens'), head, tail, Buffer.from('whole\n')])
      raw.write(author.name, bytes);
    await reader.sees('whole');
    assert.deepEqual(reader.texts.slice(-3), [`${'x'.repeat(254)}\ufffd`, '\ufffd', 'whole']);
    raw.close();
  });

  test('one post reaches ten followers; two posters, one follower; and a follower that leaves', async () => {
    const dialect = DIALECTS[1] as Dialect;
    const [author, other, ...followers] = await Promise.all(
      usersOf(dialect, 5, 12).map((user) => connected(dialect, user)),
    );
    const [leaver, reader] = followers;
    assert.ok(author !== undefined && other !== undefined && leaver !== undefined && reader !== undefined);
    for (const follower of followers) {
      assert.equal(await follower.follow(author.name), '');
      follower.enterTimeline();
    }
    assert.equal(await reader.follow(other.name), '');
    author.enterTimeline();
    other.enterTimeline();
    author.post('to all ten');
    await Promise.all(followers.map((follower) => follower.sees('to all ten')));
    await leaver.die();
    other.post('from the other');
    author.post('one has left');
    for (const follower of followers.slice(1)) await follower.sees('one has left');
    await reader.sees('from the other');
    assert.equal(await reader.unfollow(author.name), '');
    author.post('not for the reader');
    other.post('for the reader');
    await reader.sees('for the reader');
    assert.ok(!reader.texts.includes('not for the reader'));
  });

  test('our own protocol next to theirs: a post of several lines is shown on one line', async () => {
    const dialect = DIALECTS[0] as Dialect;
    const [user = 0, ours = 0] = usersOf(dialect, 24, 2);
    const old = await connected(dialect, user);
    const session = new DualpingSession({
      routers: [family.coordinator],
      credentials: family.user,
      user: `${ours}`,
    });
    await session.post('before');
    assert.equal(await old.follow(`${ours}`), dialect.words.follow);
    old.enterTimeline();
    await session.post('one\n1 (Sat Nov 21 08:28:23 2026) >> forged');
    await old.sees('one 1 (Sat Nov 21 08:28:23 2026) >> forged');
    session.close();
  });

  for (const dialect of DIALECTS)
    test(`${dialect.name}: our tsc understands every answer`, async () => {
      const [one = 0, four = 0] = usersOf(dialect, 30, 2);
      const friend = await connected(dialect, four);
      await followAndUnfollow(await LineClient.start(family, one), dialect, friend.name);
      const second = family.startClient(one);
      if (dialect.name === 'course') {
        await second.line(/TINY SNS CLIENT/);
        return;
      }
      assert.equal((await second.outcome()).code, 1);
      assert.ok(second.lines.includes('connection failed: -1'), second.tail());
      assert.ok(
        second.lines.some((line) => /is not let in: /.test(line)),
        second.tail(),
      );
    });
});

/** What `tsc` prints: some dialects use the same reply for different outcomes. */
async function followAndUnfollow(tsc: LineClient, { name }: Dialect, friend: string): Promise<void> {
  const done = 'Command completed successfully';
  const exists = 'Input username already exists, command failed';
  const invalid = 'Command failed with invalid username';
  const notFollower = 'Command failed with not a follower';
  assert.equal(await tsc.answer(`follow ${friend}`), done);
  assert.equal(await tsc.answer(`follow ${friend}`), exists);
  assert.equal(await tsc.answer(`follow ${tsc.user}`), name === 'ok' ? invalid : exists);
  assert.equal(await tsc.answer(`follow ${NOBODY}`), invalid);
  assert.equal(await tsc.answer(`unfollow ${tsc.user}`), name === 'course' ? notFollower : invalid);
  assert.equal(await tsc.answer(`unfollow ${NOBODY}`), invalid);
  assert.equal(await tsc.answer(`unfollow ${friend}`), done);
  assert.equal(await tsc.answer(`unfollow ${friend}`), name === 'words' ? invalid : notFollower);
  assert.equal(await tsc.answer(`follow ${friend}`), done);
}

describe('their servers, our router', () => {
  let family: Family;
  const servers: OlderServer[] = [];
  before(async () => {
    family = await Family.start('--clusters', String(DIALECTS.length));
    for (const [index, dialect] of DIALECTS.entries()) {
      const place = { coordinator: family.coordinator, cluster: index + 1, id: 1, everyMs: 1_000 };
      servers.push(await new OlderServer(place, dialect).start());
    }
  });
  after(async () => {
    for (const server of servers) server.stop();
    await family.destroy();
  });

  for (const dialect of DIALECTS)
    test(`${dialect.name}: the server is registered, clients are routed to it, and our tsc works with it`, async () => {
      const server = servers[DIALECTS.indexOf(dialect)] as OlderServer;
      assert.equal(server.confirmed, true);
      const [one = 0, four = 0] = usersOf(dialect, 0, 2);
      const { port, isMaster } = await family.server(one);
      assert.deepEqual([port, isMaster], [String(server.port), true]);

      const friend = await new OlderClient(family.coordinator, four, dialect).connect();
      const flags = dialect.server.timeline === 'metadata' ? ['--classic-opener', 'none'] : [];
      const tsc = await LineClient.start(family, one, ...flags);
      await followAndUnfollow(tsc, dialect, friend.name);
      assert.match(await tsc.answer('list'), /^Command completed successfully/);
      friend.enterTimeline(dialect.server.timeline === 'known-opener' ? undefined : dialect.entering);
      friend.post('the past');
      await eventually('it is posted', () => server.taken.length === 1);
      await friend.follow(tsc.user);
      await tsc.answer('timeline');
      await tsc.says(new RegExp(`^${friend.name} \\(.+\\) >> the past$`));
      friend.post('live');
      await tsc.says(new RegExp(`^${friend.name} \\(.+\\) >> live$`));
      tsc.type('from tsc');
      await friend.sees('from tsc\n');
      // Nothing else was taken for a post: no opener, and no empty message from 1970.
      assert.deepEqual(
        server.taken.map(({ msg }) => msg.trim()),
        ['the past', 'live', 'from tsc'],
      );
      for (const { timestamp } of server.taken) assert.ok(Number(timestamp?.seconds) > 1_000_000_000);
      await friend.die();

      // A second login: their servers refuse it with status OK, some with a reply that is not a refusal.
      const again = family.startClient(one);
      if (dialect.name === 'course') return void (await again.line(/TINY SNS CLIENT/));
      assert.equal(await again.exited, 1);
    });

  test('a cluster with one of their servers refuses ours, and a cluster with one of ours refuses theirs', async () => {
    for (const [index] of DIALECTS.entries()) {
      const refused = family.startServer(index + 1, 9).catch(() => {});
      await family.coordinatorSays(new RegExp(`cluster ${index + 1} is routed, s9 replicates`));
      await refused;
    }
  });

  test('a server that is silent for ten seconds is dropped, and is back with its next heartbeat', async () => {
    const [server] = servers;
    assert.ok(server !== undefined);
    const stub = new OldCoordinatorStub(family.coordinator);
    const before = performance.now();
    server.pause();
    await family.server(1, ({ serverID }) => serverID === -1);
    const tookMs = performance.now() - before;
    assert.ok(tookMs > 8_000, `out after ${tookMs} ms`);
    await server.beat();
    assert.equal((await stub.getServer(1)).serverID, 1);
    server.resume();
    stub.close();
  });
});
