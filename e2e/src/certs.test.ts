/** `certs`, `up --tls` and parts by hand with `--certs`, as an operator types them. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DualpingProcess } from './dualping-process.js';
import { eventually } from './eventually.js';

async function run(...args: readonly string[]) {
  const ended = new DualpingProcess(args);
  const code = await ended.exited;
  await eventually('it has said all', () => ended.drained);
  return { code, text: ended.lines.join('\n') };
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

/** Everything in a folder that others on the machine could read. */
const openTo = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => (modeOf(join(folder, name)) & 0o077) !== 0,
  );

describe('certificates by hand', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-certs-'));
  const certs = ['--certs', join(folder, 'certs')];
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

  test('a network is made, with a certificate for each part, and they find one another by them', async () => {
    assert.match((await run('certs', 'init', ...certs)).text, /^network [0-9a-f]{12} in /);
    assert.match((await run('certs', 'router', ...certs)).text, /^the router: .*router\.pem, until 20\d\d-/);
    assert.match(
      (await run('certs', 'server', '1', ...certs)).text,
      /^server 1 of cluster 1: .*server-1-1\.pem/,
    );
    assert.equal((await run('certs', 'operator', 'anna', '--days', '365', ...certs)).code, 0);
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
    const plain = await run('post', 'in the clear', '--user', 'mira', ...routers);
    assert.equal(plain.code, 1);
    assert.match(plain.text, /network [0-9a-f]{12} at .* is not known here .*--ca \(unauthenticated\)/);
    assert.deepEqual([...openTo(join(folder, 'router')), ...openTo(join(folder, 's1'))], []);
  });

  test('what is revoked is listed so, and starts no more', async () => {
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

  test('what can not be is refused, quoted, with what would be right', async () => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
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
    assert.match(elsewhere.text, /folder ".*none" of certificates is not there/);
  });
});

describe('up --tls', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-up-tls-'));
  const data = join(folder, 'data');
  const flags = ['--data', data, '--port', '0', '--servers', '2', '--keep-alive-ms', '1000'];
  let up: DualpingProcess;
  let router = '';

  before(async () => {
    mkdirSync(data);
    chmodSync(data, 0o755);
    up = new DualpingProcess(['up', '--tls', ...flags]);
    router = /--routers (\S+)/.exec(await up.line(/^ready/))?.[1] ?? '';
  });
  after(async () => {
    await up.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  test('it makes its certificates, says how clients trust it, and closes what was open to others', async () => {
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
    const plain = await run('status', '--routers', router);
    assert.match(plain.text, /this port speaks TLS/);
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

  test('it goes on with TLS without being told, and without it only when it is told', async () => {
    await up.stop();
    up = new DualpingProcess(['up', ...flags]);
    assert.match(await up.line(/^ready/), /--ca .*network\.pem$/);
    await up.stop();
    up = new DualpingProcess(['up', '--insecure', ...flags]);
    const ready = await up.line(/^ready/);
    assert.doesNotMatch(ready, /--ca/);
    const status = await run('status', '--data', data);
    assert.equal(status.code, 0, status.text);
    const both = await run('up', '--tls', '--insecure', '--data', join(folder, 'other'));
    assert.equal(both.code, 2);
    assert.match(both.text, /give --tls or --insecure, not both/);
  });
});
