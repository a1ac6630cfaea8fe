/**
 * A network with certificates, on real processes: no caller can impersonate another, and no open stream
 * breaks.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  DualpingMember,
  DualpingSession,
  type NetworkCredentials,
  RouterClient,
  registerDualpingResolver,
} from '@dualping/client';
import {
  type DualpingError,
  epoch,
  type Failure,
  type MemberMessage,
  NO_EPOCH,
  NO_POSITION,
  NO_STATS,
  serverId,
} from '@dualping/core';
import {
  Access,
  addHealthAndReflection,
  CHANNEL_OPTIONS,
  clientStream,
  createGrpcServer,
  type Dialling,
  decodeHealth,
  dialRouting,
  listenToConnections,
  NO_METADATA,
  OWN_CONNECTION,
  ReplicationServiceClient,
  RouterStream,
  type replicationWire,
  standbyMessageToWire,
  tailMessageToWire,
} from '@dualping/protocol';
import { beginRotation, endRotation, issue, partsIn, revoke, watchNetworkFile } from '@dualping/security';
import { Client } from '@grpc/grpc-js';
import {
  acknowledgedCount,
  everyoneSawEverythingOnce,
  followOneAnother,
  journalsAreIdentical,
} from './accounts.js';
import { deviceOf } from './device.js';
import { DualpingProcess } from './dualping-process.js';
import { DEADLINE_MS, eventually } from './eventually.js';
import { Person } from './person.js';
import { believing, member, OPERATOR, SecureCluster, server } from './secure-cluster.js';

/** The router's answer to a report that server 2, which never existed, has crashed. */
function reportCrash(router: string, dialling: Dialling): Promise<string> {
  const client = dialRouting(router, dialling);
  const crashed = { cluster: 1, serverId: 2, incarnation: 999, detail: 'so they say', service: '' };
  return new Promise((resolve) => {
    client.crash(crashed, NO_METADATA, {}, (error, response) => {
      client.close();
      resolve(error === null ? `dropped: ${response.dropped}` : error.message);
    });
  });
}

