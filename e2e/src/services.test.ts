/** Named services in a network with certificates: who may be a member, and what operators see and do. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DualpingMember, type MemberState, type NetworkCredentials } from '@dualping/client';
import { type ClusterKey, serverId } from '@dualping/core';
import type { Part } from '@dualping/protocol';
import { filter, firstValueFrom } from 'rxjs';
import { DualpingProcess, type Outcome } from './dualping-process.js';
import { SecureCluster } from './secure-cluster.js';

let secure: SecureCluster;
const members: DualpingMember[] = [];

const partOf = (cluster: ClusterKey, id: number): Part => ({
  role: 'member',
  cluster,
  serverId: serverId(id),
});

function attach(service: string, id: number, credentials: NetworkCredentials): DualpingMember {
  const routers = [secure.cluster.routerAddress];
  const address = `127.0.0.1:${9_000 + id}`;
  const member = new DualpingMember({ routers, service, serverId: id, address, credentials });
  members.push(member);
  return member;
}

const settled = async (member: DualpingMember): Promise<MemberState> =>
  await firstValueFrom(member.state$.pipe(filter(({ kind }) => kind === 'attached' || kind === 'failed')));

async function run(...args: string[]): Promise<Outcome> {
  const trust = ['--routers', secure.cluster.routerAddress, '--certs', secure.certs];
  return await new DualpingProcess([...args, ...trust]).outcome();
}

before(async () => {
  secure = await SecureCluster.start({ servers: 1 });
});

after(async () => {
  await Promise.all(members.map((member) => member.leave()));
  await secure.destroy();
});

test('a member joins the service that its certificate names, and no other', async () => {
  const [first, second] = [await secure.of(partOf('orders', 1)), await secure.of(partOf('orders', 2))];
  assert.equal((await settled(attach('orders', 1, first))).kind, 'attached');
  assert.equal((await settled(attach('orders', 2, second))).kind, 'attached');
  for (const [service, id, credentials] of [
    ['billing', 1, first],
    ['orders', 2, first],
    ['orders', 1, await secure.of(partOf(1, 1))],
  ] as const) {
    const state = await settled(attach(service, id, credentials));
    assert.ok(state.kind === 'failed', `${service}/s${id}`);
    assert.equal(state.because.reason, 'permission-denied');
    assert.match(state.because.detail, new RegExp(`for server ${id} of service ${service}`));
  }
});

test('an operator sees it by name, hands over by name, and check counts it', async () => {
  const status = await run('admin', 'status');
  assert.equal(status.code, 0);
  assert.match(status.text, /^service orders: epoch 1, available$/m);
  assert.doesNotMatch(status.text, /billing/, 'whoever was refused has made nothing');
  const handover = await run('admin', 'handover', '--service', 'orders', '--to', 's2');
  assert.equal(handover.code, 0, handover.text);
  assert.match(handover.text, /^service orders: epoch 2, available\n.*\n {2}s2 primary/m);
  const none = await run('admin', 'handover', '--service', 'billing');
  assert.match(none.text, /there is no service "billing"/);
  const check = await run('check', '--service', 'orders', '--min-in-sync', '2');
  assert.deepEqual([check.code, check.text.split(':')[0]], [0, 'DUALPING OK'], check.text);
});
