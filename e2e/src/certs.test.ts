/** `certs`, `up`, and parts by hand with and without certificates, as an operator types them. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { OldCoordinatorStub } from './classic/older-wire.js';
import { DualpingProcess, type Outcome } from './dualping-process.js';
import { eventually } from './eventually.js';

const run = (...args: readonly string[]): Promise<Outcome> => runAs({}, ...args);

/** Another person: one who does not know which networks run here. */
const STRANGER = { XDG_STATE_HOME: '/nowhere' };

const runAs = (environment: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Outcome> =>
  new DualpingProcess(args, environment).outcome();

const modeOf = (path: string): number => statSync(path).mode & 0o777;

/** Everything in a folder that others on the machine could read. */
const openTo = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => (modeOf(join(folder, name)) & 0o077) !== 0,
  );

/** For the tests of a `describe`: a folder, and processes that they start. Afterwards all are gone. */
function byHand(prefix: string) {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  const processes: DualpingProcess[] = [];
  after(async () => {
    for (const process of processes) await process.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const start = (...args: readonly string[]): DualpingProcess => {
    const started = new DualpingProcess(args);
    processes.push(started);
    return started;
  };
  return { folder, start };
}

describe('certificates by hand', () => {
  const { folder, start } = byHand('dualping-certs-');
  const certs = ['--certs', join(folder, 'certs')];

  test('a network is made with a certificate for each part, and the parts connect with these', async () => {
    assert.match((await run('certs', 'init', ...certs)).text, /^network [0-9a-f]{12} in /);
    assert.match((await run('certs', 'router', ...certs)).text, /^the router: .*router\.pem, until 20\d\d-/);
    assert.match(
      (await run('certs', 'server', '1', ...certs)).text,
      /^server 1 of cluster 1: .*server-1-1\.pem/,
    );
    assert.equal((await run('certs', 'operator', 'anna', '--days', '365', ...certs)).code, 0);
    assert.match(
      (await run('certs', 'ensure', 'router,member-1-7', ...certs)).text,
      /^made what was missing/,
    );
    assert.match((await run('certs', 'ensure', 'router,member-1-7', ...certs)).text, /^all are there/);
    assert.deepEqual(openTo(join(folder, 'certs')), []);

    const router = start('router', '--port', '0', '--data', join(folder, 'router'), ...certs);
    const address = await router.ready();
    const flags = ['--id', '1', '--data', join(folder, 's1'), '--routers', address, ...certs];
    const pair = start('server', '--supervised', ...flags);
    await pair.ready();
    await pair.line(/server s1 supervised: by pid/);
    const ca = ['--ca', join(folder, 'certs', 'network.pem')];
    const routers = ['--routers', address];
    await eventually('somebody can post', async () => {
      const { code } = await run('post', 'by hand', '--user', 'mira', ...routers, ...ca);
      return code === 0;
    });
    const read = await run('timeline', '--user', 'mira', ...routers, ...ca);
    assert.match(read.text, /mira: by hand/);
    assert.match((await run('admin', 'status', ...routers, ...certs)).text, /s1 primary at .*live, in sync/);
    assert.equal((await run('health', '--address', address, ...ca)).text, 'serving');
    const asUser = await run('admin', 'status', ...routers, ...ca);
    assert.equal(asUser.code, 1);
    assert.match(
      asUser.text,
      /a client without a certificate may not call Watch of all clusters.*\(unauthenticated\)/,
    );
    const plain = await runAs(STRANGER, 'post', 'in the clear', '--user', 'mira', ...routers);
    assert.equal(plain.code, 1);
    assert.match(plain.text, /network [0-9a-f]{12} at .* is not known here .*--ca \(unauthenticated\)/);
    assert.deepEqual([...openTo(join(folder, 'router')), ...openTo(join(folder, 's1'))], []);
  });

  test('a revoked certificate is listed as revoked, and its part no longer starts', async () => {
    assert.equal((await run('certs', 'server', '2', ...certs)).code, 0);
    assert.match(
      (await run('certs', 'revoke', 'server-1-2', ...certs)).text,
      /^revoked server-1-2, serial [0-9a-f]{32}/,
    );
    assert.match((await run('certs', 'list', ...certs)).text, /server-1-2 .* revoked on 20\d\d-\d\d-\d\d/);
    const flags = ['--id', '2', '--data', join(folder, 's2'), '--routers', '127.0.0.1:1', ...certs];
    const refused = await run('server', ...flags);
    assert.equal(refused.code, 2);
    assert.match(refused.text, /server-1-2\.pem" was revoked: dualping certs renew server-1-2/);
    assert.equal((await run('certs', 'renew', 'server-1-2', ...certs)).code, 0);
    assert.match((await run('certs', 'list', ...certs)).text, /server-1-2 .* in use$/m);
  });

  test('an impossible request is refused and quoted, with what would be right', async () => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['certs', 'ensure', 'router,rooter'], /"rooter" names no part/],
      [['certs', 'rotate-ca', 'end'], /no rotation has begun/],
      [['certs', 'rotate-ca', 'middle'], /"middle": give begin or end/],
      [['certs', 'init'], /there is a network in ".*" already/],
      [['certs', 'server', 'x'], /"x": give a whole number/],
      [['certs', 'operator', 'a/b'], /"a\/b": give 1 to 32 of/],
      [['certs', 'revoke', 'server-9-9'], /no certificate of "server-9-9" was made/],
      [['certs', 'renew', 'nobody'], /"nobody" names no part: give router, server-CLUSTER-ID/],
      [['server', '--id', '9', '--data', join(folder, 's9')], /server-1-9\.pem" cannot be read/],
    ];
    for (const [args, pattern] of wrong) {
      const { code, text } = await run(...args, ...certs);
      assert.equal(code, 2, text);
      assert.match(text, pattern);
    }
    const elsewhere = await run('router', '--data', join(folder, 'r2'), '--certs', join(folder, 'none'));
    assert.equal(elsewhere.code, 2);
    assert.match(elsewhere.text, /folder ".*none" of certificates does not exist/);
  });
});

describe('up', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-up-tls-'));
  const data = join(folder, 'data');
  const flags = ['--data', data, '--port', '0', '--servers', '2', '--keep-alive-ms', '1000'];
  let up: DualpingProcess;
  let router = '';

  before(async () => {
    mkdirSync(data);
    chmodSync(data, 0o755);
    up = new DualpingProcess(['up', ...flags]);
    router = /--routers (\S+)/.exec(await up.line(/^ready/))?.[1] ?? '';
  });
  after(async () => {
    await up.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  test('it makes its certificates, prints how clients trust it, and makes readable folders private', async () => {
    assert.match(await up.line(/^ready/), /client --routers \S+ --ca .*network\.pem$/);
    assert.match(
      await up.line(/folder-mode/),
      /was open to others on this machine \(mode 0755\); it is 0700 now/,
    );
    assert.equal(modeOf(data), 0o700);
    assert.deepEqual(openTo(data), []);
    const status = await run('status', '--data', data);
    assert.equal(status.code, 0, status.text);
    assert.match(status.text, /s1 primary at .*live, in sync/);
    const top = await run('top', '--data', data, '--routers', router);
    assert.equal(top.code, 0, top.text);
    const plain = await runAs(STRANGER, 'status', '--routers', router);
    assert.match(plain.text, /this port speaks TLS/);
    // Its own person needs to name nothing, in any folder.
    const own = await run(
      'post',
      'hello',
      '--user',
      'mira',
      '--routers',
      router.replace('127.0.0.1', 'localhost'),
    );
    assert.equal(own.code, 0, own.text);
  });

  test('a server that freezes is killed and started again', async () => {
    const before = Number(
      /^s2 .*pid (\d+)/m.exec((await run('status', '--data', data)).text.replaceAll(/^ +/gm, ''))?.[1],
    );
    process.kill(before, 'SIGSTOP');
    await up.line(/hung: s2 says nothing for/);
    await up.line(/started: s2 pid/);
    await eventually('both are in sync', async () => {
      const { text } = await run('status', '--data', data);
      return text.match(/live, in sync/g)?.length === 2;
    });
  });

  test('it runs without TLS only when that is asked for, and an upgrade from that keeps everything', async () => {
    await up.stop();
    up = new DualpingProcess(['up', '--insecure', ...flags]);
    const ready = await up.line(/^ready/);
    assert.doesNotMatch(ready, /--ca/);
    const status = await run('status', '--data', data);
    assert.equal(status.code, 0, status.text);
    assert.match(up.tail(200), /--insecure, so without TLS: every program on this machine can read and post/);
    // Its clients know that too.
    const address = /--routers (\S+)/.exec(ready)?.[1] ?? '';
    const inTheClear = (user: string) => run('post', 'in the clear', '--user', user, '--routers', address);
    assert.equal((await inTheClear('bea')).code, 0);
    const keyed = await inTheClear('mira');
    assert.match(keyed.text, /wrong-key/, 'nobody can show the key that the name belongs to');
    await up.stop();
    // As a folder of a version that had no certificates.
    rmSync(join(data, 'certs'), { recursive: true });
    up = new DualpingProcess(['up', ...flags]);
    await up.line(/up certificates: made in ".*certs"/);
    await up.line(
      /up upgraded: this network ran without TLS until now; .*--ca with a copy of ".*network\.pem"/,
    );
    assert.match(await up.line(/^ready/), /--ca .*network\.pem$/);
    const read = await run('timeline', '--user', 'bea', '--routers', address);
    assert.match(read.text, /bea: in the clear/);
  });
});

describe('parts that were started by hand without options of certificates', () => {
  const { folder, start } = byHand('dualping-by-hand-');
  const place = (name: string) => ['--port', '0', '--data', join(folder, name)];

  test('the router makes the network, servers on its machine make their own certificates, and all connect', async () => {
    const router = start('router', ...place('net/router'));
    const routers = ['--routers', await router.ready()];
    await router.line(/router certificates: made the certificate of the router in ".*net.certs"/);
    // Both at once: they make their certificates one after the other.
    const servers = ['1', '2'].map((id) => start('server', '--id', id, ...routers, ...place(`net/s${id}`)));
    for (const server of servers)
      await server.line(/certificates: made the certificate of server \d of cluster 1/);
    await eventually('both are in sync', async () => {
      const { text } = await run('admin', 'status', ...routers);
      return text.match(/live, in sync/g)?.length === 2;
    });
    assert.equal((await run('post', 'hello', '--user', 'mira', ...routers)).code, 0);
    assert.equal((await run('check', ...routers)).code, 0);
    const address = await servers[0]?.ready();
    assert.equal((await run('health', '--address', address ?? '')).text, 'serving');
    assert.deepEqual(openTo(join(folder, 'net')), []);
  });

  test('on another machine a server names what it needs, and a router makes no second network', async () => {
    const routers = ['--routers', '127.0.0.1:1'];
    const alone = await run('server', '--id', '3', '--cluster', '2', ...routers, ...place('alone/s3'));
    assert.equal(alone.code, 2);
    assert.match(
      alone.text,
      /no certificate of server 3 of cluster 2 in ".*alone.certs".*dualping certs server 3 --cluster 2; then copy server-2-3\.pem here.*--certs FOLDER.*--insecure/,
    );
    assert.equal(existsSync(join(folder, 'alone')), false, 'nothing is left behind');
    mkdirSync(join(folder, 'half', 'certs'), { recursive: true });
    copyFileSync(
      join(folder, 'net', 'certs', 'server-1-1.pem'),
      join(folder, 'half', 'certs', 'server-1-1.pem'),
    );
    const router = await run('router', ...place('half/router'));
    assert.equal(router.code, 2);
    assert.match(router.text, /no certificate of the router in ".*half.certs".*dualping certs router/);
  });

  test('without TLS they stay on loopback, unless beyond-loopback is given', async () => {
    for (const command of [['router'], ['up'], ['coordinator'], ['server', '--id', '1']]) {
      const refused = await run(...command, '--insecure', '--host', '0.0.0.0', ...place('open'));
      assert.equal(refused.code, 2, refused.text);
      assert.match(refused.text, /host is "0\.0\.0\.0" with --insecure: .*give --insecure=beyond-loopback/);
    }
    const wrong = await run('router', '--insecure=everywhere', ...place('open'));
    assert.match(wrong.text, /--insecure is "everywhere": give it without a value.*or beyond-loopback/);
    const both = await run('router', '--insecure', '--certs', join(folder, 'net', 'certs'), ...place('open'));
    assert.match(both.text, /certs is ".*": not together with --insecure/);
    assert.equal(existsSync(join(folder, 'open')), false);
    const open = start('router', '--insecure=beyond-loopback', '--host', '0.0.0.0', ...place('open'));
    await open.ready();
    await open.line(
      /--insecure, so without TLS: everyone who can reach 0\.0\.0\.0 can read and post as anyone/,
    );
  });
});

/** An address of this machine at which it is not its own loopback; undefined: there is none. */
const OUTSIDE = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

test('the classic wire beside TLS is served to this machine, and to what --classic-from names', {
  skip: OUTSIDE === undefined && 'this machine has no address but its loopback',
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-classic-from-'));
  const asked = async (host: string, port: string): Promise<string> => {
    const stub = new OldCoordinatorStub(`${host}:${port}`);
    try {
      return JSON.stringify(await stub.ask('exists', { path: '/nowhere' }));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      stub.close();
    }
  };
  try {
    for (const [flags, loopback, outside] of [
      [[], /may not call .*CoordService\/exists: it is for the classic wire/, /it is for the classic wire/],
      [['--classic'], /"status":false/, /UNAUTHENTICATED: .*to what --classic-from names/],
      [['--classic-from', `${OUTSIDE}/32`], /"status":false/, /"status":false/],
    ] as const) {
      const place = ['--host', '0.0.0.0', '--port', '0', '--data', join(folder, 'router')];
      const router = new DualpingProcess(['router', ...place, ...flags]);
      try {
        const port = (await router.ready()).split(':').at(-1) ?? '';
        assert.match(await asked('127.0.0.1', port), loopback);
        assert.match(await asked(OUTSIDE ?? '', port), outside);
      } finally {
        await router.stop();
      }
    }
    const wrong = await run('router', '--classic-from', 'everywhere', '--data', join(folder, 'wrong'));
    assert.match(wrong.text, /--classic-from is "everywhere": "everywhere" is no address and no network/);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

describe('a network with certificates for only some of its parts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-mixed-'));
  const processes: DualpingProcess[] = [];
  after(async () => {
    for (const process of processes) await process.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  for (const [name, ofRouter, ofServer, atServer, atRouter] of [
    [
      'a router with them, a server without',
      [],
      ['--insecure'],
      /router-lost: .*a client without TLS may not call .*DualPing: this port speaks TLS, which takes the network's certificate/,
      /audit-refused: .*a client without TLS may not call .*DualPing/,
    ],
    [
      'a server with them, a router without',
      ['--insecure'],
      ['--certs', join(folder, 'certs')],
      /router-lost: .*was started without certificates \(--insecure\)/,
      /audit-refused: .*comes with TLS, and this process was started without certificates \(--insecure\)/,
    ],
  ] as const)
    test(`${name}: both print what is wrong`, async () => {
      await run('certs', 'init', '--certs', join(folder, 'certs'));
      await run('certs', 'server', '1', '--certs', join(folder, 'certs'));
      const data = mkdtempSync(join(folder, 'mixed-'));
      const router = new DualpingProcess([
        'router',
        '--port',
        '0',
        '--data',
        join(data, 'router'),
        ...ofRouter,
      ]);
      processes.push(router);
      const routers = ['--routers', await router.ready()];
      const flags = ['--id', '1', '--port', '0', '--data', join(data, 's1'), ...routers, ...ofServer];
      const server = new DualpingProcess(['server', ...flags]);
      processes.push(server);
      await server.line(atServer);
      await router.line(atRouter);
      const client = await runAs(
        STRANGER,
        'post',
        'x',
        '--user',
        'mira',
        '--timeout-ms',
        '2000',
        ...routers,
        ...(ofRouter.length > 0 ? ['--ca', join(folder, 'certs', 'network.pem')] : []),
      );
      assert.notEqual(client.code, 0);
      assert.match(
        client.text,
        ofRouter.length > 0
          ? /started without certificates/
          : /is not known here .* or give its certificate with --ca/,
      );
    });
});
