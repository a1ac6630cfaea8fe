import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError } from '@dualping/core';
import {
  DeviceKey,
  fromServiceError,
  type NetworkCredentials,
  TOKEN_KEY,
  TOKEN_MS,
  TOKEN_RENEWAL_MS,
  TokenJudge,
  toServiceError,
} from '@dualping/protocol';
import { UserTokens } from './user-tokens.js';

const AUTHORITY = 'A'.repeat(43);
const credentials = { authorityHashes: [AUTHORITY] } as unknown as NetworkCredentials;
const judge = new TokenJudge(() => [AUTHORITY]);

const HOUR_MS = 3_600_000;

test('a token is made once for its session, and renewed before it expires', (context) => {
  context.mock.timers.enable({ apis: ['Date'], now: 1_000 * HOUR_MS });
  const key = DeviceKey.generate();
  const tokens = new UserTokens('mira', { key, device: 'laptop' }, credentials);
  let made = 0;
  tokens.made$.subscribe(() => {
    made += 1;
  });
  const first = tokens.token('s');
  const notAfterMs = Date.now() + TOKEN_MS;
  assert.deepEqual(judge.judge(first, Date.now()), {
    ...{ user: 'mira', key: key.publicKey, sessionId: 's', notAfterMs },
  });
  assert.deepEqual(tokens.metadata('s').get(TOKEN_KEY), [first]);
  assert.equal(tokens.renewInMs('s'), TOKEN_MS - TOKEN_RENEWAL_MS);
  context.mock.timers.tick(TOKEN_MS - TOKEN_RENEWAL_MS - 1);
  assert.equal(tokens.token('s'), first);
  assert.deepEqual(tokens.last?.get(TOKEN_KEY), [first], 'for calls that belong to no session');
  context.mock.timers.tick(1);
  const second = tokens.token('s');
  assert.equal(judge.judge(second, Date.now()).notAfterMs, Date.now() + TOKEN_MS);
  assert.equal(judge.judge(tokens.token('t'), Date.now()).sessionId, 't');
  assert.equal(made, 3);
});

test('with a wrong clock tokens are made by the time in a refusal', (context) => {
  const told = 1_000 * HOUR_MS;
  context.mock.timers.enable({ apis: ['Date'], now: told });
  const expired = new DualpingError('token-expired', 'it has run out');
  // What the server sends, as the client gets it.
  const refusal = fromServiceError(toServiceError(expired), { sent: true, peer: 'server' });
  assert.equal(refusal.reason, 'token-expired');
  context.mock.timers.setTime(told - 5 * HOUR_MS);
  const tokens = new UserTokens('mira', { key: DeviceKey.generate(), device: 'laptop' }, credentials);
  assert.throws(() => judge.judge(tokens.token('s'), told), /token-expired/);
  assert.equal(tokens.corrected(new DualpingError('wrong-key', 'another reason')), false);
  assert.equal(tokens.corrected(expired), false, 'it tells no clock');
  assert.equal(tokens.corrected(refusal), true);
  assert.equal(judge.judge(tokens.token('s'), told).notAfterMs, told + TOKEN_MS);
  context.mock.timers.tick(HOUR_MS);
  assert.equal(judge.judge(tokens.token('s'), told + HOUR_MS).notAfterMs, told + HOUR_MS + TOKEN_MS);
});
