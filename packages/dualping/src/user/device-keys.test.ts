import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { NetworkCredentials } from '@dualping/protocol';
import { keyFileOf, ownDevice } from './device-keys.js';
import { knownNetworkAt, knownNetworksFile, rememberNetwork } from './known-networks.js';

const credentials = { network: '0123456789ab' } as unknown as NetworkCredentials;
const given = process.env.XDG_CONFIG_HOME;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualping-home-'));
  process.env.XDG_CONFIG_HOME = folder;
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  if (given === undefined) delete process.env.XDG_CONFIG_HOME;
  else process.env.XDG_CONFIG_HOME = given;
});

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('a key is made once for each name, and is for its owner only', () => {
  const { key, device } = ownDevice(credentials, 'mira');
  assert.match(device ?? '', /^[A-Za-z0-9._-]{1,40}$/);
  assert.equal(ownDevice(credentials, 'mira').key?.publicKey, key?.publicKey);
  assert.notEqual(ownDevice(credentials, 'Mira').key?.publicKey, key?.publicKey, 'names differ in capitals');
  const keys = join(folder, 'dualping', 'keys', '0123456789ab');
  assert.deepEqual(readdirSync(keys).sort(), ['+mira.pem', 'mira.pem'], 'and nothing is left over');
  assert.deepEqual([modeOf(keys), modeOf(join(keys, 'mira.pem'))], [0o700, 0o600]);
  chmodSync(join(keys, 'mira.pem'), 0o644);
  assert.equal(ownDevice(credentials, 'mira').key?.publicKey, key?.publicKey);
  assert.equal(modeOf(join(keys, 'mira.pem')), 0o600);
  assert.deepEqual(ownDevice(undefined, 'mira'), {});
});

test('an unusable key file is refused, and not changed', () => {
  ownDevice(credentials, 'mira');
  const path = keyFileOf(credentials, 'mira');
  writeFileSync(path, 'nonsense');
  assert.throws(() => ownDevice(credentials, 'mira'), /mira\.pem" can't be used: it is not a private key/);
  rmSync(join(folder, 'dualping'), { recursive: true });
  writeFileSync(join(folder, 'dualping'), 'a file in the way');
  assert.throws(() => ownDevice(credentials, 'mira'), /can't be used: ENOTDIR/);
});

test('networks are known by the addresses of their routers', () => {
  const network = { fingerprint: 'A', certificate: 'PEM' };
  assert.equal(knownNetworkAt(['a:1']), undefined);
  rememberNetwork(['a:1', 'b:2'], network);
  rememberNetwork(['c:3'], { ...network, fingerprint: 'C' });
  assert.deepEqual(knownNetworkAt(['x:9', 'b:2']), network);
  assert.equal(knownNetworkAt(['c:3'])?.fingerprint, 'C');
  assert.equal(modeOf(knownNetworksFile()), 0o600);
  for (const [content, text] of [
    ['nonsense', /it is not JSON/],
    ['{"a:1": {"fingerprint": 5}}', /"a:1" has no fingerprint and certificate/],
  ] as const) {
    writeFileSync(knownNetworksFile(), content);
    assert.throws(() => knownNetworkAt(['a:1']), text, 'a broken file does not make a network unknown');
  }
});
