/** An etcd that speaks TLS, wants certificates, and asks for a password. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DualpingProcess } from './dualping-process.js';
import { EtcdCluster, NO_ETCD } from './etcd-cluster.js';
import { eventually } from './eventually.js';

const PASSWORD = 'correct horse';

describe('an etcd with access control', { skip: NO_ETCD ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-guarded-'));
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  let etcd: EtcdCluster;
  let tls: readonly string[] = [];
  let user: readonly string[] = [];

  before(async () => {
    const days = ['-days', '2', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    openssl('req', '-x509', ...days, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=authority');
    writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
    // No common name: etcd would take that for a user.
    openssl('req', ...days.slice(2), '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/O=etcd');
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
    openssl('x509', '-req', '-in', 'request.pem', ...signed, '-extfile', 'names', '-out', 'certificate.pem');
    writeFileSync(file('password'), `${PASSWORD}\n`);
    const files = { certificate: file('certificate.pem'), key: file('key.pem'), authority: file('ca.pem') };
    etcd = await EtcdCluster.start(1, files);
    etcd.requirePassword('routers', PASSWORD);
    tls = ['--store-ca', files.authority, '--store-cert', files.certificate, '--store-key', files.key];
    user = ['--store-user', 'routers', '--store-password-file', file('password')];
  });
  after(async () => {
    await etcd?.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  const routerOn = (store: string, ...args: readonly string[]): DualpingProcess =>
    new DualpingProcess([
      'router',
      '--insecure',
      '--host',
      '127.0.0.1',
      '--port',
      '0',
      '--store',
      store,
      ...args,
    ]);
  const router = (...args: readonly string[]): DualpingProcess => routerOn(etcd.store, ...args);

  test('with all credentials a router leads, also after etcd has lost its tokens', async () => {
    const leader = router(...tls, ...user);
    await leader.line(/ leads: in term /);
    await etcd.killNode(0);
    await leader.line(/ store-lost: /);
    etcd.startNode(0);
    await leader.line(/ store-back: /);
    await eventually(
      'it leads again',
      () => leader.lines.filter((line) => / leads: /.test(line)).length === 2,
    );
    await leader.stop();
  });

  test('a missing credential is named', async () => {
    const wrong = file('wrong');
    writeFileSync(wrong, 'wrong\n');
    const other = file('other.pem');
    openssl(
      ...[
        'req',
        '-x509',
        '-days',
        '2',
        '-nodes',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
      ],
      ...['-keyout', 'other.key', '-out', other, '-subj', '/CN=another'],
    );
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[...tls], /store-lost: .*(user name is empty|permission denied)/],
      [[...tls, ...user.slice(0, 3), wrong], /store-lost: .*invalid user ID or password/],
      [['--store-ca', other, ...user], /store-lost: .*(certificate|signature)/],
    ];
    for (const [args, pattern] of cases) {
      const refused = router(...args);
      await refused.line(pattern);
      assert.ok(!refused.lines.some((line) => line.includes('Warning')));
      await refused.kill();
    }
  });

  test('a certificate that names another host is not trusted', async () => {
    const other = routerOn(etcd.store.replace('127.0.0.1', 'localhost'), ...tls, ...user);
    await other.line(/store-lost: .*altnames/);
    await other.kill();
  });

  test('invalid credentials end the start, and are quoted', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--store-ca', file('none')], /storeCa is ".*none": it can't be read \(ENOENT\)/],
      [['--store-cert', file('ca.pem')], /storeCert is ".*ca.pem", and storeKey is missing/],
      [['--store-user', 'ann'], /storeUser is "ann", and storePasswordFile is missing/],
      [['--store-ca', file('password')], /the store's authority holds no certificate in PEM/],
      [[...tls.slice(0, 5), file('ca.key')], /the store's certificate and key can't be used: .*mismatch/],
    ];
    for (const [args, pattern] of cases) {
      const refused = router(...args);
      await refused.line(pattern);
      assert.equal(await refused.exited, 2);
    }
  });
});
