import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serverId } from '@dualping/core';
import type { Part } from '@dualping/protocol';
import { ensure, fileOf, issue, revoke } from '@dualping/security';
import { checkCertificates } from './certificates.js';

const ROUTER: Part = { role: 'router' };
const server = (id: number): Part => ({ role: 'server', cluster: 1, serverId: serverId(id) });
const ORDERS: Part = { role: 'member', cluster: 'orders', serverId: serverId(3) };

const folder = mkdtempSync(join(tmpdir(), 'dualping-check-'));
const certs = join(folder, 'certs');
const texts = (minDays = 30, nowMs = Date.now()) =>
  checkCertificates(certs, minDays, nowMs).problems.map(({ severity, text }) => `${severity}: ${text}`);

before(async () => {
  await ensure(certs, [ROUTER, server(1), server(2), ORDERS]);
});
after(() => rmSync(folder, { recursive: true }));

test('a healthy folder is reported with the day on which the first certificate ends', () => {
  const { parts, daysLeft, problems } = checkCertificates(certs, 30, Date.now());
  assert.deepEqual([parts, problems], [4, []]);
  assert.ok(daysLeft !== undefined && daysLeft > 3_000, `${daysLeft} days`);
});

test("certificates that end soon, have ended, were revoked, are another part's, are readable by others, or are invalid are reported", async () => {
  await issue(certs, [server(1)], 10);
  const soon = texts();
  assert.equal(soon.length, 1);
  assert.match(
    soon[0] ?? '',
    /^warning: .*server-1-1\.pem" ends on .*, in 9 days: dualping certs renew server-1-1$/,
  );
  assert.deepEqual(texts(5), []);
  assert.match(
    texts(30, Date.now() + 11 * 86_400_000)[0] ?? '',
    /^critical: .*has expired on .*renew server-1-1$/,
  );
  await issue(certs, [server(1)], 3_650);

  await revoke(certs, server(2));
  assert.match(texts().join('\n'), /^critical: .*server-1-2\.pem" was revoked$/);
  await issue(certs, [server(2)], 3_650);
  assert.deepEqual(texts(), []);

  copyFileSync(fileOf(certs, server(1)), fileOf(certs, server(2)));
  assert.match(texts().join('\n'), /is of server 1 of cluster 1, not of server 2 of cluster 1$/);
  await issue(certs, [server(2)], 3_650);

  chmodSync(fileOf(certs, ORDERS), 0o640);
  assert.match(texts().join('\n'), /^warning: .*member-orders-3\.pem" is open to others .*\(mode 0640\)$/);
  chmodSync(fileOf(certs, ORDERS), 0o600);
  chmodSync(join(certs, 'ca.pem'), 0o644);
  assert.match(texts().join('\n'), /^warning: key ".*ca\.pem" is open to others/);
  chmodSync(join(certs, 'ca.pem'), 0o600);

  writeFileSync(fileOf(certs, ROUTER), 'nonsense');
  assert.match(texts().join('\n'), /^critical: .*router\.pem" can't be used: /);
});

test('a missing folder, or one without certificates, is refused', () => {
  assert.throws(() => checkCertificates(join(folder, 'none'), 30, 0), /none" of certificates does not exist/);
  assert.throws(() => checkCertificates(folder, 30, 0), /has no certificate of a network/);
});
