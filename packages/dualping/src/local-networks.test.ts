import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LocalNetworks } from './local-networks.js';

function testFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-local-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'certs'));
  return folder;
}

const networksIn = (folder: string) => new LocalNetworks({ XDG_STATE_HOME: folder });

test('a network is found by each name of the loopback, and after its router has ended', (context) => {
  const folder = testFolder(context);
  const certs = join(folder, 'certs');
  networksIn(folder).remember('127.0.0.1:7070', certs);
  for (const called of ['127.0.0.1:7070', 'localhost:7070', '[::1]:7070'])
    assert.equal(networksIn(folder).certsAt(['10.0.0.1:7070', called]), certs);
  assert.equal(networksIn(folder).certsAt(['127.0.0.1:7071', '10.0.0.1:7070']), undefined);
  networksIn(folder).remember('0.0.0.0:7072', certs);
  assert.equal(networksIn(folder).certsAt(['localhost:7072']), certs);
  networksIn(folder).remember('10.0.0.1:7070', certs);
  assert.equal(networksIn(folder).certsAt(['10.0.0.1:7070']), certs);
});

test('a network without TLS, or whose certificates are gone, is forgotten', (context) => {
  const folder = testFolder(context);
  const networks = networksIn(folder);
  networks.remember('127.0.0.1:7070', join(folder, 'certs'));
  networks.remember('127.0.0.1:7070', undefined);
  assert.equal(networks.certsAt(['127.0.0.1:7070']), undefined);
  networks.remember('127.0.0.1:7070', join(folder, 'gone'));
  assert.equal(networks.certsAt(['127.0.0.1:7070']), undefined);
  networks.remember('127.0.0.1:7071', join(folder, 'certs'));
  assert.equal(readdirSync(join(folder, 'dualping', 'local-networks')).length, 1, 'stale ones are removed');
});

test('only the owner reads the records, and a broken one or a folder that cannot be harms nothing', (context) => {
  const folder = testFolder(context);
  networksIn(folder).remember('127.0.0.1:7070', join(folder, 'certs'));
  const records = join(folder, 'dualping', 'local-networks');
  assert.equal(statSync(records).mode & 0o077, 0);
  for (const name of readdirSync(records)) writeFileSync(join(records, name), 'null');
  assert.equal(networksIn(folder).certsAt(['127.0.0.1:7070']), undefined);
  const impossible = networksIn('/proc/dualping');
  impossible.remember('127.0.0.1:7070', join(folder, 'certs'));
  assert.equal(impossible.certsAt(['127.0.0.1:7070']), undefined);
});
