import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Assignment, epoch } from '@dualping/core';
import { CHANNEL_OPTIONS, type routingWire, type WatchUpdate, watchUpdateFromWire } from '@dualping/protocol';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { available, call, refusedAs, type Served, serve, temporaryFolder } from './router.fixture.js';
import { startRouter } from './start-router.js';

/** Two members, the second in sync with the first. */
async function pair(served: Served) {
  const s1 = served.member(1);
  await s1.hears('welcome');
  const s2 = served.member(2);
  await s2.hears('welcome');
  const assignment = await s1.addToInSync(2);
  return { s1, s2, assignment };
}

test('a member attaches, pings, and learns of the others', async (context) => {
  const served = await serve(context);
  const s1 = served.member(1);
  const welcome = await s1.hears('welcome');
  assert.equal(welcome.networkId, served.router.networkId);
  assert.equal(welcome.pingIntervalMs, 100);
  assert.equal(welcome.deadAfterMs, 500);
  assert.equal((await s1.assigned()).primary?.serverId, 1);
  assert.deepEqual((await s1.hears('pong')).sequence, 1);
  const s2 = served.member(2);
  await s2.hears('welcome');
  const heard = await s1.hears('assignment', ({ assignment }) => assignment.members.length === 2);
  assert.deepEqual(
    heard.assignment.members.map((member) => [member.serverId, member.live, member.inSync]),
    [
      [1, true, true],
      [2, true, false],
    ],
  );
});

test('the end of a stream causes a failover, and waiting callers are answered', async (context) => {
  const served = await serve(context);
  const { s1, s2, assignment } = await pair(served);
  assert.deepEqual(
    assignment.inSync.map(({ serverId }) => serverId),
    [1, 2],
  );
  const waiting = available(served.routing, { failedEpoch: 1, waitMs: 30_000 });
  s1.vanish();
  const promoted = await s2.hears('assignment', (message) => message.assignment.epoch === 2);
  assert.equal(promoted.assignment.primary?.serverId, 2);
  assert.deepEqual((await waiting).primary?.serverId, 2);
  const promotion = served.events.find(({ event, text }) => event === 'promoted' && text.includes('epoch 2'));
  assert.match(promotion?.text ?? '', /cluster 1: s2 is primary of epoch 2, \d+ ms after s1 was dropped/);
});

test('a member that stops pinging is dropped, and its stream ended', async (context) => {
  const served = await serve(context, { timing: { pingIntervalMs: 50, deadAfterMs: 150 } });
  const silent = await served.routing.dualPing();
  const ended = once(silent, 'end');
  silent.resume();
  silent.write({
    message: {
      $case: 'attach',
      value: {
        networkId: '',
        cluster: 1,
        serverId: 1,
        incarnation: 1,
        journalId: 'j',
        lifeId: 'life-of-j',
        welcomedLife: '',
        address: '127.0.0.1:1',
        epoch: 0,
        revision: 0,
        stats: undefined,
        replicates: true,
        attempt: 1,
        leaving: false,
        service: '',
        version: '',
        level: 0,
      },
    },
  });
  silent.write({ message: { $case: 'ping', value: { sequence: 1, stats: undefined, cannotReach: [] } } });
  await ended;
  assert.ok(served.events.some(({ text }) => /s1 .* is dropped: nothing was heard from it/.test(text)));
  await assert.rejects(available(served.routing), refusedAs('no-available-server', /s1, primary of epoch 1/));
});

