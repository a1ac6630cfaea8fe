import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { DualpingError, type Position, type Post, referenceTo, type SessionState } from '@dualping/core';
import { createGrpcServer, listen } from '@dualping/protocol';
import { DualpingSession, type DualpingSessionOptions, type Move } from './dualping-session.js';
import { FakeCluster, FakeRouter, until } from './fake-network.fixture.js';

interface Play {
  readonly cluster: FakeCluster;
  readonly router: FakeRouter;
  join(options?: Partial<DualpingSessionOptions>): Joined;
}

interface Joined {
  readonly session: DualpingSession;
  readonly posts: Post[];
  readonly texts: () => string[];
  readonly states: SessionState[];
  readonly moves: Move[];
}

async function play(context: TestContext, servers = 2): Promise<Play> {
  const cluster = new FakeCluster();
  for (let i = 0; i < servers; i++) await cluster.addServer();
  const first = cluster.servers[0];
  if (first === undefined) throw new Error('a play needs a server');
  const router = await FakeRouter.start(0, cluster.assignment(1, first));
  context.after(() => {
    router.kill();
    for (const server of cluster.servers) server.kill();
  });
  return {
    cluster,
    router,
    join: (options = {}) => join(context, { routers: [router.address], user: 'ann', ...options }),
  };
}

function join(context: TestContext, options: DualpingSessionOptions): Joined {
  const session = new DualpingSession(options);
  context.after(() => session.close());
  const joined = {
    session,
    posts: [] as Post[],
    texts: () => joined.posts.map((post) => post.text),
    states: [] as SessionState[],
    moves: [] as Move[],
  };
  session.posts$.subscribe((post) => joined.posts.push(post));
  session.state$.subscribe((state) => joined.states.push(state));
  session.moves$.subscribe((move) => joined.moves.push(move));
  return joined;
}

const server = (cluster: FakeCluster, id: number) => {
  const found = cluster.servers[id - 1];
  if (found === undefined) throw new Error(`there is no s${id}`);
  return found;
};

const isLive = (session: DualpingSession) => (): boolean => session.state.kind === 'live';

const rejectsWith = (reason: string) => (error: unknown) =>
  error instanceof DualpingError && error.reason === reason;

test('answers a post, and asks what a post answers', async (context) => {
  const { cluster, join } = await play(context);
  for (const text of ['a', 'b']) cluster.write(text);
  const { session, posts } = join();
  await until(() => posts.length === 2, 'two past posts');
  const [first, second] = posts;
  assert.ok(first !== undefined && second !== undefined);
  await session.post('yes', referenceTo(first));
  assert.deepEqual(cluster.answers, [{ position: first.position, author: 'ann' }]);
  assert.deepEqual(await session.answered(second.position), first, 'in the fake one: the post before');
  assert.equal(await session.answered(first.position), undefined);
  const bad = { ...referenceTo(first), position: 0 as Position };
  await assert.rejects(session.post('no', bad), /"0": positions begin with 1/);
  await assert.rejects(session.post('no', { ...bad, author: 'b b' }), rejectsWith('invalid-user-name'));
  await assert.rejects(session.post('no', { ...referenceTo(first), home: 10_001 }), /cluster "10001"/);
});

test('logs in, posts, reads its timeline, lists, pages back', async (context) => {
  const { cluster, join } = await play(context);
  for (const text of ['a', 'b', 'c']) cluster.write(text);
  const { session, texts, states } = join({ timeline: { history: 2 } });
  const written = await session.post('d');
  assert.equal(written.epoch, 1);
  assert.equal(cluster.journal[written.position - 1]?.text, 'd');
  await until(() => texts().length === 3, 'two past posts and its own');
  assert.deepEqual(texts(), ['b', 'c', 'd']);
  assert.deepEqual(
    states.map((state) => state.kind),
    ['resolving', 'connecting', 'live'],
  );
  assert.deepEqual((await session.list()).users, [{ user: 'from-s1', present: true }]);
  const page = await session.older(3, 10);
  assert.deepEqual([page.posts.map((post) => post.text), page.oldest], [['a', 'b'], true]);
});

test('refusals reject with their reason and leave the session alone', async (context) => {
  const { join } = await play(context);
  const { session } = join();
  await assert.rejects(session.follow('nobody'), rejectsWith('unknown-target'));
  await assert.rejects(session.post('bell \u0007'), rejectsWith('invalid-post'));
  await assert.rejects(session.follow('a b'), rejectsWith('invalid-user-name'));
  await assert.rejects(session.older(3, 201), rejectsWith('invalid-argument'));
  await assert.rejects(session.older(-1), rejectsWith('invalid-argument'));
  assert.equal(typeof (await session.post('fine')).position, 'number');
});

