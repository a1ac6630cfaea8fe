/** What programs of operators go by: lines as JSON, exit codes of `check` and `admin status`. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import { DualpingProcess, type Outcome } from './dualping-process.js';
import { eventually } from './eventually.js';
import { TestCluster } from './test-cluster.js';

const JSON_LOG = ['--log-format', 'json'];

let cluster: TestCluster;
let routers: RouterClient;

before(async () => {
  cluster = await TestCluster.start({ servers: 2, routerFlags: JSON_LOG });
  routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  await cluster.whenWhole(routers);
});

after(async () => {
  routers.close();
  await cluster.destroy();
});

const run = (...args: string[]): Promise<Outcome> =>
  new DualpingProcess([...args, '--routers', cluster.routerAddress]).outcome();

test('check and admin status: healthy, with reduced redundancy, unavailable, and without a router', async () => {
  const well = await run('check', '--min-in-sync', '2');
  assert.equal(well.code, 0, well.text);
  assert.match(
    well.text,
    /^DUALPING OK: epoch \d+, 2 in sync \| epoch=\d+ members=2 live=2 in_sync=2 lag=\d+$/,
  );
  assert.equal((await run('admin', 'status')).code, 0);

  await cluster.server(2).kill();
  await eventually('s2 is missed', async () => (await run('check')).code === 1);
  assert.match((await run('check')).text, /^DUALPING WARNING: s2 is not there \|/);
  assert.equal((await run('check', '--min-in-sync', '2')).code, 2);
  const { text } = await run('check', '--json');
  assert.deepEqual(JSON.parse(text).problems, [{ severity: 'warning', text: 's2 is not there' }]);
  assert.equal((await run('admin', 'status')).code, 0, 'somebody serves');

  await cluster.server(1).kill();
  await eventually('nobody serves', async () => (await run('admin', 'status')).code === 3);
  const unavailable = await run('check');
  assert.equal(unavailable.code, 2);
  assert.match(unavailable.text, /^DUALPING CRITICAL: nobody serves: /);

  await cluster.router.kill();
  const alone = await run('check', '--timeout-ms', '5000');
  assert.equal(alone.code, 2, alone.text);
  assert.ok(alone.text.includes(cluster.routerAddress), alone.text);
  await cluster.startRouter();
  for (const id of [1, 2]) await cluster.startServer(id);
  await cluster.whenWhole(routers);
});

test('a router, and a server with its supervisor, print every line as JSON', async () => {
  const data = cluster.folderOf(3);
  const place = ['--id', '3', '--data', data, '--routers', cluster.routerAddress];
  const pair = new DualpingProcess(['server', '--supervised', ...place, ...JSON_LOG]);
  await pair.line(/"event":"in-sync"|"event":"following"/);
  await pair.stop();
  await pair.outcome();
  for (const process of [pair, cluster.router]) {
    assert.ok(process.lines.length > 3);
    for (const line of process.lines) {
      const { time, part, event, text } = JSON.parse(line);
      for (const value of [time, part, event, text]) assert.equal(typeof value, 'string', line);
    }
  }
  const parts = new Set(pair.lines.map((line) => JSON.parse(line).part));
  for (const part of ['server s3', 'supervisor s3']) assert.ok(parts.has(part), [...parts].join());
});

test('up: every line of every process as JSON, and metrics of each at a port of its own', async () => {
  const data = `${cluster.folder}/up`;
  const flags = ['--data', data, '--servers', '1', '--port', '0', '--insecure'];
  const metrics = ['--metrics', '127.0.0.1:0'];
  const up = new DualpingProcess(['up', ...flags, ...metrics, ...JSON_LOG]);
  await up.line(/^ready: /);
  for (const name of ['router', 's1']) {
    const line = JSON.parse(await up.line(new RegExp(`"process":"${name}".*"event":"metrics"`)));
    const [url = ''] = /http\S+/.exec(line.text) ?? [];
    assert.match(
      await (await fetch(url)).text(),
      name === 's1' ? /^dualping_server_/m : /^dualping_router_/m,
    );
  }
  await up.stop();
  await up.outcome();
  const results = /^(ready: |router |s1 )/;
  const lines = up.lines.filter((line) => !results.test(line)).map((line) => JSON.parse(line));
  for (const { time, part, event, text } of lines)
    for (const value of [time, part, event, text]) assert.equal(typeof value, 'string');
  // Lines of `up` itself name no process; there need not be any.
  const named = new Set(lines.flatMap(({ process }) => process ?? []));
  assert.deepEqual(named, new Set(['router', 's1']));

  const high = new DualpingProcess(['up', ...flags, '--metrics', '127.0.0.1:65535', ...JSON_LOG]);
  assert.equal((await high.outcome()).code, 2);
  assert.match(high.tail(), /metrics is .*127\.0\.0\.1:65535.*there is none after 65535/);
});
