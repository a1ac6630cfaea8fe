/** A server among several routers, of which one leads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordedReplica } from './recorded-replica.fixture.js';

const TOLD = { epoch: 1, primary: 1, members: [1, 2] } as const;
const ROUTERS = { routers: ['r1', 'r2', 'r3'] };

const says = (server: RecordedReplica, from: string, term: number, address: string): string[] =>
  server.router({ kind: 'leader-is', term, address }, from);

const dialled = (lines: readonly string[]): string[] =>
  lines.filter((line) => line.startsWith('dials router'));

/** Attached to r2, which leads in term 5; r1 has said so, and is listened to. */
function attached(): RecordedReplica {
  const server = new RecordedReplica(2, ROUTERS);
  server.start();
  assert.deepEqual(says(server, 'r1', 5, 'r2'), ['dials router r2']);
  assert.deepEqual(server.welcome({ ...TOLD, term: 5 }, 'r2'), [
    '"attached to the router at r2, network net"',
    'dials primary s1',
    'to the router: ping',
  ]);
  return server;
}

test('a router that does not lead names the leader, which is dialled at once', () => {
  attached();
});

test('a leader that is not in the list is dialled, too', () => {
  const server = new RecordedReplica(2, ROUTERS);
  server.start();
  assert.deepEqual(says(server, 'r1', 5, 'elsewhere'), ['dials router elsewhere']);
  const lines = server.welcome({ ...TOLD, term: 5 }, 'elsewhere');
  assert.equal(lines[0], '"attached to the router at elsewhere, network net"');
});

test('when another router leads, the server moves as soon as it learns that, even if its own router is silent', () => {
  const server = attached();
  assert.deepEqual(says(server, 'r1', 6, 'r3'), ['dials router r3']);
  const lines = server.welcome({ ...TOLD, revision: 9, term: 6 }, 'r3');
  assert.equal(lines[0], 'hangs up on r2');
});

test('a message about the present term, or an older one, changes nothing', () => {
  const server = attached();
  assert.deepEqual(says(server, 'r1', 5, 'r2'), []);
  assert.deepEqual(says(server, 'r1', 4, 'r3'), []);
  assert.deepEqual(says(server, 'r1', 0, ''), []);
});

test('a listened-to router that now leads is dialled after it has ended that stream, not before', () => {
  const server = attached();
  assert.deepEqual(says(server, 'r1', 6, 'r1'), []);
  assert.deepEqual(dialled(server.routerEnded('r1')), ['dials router r1']);
});

test('routers that say of one another that they lead are dialled once each', () => {
  const server = new RecordedReplica(2, ROUTERS);
  server.start();
  assert.deepEqual(says(server, 'r1', 5, 'r2'), ['dials router r2']);
  assert.deepEqual(says(server, 'r2', 5, 'r1'), []);
  for (let turn = 0; turn < 5; turn += 1) {
    assert.deepEqual(says(server, 'r1', 5, 'r2'), []);
    assert.deepEqual(says(server, 'r2', 5, 'r1'), []);
  }
});

test('besides the leader another router is listened to; with a single router there is none', () => {
  const dialledWhile = (term: number): string[] => {
    const server = new RecordedReplica(2, ROUTERS);
    server.start();
    server.welcome({ ...TOLD, term }, 'r1');
    const lines: string[] = [];
    while (server.now < 2_000) {
      lines.push(...server.tick());
      server.router({ kind: 'pong', sequence: 0, pingIntervalMs: 100 }, 'r1');
    }
    return dialled(lines);
  };
  assert.deepEqual(dialledWhile(5), ['dials router r2']);
  assert.deepEqual(dialledWhile(0), []);
});

/** It followed s1, and its streams to the leading router and to s1 have ended. */
function alone(): RecordedReplica {
  const server = attached();
  server.joined(0, 1);
  assert.ok(!server.primaryEnded().some((line) => line.startsWith('asks')), 'its router would notice');
  assert.ok(server.routerEnded('r2').includes('asks whether s1 listens'));
  return server;
}

/** Another router welcomes it: the first ping there. */
function firstPing(server: RecordedReplica): string | undefined {
  says(server, 'r1', 6, 'r3');
  server.welcome({ ...TOLD, revision: 9, term: 6 }, 'r3');
  return server.tick().find((line) => line.startsWith('to the router'));
}

test('a primary whose port refuses is gone: the next router hears it at once, and not after dead-after', () => {
  const server = alone();
  server.portRefused(1);
  assert.equal(firstPing(server), 'to the router: ping, cannot reach 1');
});

test('a primary whose stream has only ended is missed after dead-after, and no sooner', () => {
  assert.equal(firstPing(alone()), 'to the router: ping');
});

test('an answer about the port of an earlier stream changes nothing', () => {
  const server = alone();
  while (!server.tick().includes('dials primary s1'));
  server.joined(0, 1);
  server.portRefused(1);
  assert.equal(firstPing(server), 'to the router: ping');
});