test('the primary is killed with replies lost: moves, sends again, nothing twice, nothing missing', async (context) => {
  const { cluster, router, join } = await play(context, 3);
  const { session, texts, moves } = join();
  await until(isLive(session), 'live');
  const expected = Array.from({ length: 200 }, (_, i) => `post ${i}`);
  const s1 = server(cluster, 1);
  const s2 = server(cluster, 2);
  s1.dieAfter = 20; // applied, not acknowledged
  const posted = Promise.all(expected.map((text) => session.post(text)));
  await until(() => !s1.isUp, 's1 has died');
  cluster.write('from somebody else');
  router.tell(cluster.assignment(2, s2));
  const written = await posted;
  assert.deepEqual(
    cluster.texts.filter((text) => text !== 'from somebody else'),
    expected,
    'each once, in order',
  );
  assert.deepEqual(
    written.map(({ position }) => cluster.journal[position - 1]?.text),
    expected,
    'each promise has its own answer',
  );
  await until(() => texts().length >= cluster.texts.length, 'all posts have come');
  assert.deepEqual(texts(), cluster.texts);
  assert.deepEqual(
    moves.map(({ from, to }) => [from.serverId, to.serverId, to.epoch]),
    [[1, 2, 2]],
  );
  assert.equal(router.calls.includes('available failed 1'), true);
});

test('the primary freezes: the Watch announces the next one, and the session leaves', async (context) => {
  const { cluster, router, join } = await play(context);
  const { session, texts, moves } = join();
  await until(isLive(session), 'live');
  await until(() => router.watchers > 0, 'watching');
  server(cluster, 1).frozen = true;
  const posted = session.post('during the freeze');
  router.tell(cluster.assignment(2, server(cluster, 2)));
  await posted;
  await until(() => texts().length === 1, 'the post has come');
  assert.equal(moves[0]?.to.serverId, 2);
  assert.deepEqual(cluster.texts, ['during the freeze']);
});

test('many moves at once: posts and timelines stay exact', async (context) => {
  const { cluster, router, join } = await play(context, 4);
  const { session, texts } = join();
  const reader = join({ user: 'bob' });
  const expected: string[] = [];
  const posted: Promise<unknown>[] = [];
  await until(isLive(session), 'live');
  for (let atEpoch = 2; atEpoch <= 4; atEpoch++) {
    for (let i = 0; i < 70; i++) {
      expected.push(`${atEpoch}.${i}`);
      posted.push(session.post(`${atEpoch}.${i}`));
    }
    await until(() => cluster.texts.length > expected.length - 40, 'some of them are there');
    server(cluster, atEpoch - 1).kill();
    router.tell(cluster.assignment(atEpoch, server(cluster, atEpoch)));
  }
  await Promise.all(posted);
  assert.deepEqual(cluster.texts, expected);
  await until(
    () => texts().length >= expected.length && reader.posts.length >= expected.length,
    'all have come',
  );
  assert.deepEqual(texts(), expected);
  assert.deepEqual(reader.texts(), expected);
});

test('only the own link breaks: back to the same server, nothing missed', async (context) => {
  const { cluster, join } = await play(context);
  const { session, texts, moves } = join();
  await session.post('before');
  await until(() => texts().length === 1, 'the first post');
  server(cluster, 1).cutConnections();
  cluster.write('meanwhile');
  await until(() => texts().length === 2, 'what was posted meanwhile');
  assert.deepEqual(texts(), ['before', 'meanwhile']);
  assert.equal(moves[0]?.to.serverId, 1);
});

test('a busy server is asked again', async (context) => {
  const { cluster, join } = await play(context);
  const { session } = join();
  await until(isLive(session), 'live');
  server(cluster, 1).busyFor = 3;
  await Promise.all(['a', 'b', 'c'].map((text) => session.post(text)));
  assert.deepEqual(cluster.texts, ['a', 'b', 'c']);
});

test('a list is asked again over a move', async (context) => {
  const { cluster, router, join } = await play(context);
  const { session } = join();
  await until(isLive(session), 'live');
  await until(() => router.watchers > 0, 'watching');
  server(cluster, 1).frozen = true;
  const listed = session.list();
  router.tell(cluster.assignment(2, server(cluster, 2)));
  assert.equal((await listed).users[0]?.user, 'from-s2');
});

test('the router is away at first: the session waits with a countdown, and gets in when it is back', async (context) => {
  const { router, cluster, join } = await play(context);
  const { port } = router;
  router.kill();
  const { session, states } = join();
  await until(() => session.state.kind === 'waiting', 'waiting');
  const state = session.state;
  assert.equal(state.kind === 'waiting' && state.because.reason, 'router-unreachable');
  assert.match(state.kind === 'waiting' ? state.because.detail : '', new RegExp(router.address));
  const posted = session.post('kept');
  assert.deepEqual(
    session.pending.map(({ command }) => command),
    [{ kind: 'post', text: 'kept' }],
  );
  const again = await FakeRouter.start(port, router.assignment);
  context.after(() => again.kill());
  session.retryNow();
  await posted;
  assert.equal(states.at(-1)?.kind, 'live');
  assert.deepEqual(cluster.texts, ['kept']);
});

