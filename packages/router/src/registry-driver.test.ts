import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ClusterRecord,
  DEFAULT_TIMING,
  epoch,
  type MemberMessage,
  NO_EPOCH,
  Registry,
  serverId,
} from '@dualping/core';
import { RegistryDriver, type SpokenOutput } from './registry-driver.js';
import { NO_FIGURES } from './router.fixture.js';

interface Write {
  readonly records: readonly ClusterRecord[];
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

/** A driver over a disk whose writes end when the test says so. */
function driverOverSlowDisk() {
  const registry = new Registry({ networkId: 'n', clusters: 2, timing: DEFAULT_TIMING, records: [] });
  const writes: Write[] = [];
  const said: SpokenOutput[] = [];
  const failures: unknown[] = [];
  const driver = new RegistryDriver(registry, {
    persist: (records) =>
      new Promise((resolve, reject) => writes.push({ records, done: resolve, failed: reject })),
    perform: (output) => said.push(output),
    failed: (error) => failures.push(error),
  });
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
    figures: NO_FIGURES,
    replicates: true,
    attempt: 1,
  });
  return {
    driver,
    writes,
    said,
    failures,
    attach: (id: number) => driver.step({ kind: 'link-message', link: id, message: attach(id) }),
    ping: (id: number) =>
      driver.step({
        kind: 'link-message',
        link: id,
        message: { kind: 'ping', sequence: 1, figures: NO_FIGURES },
      }),
  };
}

/** Lets everything run that waits for nothing but its turn. */
const turns = () => new Promise((resolve) => setImmediate(resolve));

test('nothing is said before it is durable, and what came meanwhile is made durable with one write', async (context) => {
  const { driver, writes, said, attach } = driverOverSlowDisk();
  context.after(() => driver.stop());
  attach(1);
  attach(2);
  attach(3);
  attach(4);
  assert.equal(writes.length, 1);
  assert.equal(said.length, 0);

  writes[0]?.done();
  await turns();
  assert.deepEqual(
    said.filter((output) => output.kind === 'send').map(({ link, message }) => [link, message.kind]),
    [[1, 'welcome']],
  );
  assert.equal(writes.length, 2);
  // Of cluster 1 only the last record: it says what the one before it said.
  assert.deepEqual(
    writes[1]?.records.map(({ cluster, members }) => [cluster, members.length]),
    [
      [1, 3],
      [2, 1],
    ],
  );
  said.length = 0;
  writes[1]?.done();
  await turns();
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

test('what needs no disk does not wait for one, unless it follows something that does', async (context) => {
  const { driver, writes, said, attach, ping } = driverOverSlowDisk();
  context.after(() => driver.stop());
  driver.step({ kind: 'get-available', token: 1, cluster: 1, failedEpoch: NO_EPOCH, waitMs: 0 });
  assert.deepEqual(
    said.map(({ kind }) => kind),
    ['refuse'],
  );
  attach(1);
  writes[0]?.done();
  await turns();
  said.length = 0;
  ping(1); // then it is primary
  // Answered out of a state that is not durable yet: so is the answer held.
  driver.step({ kind: 'get-available', token: 2, cluster: 1, failedEpoch: NO_EPOCH, waitMs: 0 });
  assert.deepEqual(
    said.map((output) => output.kind === 'send' && output.message.kind),
    ['pong'],
  );
  writes[1]?.done();
  await turns();
  const answer = said.at(-1);
  assert.ok(answer?.kind === 'answer' && answer.answer.kind === 'assignment');
  assert.equal(answer.answer.assignment.epoch, epoch(1));
});

test('a disk that fails stops the driver, and nothing that was not durable is said', async () => {
  const { driver, writes, said, failures, attach } = driverOverSlowDisk();
  attach(1);
  attach(2);
  writes[0]?.failed(new Error('no space'));
  await turns();
  assert.equal(said.length, 0);
  assert.equal(failures.length, 1);
  attach(3);
  assert.equal(writes.length, 1);
  await driver.stop();
});

test('stopping waits for what is being written', async () => {
  const { driver, writes, said, attach } = driverOverSlowDisk();
  attach(1);
  let stopped = false;
  const stopping = driver.stop().then(() => {
    stopped = true;
  });
  await turns();
  assert.equal(stopped, false);
  writes[0]?.done();
  await stopping;
  assert.ok(said.some(({ kind }) => kind === 'send'));
});

test('a pong does not wait for the disk, and nothing else goes with it', async (context) => {
  const { driver, writes, said, attach, ping } = driverOverSlowDisk();
  context.after(() => driver.stop());
  attach(1);
  writes[0]?.done();
  await turns();
  ping(1); // then it is primary
  writes[1]?.done();
  await turns();
  said.length = 0;
  const sent = () =>
    said.filter((output) => output.kind === 'send').map(({ link, message }) => [link, message.kind]);
  attach(2);
  ping(1);
  assert.deepEqual(sent(), [[1, 'pong']]);
  writes[2]?.done();
  await turns();
  assert.deepEqual(sent(), [
    [1, 'pong'],
    [1, 'assignment'],
    [2, 'welcome'],
  ]);
});
