import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abortable } from './abortable.js';
import { DualpingMember } from './dualping-member.js';
import { DualpingSession } from './dualping-session.js';
import { FakeRouter, until } from './fake-network.fixture.js';
import { teach, welcome } from './member-router.fixture.js';
import { RouterClient } from './router-client.js';

const never = new Promise<never>(() => {});

test('a signal ends the waiting with its reason, before or after it has begun', async () => {
  const reason = new Error('enough');
  const aborted = AbortSignal.abort(reason);
  await assert.rejects(abortable(never, { signal: aborted }), reason);
  const controller = new AbortController();
  const waiting = abortable(never, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(waiting, reason);
});

test('without an abort the promise is as it was', async () => {
  const { signal } = new AbortController();
  assert.equal(await abortable(Promise.resolve(7), { signal }), 7);
  await assert.rejects(abortable(Promise.reject(new Error('its own')), { signal }), /its own/);
  assert.equal(await abortable(Promise.resolve(7), {}), 7);
});

test('a write that was given up before it was sent is not sent', async (context) => {
  const session = new DualpingSession({ routers: ['127.0.0.1:9'], user: 'ann' });
  context.after(() => session.close());
  const signal = AbortSignal.abort(new Error('enough'));
  await assert.rejects(session.post('hello', undefined, { signal }), /enough/);
  assert.deepEqual(session.pending, []);
});

test('a session has a time-out for reads and for writes, and its write goes on', async (context) => {
  const session = new DualpingSession({ routers: ['127.0.0.1:9'], user: 'ann' });
  context.after(() => session.close());
  const options = { signal: AbortSignal.timeout(1) };
  const isTimeout = { name: 'TimeoutError' };
  await Promise.all([
    assert.rejects(session.post('hello', undefined, options), isTimeout),
    assert.rejects(session.follow('bob', options), isTimeout),
    assert.rejects(session.unfollow('bob', options), isTimeout),
    assert.rejects(session.list(options), isTimeout),
    assert.rejects(session.listPage(options), isTimeout),
    assert.rejects(session.older(7, 7, options), isTimeout),
    assert.rejects(session.answered(7, options), isTimeout),
  ]);
  assert.deepEqual(
    session.pending.map(({ command }) => command.kind),
    ['post', 'follow', 'unfollow'],
  );
});

test('calls to a router can be given up', async (context) => {
  const router = await FakeRouter.start();
  const routers = new RouterClient({ routers: [router.address] });
  context.after(() => {
    routers.close();
    router.kill();
  });
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = routers.available({ cluster: 1, waitMs: 20_000, signal });
  await until(() => router.calls.includes('available failed 0'), 'the router holds the question');
  controller.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  await assert.rejects(routers.status({ signal }), /enough/);
  await assert.rejects(routers.handover(1, { signal }), /enough/);
});

test('a member leaves at the end of its block', async (context) => {
  const router = await FakeRouter.start();
  context.after(() => router.kill());
  const heard = teach(router, { answer: welcome, attentive: true });
  let outside: DualpingMember;
  {
    await using member = new DualpingMember({
      routers: [router.address],
      serverId: 2,
      address: '127.0.0.1:9000',
    });
    outside = member;
    await until(() => member.state.kind === 'attached', 'attached');
  }
  assert.equal(outside.state.kind, 'left');
  assert.equal(heard.at(-1)?.kind, 'leave');
});