test('a restarted router keeps network, epoch and primary', async (context) => {
  const before = await serve(context);
  const { s1, s2 } = await pair(before);
  const after = await before.restart();
  await s1.ended();
  await s2.ended();
  assert.equal(after.router.networkId, before.router.networkId);
  await assert.rejects(available(after.routing), refusedAs('no-available-server', /waits for s1 and s2/));
  const waiting = available(after.routing, { waitMs: 30_000 });
  const again = after.member(2, { networkId: before.router.networkId, epoch: epoch(1) });
  assert.equal((await again.hears('welcome')).assignment.available, false);
  after.member(1, { networkId: before.router.networkId, epoch: epoch(1) });
  const { assignment } = await again.hears('assignment', (message) => message.assignment.available);
  assert.equal(assignment.epoch, 1);
  assert.equal(assignment.primary?.serverId, 1);
  assert.deepEqual(
    assignment.inSync.map(({ serverId }) => serverId),
    [1, 2],
  );
  assert.equal((await waiting).epoch, 1);
});

test('a restarted router fails over when the primary does not come back', async (context) => {
  const before = await serve(context, { timing: { reattachGraceMs: 200 } });
  await pair(before);
  const after = await before.restart();
  const s2 = after.member(2);
  const { assignment } = await s2.hears('assignment', (message) => message.assignment.epoch === 2);
  assert.equal(assignment.primary?.serverId, 2);
});

test("a caller that can't be a member is refused with a reason, and does no harm", async (context) => {
  const served = await serve(context);
  const s1 = served.member(1);
  await s1.hears('welcome');
  const refusals: [Parameters<Served['member']>[1], string, RegExp][] = [
    [{ networkId: 'other' }, 'wrong-network', /"other"/],
    [{ cluster: 7 }, 'unknown-cluster', /"7"/],
    [{ incarnation: 0 }, 'invalid-argument', /incarnation is "0"/],
    [{ journalId: '' }, 'invalid-argument', /journal_id is missing/],
    [{ address: 'nowhere' }, 'invalid-argument', /"nowhere"/],
    [{ epoch: epoch(9) }, 'router-store-too-old', /epoch 9/],
    [{ replicates: false, journalId: '' }, 'wrong-mode', /cannot replicate/],
  ];
  for (const [how, reason, text] of refusals) {
    const stranger = served.member(2, how);
    const refused = await stranger.hears('refused');
    assert.equal(refused.reason, reason);
    assert.match(refused.detail, text);
    assert.equal((await stranger.ended()).kind, 'ended');
  }
  const twin = served.member(1, { journalId: 'another', address: '127.0.0.1:9' });
  assert.match((await twin.hears('refused')).detail, /"127.0.0.1:7001"/);
  assert.equal((await available(served.routing)).primary?.serverId, 1);
});

test('garbage on a stream ends that stream only', async (context) => {
  const served = await serve(context);
  const s1 = served.member(1);
  await s1.hears('welcome');
  const raw = new Client(served.router.address, credentials.createInsecure(), CHANNEL_OPTIONS);
  context.after(() => raw.close());
  const path = '/dualping.v1.RoutingService/DualPing';
  const same = (value: Buffer) => value;
  for (const bytes of [Buffer.from('garbage'), Buffer.alloc(0), Buffer.alloc(5 * 1024 * 1024, 7)]) {
    const stream = raw.makeBidiStreamRequest(path, same, same, new Metadata());
    stream.on('error', () => {});
    stream.resume();
    const ended = new Promise((resolve) => stream.once('status', resolve));
    stream.write(bytes);
    await ended;
  }
  assert.equal((await available(served.routing)).primary?.serverId, 1);
});

test('waiting for a server: until there is one, until the wait is over, or until the caller goes', async (context) => {
  const served = await serve(context);
  await assert.rejects(
    available(served.routing, { waitMs: 20 }),
    refusedAs('no-available-server', /no server of cluster 1 has attached yet/),
  );
  const gone = served.routing.getAvailable(
    { target: { $case: 'user', value: 'ada' }, failedEpoch: 0, waitMs: 30_000 },
    () => {},
  );
  const waiting = available(served.routing, { waitMs: 30_000 });
  gone.cancel();
  served.member(1);
  assert.equal((await waiting).primary?.serverId, 1);
  await assert.rejects(
    available(served.routing, { cluster: 2 }),
    refusedAs('unknown-cluster', /there is no cluster "2"/),
  );
  await assert.rejects(
    available(served.routing, { waitMs: 30_001 }),
    refusedAs('invalid-argument', /wait_ms is "30001"/),
  );
});

