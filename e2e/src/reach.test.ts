/**
 * A server that can't be reached at its advertised address is never promoted and is shown as unreachable; a
 * restart with the right address corrects it.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import type { MemberInfo } from '@dualping/core';
import { DualpingProcess } from './dualping-process.js';
import { eventually } from './eventually.js';
import { TestCluster } from './test-cluster.js';

/** Nothing listens there. */
const NOWHERE = '127.0.0.1:9';

let cluster: TestCluster;
let routers: RouterClient;
/** The address that s2 announces. */
let advertised: string | undefined = NOWHERE;

before(async () => {
  const housing = (name: string) =>
    name === 's2' && advertised !== undefined ? { environment: { DUALPING_ADVERTISE: advertised } } : {};
  cluster = await TestCluster.start({ servers: 3, housing });
  routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  await cluster.whenWhole(routers);
});
after(async () => {
  routers.close();
  await cluster.destroy();
});

async function member(id: number): Promise<MemberInfo | undefined> {
  const assignment = await cluster.assignment(routers);
  return assignment?.members.find(({ serverId }) => serverId === id);
}

async function primaryIs(id: number): Promise<void> {
  await eventually(
    `s${id} is primary`,
    async () => (await cluster.assignment(routers))?.primary?.serverId === id,
    undefined,
    () => cluster.tails(),
  );
}

test('a server with a wrong address is never promoted, is shown and named in refusals, and a restart corrects it', async () => {
  await eventually('s2 is shown as unreachable', async () => (await member(2))?.unreachable === true);
  const line = await eventually('admin status shows s2', async () => {
    const status = new DualpingProcess(['admin', 'status', '--routers', cluster.routerAddress]);
    await status.exited;
    return status.lines.find((text) => text.includes(' s2 '));
  });
  assert.match(line, new RegExp(`at ${NOWHERE}, live, in sync, unreachable`));
  const said = cluster.router.lines.filter((text) => text.includes("s2 can't be reached"));
  assert.equal(said.length, 1, `one line, with the reason\n${said.join('\n')}`);
  assert.match(said[0] ?? '', /unreachable: .*at 127\.0\.0\.1:9 \(connect ECONNREFUSED .*--advertise/);

  // s2 registered before s3, and has everything.
  await cluster.server(1).kill();
  await primaryIs(3);
  await assert.rejects(routers.handover(1), (error: Error) => {
    assert.match(error.message, /handover-impossible.*s2 can't be reached at 127\.0\.0\.1:9/);
    return true;
  });

  advertised = undefined;
  await cluster.server(2).kill();
  await cluster.startServer(2);
  await eventually('s2 is reached and in sync', async () => {
    const s2 = await member(2);
    return s2?.live === true && s2.inSync && !s2.unreachable;
  });
  await routers.handover(1);
  await primaryIs(2);
});
