import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ClusterRecord,
  DEFAULT_TIMING,
  epoch,
  type Machine,
  type MemberMessage,
  NO_EPOCH,
  NO_POSITION,
  NO_STATS,
  Registry,
  type RegistryAnswer,
  type RegistryInput,
  type RegistryOutput,
  type RouterMessage,
  serverId,
} from '@dualping/core';
import { ManualClock } from './manual-clock.fixture.js';
import { RegistryDriver, type RegistryPorts } from './registry-driver.js';

interface Write {
  readonly records: readonly ClusterRecord[];
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

type Said =
  | { readonly kind: 'send'; readonly link: number; readonly message: RouterMessage }
  | { readonly kind: 'answer'; readonly token: number; readonly answer: RegistryAnswer }
  | { readonly kind: 'close' | 'refuse' | 'changed' | 'probe' | 'trouble' | 'report' };

const RECORD: ClusterRecord = {
  cluster: 1,
  mode: undefined,
  epoch: NO_EPOCH,
  revision: 1,
  primary: undefined,
  inSync: [],
  lastUncleanEpoch: NO_EPOCH,
  committed: NO_POSITION,
  orderlyEnd: undefined,
  members: [],
};

const newRegistry = (): Registry =>
  new Registry({ networkId: 'n', clusters: 2, timing: DEFAULT_TIMING, records: [] });

/** A driver over a disk whose writes end when the test decides. */
function driverOverSlowDisk(
  replaced: Partial<RegistryPorts> = {},
  machine: Machine<RegistryInput, RegistryOutput> = newRegistry(),
) {
  const writes: Write[] = [];
  const said: Said[] = [];
  const failures: unknown[] = [];
  const clock = new ManualClock();
  const ports: RegistryPorts = {
    clock,
    wallTime: () => 0,
    persist: (records, done, failed) => writes.push({ records, done, failed }),
    send: (link, message) => said.push({ kind: 'send', link, message }),
    close: () => said.push({ kind: 'close' }),
    answer: (token, answer) => said.push({ kind: 'answer', token, answer }),
    refuse: () => said.push({ kind: 'refuse' }),
    changed: () => said.push({ kind: 'changed' }),
    probe: () => said.push({ kind: 'probe' }),
    troubled: () => said.push({ kind: 'trouble' }),
    report: () => said.push({ kind: 'report' }),
    failed: (error) => failures.push(error),
  };
  const driver = new RegistryDriver(machine, { ...ports, ...replaced });
  const attach = (id: number): MemberMessage => ({
    kind: 'attach',
    networkId: '',
    cluster: id <= 3 ? 1 : 2,
    serverId: serverId(id),
    incarnation: 1,
    journalId: `j${id}`,
    lifeId: `life-of-j${id}`,
    welcomedLife: '',
    address: `h:${id}`,
    epoch: NO_EPOCH,
    revision: 0,
    stats: NO_STATS,
    replicates: true,
    attempt: 1,
    leaving: false,
  });
  return {
    driver,
    clock,
    writes,
    said,
    failures,
    attach: (id: number) => driver.feed({ kind: 'link-message', link: id, message: attach(id) }),
    ping: (id: number) =>
      driver.feed({
        kind: 'link-message',
        link: id,
        message: { kind: 'ping', sequence: 1, stats: NO_STATS },
      }),
  };
}

test('nothing is sent before it is durable, and later records share one write', () => {
  const { writes, said, attach } = driverOverSlowDisk();
  attach(1);
  attach(2);
  attach(3);
  attach(4);
  assert.equal(writes.length, 1);
  assert.equal(said.length, 0);

  writes[0]?.done();
  assert.deepEqual(
    said.filter((output) => output.kind === 'send').map(({ link, message }) => [link, message.kind]),
    [[1, 'welcome']],
  );
  assert.equal(writes.length, 2);
  // Of cluster 1 only the last record: it contains the one before it.
  assert.deepEqual(
    writes[1]?.records.map(({ cluster, members }) => [cluster, members.length]),
    [
      [1, 3],
      [2, 1],
    ],
  );
  said.length = 0;
  writes[1]?.done();
  assert.deepEqual(
    said.filter((output) => output.kind === 'send').map(({ link, message }) => [link, message.kind]),
    [
      [1, 'assignment'],
      [2, 'welcome'],
      [1, 'assignment'],
      [2, 'assignment'],
      [3, 'welcome'],
      [4, 'welcome'],
    ],
  );
});

test('outputs without a record do not wait for the disk, unless they follow a record', () => {
  const { driver, writes, said, attach, ping } = driverOverSlowDisk();
  driver.feed({ kind: 'get-available', token: 1, cluster: 1, failedEpoch: NO_EPOCH, waitMs: 0 });
  assert.deepEqual(
    said.map(({ kind }) => kind),
    ['refuse'],
  );
  attach(1);
  writes[0]?.done();
  said.length = 0;
  ping(1); // then it is primary
  // The answer is from a state that is not durable yet, so it is held.
  driver.feed({ kind: 'get-available', token: 2, cluster: 1, failedEpoch: NO_EPOCH, waitMs: 0 });
  assert.deepEqual(
    said.map((output) => output.kind === 'send' && output.message.kind),
    ['pong'],
  );
  writes[1]?.done();
  const answer = said.at(-1);
  assert.ok(answer?.kind === 'answer' && answer.answer.kind === 'assignment');
  assert.equal(answer.answer.assignment.epoch, epoch(1));
});

test('a failing disk stops the driver, and nothing that is not durable is sent', () => {
  const { writes, said, failures, attach } = driverOverSlowDisk();
  attach(1);
  attach(2);
  writes[0]?.failed(new Error('no space'));
  assert.equal(said.length, 0);
  assert.equal(failures.length, 1);
  attach(3);
  assert.equal(writes.length, 1);
});

test('`drain` of a driver whose disk has failed resolves at once, whenever it is called', async () => {
  const { driver, writes, attach } = driverOverSlowDisk();
  attach(1);
  const before = driver.drain();
  writes[0]?.failed(new Error('no space left'));
  await before;
  await driver.drain();
});

test('draining waits for running writes, and takes no more inputs', async () => {
  const { driver, writes, said, attach } = driverOverSlowDisk();
  attach(1);
  attach(2); // waits for the write, and then for one of its own
  let drained = false;
  const draining = driver.drain().then(() => {
    drained = true;
  });
  attach(3);
  writes[0]?.done();
  await Promise.resolve();
  assert.equal(drained, false);
  assert.deepEqual(
    writes[1]?.records.map(({ members }) => members.length),
    [2],
  );
  writes[1]?.done();
  await draining;
  const welcomed = said.filter((output) => output.kind === 'send' && output.message.kind === 'welcome');
  assert.equal(welcomed.length, 2);
  assert.equal(writes.length, 2);
});

test('a pong does not wait for the disk, and nothing else goes with it', () => {
  const { writes, said, attach, ping } = driverOverSlowDisk();
  attach(1);
  writes[0]?.done();
  ping(1); // then it is primary
  writes[1]?.done();
  said.length = 0;
  const sent = () =>
    said.filter((output) => output.kind === 'send').map(({ link, message }) => [link, message.kind]);
  attach(2);
  ping(1);
  assert.deepEqual(sent(), [[1, 'pong']]);
  writes[2]?.done();
  assert.deepEqual(sent(), [
    [1, 'pong'],
    [1, 'assignment'],
    [2, 'welcome'],
  ]);
});

test('a stopped driver performs nothing that waits for a write, nor the remaining outputs', () => {
  const { driver, writes, said, attach, clock } = driverOverSlowDisk();
  attach(1);
  driver.stop();
  writes[0]?.done();
  assert.equal(said.length, 0);
  assert.deepEqual(clock.timers, []);

  const inTheMiddle = driverOverSlowDisk({ changed: () => inTheMiddle.driver.stop() });
  inTheMiddle.attach(1);
  inTheMiddle.writes[0]?.done();
  inTheMiddle.ping(1);
  inTheMiddle.writes[1]?.done();
  assert.ok(inTheMiddle.said.length > 0);
  const saidBefore = inTheMiddle.said.length;
  inTheMiddle.attach(2);
  assert.equal(inTheMiddle.said.length, saidBefore);
});

test('a port that throws after a write is a failure of the driver', () => {
  const broken = new Error('no stream');
  const { writes, said, failures, attach } = driverOverSlowDisk({
    send: () => {
      throw broken;
    },
  });
  attach(1);
  writes[0]?.done();
  assert.deepEqual(failures, [broken]);
  assert.ok(said.every(({ kind }) => kind !== 'send'));
  attach(2);
  assert.equal(writes.length, 1);
});

test('inputs fed while a batch is performed are stepped after it, and persisted after it', () => {
  let once = true;
  const { writes, said, attach } = driverOverSlowDisk({
    send: (link, message) => {
      said.push({ kind: 'send', link, message });
      if (once) attach(2);
      once = false;
    },
  });
  attach(1);
  writes[0]?.done();
  assert.deepEqual(said.at(-1)?.kind, 'report');
  assert.equal(writes.length, 2);
});

test('the registry learns that records are durable after the outputs that followed them were performed', () => {
  const order: string[] = [];
  const machine: Machine<RegistryInput, RegistryOutput> = {
    nextDeadline: () => undefined,
    step: (_now, input) => {
      order.push(input.kind);
      if (input.kind !== 'tick') return [];
      const event = { event: 'attached', text: 'one' } as const;
      return [
        { kind: 'persist', record: RECORD },
        { kind: 'report', event },
      ];
    },
  };
  const { writes, driver } = driverOverSlowDisk({ report: ({ text }) => order.push(text) }, machine);
  driver.feed({ kind: 'tick' });
  writes[0]?.done();
  assert.deepEqual(order, ['wall-time', 'tick', 'one', 'told']);
});

/** A driver of a router that leads among several; the fence answers when the test decides. */
function driverBehindFence() {
  const confirms: (() => void)[] = [];
  const fence = { isFresh: true };
  const driven = driverOverSlowDisk({
    fence: {
      confirm: (confirmed) => void confirms.push(confirmed),
      mayPong: () => fence.isFresh,
    },
  });
  return { ...driven, confirms, fence };
}

test('behind a fence an answer waits for a read that began after its question', () => {
  const { driver, said, confirms } = driverBehindFence();
  const ask = (token: number): void =>
    driver.feed({ kind: 'get-available', token, cluster: 1, failedEpoch: NO_EPOCH, waitMs: 0 });
  ask(1);
  ask(2);
  assert.deepEqual([said.length, confirms.length], [0, 1]);
  confirms[0]?.();
  assert.deepEqual(
    said.map(({ kind }) => kind),
    ['refuse'],
  );
  assert.equal(confirms.length, 2);
  confirms[1]?.();
  assert.deepEqual(
    said.map(({ kind }) => kind),
    ['refuse', 'refuse'],
  );
});

test('behind a fence a change needs no extra read, and outputs that are no messages need none', () => {
  const { driver, writes, said, confirms, attach } = driverBehindFence();
  attach(1);
  assert.deepEqual([writes.length, confirms.length], [1, 0]);
  writes[0]?.done();
  assert.ok(said.some((output) => output.kind === 'send' && output.message.kind === 'welcome'));
  driver.feed({ kind: 'tick' });
  assert.equal(confirms.length, 0);
});

test('behind a fence pongs go at once while it lets them, and not at all when it does not', () => {
  const { writes, said, attach, ping, fence, confirms } = driverBehindFence();
  attach(1);
  writes[0]?.done();
  ping(1);
  writes[1]?.done();
  said.length = 0;
  ping(1);
  fence.isFresh = false;
  ping(1);
  assert.deepEqual(
    said.map((output) => output.kind === 'send' && output.message.kind),
    ['pong'],
  );
  assert.equal(confirms.length, 0);
});

test('it tells whether any member is heard: until the last stream ends, and not while all are quiet', () => {
  const heard: boolean[] = [];
  const persist: RegistryPorts['persist'] = (_records, durable) => durable();
  const { driver, attach, ping, clock } = driverOverSlowDisk({
    persist,
    hears: (hears) => heard.push(hears),
  });
  const ended = (link: number): void => driver.feed({ kind: 'link-ended', link, reason: 'it broke' });
  attach(1);
  attach(4);
  assert.deepEqual(heard, [true]);
  clock.advanceTo(2_000);
  assert.deepEqual(heard, [true, false], 'two pings of none of them');
  ping(1);
  assert.deepEqual(heard, [true, false, true]);
  ended(1);
  assert.deepEqual(heard, [true, false, true], 'one is left');
  ended(4);
  assert.deepEqual(heard, [true, false, true, false]);
});
