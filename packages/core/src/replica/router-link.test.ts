import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reason } from '../index.js';
import { Alone } from './alone.fixture.js';

const HANGS_UP = 'hangs up on the router';
const TOLD = { epoch: 1, primary: 1, members: [1, 2] } as const;

const refused = (server: Alone, reason: Reason): string[] =>
  server.router({ kind: 'refused', networkId: 'net', reason, detail: 'because' });

test('routers are asked in turn, and the one that took us is asked first when it is lost', () => {
  const server = new Alone(2, { routers: ['r1', 'r2'] });
  assert.deepEqual(server.start(), ['dials router r1']);
  assert.deepEqual(server.routerEnded(), ['"can\'t attach to the router at r1, goes on trying: gone"']);
  assert.deepEqual([server.tick(), server.now], [['dials router r2'], 20]);
  assert.deepEqual(server.welcome(TOLD), [
    '"attached to the router at r2, network net"',
    'dials primary s1',
    'to the router: ping',
  ]);
  assert.deepEqual(server.routerEnded(), ['"lost the router at r2: gone"']);
  assert.deepEqual([server.tick(), server.now], [['dials router r2'], 20]);
  server.routerEnded();
  assert.deepEqual([server.tick(), server.now], [['dials router r1'], 40]);
});

test('a router that can not take us now is asked again; one that never will is the end', () => {
  for (const reason of ['limit-reached', 'shutting-down', 'storage-failed'] as const) {
    const server = new Alone(2);
    server.start();
    assert.ok(refused(server, reason).includes(HANGS_UP), reason);
    assert.deepEqual(server.tick(), ['dials router r1']);
  }
  for (const reason of [
    'wrong-network',
    'duplicate-server',
    'stale-incarnation',
    'router-store-too-old',
  ] as const) {
    const server = new Alone(2);
    server.start();
    assert.equal(refused(server, reason).at(-1), `ends failed: ${reason}`);
    assert.deepEqual([server.step({ kind: 'tick' }), server.replica.nextDeadline()], [[], undefined]);
  }
});

test('a router that says nothing is given up: soon while it has not welcomed us, late after that', () => {
  const server = new Alone(2);
  server.start();
  const heard = (): string[] => {
    for (;;) {
      const lines = server.tick().filter((line) => line !== 'to the router: ping');
      if (lines.includes(HANGS_UP)) return lines;
    }
  };
  assert.deepEqual(heard(), [
    HANGS_UP,
    '"can\'t attach to the router at r1, goes on trying: no welcome within 3000 ms"',
  ]);
  assert.equal(server.now, 3_000);
  server.tick();
  const welcomedAt = server.now;
  server.welcome(TOLD);
  assert.deepEqual(heard(), [HANGS_UP, '"lost the router at r1: nothing heard for 1500 ms"']);
  assert.equal(server.now - welcomedAt, 1_500);
});

test('what comes from a stream that was given up is not heard', () => {
  const server = new Alone(2);
  server.start();
  server.routerEnded();
  assert.deepEqual(server.welcome(TOLD), []);
  assert.equal(server.replica.assignment, undefined);
});