test('the router is killed: a live session notices nothing, and watches the next one', async (context) => {
  const { cluster, router, join } = await play(context);
  const second = await FakeRouter.start(0, router.assignment);
  context.after(() => second.kill());
  const { session, states } = join({ routers: [router.address, second.address] });
  await session.post('one');
  await until(() => router.watchers > 0, 'watching');
  router.kill();
  await session.post('two');
  await until(() => second.watchers > 0, 'watching the second');
  assert.equal(states.at(-1)?.kind, 'live');
  server(cluster, 1).kill();
  second.tell(cluster.assignment(2, server(cluster, 2)));
  await session.post('three');
  assert.deepEqual(cluster.texts, ['one', 'two', 'three']);
});

test('a web server is refused as not-a-router, with its address', async (context) => {
  const web = createServer((_request, response) => response.end('hello'));
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  context.after(() => web.close());
  const address = `127.0.0.1:${(web.address() as AddressInfo).port}`;
  const { session } = join(context, { routers: [address], user: 'ann' });
  await assert.rejects(session.post('x'), rejectsWith('not-a-router'));
  const { state } = session;
  assert.equal(state.kind, 'failed');
  assert.ok(state.kind === 'failed' && state.because.detail.includes(address));
});

test('a late subscriber gets the final state', async (context) => {
  const other = createGrpcServer();
  const address = await listen(other, '127.0.0.1', 0);
  context.after(() => other.forceShutdown());
  const failed = new DualpingSession({ routers: [address], user: 'ann' });
  await assert.rejects(failed.post('x'), rejectsWith('not-a-router'));
  const closed = new DualpingSession({ routers: [address], user: 'ann' });
  closed.close();
  for (const session of [failed, closed]) {
    const heard: string[] = [];
    session.state$.subscribe({
      next: ({ kind }) => heard.push(kind),
      complete: () => heard.push('complete'),
    });
    assert.deepEqual(heard, [session.state.kind, 'complete']);
  }
});

test('a gRPC server without our service is not a router', async (context) => {
  const other = createGrpcServer();
  const address = await listen(other, '127.0.0.1', 0);
  context.after(() => other.forceShutdown());
  const { session } = join(context, { routers: [address], user: 'ann' });
  await assert.rejects(session.post('x'), rejectsWith('not-a-router'));
});

test('posts that come before the first subscriber are kept for it', async (context) => {
  const { cluster, router } = await play(context);
  const session = new DualpingSession({ routers: [router.address], user: 'ann' });
  context.after(() => session.close());
  await session.post('early');
  await until(() => server(cluster, 1).readers > 0, 'reading');
  await session.list();
  const seen: string[] = [];
  session.posts$.subscribe((post) => seen.push(post.text));
  await session.post('late');
  await until(() => seen.length === 2, 'both');
  assert.deepEqual(seen, ['early', 'late']);
});

test('pending requests can be watched', async (context) => {
  const { join } = await play(context);
  const { session } = join();
  const lengths: number[] = [];
  session.pending$.subscribe((pending) => lengths.push(pending.length));
  await Promise.all([session.post('a'), session.post('b')]);
  assert.deepEqual(lengths, [0, 1, 2, 1, 0]);
});

test('closing settles open requests, completes the observables, and emits `closed` once', async (context) => {
  const { cluster, join } = await play(context);
  const { session, states } = join();
  await until(isLive(session), 'live');
  server(cluster, 1).frozen = true;
  const sent = session.post('sent');
  const listed = session.list();
  let completed = 0;
  const complete = { complete: () => completed++ };
  session.state$.subscribe(complete);
  session.posts$.subscribe(complete);
  session.moves$.subscribe(complete);
  session.pending$.subscribe(complete);
  session.close();
  session.close();
  await assert.rejects(sent, rejectsWith('may-have-happened'));
  await assert.rejects(listed, rejectsWith('shutting-down'));
  await assert.rejects(session.post('after'), rejectsWith('shutting-down'));
  assert.equal(completed, 4);
  assert.deepEqual(states.slice(-1), [{ kind: 'closed' }]);
  await until(() => server(cluster, 1).readers === 0, 'the stream has ended');
});

test("requests may be made from within the session's own notifications", async (context) => {
  const { cluster, join } = await play(context);
  const { session } = join();
  let answer: Promise<unknown> | undefined;
  session.state$.subscribe((state) => {
    if (state.kind === 'live') answer ??= session.post('hello');
  });
  await until(() => answer !== undefined, 'live');
  await answer;
  assert.deepEqual(cluster.texts, ['hello']);
});

test("a session's options are checked at once", () => {
  const make = (options: Partial<DualpingSessionOptions>) => () =>
    new DualpingSession({ routers: ['127.0.0.1:7070'], user: 'ann', ...options });
  assert.throws(make({ routers: ['nowhere'] }), /"nowhere"/);
  assert.throws(make({ routers: [] }), rejectsWith('invalid-argument'));
  assert.throws(make({ user: 'a b' }), /"a b"/);
  assert.throws(make({ timeline: { resumeAfter: 1.5 } }), /"1.5"/);
  assert.throws(make({ timeline: { history: 201 } }), /"201"/);
});
