/**
 * Several routers with certificates: a call that a follower passes on is judged by its caller's identity,
 * never by the follower's. A caller has at a follower the same rights as at the leader.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { NetworkCredentials, RouterClient } from '@dualping/client';
import { type Dialling, OWN_CONNECTION, type Part, PLAINTEXT, RULES, routingWire } from '@dualping/protocol';
import { ensure, fileOf, NETWORK_FILE, readNetworkFile } from '@dualping/security';
import { Client, Metadata } from '@grpc/grpc-js';
import { DualpingProcess } from './dualping-process.js';
import { EtcdCluster, NO_ETCD } from './etcd-cluster.js';
import { eventually } from './eventually.js';
import { Person } from './person.js';
import { rawCall } from './raw-call.js';
import { member, OPERATOR, ROUTER, server } from './secure-cluster.js';
import { SeveralRouters } from './several-routers.js';

const AT_ROUTER = /RoutingService|AdminService|CoordService/;
const WATCH = '/dualping.v1.RoutingService/Watch';
const HANDOVER_ROUTER = '/dualping.v1.AdminService/HandoverRouter';

/** Of one cluster, and of all: the second is for few. */
const watchOf = (target: routingWire.WatchRequest['target']): Buffer =>
  Buffer.from(routingWire.WatchRequest.encode({ target, stats: false, services: false }).finish());
const QUESTIONS: readonly (readonly [path: string, name: string, question: Buffer])[] = Object.keys(RULES)
  .filter((path) => AT_ROUTER.test(path) && path !== HANDOVER_ROUTER)
  .flatMap((path): (readonly [string, string, Buffer])[] =>
    path === WATCH
      ? [
          [path, `${path} of one`, watchOf({ $case: 'cluster', value: 1 })],
          [path, `${path} of all`, watchOf(undefined)],
        ]
      : [[path, path, Buffer.alloc(0)]],
  );

/** `in`, or what it was refused with because of its caller. */
async function outcomeOf(...call: Parameters<typeof rawCall>): Promise<string> {
  const outcome = await rawCall(...call);
  return outcome === 'in' ? outcome : outcome.details;
}