/** Collects the updates of a watch; `until` resolves with the first that fits. */
function watch(served: Served, context: { after(end: () => void): void }, request: routingWire.WatchRequest) {
  const stream = served.routing.watch(request);
  const updates: WatchUpdate[] = [];
  stream.on('error', () => {});
  stream.on('data', (wire: routingWire.WatchResponse) => {
    updates.push(watchUpdateFromWire(wire));
    stream.emit('update');
  });
  context.after(() => stream.cancel());
  const until = async (isMeant: (update: WatchUpdate) => boolean): Promise<WatchUpdate> => {
    for (;;) {
      const found = updates.find(isMeant);
      if (found !== undefined) return found;
      await once(stream, 'update');
    }
  };
  return { stream, updates, until };
}

test('a watcher gets the present state and then each change', async (context) => {
  const served = await serve(context, { clusters: 2 });
  const all = watch(served, context, { target: undefined, stats: true, services: false });
  const first = await all.until(() => true);
  assert.deepEqual(
    first.assignments.map(({ cluster, epoch: at, available: is }) => [cluster, at, is]),
    [
      [1, 0, false],
      [2, 0, false],
    ],
  );
  const second = watch(served, context, {
    target: { $case: 'user', value: '2' },
    stats: false,
    services: false,
  });
  await second.until(() => true);
  const s1 = served.member(1);
  await all.until(({ assignments }) => assignments.some(({ epoch: at }) => at === 1));
  const { stats } = await all.until((update) => update.stats.length > 0);
  assert.deepEqual(
    stats.map((member) => [member.cluster, member.serverId, member.stats.postsAccepted]),
    [[1, 1, 1]],
  );
  s1.vanish();
  const last = await all.until(({ assignments }) =>
    assignments.some(({ members }) => members.some(({ live }) => !live)),
  );
  assert.match(last.assignments[0]?.unavailableReason ?? '', /s1, primary of epoch 1, is gone/);
  const revisions = all.updates.flatMap(({ assignments }) =>
    assignments.filter(({ cluster }) => cluster === 1).map(({ revision }) => revision),
  );
  assert.deepEqual(
    revisions,
    [...revisions].sort((one, other) => one - other),
  );
  assert.equal(second.updates.length, 1, 'it watches the other cluster');
  const wrong = watch(served, context, {
    target: { $case: 'cluster', value: 3 },
    stats: false,
    services: false,
  });
  const [error] = await once(wrong.stream, 'error');
  assert.match(String(error), /there is no cluster "3"/);
});

test('supervisors register and report crashes, operators hand over and promote', async (context) => {
  const served = await serve(context);
  const { s1, s2 } = await pair(served);
  const registered = await call<routingWire.RegisterServerResponse>((callback) =>
    served.routing.registerServer(
      {
        networkId: '',
        cluster: 1,
        serverId: 1,
        incarnation: 1,
        journalId: 'j1',
        address: '127.0.0.1:7001',
        service: '',
      },
      callback,
    ),
  );
  assert.equal(registered.networkId, served.router.networkId);

  const handover = call<routingWire.HandoverResponse>((callback) =>
    served.admin.handover({ cluster: 1, service: '', serverId: 0 }, callback),
  );
  const asked = await s1.hears('please-hand-over');
  s1.say({ kind: 'hand-over', epoch: asked.epoch, leaving: false });
  assert.equal((await handover).assignment?.primary?.serverId, 2);

  const promote = (unclean: boolean) =>
    call<routingWire.PromoteResponse>((callback) =>
      served.admin.promote({ cluster: 1, serverId: 1, unclean, acceptLoss: false, service: '' }, callback),
    );
  await assert.rejects(promote(false), refusedAs('invalid-argument', /unclean must be true/));
  await assert.rejects(promote(true), refusedAs('invalid-argument', /cluster 1 is available, s2 is primary/));

  const crash = (serverId: number, incarnation: number) =>
    call<routingWire.CrashResponse>((callback) =>
      served.routing.crash({ cluster: 1, serverId, incarnation, detail: 'exit 139', service: '' }, callback),
    );
  assert.deepEqual(await crash(1, 2), { dropped: false });
  assert.deepEqual(await crash(1, 1), { dropped: true });
  assert.equal((await s1.ended()).kind, 'ended');
  assert.deepEqual(await crash(1, 1), { dropped: false });
  await s2.hears('assignment', ({ assignment }) => assignment.inSync.length === 1);

  const s3 = served.member(3);
  await s3.hears('welcome');
  s2.vanish();
  await s3.hears('assignment', ({ assignment }) => !assignment.available);
  const promoted = await call<routingWire.PromoteResponse>((callback) =>
    served.admin.promote(
      { cluster: 1, serverId: 3, unclean: true, acceptLoss: false, service: '' },
      callback,
    ),
  );
  assert.equal(promoted.assignment?.primary?.serverId, 3);
  assert.ok(served.events.some(({ event }) => event === 'unclean-promotion'));
});

