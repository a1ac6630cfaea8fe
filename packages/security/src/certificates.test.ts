import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DualpingError, serverId } from '@dualping/core';
import { NetworkCredentials, type Part } from '@dualping/protocol';
import {
  beginRotation,
  endRotation,
  ensure,
  initNetwork,
  issue,
  listCertificates,
  partsIn,
  revoke,
} from './certificates.js';
import { fileOf, NETWORK_FILE, nameOf, partNamed, REVOKED_FILE } from './layout.js';
import { ANNA, ROUTER, read, server, testFolder, testNetwork } from './test-network.fixture.js';
import { readCredentials, readNetworkFile } from './watched-credentials.js';

const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof DualpingError && error.reason === 'invalid-argument' && pattern.test(error.detail);
const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('a network is made once, and certificates of its parts say who they are', async (context) => {
  const folder = testFolder(context);
  const network = await initNetwork(folder);
  await assert.rejects(initNetwork(folder), refused(/there is a network in ".*" already/));
  await issue(folder, [ROUTER, server(2, 3), ANNA]);
  assert.deepEqual(read(folder, server(2, 3)).identity, { ...server(2, 3), network });
  assert.deepEqual(read(folder, ANNA).identity, { ...ANNA, network });
  assert.deepEqual(readNetworkFile(join(folder, NETWORK_FILE)).identity, undefined);
  assert.equal(readNetworkFile(join(folder, NETWORK_FILE)).network, network);
  assert.deepEqual(partsIn(folder), [ANNA, ROUTER, server(2, 3)]);
});

test('only the owner can read the folder, also one that was readable before', async (context) => {
  const folder = testFolder(context);
  await ensure(folder, [ROUTER]);
  chmodSync(folder, 0o755);
  await ensure(folder, [ROUTER, server(1)]);
  assert.equal(modeOf(folder), 0o700);
  for (const file of ['ca.pem', 'network.pem', 'router.pem', 'server-1-1.pem', 'issued.json'])
    assert.equal(modeOf(join(folder, file)), 0o600, file);
});

test('existing files are left as they are, and missing ones are made', async (context) => {
  const folder = await testNetwork(context, ROUTER);
  const before = read(folder, ROUTER).serial;
  assert.equal(await ensure(folder, [ROUTER]), false);
  assert.equal(await ensure(folder, [ROUTER, server(1)]), true);
  assert.equal(read(folder, ROUTER).serial, before);
});

test('parts that start at once make their certificates one after the other', async (context) => {
  const folder = testFolder(context);
  const servers = Array.from({ length: 20 }, (_, at) => server(at + 1));
  await Promise.all(servers.map((part) => ensure(folder, [part])));
  assert.deepEqual(partsIn(folder), servers);
  assert.equal(listCertificates(folder).length, servers.length, 'none has overwritten what another noted');
});

test('the list has made, replaced and revoked certificates; a part is revoked with all certificates that it ever had', async (context) => {
  const folder = await testNetwork(context, ROUTER, server(1));
  await issue(folder, [server(1)]);
  const states = () =>
    listCertificates(folder).map(({ name, isCurrent, revokedAtMs }) => [
      name,
      isCurrent,
      revokedAtMs !== undefined,
    ]);
  assert.deepEqual(states(), [
    ['router', true, false],
    ['server-1-1', false, false],
    ['server-1-1', true, false],
  ]);
  assert.equal((await revoke(folder, server(1))).length, 2);
  assert.equal((await revoke(folder, server(1))).length, 0);
  await issue(folder, [server(1)]);
  assert.deepEqual(states(), [
    ['router', true, false],
    ['server-1-1', false, true],
    ['server-1-1', false, true],
    ['server-1-1', true, false],
  ]);
  await assert.rejects(revoke(folder, ANNA), refused(/no certificate of "operator-anna" was made/));
});

test('a certificate that has expired is refused, and says how to renew it', async (context) => {
  const folder = await testNetwork(context, ROUTER);
  const ONE_MINUTE_AGO = -1 / 1_440;
  await issue(folder, [server(1)], ONE_MINUTE_AGO);
  assert.throws(
    () => readCredentials(folder, server(1)),
    refused(/server-1-1\.pem" has expired on .*: dualping certs renew server-1-1/),
  );
  const own = new X509Certificate(
    readFileSync(fileOf(folder, server(1)), 'utf8').replace(/^[\s\S]*?(?=-----BEGIN CERT)/, ''),
  );
  const judgement = read(folder, ROUTER).judge(own);
  assert.match(judgement.kind === 'rejected' ? judgement.why : '', /has expired/);
});

test('of another network nothing is believed, whatever it says of itself', async (context) => {
  const [ours, theirs] = [await testNetwork(context, ROUTER), await testNetwork(context, ROUTER)];
  const leafOf = (folder: string): string => {
    const [leaf] =
      readFileSync(fileOf(folder, ROUTER), 'utf8').match(/-----BEGIN CERT[\s\S]*?-----END CERT.*-----/) ?? [];
    return leaf ?? '';
  };
  const judgement = read(ours, ROUTER).judge(new X509Certificate(leafOf(theirs)));
  assert.match(judgement.kind === 'rejected' ? judgement.why : '', /was not made by network/);
  const key = /-----BEGIN PRIVATE[\s\S]*?-----END PRIVATE KEY-----/.exec(
    readFileSync(fileOf(theirs, ROUTER), 'utf8'),
  );
  const network = readFileSync(join(ours, NETWORK_FILE), 'utf8');
  assert.throws(
    () => NetworkCredentials.parse(`${key}\n${leafOf(theirs)}\n${network}`),
    refused(/their certificate was not made by network/),
  );
  assert.throws(
    () => NetworkCredentials.parse(network + readFileSync(join(theirs, NETWORK_FILE), 'utf8')),
    refused(/certificates of something else than one network/),
  );
});

test('files that are no credentials are refused, each with the reason', async (context) => {
  const folder = await testNetwork(context, ROUTER, server(1));
  const text = readFileSync(fileOf(folder, ROUTER), 'utf8');
  const [key = '', leaf = '', ca = ''] = text.match(/-----BEGIN[\s\S]*?-----END.*-----\n/g) ?? [];
  const [otherKey = ''] =
    readFileSync(fileOf(folder, server(1)), 'utf8').match(/-----BEGIN[\s\S]*?-----END.*-----\n/) ?? [];
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['', /no certificate of a network/],
    ['garbage', /no certificate of a network/],
    [leaf + key, /no certificate of a network/],
    [key + ca, /a private key without its certificate/],
    [leaf + ca, /a certificate without its private key/],
    [key + leaf + leaf + ca, /2 certificates of parts/],
    [otherKey + leaf + ca, /not the one of their certificate/],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', /a certificate that cannot be read/],
    [
      `-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n${leaf}${ca}`,
      /a private key that cannot be read/,
    ],
  ];
  for (const [pem, pattern] of wrong) assert.throws(() => NetworkCredentials.parse(pem), refused(pattern));
});