describe('identities', () => {
  let secure: SecureCluster;
  let networkId: string;

  before(async () => {
    secure = await SecureCluster.start({ servers: 2, clusters: 2 });
    networkId = await secure.routers.networkId();
  });
  after(async () => await secure.destroy());

  const addressOf = (name: string): string => `127.0.0.1:${secure.cluster.portOf(name)}`;

  const attachAs = (id: number, replicates: boolean): MemberMessage => ({
    kind: 'attach',
    networkId,
    ...{ cluster: 1, serverId: serverId(id), incarnation: 1_000, attempt: 1, leaving: false, replicates },
    ...{ journalId: replicates ? 'a-journal' : '', lifeId: 'a-life', welcomedLife: '' },
    ...{ address: '127.0.0.1:1', epoch: NO_EPOCH, revision: 0, stats: NO_STATS },
  });

  /** The router's answer to an `attach`. */
  const attach = (message: MemberMessage, dialling: Dialling): Promise<Failure> =>
    new Promise((resolve) => {
      const stream = new RouterStream(
        secure.cluster.routerAddress,
        message,
        {
          onMessage: (said) => {
            stream.abort();
            if (said.kind === 'refused') resolve(said);
            else resolve({ reason: 'internal', detail: `it was answered with ${said.kind}` });
          },
          onEnd: (end) => {
            const error = end.kind === 'broken' ? end.error : undefined;
            resolve(error ?? { reason: 'internal', detail: `the stream ${end.kind}` });
          },
        },
        dialling,
      );
    });

  test('a server attaches as itself only, and a member never with a journal', async () => {
    const asOther = await attach(attachAs(2, true), secure.read(server(1)));
    assert.equal(asOther.reason, 'permission-denied');
    assert.match(asOther.detail, /server 1 of cluster 1 may not call attach for server 2 of cluster 1/);
    const withJournal = await attach(attachAs(9, true), await secure.of(member(9)));
    assert.equal(withJournal.reason, 'permission-denied');
    assert.match(withJournal.detail, /member 9 of cluster 1 attaches as a server with a journal/);
    assert.equal((await attach(attachAs(1, true), secure.user)).reason, 'unauthenticated');
    assert.equal((await attach(attachAs(1, true), secure.read(OPERATOR))).reason, 'permission-denied');
    const { members } = await secure.cluster.whenWhole(secure.routers);
    assert.deepEqual(
      members.map((each) => each.serverId),
      [1, 2],
      'nothing came of any of it',
    );
  });

  test('a crash is reported by the server itself or by an operator, who is logged by name', async () => {
    const crash = (dialling: Dialling) => reportCrash(secure.cluster.routerAddress, dialling);
    assert.match(await crash(secure.read(server(1))), /7 PERMISSION_DENIED: server 1 .* Crash for server 2/);
    assert.match(await crash(await secure.of(member(9))), /7 PERMISSION_DENIED/);
    assert.equal(await crash(secure.read(server(2))), 'dropped: false');
    assert.equal(await crash(secure.read(OPERATOR)), 'dropped: false');
    await secure.cluster.router.line(/audit: .*operator anna calls dualping\.v1\.RoutingService\/Crash/);
  });

  /** How a stream to a server ends that begins with this. */
  const refusedOn = <Out>(
    dialling: Dialling,
    open: (client: ReplicationServiceClient, onEnd: (error: DualpingError | undefined) => void) => Out,
  ): Promise<DualpingError | undefined> => {
    const client = new ReplicationServiceClient(addressOf('s1'), dialling.channel('server'), OWN_CONNECTION);
    return new Promise((resolve) => {
      open(client, (error) => {
        client.close();
        resolve(error);
      });
    });
  };

  test('a standby joins as itself only, and a cluster is read by its own servers', async () => {
    const told = await secure.routers.available({ cluster: 1 });
    const join = standbyMessageToWire({
      kind: 'join',
      ...{ networkId, cluster: 1, epoch: told.epoch, serverId: serverId(3), incarnation: 1 },
      ...{ journalId: 'a-journal', lifeId: 'a-life', lastPosition: NO_POSITION, epochStarts: [] },
    });
    const joined = await refusedOn(secure.read(server(2)), (client, onEnd) => {
      const stream = clientStream<replicationWire.ReplicateResponse, replicationWire.ReplicateRequest>(
        client.replicate(),
        { onMessage: () => {}, onEnd: (end) => onEnd(end.kind === 'broken' ? end.error : undefined) },
        'server',
      );
      stream.send(join);
    });
    assert.equal(joined?.reason, 'permission-denied');
    assert.match(joined?.detail ?? '', /server 2 of cluster 1 may not call Replicate for server 3/);
    const open = tailMessageToWire({
      kind: 'open',
      ...{ networkId, from: 3, fromEpoch: epoch(1), cluster: 1, epoch: told.epoch },
    });
    const tailed = await refusedOn(await secure.of(server(1, 2)), (client, onEnd) => {
      const stream = clientStream<replicationWire.TailResponse, replicationWire.TailRequest>(
        client.tail(),
        { onMessage: () => {}, onEnd: (end) => onEnd(end.kind === 'broken' ? end.error : undefined) },
        'server',
      );
      stream.send(open);
    });
    assert.equal(tailed?.reason, 'permission-denied');
    assert.match(tailed?.detail ?? '', /server 1 of cluster 2 may not call Tail for cluster 3/);
  });

  test('users are routed and served, and see no more than their cluster', async () => {
    const { user, cluster } = secure;
    const session = new DualpingSession({
      routers: [cluster.routerAddress],
      user: 'mira',
      credentials: user,
      ...deviceOf(user, 'mira'),
    });
    await session.post('over TLS');
    session.close();
    const asking = new RouterClient({ routers: [cluster.routerAddress], credentials: user });
    assert.equal((await asking.available({ cluster: 1 })).available, true);
    await assert.rejects(asking.status(), {
      reason: 'unauthenticated',
      message: /Watch of all clusters or of stats: it is for servers, members, operators and routers/,
    });
    await assert.rejects(asking.handover(1), { reason: 'unauthenticated' });
    asking.close();
  });

  test('an operator may hand over, and it is logged', async () => {
    const before = await secure.routers.available({ cluster: 1 });
    const assigned = await secure.routers.handover(1);
    assert.ok(assigned.epoch > before.epoch);
    await secure.cluster.router.line(/audit: .*operator anna calls dualping\.v1\.AdminService\/Handover/);
    await secure.cluster.whenWhole(secure.routers);
  });

  test('a session without TLS gets the reason, and a session of another network reveals nothing about itself', async () => {
    const { cluster } = secure;
    const failed = async (credentials: NetworkCredentials | undefined): Promise<Failure> => {
      const session = new DualpingSession({ routers: [cluster.routerAddress], user: 'mira', credentials });
      try {
        return await eventually('the session says what is wrong', () => {
          const { state } = session;
          return 'because' in state && state.because !== undefined ? state.because : undefined;
        });
      } finally {
        session.close();
      }
    };
    const without = await failed(undefined);
    assert.equal(without.reason, 'unauthenticated');
    assert.match(without.detail, /this port speaks TLS/);
    const other = await SecureCluster.start({ servers: 1 });
    try {
      const wrong = await failed(other.user);
      assert.equal(wrong.reason, 'router-unreachable');
      assert.match(wrong.detail, /is not of this network/);
    } finally {
      await other.destroy();
    }
  });

  test("a caller with a member's certificate may be a member, and clients are routed to it", async () => {
    const own = await secure.of(member(1, 2));
    const grpc = createGrpcServer({}, new Access(own));
    addHealthAndReflection(grpc, ['example.Service']);
    const { address, close } = await listenToConnections(grpc, '127.0.0.1', 0);
    const routers = [secure.cluster.routerAddress];
    const attached = new DualpingMember({ routers, cluster: 2, serverId: 1, address, credentials: own });
    registerDualpingResolver({ routers, credentials: secure.user });
    const client = new Client('dualping:///2', secure.user.channel('member'), CHANNEL_OPTIONS);
    try {
      await eventually('it is primary', () => attached.isPrimary);
      const answer = await new Promise<string>((resolve) =>
        client.makeUnaryRequest(
          '/grpc.health.v1.Health/Check',
          (bytes: Buffer) => bytes,
          decodeHealth,
          Buffer.alloc(0),
          { deadline: Date.now() + DEADLINE_MS },
          (error, health) => resolve(error?.message ?? String(health)),
        ),
      );
      assert.equal(answer, 'serving');
    } finally {
      client.close();
      await attached.leave();
      close();
      grpc.forceShutdown();
    }
  });

  test('a foreign network at the address of the router gets no client, and ours is used again when it is back', async () => {
    const { cluster, user } = secure;
    const person = new Person('mira', [cluster.routerAddress], undefined, user);
    await person.post('before');
    const port = `${cluster.portOf('router')}`;
    await cluster.router.kill();
    // It is whole: it has a CA of its own, and would take every server that comes.
    const elsewhere = join(cluster.folder, 'elsewhere', 'router');
    const impostor = new DualpingProcess(['router', '--port', port, '--data', elsewhere, '--clusters', '2'], {
      XDG_STATE_HOME: join(cluster.folder, 'elsewhere'),
    });
    try {
      await impostor.ready();
      for (const id of [1, 2])
        await cluster.server(id).line(/router-lost: .*not of this network: its certificate was not made by/);
      // A session that has a server goes on; a new one reveals nothing about itself, and an operator's
      // command neither.
      await person.post('meanwhile');
      const newcomer = new DualpingSession({
        routers: [cluster.routerAddress],
        user: 'nell',
        credentials: user,
      });
      // It may first get an answer that others in this process shared: that nothing listens there.
      await eventually(
        'the newcomer says what is wrong',
        () => 'because' in newcomer.state && /not of this network/.test(newcomer.state.because?.detail ?? ''),
        undefined,
        () => JSON.stringify(newcomer.state),
      );
      newcomer.close();
      const asked = new DualpingProcess(['admin', 'status', '--routers', cluster.routerAddress]);
      assert.equal(await asked.exited, 3);
      await asked.line(/not of this network/);
      assert.deepEqual(
        impostor.lines.filter((line) => /registered|primary|audit/.test(line)),
        [],
      );
    } finally {
      await impostor.kill();
    }
    await cluster.startRouter();
    await cluster.whenWhole(secure.routers);
    await person.post('after');
    person.session.close();
  });

  test('garbage and silence at the ports harm no client', async () => {
    const ports = ['router', 's1'].map((name) => secure.cluster.portOf(name));
    const sockets = ports.flatMap((port) =>
      [
        Buffer.alloc(0),
        Buffer.from([0x16, 3, 1, 2, 0, 1]),
        Buffer.alloc(5_000, 0x16),
        Buffer.from('PRI * HT'),
      ].map((beginning) => {
        const socket = connect({ host: '127.0.0.1', port });
        socket.on('error', () => {});
        socket.resume();
        if (beginning.length > 0) socket.write(beginning);
        return socket;
      }),
    );
    await secure.cluster.whenWhole(secure.routers);
    for (const socket of sockets) socket.destroy();
  });

  test('a header that grpc-js does not take leaves no line', async () => {
    const { cluster } = secure;
    const session = http2.connect(`https://127.0.0.1:${cluster.portOf('router')}`, {
      rejectUnauthorized: false,
    });
    const before = cluster.router.lines.length;
    for (let call = 0; call < 20; call += 1) {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/dualping.v1.RoutingService/GetAvailable',
        'content-type': 'application/grpc',
        authorization: 'strange\u00ff',
      });
      stream.resume().end();
      await once(stream, 'close');
    }
    session.close();
    const said = cluster.router.lines.slice(before);
    assert.deepEqual(
      said.filter((line) => line.includes('strange')),
      [],
    );
  });

  test('a client that trusts any server still has to prove its own identity', async () => {
    const asOperator = await attach(attachAs(1, true), believing(secure.read(OPERATOR)));
    assert.equal(asOperator.reason, 'permission-denied');
    const foreign = await attach(attachAs(1, true), await secure.foreign(server(1)));
    assert.equal(foreign.reason, 'unauthenticated');
    assert.match(foreign.detail, /was not made by network/);
  });
});

