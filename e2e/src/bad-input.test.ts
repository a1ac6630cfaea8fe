/** Mistakes that people make: each gets a clear line that quotes the bad input, and others notice nothing. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import { DualpingProcess, LAUNCHER, type Outcome } from './dualping-process.js';
import { Person } from './person.js';
import { Terminal } from './terminal/terminal.js';
import { TestCluster } from './test-cluster.js';

const USAGE = 2;
const REFUSED = 1;
const UNAVAILABLE = 3;

/** Runs a command to its end. */
const run = (...args: readonly string[]): Promise<Outcome> => new DualpingProcess(args).outcome();

describe('bad input', () => {
  let cluster: TestCluster;
  let routers: RouterClient;
  let ana: Person;
  const folder = (name: string): string => join(cluster.folder, name);
  /** Where a server runs that the test starts by hand. */
  const at = (data: string, routers = cluster.routerAddress): readonly string[] => [
    ...['--insecure', '--port', '0', '--data', data, '--routers', routers],
  ];

  before(async () => {
    cluster = await TestCluster.start({ servers: 2, insecure: true });
    routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
    await cluster.whenWhole(routers);
    ana = new Person('ana', [cluster.routerAddress], undefined, cluster.user);
    await ana.post('hello');
  });
  after(async () => {
    ana.session.close();
    routers.close();
    await cluster.destroy();
  });

  /** Afterwards the epoch is the same, and posts are accepted. */
  async function nobodyNoticed(act: () => Promise<void>): Promise<void> {
    const { epoch } = await cluster.whenWhole(routers);
    await act();
    await ana.post('still here');
    assert.equal((await cluster.whenWhole(routers)).epoch, epoch);
  }

  test('a second server with the id of a live one', async () => {
    await nobodyNoticed(async () => {
      const { code, text } = await run('server', '--id', '1', ...at(folder('second-s1')));
      assert.equal(code, REFUSED, text);
      assert.match(text, /duplicate-server/);
      assert.match(text, /s1/);
    });
  });

  test('a data folder that is in use', async () => {
    const { code, text } = await run('server', '--id', '1', ...at(cluster.folderOf(1)));
    assert.equal(code, USAGE, text);
    assert.match(text, new RegExp(`in use by .*pid ${cluster.server(1).pid}`));
  });

  test('a data folder of another server, of another cluster, of another network', async () => {
    const other = await TestCluster.start({ servers: 1, insecure: true });
    const data = other.folderOf(1);
    const otherRouters = new RouterClient({ routers: [other.routerAddress], credentials: other.operator });
    try {
      await other.whenWhole(otherRouters);
      await other.server(1).stop();
      const otherServer = await run('server', '--id', '7', ...at(data));
      assert.notEqual(otherServer.code, 0);
      assert.match(otherServer.text, /s?1\b.*s?7\b|s?7\b.*s?1\b/);
      const otherCluster = await run('server', '--id', '1', '--cluster', '4', ...at(data));
      assert.notEqual(otherCluster.code, 0);
      assert.match(otherCluster.text, /wrong-cluster/);
      await nobodyNoticed(async () => {
        const otherNetwork = await run('server', '--id', '1', ...at(data));
        assert.equal(otherNetwork.code, REFUSED, otherNetwork.text);
        assert.match(otherNetwork.text, /wrong-network/);
      });
    } finally {
      otherRouters.close();
      await other.destroy();
    }
  });

  test('a cluster that the router does not have', async () => {
    const { code, text } = await run('server', '--id', '1', '--cluster', '5', ...at(folder('c5')));
    assert.equal(code, REFUSED, text);
    assert.match(text, /unknown-cluster/);
    assert.match(text, /\b5\b/);
  });

  test('a router started again with another number of clusters', async () => {
    const other = await TestCluster.start({ servers: 0, insecure: true });
    try {
      await other.router.stop();
      const { code, text } = await run(
        'router',
        '--port',
        '0',
        '--data',
        join(other.folder, 'router'),
        '--clusters',
        '3',
      );
      assert.equal(code, USAGE, text);
      assert.match(text, /\b1\b.*\b3\b|\b3\b.*\b1\b/);
    } finally {
      await other.destroy();
    }
  });

  test('a router address that is a server, or no gRPC at all', async () => {
    const address = (await routers.status()).assignments[0]?.members[0]?.address ?? '';
    const posted = await run('post', '--user', 'bo', '--routers', address, 'hi');
    assert.notEqual(posted.code, 0);
    assert.match(posted.text, /not-a-router/);
    assert.ok(posted.text.includes(address), posted.text);

    const web = createServer((socket) => {
      socket.on('error', () => {});
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    const bound = web.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const other = new DualpingProcess(['server', '--id', '9', ...at(folder('s9'), `127.0.0.1:${port}`)]);
    try {
      await other.line(new RegExp(`can't attach to the router at 127.0.0.1:${port}`));
    } finally {
      await other.stop();
      web.close();
    }
  });

  test('a post without an available server gives the reason, also with a very short time limit', async () => {
    const other = await TestCluster.start({ servers: 0, insecure: true });
    try {
      const args = ['--user', 'bo', '--routers', other.routerAddress, '--timeout-ms', '1000', 'hi'];
      const { code, text } = await run('post', ...args);
      assert.equal(code, UNAVAILABLE, text);
      assert.match(text, /not done within 1000 ms: .*no server of cluster 1 has served yet/);
    } finally {
      await other.destroy();
    }
  });

  test('the full-screen client at an address that is no router prints that and ends', async () => {
    const address = (await routers.status()).assignments[0]?.members[0]?.address ?? '';
    const terminal = Terminal.start({
      command: process.execPath,
      args: [LAUNCHER, 'client', '--user', 'bo', '--routers', address],
      columns: 120,
    });
    try {
      await terminal.shows(/not-a-router/);
      await terminal.shows(address);
      assert.equal((await terminal.exit).code, REFUSED);
      await terminal.eventually((seen) => seen.restored, 'the terminal is as it was');
    } finally {
      await terminal.close();
    }
  });

  test('names, posts, ports, addresses, options', async () => {
    const cases: readonly (readonly [args: readonly string[], said: RegExp])[] = [
      [['post', '--user', 'no spaces', 'hi'], /"no spaces"/],
      [['post', '--user', 'ana', ''], /empty/],
      [['post', '--user', 'ana', 'x'.repeat(1_001)], /1001 characters/],
      [['post', '--user', 'ana', 'bell\u0007'], /U\+0007/],
      [['follow', '--user', 'ana', 'a/b'], /"a\/b"/],
      [['router', '--port', '70000', '--data', folder('r')], /70000/],
      [['router', '--port', 'abc', '--data', folder('r')], /abc/],
      [['server', '--id', '0', '--data', folder('s')], /"?0"?/],
      [['server', '--id', '1', '--data', folder('s'), '--routers', 'nowhere'], /nowhere/],
      [['router', '--ping-ms', '100', '--dead-after-ms', '200', '--data', folder('r')], /200/],
      [['router', '--no-such-option'], /no-such-option/],
      [['frobnicate'], /frobnicate/],
    ];
    for (const [args, said] of cases) {
      const { code, text } = await run(...args);
      assert.equal(code, USAGE, `${args.join(' ')}: ${text}`);
      assert.match(text, said, args.join(' '));
    }
  });

  test('a port that is taken', async () => {
    const { code, text } = await run(
      'router',
      '--insecure',
      '--port',
      cluster.routerAddress.split(':')[1] ?? '',
      '--data',
      folder('r2'),
    );
    assert.equal(code, USAGE, text);
    assert.ok(text.includes(cluster.routerAddress), text);
  });

  test("a command that can't start prints why once, and leaves no folder behind", async () => {
    const port = cluster.routerAddress.split(':')[1] ?? '';
    const routerFlags = ['--routers', cluster.routerAddress];
    for (const args of [
      ['up', '--port', port],
      ['router', '--port', port],
      ['server', '--insecure', '--id', '8', '--port', port, ...routerFlags],
    ]) {
      const data = folder(`never-${args[0]}`);
      const { code, text } = await run(...args, '--data', data);
      assert.equal(code, USAGE, text);
      assert.equal(text.match(/something else listens there/g)?.length, 1, text);
      assert.ok(!existsSync(data), `${args[0]} has left ${data}`);
    }
    const made = folder('made');
    mkdirSync(made);
    const { text } = await run('up', '--port', port, '--data', made);
    assert.equal(text.match(/something else listens there/g)?.length, 1, text);

    const [host = '', k = ''] = cluster.routerAddress.split(':');
    const tsd = await run(
      'tsd',
      '-c',
      '5',
      '-h',
      host,
      '-k',
      k,
      '-p',
      '0',
      '--insecure',
      '--data',
      folder('tsd'),
    );
    assert.equal(tsd.code, REFUSED);
    assert.equal(tsd.text.match(/there is no cluster "5"/g)?.length, 1, tsd.text);
  });

  test('random bytes at every port', async () => {
    await nobodyNoticed(async () => {
      const members = (await routers.status()).assignments[0]?.members ?? [];
      for (const address of [cluster.routerAddress, ...members.map((member) => member.address)]) {
        for (let i = 0; i < 5; i += 1) {
          const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
          socket.on('error', () => {});
          socket.resume();
          await once(socket, 'connect');
          const closed = once(socket, 'close');
          // The first one begins with the preface of HTTP/2, so that the rest reaches the frame parser.
          socket.end(
            Buffer.concat([
              Buffer.from(i === 0 ? 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' : ''),
              randomBytes(4_096),
            ]),
          );
          await closed;
        }
      }
    });
  });
});
