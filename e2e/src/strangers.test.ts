/**
 * What unknown clients may do to servers: they can't make anything grow without a limit, or take resources
 * that others need.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DualpingSession, RouterClient } from '@dualping/client';
import { type Assignment, MAX_LIST_PAGE, NO_EPOCH, NO_POSITION, serverId } from '@dualping/core';
import {
  type ClientRequest,
  fromServiceError,
  OWN_CONNECTION,
  ReplicationServiceClient,
  requestToWire,
  SocialServiceClient,
  snapshotRequestToWire,
  tailMessageToWire,
} from '@dualping/protocol';
import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { DualpingProcess } from './dualping-process.js';
import { eventually } from './eventually.js';
import { TestCluster } from './test-cluster.js';

/** More entries than a new standby replays, so that it pulls a snapshot. */
const ENTRIES = 1_100;
/** More than two pages. */
const USERS = 2 * MAX_LIST_PAGE + 5;
/** Calls of the stranger at the same time. */
const CALLS = 200;

/**
 * Generous, because the test is about permissions: a busy machine must not cause a change of primary.
 */
const PATIENT = ['--ping-ms', '500', '--dead-after-ms', '10000'];

const reasonOf = (error: ServiceError): string =>
  fromServiceError(error, { sent: true, peer: 'server' }).reason;

