import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NetworkCredentials, PEM_BLOCK } from '@dualping/protocol';
import { beginRotation, endRotation, issue, partsIn } from './certificates.js';
import { AUTHORITY_FILE, NETWORK_FILE } from './layout.js';
import { ROUTER, read, testNetwork } from './test-network.fixture.js';
import { readNetworkFile } from './watched-credentials.js';
import { makeAuthority, makeSuccession } from './x509.js';

const certificatesIn = (pem: string): readonly X509Certificate[] =>
  [...pem.matchAll(PEM_BLOCK)].flatMap(([block, label]) =>
    label === 'CERTIFICATE' ? new X509Certificate(block) : [],
  );

test('who knows the former certificate follows from the begin to the end, and then knows the new one alone', async (context) => {
  const folder = await testNetwork(context, ROUTER);
  const user = readNetworkFile(join(folder, NETWORK_FILE));
  const absent = readNetworkFile(join(folder, NETWORK_FILE));
  assert.equal(user.followed(read(folder, ROUTER).statement, true), undefined, 'nothing is new');
  await beginRotation(folder);
  const during = read(folder, ROUTER);
  assert.equal(during.statement.length, 3);
  for (const isProved of [true, false]) {
    const next = user.followed(during.statement, isProved) ?? '';
    assert.deepEqual(NetworkCredentials.parse(next).authorityHashes, during.authorityHashes);
  }
  user.replace(user.followed(during.statement, true) ?? '', []);
  assert.equal(user.followed(during.statement, true), undefined, 'it is known now');
  await issue(folder, partsIn(folder));
  await endRotation(folder);
  const after = read(folder, ROUTER);
  const trusted = user.followed(after.statement, true) ?? '';
  assert.deepEqual(NetworkCredentials.parse(trusted).authorityHashes, after.authorityHashes);
  assert.equal(user.followed(after.statement, false), undefined, 'what a stranger leaves out stays trusted');
  for (const isProved of [true, false]) assert.equal(absent.followed(after.statement, isProved), undefined);
});

test('no client follows a foreign network, or an expired succession of the former key', async (context) => {
  const folder = await testNetwork(context, ROUTER);
  const user = readNetworkFile(join(folder, NETWORK_FILE));
  const former = readFileSync(join(folder, AUTHORITY_FILE), 'utf8');
  const [own] = certificatesIn(former).filter(({ ca }) => ca);
  assert.ok(own !== undefined);
  const stranger = await makeAuthority(user.network, 10);
  const next = await makeAuthority(user.network, 10);
  const ofAnother = await makeAuthority('0123456789ab', 10);
  const authority = { certificate: String(own), key: former };
  const attempts: Readonly<Record<string, readonly string[]>> = {
    'its own certificate': [stranger.certificate],
    'a succession of its own': [next.certificate, await makeSuccession(stranger, next, 10)],
    'ours beside its own': [stranger.certificate, String(own)],
    'a true succession to another key': [stranger.certificate, await makeSuccession(authority, next, 10)],
    'one that has run out': [next.certificate, await makeSuccession(authority, next, -1 / 24)],
    'one to another network': [ofAnother.certificate, await makeSuccession(authority, ofAnother, 10)],
  };
  for (const [name, pems] of Object.entries(attempts)) {
    const statement = pems.flatMap(certificatesIn).map(({ raw }) => raw);
    assert.equal(user.followed([Buffer.from('nonsense'), ...statement], false), undefined, name);
  }
  const good = [next.certificate, await makeSuccession(authority, next, 10)].flatMap(certificatesIn);
  const followed = user.followed(
    good.map(({ raw }) => raw),
    false,
  );
  assert.deepEqual(certificatesIn(followed ?? '').map(String), [good[0], own].map(String));
});