test('a server is announced before it attaches, a client learns its cluster', async (context) => {
  const served = await serve(context, { clusters: 3 });
  const connect = (user: string) =>
    call<routingWire.ConnectResponse>((callback) => served.routing.connect({ user }, callback));
  const nobody = await connect('');
  assert.deepEqual(
    [nobody.networkId, nobody.clusters, nobody.cluster, nobody.assignment],
    [served.router.networkId, 3, 0, undefined],
  );
  assert.equal((await connect('5')).cluster, 2);
  await assert.rejects(connect('no spaces'), refusedAs('invalid-user-name', /"no spaces"/));

  const server = {
    networkId: '',
    cluster: 2,
    serverId: 1,
    incarnation: 1,
    journalId: 'j1',
    lifeId: 'life-of-j1',
    welcomedLife: '',
    address: '127.0.0.1:7001',
    epoch: 0,
    revision: 0,
    stats: undefined,
    replicates: true,
    attempt: 0,
    leaving: false,
    service: '',
    version: '',
    level: 0,
  };
  const announced = await call<routingWire.AddMasterResponse>((callback) =>
    served.routing.addMaster({ server }, callback),
  );
  assert.deepEqual(
    [announced.networkId, announced.pingIntervalMs, announced.deadAfterMs, announced.graceMs],
    [served.router.networkId, 100, 500, 2_000],
  );
  // It is promoted after its first message.
  await served.member(1, { cluster: 2 }).assigned();
  assert.equal((await connect('5')).assignment?.primary?.serverId, 1);
  await assert.rejects(
    call<routingWire.AddMasterResponse>((callback) =>
      served.routing.addMaster({ server: undefined }, callback),
    ),
    refusedAs('invalid-argument', /server is missing/),
  );
});

test('all members and watchers of a cluster get the same change; the number of a request goes only to the one that asked', async (context) => {
  const served = await serve(context);
  const one = { target: { $case: 'cluster', value: 1 }, stats: false, services: false } as const;
  const watchers = [watch(served, context, one), watch(served, context, one)];
  for (const watcher of watchers) await watcher.until(() => true);
  const s1 = served.member(1);
  await s1.hears('welcome');
  const [s2, s3] = [served.member(2), served.member(3)];
  for (const member of [s2, s3]) await member.hears('welcome');
  const assignment = await s1.addToInSync(2);
  const isThat = (it: Assignment) => it.revision === assignment.revision;
  for (const [member, lastRequest] of [
    [s1, 1],
    [s2, 0],
    [s3, 0],
  ] as const) {
    const told = await member.hears('assignment', (message) => isThat(message.assignment));
    assert.deepEqual(told.assignment, assignment);
    assert.equal(told.lastRequest, lastRequest);
  }
  for (const watcher of watchers) {
    const update = await watcher.until(({ assignments }) => assignments.some(isThat));
    assert.deepEqual(update.assignments, [assignment]);
  }
});