describe('while everything runs', () => {
  let secure: SecureCluster;
  let people: readonly Person[] = [];

  before(async () => {
    secure = await SecureCluster.start({ servers: 3, timings: [] });
    const user = watchNetworkFile(secure.networkFile);
    people = ['ana', 'bo', 'chen'].map(
      (name) => new Person(name, [secure.cluster.routerAddress], undefined, user),
    );
    await followOneAnother(people);
    for (const person of people) person.startPosting();
  });
  after(async () => {
    for (const person of people) person.session.close();
    await secure.destroy();
  });

  const somePosts = async (): Promise<void> => {
    const from = acknowledgedCount(people);
    await eventually(
      'more posts are acknowledged',
      () => acknowledgedCount(people) >= from + 60,
      60_000,
      () => `${secure.cluster.tails()}\n${people.flatMap(({ failures }) => failures).join('\n')}`,
    );
  };

  test('all certificates are renewed, and no stream breaks', async () => {
    await somePosts();
    const before = await secure.cluster.whenWhole(secure.routers);
    let moves = 0;
    for (const { session } of people) session.moves$.subscribe(() => (moves += 1));
    const said = secure.cluster.allLines().length;
    await issue(secure.certs, partsIn(secure.certs));
    for (const process of [secure.cluster.router, ...[1, 2, 3].map((id) => secure.cluster.server(id))])
      await process.line(/renewed: goes on with certificate/);
    await somePosts();
    const afterwards = await secure.cluster.whenWhole(secure.routers);
    assert.equal(afterwards.epoch, before.epoch);
    assert.equal(moves, 0);
    const lost = secure.cluster
      .allLines()
      .slice(said)
      .filter((line) => /dropped|router-lost|standby-lost/.test(line));
    assert.deepEqual(lost, []);
  });

  test("the network's own certificate is replaced, and no stream breaks", async () => {
    const parts = [secure.cluster.router, ...[1, 2, 3].map((id) => secure.cluster.server(id))];
    const before = await secure.cluster.whenWhole(secure.routers);
    const formerOperator = secure.read(OPERATOR);
    const formerUser = secure.user;
    let moves = 0;
    for (const { session } of people) session.moves$.subscribe(() => (moves += 1));
    const from = parts.map(({ lines }) => lines.length);
    const said = secure.cluster.allLines().length;
    const allSay = async (pattern: RegExp): Promise<void> => {
      for (const [index, process] of parts.entries()) await process.line(pattern, from[index]);
    };

    await beginRotation(secure.certs);
    await allSay(/trust: trusts what network certificate [0-9a-f]+ or [0-9a-f]+ has signed/);
    await somePosts();
    await issue(secure.certs, partsIn(secure.certs));
    await allSay(/renewed: goes on with certificate/);
    await somePosts();
    await endRotation(secure.certs);
    await allSay(/trust: trusts what network certificate [0-9a-f]+ has signed/);
    await somePosts();

    const asking = (credentials: NetworkCredentials) =>
      new RouterClient({ routers: [secure.cluster.routerAddress], credentials });
    const [former, operator, user] = [formerOperator, secure.read(OPERATOR), formerUser].map(asking);
    // The former key makes nothing any more, and who knows only the former certificate is not led elsewhere.
    await assert.rejects(former?.status() ?? Promise.resolve(), /not of this network/);
    await assert.rejects(user?.available({ cluster: 1 }) ?? Promise.resolve(), /not of this network/);
    const foreign = believing(formerOperator);
    assert.match(
      await reportCrash(secure.cluster.routerAddress, foreign),
      /16 UNAUTHENTICATED: .*was not made by network/,
    );
    const status = await operator?.status();
    assert.equal(status?.assignments[0]?.epoch, before.epoch);
    for (const client of [former, operator, user]) client?.close();
    assert.equal(moves, 0);
    const lost = secure.cluster
      .allLines()
      .slice(said)
      .filter((line) => /dropped|router-lost|standby-lost|cut off/.test(line));
    assert.deepEqual(lost, []);
  });

  test('a revoked standby is cut off and stays out; nothing else is affected', async () => {
    const before = await secure.cluster.whenWhole(secure.routers);
    const standby = before.members.find((each) => each.serverId !== before.primary?.serverId)?.serverId ?? 0;
    let moves = 0;
    for (const { session } of people) session.moves$.subscribe(() => (moves += 1));
    await revoke(secure.certs, server(standby));
    await secure.cluster.router.line(new RegExp(`server ${standby} of cluster 1 is cut off: .*was revoked`));
    await eventually('it is no longer a live member', async () => {
      const now = await secure.cluster.assignment(secure.routers);
      return now?.members.some((each) => each.serverId === standby && each.live) === false;
    });
    await secure.cluster.router.line(/audit-refused: .*was revoked/);
    await somePosts();
    assert.equal((await secure.routers.available({ cluster: 1 })).epoch, before.epoch);
    assert.equal(moves, 0);
    // With a new certificate it is let in again by itself.
    await issue(secure.certs, [server(standby)]);
    await secure.cluster.whenWhole(secure.routers);
  });

  test('kill -9 of the primary, again and again: nothing is lost', async (t) => {
    const KILLS = 5;
    for (let kill = 0; kill < KILLS; kill += 1) {
      await somePosts();
      const before = await secure.cluster.whenWhole(secure.routers);
      const id = before.primary?.serverId ?? 0;
      await secure.cluster.server(id).kill();
      await somePosts();
      await secure.cluster.startServer(id);
      const afterwards = await secure.cluster.whenWhole(secure.routers);
      assert.ok(afterwards.epoch > before.epoch);
    }
    await Promise.all(people.map((person) => person.stopPosting()));
    assert.deepEqual(
      people.flatMap((person) => person.failures),
      [],
    );
    await everyoneSawEverythingOnce(people);
    await journalsAreIdentical(secure.cluster, secure.routers);
    t.diagnostic(`${acknowledgedCount(people)} posts acknowledged, 0 lost, 0 repeated, 0 out of order`);
  });
});
