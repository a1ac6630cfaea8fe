/** Several routers of one network, as a client sees them. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DualpingError } from '@dualping/core';
import { FakeCluster, FakeRouter } from './fake-network.fixture.js';
import { RouterClient } from './router-client.js';

async function fakes(context: TestContext, count: number): Promise<readonly FakeRouter[]> {
  const cluster = new FakeCluster();
  const server = await cluster.addServer();
  const routers = await Promise.all(
    Array.from({ length: count }, () => FakeRouter.start(0, cluster.assignment(1, server))),
  );
  context.after(() => {
    for (const router of routers) router.kill();
    server.kill();
  });
  return routers;
}

function clientOf(context: TestContext, ...routers: readonly FakeRouter[]): RouterClient {
  const client = new RouterClient({ routers: routers.map(({ address }) => address) });
  context.after(() => client.close());
  return client;
}

/** The first leads in that term, and the others follow. */
function lead(term: number, [leader, ...others]: readonly (FakeRouter | undefined)[]): void {
  const address = leader?.address ?? '';
  const standbys = others.flatMap((other) => (other === undefined ? [] : [other.address]));
  for (const other of others) other?.sayWhoLeads({ term, address });
  leader?.sayWhoLeads({ term, address, leads: true, standbys });
}

const byAddress = <T extends { readonly address: string }>(all: readonly T[]): readonly T[] =>
  all.toSorted((one, other) => (one.address < other.address ? -1 : 1));

test('a router without a shared store has no list of routers', async (context) => {
  const [alone] = await fakes(context, 1);
  assert.ok(alone);
  const client = clientOf(context, alone);
  assert.equal(await client.routers(), undefined);
  assert.equal('leader' in (await client.status()), false);
});

test('all are found from any one of them, and one that is gone is named', async (context) => {
  const [first, second, third] = await fakes(context, 3);
  assert.ok(first && second && third);
  lead(7, [second, first, third]);
  const states = [
    { address: first.address, state: 'follows', detail: '' },
    { address: second.address, state: 'leads', detail: '' },
    { address: third.address, state: 'follows', detail: '' },
  ];
  for (const asked of [first, second, third]) {
    const { leader, routers } = await clientOf(context, asked).status();
    assert.deepEqual(leader, { address: second.address, term: 7 });
    assert.deepEqual(routers, byAddress(states));
  }
  const client = clientOf(context, first, second, third);
  third.kill();
  lead(7, [second, first]);
  const shared = await client.routers();
  const gone = shared?.routers.find(({ address }) => address === third.address);
  assert.equal(gone?.state, 'absent');
  assert.match(gone?.detail ?? '', /ECONNREFUSED/);
});

test('of two routers that say that they lead the later term counts, and no router is invented', async (context) => {
  const [former, next] = await fakes(context, 2);
  assert.ok(former && next);
  former.sayWhoLeads({ term: 7, address: former.address, leads: true });
  next.sayWhoLeads({ term: 8, address: next.address, leads: true });
  const shared = await clientOf(context, former, next).routers();
  assert.deepEqual(shared?.leader, { address: next.address, term: 8 });
  assert.deepEqual(shared?.routers.find(({ address }) => address === former.address)?.state, 'follows');
  for (const router of [former, next]) router.sayWhoLeads({ term: 0 });
  const nobody = await clientOf(context, former, next).routers();
  assert.deepEqual(nobody?.leader, { address: '', term: 0 });
});

test('a router hands over: answered when another leads, refused when it leads again itself', async (context) => {
  const [leader, other] = await fakes(context, 2);
  assert.ok(leader && other);
  lead(3, [leader, other]);
  const client = clientOf(context, leader, other);
  leader.onHandoverRouter = () => lead(4, [other, leader]);
  assert.deepEqual(await client.handoverRouter(), { address: other.address, term: 4 });
  lead(5, [leader, other]);
  leader.onHandoverRouter = () => lead(6, [leader, other]);
  await assert.rejects(
    client.handoverRouter(),
    (error) =>
      error instanceof DualpingError &&
      error.reason === 'handover-impossible' &&
      error.detail.includes(`${leader.address} leads in term 6`),
  );
});