test('a router that stops ends waiting calls and watches with that reason', async (context) => {
  const served = await serve(context);
  const watcher = watch(served, context, { target: undefined, stats: false, services: false });
  await watcher.until(() => true);
  const watching = once(watcher.stream, 'error');
  const waiting = assert.rejects(
    available(served.routing, { waitMs: 30_000 }),
    refusedAs('shutting-down', /is shutting down/),
  );
  // A call that is answered proves that the one before it has arrived.
  await call((callback) => served.routing.connect({ user: '' }, callback));
  await served.router.stop();
  await waiting;
  assert.match(String((await watching)[0]), /shutting down/);
  await served.router.finished;
});

test('a data folder is one router’s, of one number of clusters', async (context) => {
  const dataFolder = await temporaryFolder(context);
  const served = await serve(context, { dataFolder, clusters: 2 });
  await assert.rejects(startRouter({ dataFolder }), refusedAs('invalid-argument', /is in use by/));
  await served.router.stop();
  await assert.rejects(
    startRouter({ dataFolder, clusters: 3 }),
    refusedAs('invalid-argument', /clusters is "3", but .* was made for 2/),
  );
  const again = await serve(context, { dataFolder });
  assert.equal(again.router.clusters, 2);
  assert.equal(again.router.networkId, served.router.networkId);
});

test('a router does not start on a damaged store, and does not change the folder', async (context) => {
  const dataFolder = await temporaryFolder(context);
  const served = await serve(context, { dataFolder });
  await served.member(1).hears('welcome');
  await served.router.stop();
  const path = join(dataFolder, 'assignments.log');
  const bytes = await readFile(path);
  const damaged = Buffer.from(bytes);
  damaged[bytes.length - 10] = 0;
  await writeFile(path, damaged);
  await assert.rejects(
    startRouter({ dataFolder }),
    refusedAs('storage-failed', /damaged at line \d+ \(byte \d+\)/),
  );
  await writeFile(path, bytes);
  await serve(context, { dataFolder });
});

test('a router whose folder has lost its log begins no other network', async (context) => {
  const dataFolder = await temporaryFolder(context);
  const { router } = await serve(context, { dataFolder });
  await router.stop();
  const path = join(dataFolder, 'assignments.log');
  const log = await readFile(path);
  await rm(path);
  await assert.rejects(
    startRouter({ dataFolder, port: 0, report: () => {} }),
    refusedAs('storage-failed', /assignments\.log is missing, though paths\.log/),
  );
  await writeFile(path, log);
  const again = await serve(context, { dataFolder });
  assert.equal(again.router.networkId, router.networkId);
});

test('invalid options are refused and quoted', async (context) => {
  const dataFolder = await temporaryFolder(context);
  const refusals: [object, RegExp][] = [
    [{ dataFolder: '' }, /data folder is missing/],
    [{ clusters: 0 }, /clusters is "0"/],
    [{ clusters: 1.5 }, /clusters is "1.5"/],
    [{ port: 70_000 }, /"70000"/],
    [{ host: '192.0.2.1' }, /"192.0.2.1:0"/],
    [{ timing: { pingIntervalMs: 50.5 } }, /pingIntervalMs is "50.5"/],
    [{ timing: { deadAfterMs: 100 } }, /deadAfterMs is "100"/],
  ];
  for (const [options, text] of refusals)
    await assert.rejects(startRouter({ dataFolder, ...options }), refusedAs('invalid-argument', text));
});

const IN_ORDERS = { cluster: 'orders', journalId: '', lifeId: '', replicates: false } as const;

