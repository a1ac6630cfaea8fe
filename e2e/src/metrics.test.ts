/** What operators see over HTTP of processes that run: metrics that move, probes, and what looks at them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DualpingSession, RouterClient } from '@dualping/client';
import { deviceOf } from './device.js';
import { DualpingProcess } from './dualping-process.js';
import { eventually } from './eventually.js';
import { TestCluster } from './test-cluster.js';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, root)), 'utf8');
const FREE = '127.0.0.1:0';

let cluster: TestCluster;
let routers: RouterClient;

/** Of the process as it runs now. */
async function urlOf(process: DualpingProcess): Promise<string> {
  const line = await process.line(/ metrics: at http/);
  return /http\S+(?=\/metrics)/.exec(line)?.[0] ?? '';
}

const page = async (process: DualpingProcess): Promise<string> =>
  await (await fetch(`${await urlOf(process)}/metrics`)).text();

const statusOf = async (process: DualpingProcess, path: string): Promise<number> =>
  (await fetch(`${await urlOf(process)}${path}`)).status;

/** The value of one sample; undefined: it is missing. */
async function sampled(process: DualpingProcess, sample: string): Promise<number | undefined> {
  const line = (await page(process)).split('\n').find((each) => each.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length));
}

async function becomes(process: DualpingProcess, sample: string, wanted: number): Promise<void> {
  let seen: number | undefined;
  await eventually(
    `${sample} is ${wanted}`,
    async () => {
      seen = await sampled(process, sample);
      return seen === wanted;
    },
    undefined,
    () => `it is ${seen}`,
  );
}

const names = (text: string): Set<string> => new Set(text.match(/\bdualping_[a-z_]+\b/g));

before(async () => {
  cluster = await TestCluster.start({
    servers: 2,
    routerFlags: ['--metrics', FREE],
    serverFlags: (router) => ['--routers', router, '--metrics', FREE],
  });
  routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  await cluster.whenWhole(routers);
});

after(async () => {
  routers.close();
  await cluster.destroy();
});

test('every metric is documented, and what is documented or looked at is a metric', async () => {
  const measured = names(`${await page(cluster.router)}${await page(cluster.server(1))}`);
  const rows = read('docs/operations.md').match(/^\| `dualping_[^|]*\|/gm) ?? [];
  assert.deepEqual([...names(rows.join('\n'))].sort(), [...measured].sort());
  for (const file of readdirSync(fileURLToPath(new URL('docker/metrics', root))))
    for (const name of names(read(`docker/metrics/${file}`)))
      assert.ok(measured.has(name), `${file} has ${name}`);
});

test('posts, a takeover and the return of a server are seen', async () => {
  const { router } = cluster;
  const { primary } = await cluster.whenWhole(routers);
  const id = primary?.serverId ?? 0;
  const other = 3 - id;
  const of = (name: string, server: number): string => `${name}{cluster="1",server="${server}"}`;
  await becomes(router, 'dualping_cluster_in_sync_members{cluster="1"}', 2);
  await becomes(cluster.server(id), of('dualping_server_primary', id), 1);
  const session = new DualpingSession({
    routers: [cluster.routerAddress],
    credentials: cluster.user,
    user: 'ana',
    ...deviceOf(cluster.user, 'ana'),
  });
  await session.post('one');
  await session.post('two');
  await becomes(cluster.server(id), of('dualping_server_posts_accepted_total', id), 2);
  await becomes(cluster.server(id), of('dualping_server_timelines', id), 1);
  const durable = await sampled(cluster.server(id), of('dualping_server_durable_position', id));
  assert.ok(durable !== undefined && durable > 2);
  await becomes(router, of('dualping_member_durable_position', id), durable);
  const epoch = (await sampled(router, 'dualping_cluster_epoch{cluster="1"}')) ?? 0;
  const promoted = (await sampled(router, 'dualping_events_total{event="promoted"}')) ?? 0;

  await cluster.server(id).kill();
  await becomes(router, 'dualping_cluster_epoch{cluster="1"}', epoch + 1);
  await becomes(router, of('dualping_member_live', id), 0);
  await becomes(router, of('dualping_member_primary', other), 1);
  await becomes(cluster.server(other), of('dualping_server_epoch', other), epoch + 1);
  assert.equal(await sampled(router, 'dualping_events_total{event="promoted"}'), promoted + 1);
  await cluster.startServer(id);
  await becomes(cluster.server(id), of('dualping_server_in_sync', id), 1);
  session.close();
});

test('probes know the primary, the standby, and a router that is gone', async () => {
  const { primary } = await cluster.whenWhole(routers);
  const id = primary?.serverId ?? 0;
  const [first, standby] = [cluster.server(id), cluster.server(3 - id)];
  await eventually('the standby is in sync', async () => (await statusOf(standby, '/in-sync')) === 200);
  const paths = ['/healthz', '/readyz', '/primary', '/in-sync'];
  const statuses = (process: DualpingProcess) => Promise.all(paths.map((path) => statusOf(process, path)));
  assert.deepEqual(await statuses(first), [200, 200, 200, 200]);
  assert.deepEqual(await statuses(standby), [200, 200, 503, 200]);
  assert.deepEqual(await statuses(cluster.router), [200, 200, 404, 404]);

  const health = (id: number) =>
    new DualpingProcess(['health', '--in-sync', '--address', `127.0.0.1:${cluster.portOf(`s${id}`)}`]);
  assert.equal(await health(3 - id).exited, 0);
  await cluster.router.kill();
  await eventually('nobody hears the standby', async () => (await statusOf(standby, '/readyz')) === 503);
  assert.deepEqual(await statuses(standby), [200, 503, 503, 503]);
  assert.equal(await statusOf(first, '/readyz'), 200, 'it serves on');
  assert.equal(await health(3 - id).exited, 3);
  await cluster.startRouter();
  await eventually('it is in sync again', async () => (await statusOf(standby, '/in-sync')) === 200);
});
