/** The line client on a pipe, as a script uses it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import { DualpingProcess } from './dualping-process.js';
import { TestCluster } from './test-cluster.js';

let cluster: TestCluster;

before(async () => {
  cluster = await TestCluster.start({ servers: 1 });
  const routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  await cluster.whenWhole(routers);
  routers.close();
});
after(async () => await cluster.destroy());

test('what was posted before the end of the input is shown before the client ends', async () => {
  // Several times: without the wait the last line would be lost only now and then.
  for (const user of ['ana', 'bo', 'chen']) {
    const client = new DualpingProcess(['client', '--user', user, '--routers', cluster.routerAddress]);
    client.type('one\ntwo\nthree\n');
    client.closeInput();
    assert.equal((await client.outcome()).code, 0);
    const shown = client.lines.flatMap((line) => /: (one|two|three)$/.exec(line)?.[1] ?? []);
    assert.deepEqual(shown, ['one', 'two', 'three']);
  }
});

test('a client that never had a server does not print that it is lost', async () => {
  const client = new DualpingProcess(['client', '--user', 'ana', '--routers', '127.0.0.1:1']);
  try {
    await client.line(/no server \(.*ECONNREFUSED.*\), asking the router/);
    assert.ok(!client.lines.some((line) => line.includes('lost')), client.tail(20));
  } finally {
    await client.kill();
  }
});

test('a client that is ended while it sends says which line is not acknowledged, and nothing of the rest', async () => {
  const client = new DualpingProcess(['client', '--user', 'dan', '--routers', cluster.routerAddress]);
  client.type(Array.from({ length: 5_000 }, (_, index) => `line ${index}\n`).join(''));
  await client.line(/: line 3$/);
  client.signal('SIGTERM');
  assert.equal((await client.outcome()).code, 143);
  const failed = client.lines.filter((line) => line.includes('has been closed'));
  assert.ok(failed.length <= 1, client.tail(20));
  for (const line of failed) assert.match(line, /post "line \d+": .*the session has been closed/);
});