/** What a watch has sent, message by message. */
function watching(served: Served, request: Partial<routingWire.WatchRequest>) {
  const updates: WatchUpdate[] = [];
  const watch = served.routing.watch({ target: undefined, stats: false, services: false, ...request });
  const ended = new Promise<void>((resolve) => watch.once('error', () => resolve()));
  let wake = (): void => {};
  watch.on('data', (response) => {
    updates.push(watchUpdateFromWire(response));
    wake();
  });
  const until = async (isMeant: (update: WatchUpdate) => boolean): Promise<WatchUpdate> => {
    for (;;) {
      const found = updates.find(isMeant);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const stop = async (): Promise<void> => {
    watch.cancel();
    await ended;
  };
  return { updates, until, stop };
}

test('callers can wait for a service and watch it before it exists, and it keeps its number over a restart', async (context) => {
  const served = await serve(context);
  const named = watching(served, { target: { $case: 'service', value: 'orders' } });
  const first = await named.until(() => true);
  assert.deepEqual(first.assignments, [], 'it is told at once, though there is nothing to tell yet');
  const everything = watching(served, { services: true });
  const users = watching(served, {});
  await users.until(() => true);
  const question = { target: { $case: 'service', value: 'orders' } as const, failedEpoch: 0, waitMs: 0 };
  const ask = (waitMs: number) =>
    call<routingWire.GetAvailableResponse>((callback) =>
      served.routing.getAvailable({ ...question, waitMs }, callback),
    );
  await assert.rejects(ask(0), refusedAs('no-available-server', /service orders: no member of it/));
  const waiting = ask(30_000);
  const member = served.member(1, IN_ORDERS);
  const { assignment } = await member.hears('welcome');
  assert.equal(assignment.service, 'orders');
  assert.equal((await waiting).assignment?.service, 'orders');
  for (const watch of [named, everything])
    await watch.until(({ assignments }) =>
      assignments.some(({ service, available }) => service === 'orders' && available),
    );
  served.member(2, { ...IN_ORDERS, cluster: 'billing' });
  await everything.until(({ assignments }) => assignments.some(({ service }) => service === 'billing'));
  assert.ok(named.updates.every(({ assignments }) => assignments.every((it) => it.service === 'orders')));
  served.member(1);
  await users.until(({ assignments }) => assignments.some(({ available }) => available));
  assert.ok(users.updates.every(({ assignments }) => assignments.every(({ cluster }) => cluster === 1)));
  for (const watch of [named, everything, users]) await watch.stop();

  const again = await served.restart();
  const billing = again.member(2, { ...IN_ORDERS, cluster: 'billing', incarnation: 2 });
  assert.equal((await billing.hears('welcome')).assignment.cluster, assignment.cluster + 1);
  const orders = again.member(1, { ...IN_ORDERS, incarnation: 2 });
  const welcome = await orders.hears('welcome');
  assert.equal(welcome.assignment.cluster, assignment.cluster);
  assert.equal(welcome.clusters, 1, 'users are divided over one');
});

test('a request that names a service where it is not allowed is refused', async (context) => {
  const served = await serve(context);
  const refusals: [Parameters<Served['member']>[1], string, RegExp][] = [
    [{ cluster: 'orders' }, 'wrong-mode', /service orders is for members without a journal/],
    [{ ...IN_ORDERS, cluster: 'Orders' }, 'invalid-argument', /"Orders"/],
    [{ ...IN_ORDERS, cluster: 10_001 }, 'invalid-argument', /cluster is "10001"/],
  ];
  for (const [how, reason, text] of refusals) {
    const refused = await served.member(2, how).hears('refused');
    assert.equal(refused.reason, reason);
    assert.match(refused.detail, text);
  }
  const both = { cluster: 1, service: 'orders', serverId: 0 };
  await assert.rejects(
    call((callback) => served.admin.handover(both, callback)),
    refusedAs('invalid-argument', /cluster is "1" and service is "orders": name one/),
  );
  await assert.rejects(
    call((callback) => served.admin.handover({ cluster: 0, service: 'orders', serverId: 0 }, callback)),
    refusedAs('unknown-cluster', /there is no service "orders"/),
  );
});
