import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingMember } from './dualping-member.js';
import { DualpingSession } from './dualping-session.js';
import { registerDualpingResolver } from './name-resolver.js';
import { RouterClient } from './router-client.js';

/** As a program in JavaScript calls it. */
const untyped = (value: unknown): never => value as never;

test('missing options are named, also when none are given', () => {
  for (const [make, detail] of [
    [
      () => new DualpingMember(untyped(undefined)),
      'DualpingMember needs { routers, serverId, address }: routers and serverId and address are missing',
    ],
    [
      () => new DualpingMember(untyped({ routers: ['a:1'], address: 'b:2' })),
      'DualpingMember needs { routers, serverId, address }: serverId is missing',
    ],
    [
      () => new DualpingSession(untyped({ routers: ['a:1'] })),
      'DualpingSession needs { routers, user }: user is missing',
    ],
    [() => new RouterClient(untyped({})), 'RouterClient needs { routers }: routers is missing'],
    [
      () => registerDualpingResolver(untyped(undefined)),
      'registerDualpingResolver needs { routers }: routers is missing',
    ],
  ] as const)
    assert.throws(make, { reason: 'invalid-argument', detail });
});