test('an unreadable list of revoked certificates is not taken for an empty one', async (context) => {
  const folder = await testNetwork(context, ROUTER);
  for (const text of ['', '{}', '[{"name":"router"}]', '[1]']) {
    writeFileSync(join(folder, REVOKED_FILE), text);
    assert.throws(() => readCredentials(folder, ROUTER), refused(/revoked\.json" cannot be read/));
  }
});

test('the missing file is quoted, and the command that makes certificates is named', async (context) => {
  const folder = await testNetwork(context, ROUTER);
  assert.throws(() => readCredentials(folder, server(9)), refused(/server-1-9\.pem" cannot be read: ENOENT/));
  rmSync(join(folder, 'ca.pem'));
  await assert.rejects(issue(folder, [server(1)]), refused(/ca\.pem" cannot be read.*dualping certs init/));
});

test('parts are called by one name', () => {
  const member: Part = { role: 'member', cluster: 1, serverId: serverId(4) };
  for (const part of [ROUTER, ANNA, server(2, 3), member]) assert.deepEqual(partNamed(nameOf(part)), part);
  for (const name of [
    '',
    'server',
    'server-1',
    'server-0-1',
    'server-1-2-3',
    'operator-',
    'operator-a/b',
    'ca',
    '../x',
  ])
    assert.throws(() => partNamed(name), refused(/names no part/), name);
});

test('the certificate of the network is replaced in three steps, and each counts as long as it should', async (context) => {
  const folder = await testNetwork(context, ROUTER, server(1), ANNA);
  const before = { router: read(folder, ROUTER), anna: read(folder, ANNA) };
  const leafOf = (part: Part): X509Certificate =>
    new X509Certificate(
      readFileSync(fileOf(folder, part), 'utf8').replace(/^[\s\S]*?(?=-----BEGIN CERT)/, ''),
    );
  const formerLeaf = leafOf(ROUTER);
  await assert.rejects(endRotation(folder), refused(/no rotation has begun/));
  await beginRotation(folder);
  await assert.rejects(beginRotation(folder), refused(/has begun in ".*" already/));
  // Both count, on every side, and what was made before is as it was.
  assert.equal(read(folder, ROUTER).authorities.length, 2);
  assert.equal(readNetworkFile(join(folder, NETWORK_FILE)).authorities.length, 2);
  assert.equal(read(folder, ROUTER).serial, before.router.serial);
  assert.equal(read(folder, ROUTER).network, before.router.network);
  await issue(folder, [server(1)]);
  const renewed = leafOf(server(1));
  for (const leaf of [formerLeaf, renewed]) assert.equal(read(folder, ANNA).judge(leaf).kind, 'part');
  assert.equal(before.anna.judge(renewed).kind, 'rejected', 'one that has not been told yet');
  await assert.rejects(
    endRotation(folder),
    refused(/these still have .*: operator-anna, router; dualping certs renew/),
  );
  await issue(folder, [ROUTER, ANNA]);
  await endRotation(folder);
  assert.equal(readNetworkFile(join(folder, NETWORK_FILE)).authorities.length, 1);
  const judgement = read(folder, ANNA).judge(formerLeaf);
  assert.match(judgement.kind === 'rejected' ? judgement.why : '', /was not made by network/);
  assert.equal(read(folder, ANNA).judge(leafOf(ROUTER)).kind, 'part');
  assert.equal(read(folder, ANNA).whyCut(formerLeaf), undefined, 'a connection that stands');
  assert.deepEqual(
    listCertificates(folder).map(({ name, isCurrent, isOfFormer }) => [name, isCurrent, isOfFormer]),
    [
      ['router', false, true],
      ['server-1-1', false, true],
      ['operator-anna', false, true],
      ['server-1-1', true, false],
      ['router', true, false],
      ['operator-anna', true, false],
    ],
  );
  for (const file of ['ca.pem', 'network.pem', 'router.pem']) assert.equal(modeOf(join(folder, file)), 0o600);
});
