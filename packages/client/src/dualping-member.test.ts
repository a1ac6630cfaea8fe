import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { type MemberState, OWN_BUILD, serverId } from '@dualping/core';
import { createGrpcServer, listen } from '@dualping/protocol';
import { DualpingMember, type DualpingMemberOptions } from './dualping-member.js';
import { FakeRouter, until } from './fake-network.fixture.js';
import { teach, welcome } from './member-router.fixture.js';

async function routerOf(context: TestContext, port = 0): Promise<FakeRouter> {
  const router = await FakeRouter.start(port);
  context.after(() => router.kill());
  return router;
}

function memberOf(context: TestContext, options: Partial<DualpingMemberOptions>) {
  const member = new DualpingMember({ routers: [], serverId: 2, address: '127.0.0.1:9000', ...options });
  context.after(() => member.leave());
  const states: MemberState[] = [];
  let completed = false;
  member.state$.subscribe({ next: (state) => states.push(state), complete: () => (completed = true) });
  return { member, states, isCompleted: () => completed };
}

const isAttached = (member: DualpingMember) => () => member.state.kind === 'attached';

test('it attaches, is primary, leaves, and ends', async (context) => {
  const router = await routerOf(context);
  const heard = teach(router, { answer: welcome, attentive: true });
  const before = Date.now();
  const { member, states, isCompleted } = memberOf(context, { routers: [router.address] });
  assert.deepEqual(states, [{ kind: 'connecting', router: router.address, because: undefined }]);
  await until(isAttached(member), 'attached');
  await until(() => member.isPrimary, 'primary'); // not permanently: it needs a recent answer
  await until(() => heard.filter(({ kind }) => kind === 'ping').length > 2, 'pings');
  const [attach] = heard;
  assert.ok(attach?.kind === 'attach');
  assert.ok(attach.incarnation >= before && attach.incarnation <= Date.now());
  assert.deepEqual(
    { ...attach, incarnation: 0, lifeId: '' },
    {
      kind: 'attach',
      networkId: '',
      cluster: 1,
      serverId: serverId(2),
      incarnation: 0,
      journalId: '',
      lifeId: '',
      welcomedLife: '',
      address: '127.0.0.1:9000',
      epoch: 0,
      revision: 0,
      stats: attach.stats,
      replicates: false,
      attempt: 1,
      leaving: false,
      build: OWN_BUILD,
    },
  );
  await Promise.all([member.leave(), member.leave()]);
  assert.equal(heard.at(-1)?.kind, 'leave');
  assert.equal(member.isPrimary, false);
  assert.deepEqual([states.at(-1), isCompleted()], [{ kind: 'left' }, true]);
  const late: MemberState[] = [];
  member.state$.subscribe((state) => late.push(state));
  assert.deepEqual(late, [{ kind: 'left' }]);
  await member.leave();
});

test('the death of a router is published with its address, and the member attaches again when the router is back', async (context) => {
  const router = await routerOf(context);
  teach(router, { answer: welcome, attentive: true });
  const { member, states } = memberOf(context, { routers: [router.address], incarnation: 7 });
  await until(isAttached(member), 'attached');
  router.kill();
  await until(() => member.state.kind === 'connecting', 'connecting');
  assert.equal(member.isPrimary, false);
  const lost = states.at(-1);
  assert.ok(lost?.kind === 'connecting' && lost.because?.reason === 'router-unreachable');
  assert.ok(lost.because.detail.includes(router.address));
  const again = await routerOf(context, router.port);
  const heard = teach(again, { answer: welcome, attentive: true });
  await until(isAttached(member), 'attached again');
  const [attach] = heard;
  assert.ok(attach?.kind === 'attach' && attach.attempt > 1 && attach.incarnation === 7);
  assert.deepEqual([attach.networkId, attach.epoch], ['net', 1]);
});

test("a permanent refusal ends it, with the router's text, and a hint at the clock if that is the cause", async (context) => {
  const router = await routerOf(context);
  teach(router, {
    answer: () => ({
      kind: 'refused',
      networkId: 'net',
      reason: 'stale-incarnation',
      detail: 'incarnation 5 is over: 9 has been here',
    }),
    attentive: false,
  });
  const { states, isCompleted, member } = memberOf(context, { routers: [router.address] });
  await until(isCompleted, 'the end');
  const last = states.at(-1);
  assert.ok(last?.kind === 'failed' && last.because.reason === 'stale-incarnation');
  assert.match(
    last.because.detail,
    /refuses s2: incarnation 5 is over: 9 has been here\. .*wall clock.*gone back/,
  );
  await member.leave();
  const given = memberOf(context, { routers: [router.address], incarnation: 5 });
  await until(given.isCompleted, 'the end');
  assert.doesNotMatch(JSON.stringify(given.states.at(-1)), /wall clock/);
});

test('an address without a router is published, and another router is tried', async (context) => {
  const web = createServer((_, response) => response.end('hello'));
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  const webAddress = `127.0.0.1:${(web.address() as AddressInfo).port}`;
  const other = createGrpcServer();
  const otherAddress = await listen(other, '127.0.0.1', 0);
  context.after(() => {
    web.close();
    other.forceShutdown();
  });
  const router = await routerOf(context);
  teach(router, { answer: welcome, attentive: true });
  const { member, states } = memberOf(context, { routers: [webAddress, otherAddress, router.address] });
  await until(isAttached(member), 'attached');
  const because = states.flatMap((state) => (state.kind === 'connecting' ? [state.because] : []));
  const said = because.filter((failure) => failure !== undefined);
  for (const address of [webAddress, otherAddress])
    assert.ok(said.some(({ reason, detail }) => reason === 'not-a-router' && detail.includes(address)));
  assert.ok(said.every(({ reason }) => reason === 'not-a-router'));
});

test('an invalid value is refused and quoted', () => {
  const good = { routers: ['127.0.0.1:7070'], serverId: 2, address: '127.0.0.1:9000' };
  const bad: readonly [Partial<DualpingMemberOptions>, RegExp][] = [
    [{ routers: [] }, /0 router addresses/],
    [{ routers: ['nowhere'] }, /"nowhere"/],
    [{ address: 'port' }, /"port"/],
    [{ address: '0.0.0.0:9000' }, /"0\.0\.0\.0:9000" can't be dialled by others/],
    [{ serverId: 0 }, /server id is "0"/],
    [{ cluster: -1 }, /cluster is "-1"/],
    [{ incarnation: 0.5 }, /incarnation is "0.5"/],
  ];
  for (const [options, text] of bad)
    assert.throws(() => new DualpingMember({ ...good, ...options }), {
      reason: 'invalid-argument',
      detail: text,
    });
});

test('a router that no longer answers blocks neither `leave` nor the process', async (context) => {
  const router = await routerOf(context);
  const heard = teach(router, { answer: welcome, attentive: false });
  const program = `
    import { DualpingMember } from ${JSON.stringify(new URL('./index.js', import.meta.url).href)};
    const member = new DualpingMember({ routers: ['${router.address}'], serverId: 2, address: '127.0.0.1:9000' });
    member.state$.subscribe({
      next: ({ kind }) => kind === 'attached' && member.leave().then(() => console.log(member.state.kind)),
      complete: () => console.log('complete'),
    });`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: new URL('.', import.meta.url).pathname,
    timeout: 10_000,
  });
  // Twice for a member that was primary: `leave` first reports that it is no longer. A slow one was not yet.
  assert.match(stdout, /^complete\n(left\n){1,2}$/);
  assert.ok(heard.some(({ kind }) => kind === 'leave'));
});
