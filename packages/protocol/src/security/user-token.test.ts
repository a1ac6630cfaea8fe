import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { DualpingError, type Reason } from '@dualping/core';
import { CLOCK_LEEWAY_MS } from '../codec/requests.js';
import { UserToken } from '../gen/dualping/v1/social.js';
import { authorityHash, DeviceKey, shortKey, TOKEN_MS, TokenJudge } from './user-token.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const network = (): string => authorityHash(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
const OURS = network();
const CLAIMS = { user: 'mira', sessionId: 'a session', notAfterMs: NOW + TOKEN_MS };

const refused = (act: () => unknown, reason: Reason, text: RegExp): void => {
  assert.throws(act, (error) => {
    assert.ok(error instanceof DualpingError, String(error));
    assert.deepEqual([error.reason, text.test(error.detail)], [reason, true], error.detail);
    return true;
  });
};

test('a token says who signed it, for whom, in which session and until when', () => {
  const key = DeviceKey.generate();
  const claims = { ...CLAIMS, sessionId: 'a-session' };
  const judge = new TokenJudge(() => [network(), OURS]);
  const token = key.sign(OURS, claims);
  for (const _ of ['checked', 'known'])
    assert.deepEqual(judge.judge(token, NOW), { ...claims, key: key.publicKey });
  const again = DeviceKey.parse(key.toPem());
  assert.equal(again.publicKey, key.publicKey);
  assert.deepEqual(judge.judge(again.sign(OURS, claims), NOW).key, key.publicKey);
});

test('a token for another network, of another key, or with anything changed counts nowhere', () => {
  const key = DeviceKey.generate();
  const claims = { ...CLAIMS, sessionId: 's' };
  const judge = new TokenJudge(() => [OURS]);
  refused(() => judge.judge(key.sign(network(), claims), NOW), 'unauthenticated', /not signed by its key/);
  const told = UserToken.decode(key.sign(OURS, claims));
  const other = Buffer.from(DeviceKey.generate().publicKey, 'base64url');
  const changes = [
    { user: 'eve' },
    { sessionId: 't' },
    { notAfterMs: claims.notAfterMs - 1 },
    { key: other },
    { signature: Buffer.alloc(64) },
    { signature: Buffer.alloc(0) },
  ];
  for (const change of changes)
    refused(
      () => judge.judge(UserToken.encode({ ...told, ...change }).finish(), NOW),
      'unauthenticated',
      /not signed by its key/,
    );
});

test('bytes that are no token are refused, with the reason', () => {
  const judge = new TokenJudge(() => [OURS]);
  const told = UserToken.decode(DeviceKey.generate().sign(OURS, { ...CLAIMS, sessionId: 's' }));
  const encoded = (change: Partial<UserToken>): Uint8Array =>
    UserToken.encode({ ...told, ...change }).finish();
  const wrong: readonly (readonly [Uint8Array, RegExp])[] = [
    [Buffer.from('nonsense'), /8 bytes can't be read/],
    [Buffer.alloc(0), /a user name is missing/],
    [encoded({ user: '\u0000' }), /may only have letters/],
    [encoded({ key: Buffer.alloc(31) }), /key has 31 bytes, 32 are needed/],
    [encoded({ sessionId: '' }), /session_id is missing/],
    [encoded({ notAfterMs: 0 }), /not_after_ms is "0"/],
  ];
  for (const [bytes, text] of wrong) refused(() => judge.judge(bytes, NOW), 'unauthenticated', text);
});

test('a token counts for an hour, with five minutes of leeway on both sides', () => {
  const key = DeviceKey.generate();
  const judge = new TokenJudge(() => [OURS]);
  const made = (leftMs: number): Buffer =>
    key.sign(OURS, { user: 'mira', sessionId: 's', notAfterMs: NOW + leftMs });
  for (const leftMs of [-CLOCK_LEEWAY_MS, 0, TOKEN_MS + CLOCK_LEEWAY_MS]) judge.judge(made(leftMs), NOW);
  refused(() => judge.judge(made(-CLOCK_LEEWAY_MS - 1), NOW), 'token-expired', /expired 300001 ms ago/);
  const long = made(TOKEN_MS + CLOCK_LEEWAY_MS + 1);
  refused(() => judge.judge(long, NOW), 'token-expired', /valid for 3900001 ms/);
  const known = made(TOKEN_MS);
  judge.judge(known, NOW);
  refused(
    () => judge.judge(known, NOW + 2 * TOKEN_MS),
    'token-expired',
    /by the server's clock \(2026-01-01T02/,
  );
});

test('a key is shown in digits, whatever it begins with', () => {
  const key = Buffer.alloc(32, 0xfb).toString('base64url');
  assert.match(key, /^-/, 'as an option does');
  assert.equal(shortKey(key), 'fbfbfbfbfbfb');
});

test('a key file with another key, or none, is refused', () => {
  refused(() => DeviceKey.parse('nonsense'), 'invalid-argument', /not a private key in PEM/);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  refused(() => DeviceKey.parse(pem), 'invalid-argument', /not an Ed25519 key/);
});

test('a new token is verified on another thread, once for all who ask meanwhile; then it is known', async () => {
  const key = DeviceKey.generate();
  const judge = new TokenJudge(() => [network(), OURS]);
  const claims = { ...CLAIMS, sessionId: 's' };
  const token = key.sign(OURS, claims);
  const verifying = judge.judgeSoon(token, NOW);
  assert.ok(verifying instanceof Promise);
  assert.equal(judge.judgeSoon(Uint8Array.from(token), NOW), verifying);
  const verified = await verifying;
  assert.equal(verified.user, 'mira');
  assert.equal(judge.judgeSoon(token, NOW), verified);
  assert.equal(judge.judge(token, NOW), verified);
  const judged = async (bytes: Uint8Array) => await judge.judgeSoon(bytes, NOW);
  await assert.rejects(judged(key.sign(network(), claims)), /not signed by its key/);
  await assert.rejects(judged(Buffer.from('no token')), /can't be read/);
});

test('tokens that have expired are not kept, however they were verified', async () => {
  const key = DeviceKey.generate();
  const judge = new TokenJudge(() => [OURS]);
  const tokenUntil = (notAfterMs: number) => key.sign(OURS, { ...CLAIMS, sessionId: 's', notAfterMs });
  const expired = NOW - CLOCK_LEEWAY_MS - 1;
  await assert.rejects(async () => await judge.judgeSoon(tokenUntil(expired), NOW), /expired/);
  refused(() => judge.judge(tokenUntil(expired), NOW), 'token-expired', /expired/);
  assert.equal(judge.known, 0);

  const [first, second, third] = [tokenUntil(NOW), tokenUntil(NOW + 1), tokenUntil(NOW + TOKEN_MS)];
  await judge.judgeSoon(first, NOW);
  judge.judge(second, NOW);
  assert.equal(judge.known, 2);
  const later = NOW + CLOCK_LEEWAY_MS + 2;
  refused(() => judge.judgeSoon(second, later), 'token-expired', /expired \d+ ms ago/);
  assert.equal(judge.known, 1);
  judge.judge(third, later);
  assert.equal(judge.known, 1, 'the first went when another came');
});