describe('several routers with certificates', { skip: NO_ETCD ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-certs-'));
  const certs = join(folder, 'certs');
  const read = (part: Part): NetworkCredentials =>
    NetworkCredentials.parse(readFileSync(fileOf(certs, part), 'utf8'));
  let etcd: EtcdCluster;
  let network: SeveralRouters;
  let client: RouterClient;
  let callers: readonly (readonly [name: string, dialling: Dialling])[] = [];

  before(async () => {
    await ensure(certs, [ROUTER, OPERATOR, server(1), server(2), member(9), server(1, 2)]);
    etcd = await EtcdCluster.start(1);
    network = await SeveralRouters.start(etcd.store, {
      routers: 3,
      servers: 2,
      flags: ['--certs', certs],
      routerFlags: ['--metrics', '127.0.0.1:0', '--classic'],
    });
    client = new RouterClient({ routers: network.addresses, credentials: read(OPERATOR) });
    await network.whenWhole(client);
    callers = [
      ['server 1', read(server(1))],
      ['a server of another cluster', read(server(1, 2))],
      ['a member', read(member(9))],
      ['an operator', read(OPERATOR)],
      ['the router', read(ROUTER)],
      ['a user', readNetworkFile(join(certs, NETWORK_FILE))],
      ['without TLS', PLAINTEXT],
    ];
  });
  after(async () => {
    client?.close();
    await network?.destroy();
    await etcd?.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  const follower = (): number => [0, 1, 2].find((at) => at !== network.leader()) ?? -1;

  /** What comes of each call by each caller at that router. */
  const outcomesAt = async (at: number, metadata: () => Metadata): Promise<Map<string, string>> => {
    const outcomes = new Map<string, string>();
    for (const [name, dialling] of callers) {
      const dialled = new Client(network.addresses[at] ?? '', dialling.channel('part'), OWN_CONNECTION);
      for (const [path, call, question] of QUESTIONS)
        outcomes.set(`${name}: ${call}`, await outcomeOf(dialled, path, question, metadata()));
      dialled.close();
    }
    return outcomes;
  };

  test('for every caller each call has the same outcome at a follower and at the leader', async () => {
    const atLeader = await outcomesAt(network.leader(), () => new Metadata());
    const refused = [...atLeader.values()].filter((outcome) => outcome !== 'in').length;
    assert.ok(refused > 20 && refused < atLeader.size - 20, `${refused} of ${atLeader.size} are refused`);
    assert.deepEqual(await outcomesAt(follower(), () => new Metadata()), atLeader);
  });

  test('a caller that only claims to be passed on for an operator gains nothing', async () => {
    const lie = (): Metadata => {
      const metadata = new Metadata();
      metadata.set('dualping-forwarded-for', '10.0.0.9:1');
      metadata.set('dualping-forwarded-as', 'part operator/anna');
      return metadata;
    };
    const honest = await outcomesAt(network.leader(), () => new Metadata());
    const lying = await outcomesAt(network.leader(), lie);
    // A router is believed: it has the network's certificate for that.
    const others = [...lying].filter(([name]) => !name.startsWith('the router'));
    assert.deepEqual(
      others.filter(([name, outcome]) => outcome === 'in' && honest.get(name) !== 'in'),
      [],
    );
    const half = (): Metadata => {
      const metadata = new Metadata();
      metadata.set('dualping-forwarded-as', 'part operator/anna');
      return metadata;
    };
    const halfLying = await outcomesAt(follower(), half);
    assert.deepEqual(
      [...halfLying].filter(
        ([name, outcome]) => !name.startsWith('the router') && outcome === 'in' && honest.get(name) !== 'in',
      ),
      [],
    );
  });

  test("an operator's call through a follower is done, and the leader's event names the operator", async () => {
    const through = ['--routers', network.addresses[follower()] ?? '', '--certs', certs];
    const handover = new DualpingProcess(['admin', 'handover', ...through]);
    assert.equal(await handover.exited, 0);
    const told = /audit: 127\.0\.0\.1:\d+: operator \S+ calls dualping\.v1\.AdminService\/Handover$/;
    const leader = network.leader();
    await eventually('it is told', () => network.linesOf(leader).some((line) => told.test(line)));
  });

  test('an operator makes another router lead; a user may not', async () => {
    const leader = network.leader();
    const before = (await client.status()).leader;
    const ca = ['--ca', join(certs, NETWORK_FILE)];
    const all = ['--routers', network.addresses.join()];
    const refused = new DualpingProcess(['admin', 'router', 'handover', ...all, ...ca]);
    assert.equal(await refused.exited, 1);
    const done = new DualpingProcess(['admin', 'router', 'handover', '--json', ...all, '--certs', certs]);
    const line = await done.line(/"term"/);
    assert.equal(await done.exited, 0);
    const next = JSON.parse(line) as { readonly address: string; readonly term: number };
    assert.ok(next.term > (before?.term ?? 0));
    assert.notEqual(next.address, before?.address);
    await network.whenLedByAnother(leader);
    await network.whenFollows(leader);
    await network.whenWhole(client);
  });

  test('the leader is killed: clients go on over TLS, and the next leader has metrics', async () => {
    const ann = new Person('ann', network.addresses, undefined, readNetworkFile(join(certs, NETWORK_FILE)));
    ann.startPosting();
    const { epoch } = await network.whenWhole(client);
    const leader = network.leader();
    await network.kill(leader);
    await network.whenLedByAnother(leader);
    const killedAt = performance.now();
    await eventually('posts go on', () => ann.acknowledged.some(({ at, tookMs }) => at - tookMs > killedAt));
    assert.equal((await network.whenWhole(client)).epoch, epoch);
    await ann.stopPosting();
    assert.deepEqual(ann.failures, []);
    ann.session.close();
    const lines = network.linesOf(network.leader());
    const [, url] = /metrics: at (http:\S+)/.exec(lines.join('\n')) ?? [];
    const text = await (await fetch(url ?? '')).text();
    assert.match(text, /^dualping_router_leads 1$/m);
    assert.match(text, /^dualping_router_standbys 1$/m);
    assert.match(text, /^dualping_cluster_available\{cluster="1"\} 1$/m);
  });
});