describe('callers without a right', () => {
  let cluster: TestCluster;
  let routers: RouterClient;
  let told: Assignment;
  let networkId: string;
  let social: SocialServiceClient;
  let replication: ReplicationServiceClient;

  before(async () => {
    cluster = await TestCluster.start({ servers: 1, clusters: 2, insecure: true, routerFlags: PATIENT });
    routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
    for (const number of cluster.clusterNumbers) await cluster.whenWhole(routers, number);
    told = await routers.available({ cluster: 1 });
    ({ networkId } = await routers.status());
    const address = told.members[0]?.address ?? '';
    social = new SocialServiceClient(address, credentials.createInsecure(), OWN_CONNECTION);
    replication = new ReplicationServiceClient(address, credentials.createInsecure(), OWN_CONNECTION);
  });
  after(async () => {
    social.close();
    replication.close();
    routers.close();
    await cluster.destroy();
  });

  /** @returns `ok`, or the reason */
  const ask = (sessionId: string, requestNo: number, command: ClientRequest['command']): Promise<string> =>
    new Promise((resolve) => {
      const wire = requestToWire({ sessionId, requestNo, epoch: NO_EPOCH, command });
      const done = (error: ServiceError | null): void => resolve(error === null ? 'ok' : reasonOf(error));
      const options = { deadline: Date.now() + 60_000 };
      switch (wire.call) {
        case 'login':
          return social.login(wire.request, new Metadata(), options, done);
        case 'post':
          return social.post(wire.request, new Metadata(), options, done);
        default:
          throw new Error(`${wire.call} is not asked here`);
      }
    });

  /** How a stream of the replication service ends. */
  const endOf = (call: NodeJS.EventEmitter): Promise<string> =>
    new Promise((resolve) => {
      call.on('data', () => {});
      call.on('error', (error: ServiceError) => resolve(reasonOf(error)));
      call.on('end', () => resolve('ended'));
    });

  const question = (other: { serverId?: number; journalId?: string } = {}) => {
    const { incarnation = 0, journalId = '', lifeId = '', serverId: id = serverId(1) } = told.primary ?? {};
    const { epoch } = told;
    const asked = { networkId, cluster: 1, epoch, serverId: id, incarnation, journalId, lifeId };
    return { ...snapshotRequestToWire({ question: asked, held: undefined }), ...other };
  };

  test('users of another cluster get nothing, in any order of requests, and keep no server from joining', async () => {
    const logins = Array.from({ length: 20 }, (_, i) => String(2 * (i + 1)));
    const asked = logins.flatMap((user) => [
      ask(`trespass-${user}`, 1, { kind: 'register', user }),
      ask(`trespass-${user}`, 2, { kind: 'post', user, text: 'of nobody' }),
    ]);
    assert.deepEqual(new Set(await Promise.all(asked)), new Set(['wrong-cluster']));

    assert.equal(await ask('filler', 1, { kind: 'register', user: '1' }), 'ok');
    for (let next = 2; next <= ENTRIES; ) {
      const some = Array.from({ length: 50 }, () =>
        ask('filler', next++, { kind: 'post', user: '1', text: 'x' }),
      );
      assert.deepEqual(new Set(await Promise.all(some)), new Set(['ok']));
    }
    // It pulls its first snapshot before its disk has stored which network it belongs to.
    await cluster.startServer(2);
    await eventually(
      'the new server is in sync',
      async () => {
        told = await routers.available({ cluster: 1 });
        return told.inSync.length === 2;
      },
      60_000,
      () => cluster.tails(),
    );
    const lines = cluster.server(2).lines.filter((line) => line.includes(' snapshot: '));
    assert.ok(
      lines.some((line) => line.includes('starts over from a snapshot')),
      lines.join('\n'),
    );
    assert.ok(!lines.some((line) => line.includes('could not be had')), lines.join('\n'));
  });

  test('snapshots are for live members, one at a time for each', async () => {
    const strangers = [{ serverId: 9 }, { journalId: 'another' }].map((who) =>
      endOf(replication.getFollowerInfo(question(who))),
    );
    assert.deepEqual(await Promise.all(strangers), ['unknown-member', 'unknown-member']);
    const ends = Array.from({ length: CALLS }, () => endOf(replication.getFollowerInfo(question())));
    const counted = new Map<string, number>();
    for (const end of await Promise.all(ends)) counted.set(end, (counted.get(end) ?? 0) + 1);
    const { ended = 0, superseded = 0 } = Object.fromEntries(counted);
    assert.ok(ended >= 1 && superseded >= CALLS / 2, JSON.stringify([...counted]));
    assert.equal(ended + superseded, CALLS);
  });

  test('a tail is served only to the primary that the router names, and only for valid names', async () => {
    const tail = (from: number, fromEpoch: number) => {
      const call = replication.tail();
      const { epoch } = told;
      const open = {
        kind: 'open',
        networkId,
        from,
        fromEpoch: fromEpoch as typeof epoch,
        cluster: 1,
        epoch,
      } as const;
      call.write(tailMessageToWire(open));
      return call;
    };
    const real = await routers.available({ cluster: 2 });
    assert.equal(await endOf(tail(7, 1)), 'unknown-cluster');
    assert.equal(await endOf(tail(2, real.epoch + 100)), 'not-primary');
    const greedy = tail(2, real.epoch);
    const end = endOf(greedy);
    for (let n = 0; n <= 100; n += 1) {
      const add = Array.from({ length: 1_000 }, (_, i) => String(2 * (n * 1_000 + i) + 1_000_001));
      const subscribe = {
        kind: 'subscribe',
        number: 1,
        after: NO_POSITION,
        add,
        remove: [],
        more: true,
      } as const;
      greedy.write(tailMessageToWire(subscribe));
    }
    // The real reader reads again at once, and then the stranger is superseded.
    assert.ok(['limit-reached', 'superseded'].includes(await end), await end);
    const post = new DualpingSession({
      routers: [cluster.routerAddress],
      credentials: cluster.user,
      user: '1',
      timeline: false,
    });
    const reader = new DualpingSession({
      routers: [cluster.routerAddress],
      credentials: cluster.user,
      user: '2',
    });
    const seen: string[] = [];
    reader.posts$.subscribe(({ text }) => seen.push(text));
    await eventually('1 is known to 2', () =>
      reader.follow('1').then(
        () => true,
        () => false,
      ),
    );
    await post.post('still heard');
    await eventually('the post has come', () => seen.includes('still heard'));
    post.close();
    reader.close();
  });

  test('however many users there are, everybody can list them', async () => {
    const names = Array.from({ length: USERS }, (_, i) => String(2 * i + 100_001));
    for (let at = 0; at < names.length; at += 500)
      await Promise.all(
        names.slice(at, at + 500).map((user) => ask(`crowd-${user}`, 1, { kind: 'register', user })),
      );
    const session = new DualpingSession({
      routers: [cluster.routerAddress],
      credentials: cluster.user,
      user: '1',
      timeline: false,
    });
    const pages: number[] = [];
    const listed: string[] = [];
    for await (const page of session.listPages()) {
      pages.push(page.users.length);
      listed.push(...page.users.map(({ user }) => user));
    }
    assert.deepEqual(pages.slice(0, 2), [MAX_LIST_PAGE, MAX_LIST_PAGE]);
    assert.deepEqual(listed, [...listed].sort());
    assert.deepEqual(new Set(names.filter((name) => !listed.includes(name))), new Set());
    const all = await session.list();
    assert.deepEqual(
      all.users.map(({ user }) => user),
      listed,
    );
    session.close();
    const list = new DualpingProcess(['list', '--user', '1', '--json', '--routers', cluster.routerAddress]);
    await list.exited;
    const lines = list.lines.filter((line) => line.startsWith('{'));
    const told = lines.flatMap((line) => (JSON.parse(line) as { users: { user: string }[] }).users);
    assert.deepEqual([lines.length, told.length], [pages.length, listed.length]);
  });
});
