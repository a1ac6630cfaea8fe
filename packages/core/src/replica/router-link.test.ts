import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_TIMING, type Reason, type RouterMessage } from '../index.js';
import { RecordedReplica } from './recorded-replica.fixture.js';
import { assignmentOf } from './replica-inputs.fixture.js';

const HANGS_UP = 'hangs up on the router';
const TOLD = { epoch: 1, primary: 1, members: [1, 2] } as const;

const refused = (server: RecordedReplica, reason: Reason): string[] =>
  server.router({ kind: 'refused', networkId: 'net', reason, detail: 'because' });

test('after a refusal the next router is dialled at once, and after a loss the last attached one first', () => {
  const server = new RecordedReplica(2, { routers: ['r1', 'r2'] });
  assert.deepEqual(server.start(), ['dials router r1']);
  assert.deepEqual(server.routerEnded(), ['"can\'t attach to the router at r1, goes on trying: gone"']);
  assert.deepEqual([server.tick(), server.now], [['dials router r2'], 0]);
  assert.deepEqual(server.welcome(TOLD), [
    '"attached to the router at r2, network net"',
    'dials primary s1',
    'to the router: ping',
  ]);
  assert.deepEqual(server.routerEnded(), ['"lost the router at r2: gone"']);
  assert.deepEqual([server.tick(), server.now], [['dials router r2'], 0]);
  server.routerEnded();
  assert.deepEqual([server.tick(), server.now], [['dials router r1'], 0]);
  server.routerEnded();
  assert.deepEqual([server.tick(), server.now], [['dials router r1', 'dials router r2'], 20]);
});

/** Steps until an output is not a ping. */
function next(server: RecordedReplica): [string[], number] {
  for (;;) {
    const lines = server.tick().filter((line) => line !== 'to the router: ping');
    if (lines.length > 0) return [lines, server.now];
  }
}

test('while one router does not answer the others are dialled too, and the first welcome counts', () => {
  const server = new RecordedReplica(2, { routers: ['hole', 'r2', 'r3'] });
  assert.deepEqual(server.start(), ['dials router hole']);
  assert.deepEqual(next(server), [['dials router r2'], 300]);
  assert.deepEqual(next(server), [['dials router r3'], 400]);
  assert.deepEqual(server.welcome(TOLD, 'r3'), [
    'hangs up on hole',
    'hangs up on r2',
    '"attached to the router at r3, network net"',
    'dials primary s1',
    'to the router: ping',
  ]);
  assert.deepEqual(server.welcome(TOLD, 'r2'), []);
});

test('a server attaches to a restarted router in time, even if every other address of its list is dead', () => {
  const routers = Array.from({ length: 16 }, (_, at) => (at === 15 ? 'router' : `hole ${at + 1}`));
  const server = new RecordedReplica(1, { routers });
  server.start();
  while (!next(server)[0].includes('dials router router'));
  assert.equal(server.now, 1_700);
  server.welcome(TOLD, 'router');
  const lostAt = server.now;
  server.routerEnded('router');
  assert.deepEqual([server.tick(), server.now], [['dials router router'], lostAt]);
  server.routerEnded('router'); // it takes 30 ms to start
  assert.deepEqual([server.tick(), server.now], [['dials router hole 1'], lostAt]);
  assert.deepEqual([server.tick(), server.now], [['dials router router'], lostAt + 20]);
});

test('two addresses of one router: the stream with the higher number is kept, whatever order their answers come in', () => {
  const SUPERSEDED = {
    ...({ kind: 'refused', networkId: 'net' } as const),
    ...({ reason: 'superseded', detail: 'it came again' } as const),
  };
  const dialled = (): RecordedReplica => {
    const server = new RecordedReplica(2, { routers: ['r1', 'alias'] });
    server.start();
    assert.deepEqual(next(server), [['dials router alias'], 300]);
    return server;
  };
  // The first answers first, and is superseded by the second.
  const first = dialled();
  assert.deepEqual(first.welcome(TOLD, 'r1'), [
    '"attached to the router at r1, network net"',
    'dials primary s1',
    'to the router: ping',
  ]);
  assert.deepEqual(first.router(SUPERSEDED, 'r1'), ['"lost the router at r1: it came again"']);
  assert.deepEqual(first.welcome({ ...TOLD, revision: 9 }, 'alias'), [
    '"attached to the router at alias, network net"',
  ]);
  // The other way round: the lower stream is closed, which means nothing to a router that has taken the
  // higher one.
  const second = dialled();
  second.welcome(TOLD, 'r1');
  assert.deepEqual(second.welcome({ ...TOLD, revision: 9 }, 'alias').slice(0, 1), ['hangs up on r1']);
  assert.deepEqual(second.router(SUPERSEDED, 'r1'), []);
  // A higher one that has no answer yet is not closed as long as the lower one is open.
  const third = dialled();
  third.welcome(TOLD, 'r1');
  third.now = 10_000;
  assert.deepEqual(third.step({ kind: 'tick' }), ['to the router: ping']);
  // Superseded by another life of this server: the answer on the next stream shows it.
  const fourth = new RecordedReplica(2);
  fourth.start();
  fourth.welcome(TOLD);
  assert.equal(fourth.router(SUPERSEDED).at(-1), 'ends failed: superseded');
});

test('a router that can not take us now is asked again; one that never will is the end', () => {
  for (const reason of ['limit-reached', 'shutting-down', 'storage-failed'] as const) {
    const server = new RecordedReplica(2);
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
    const server = new RecordedReplica(2);
    server.start();
    assert.equal(refused(server, reason).at(-1), `ends failed: ${reason}`);
    assert.deepEqual([server.step({ kind: 'tick' }), server.replica.nextDeadline()], [[], undefined]);
  }
});

test('a router that sends signs of life, but no welcome yet, is not given up', () => {
  const server = new RecordedReplica(2);
  server.start();
  const pong: RouterMessage = { kind: 'pong', sequence: 0, pingIntervalMs: 100 };
  for (let said = 0; said < 10; said += 1) {
    server.now += 1_000;
    assert.deepEqual(server.router(pong), []);
    assert.deepEqual(server.step({ kind: 'tick' }), []);
  }
  assert.equal(server.replica.nextDeadline(), 13_000);
  assert.ok(server.tick().includes(HANGS_UP));
});

const STRANGE_ANSWERS: readonly (readonly [string, RouterMessage])[] = [
  [
    'a refusal by a router of another network',
    { kind: 'refused', networkId: 'other', reason: 'wrong-network', detail: 'because' },
  ],
  [
    'a refusal by an older copy of the router',
    { kind: 'refused', networkId: 'net', reason: 'router-store-too-old', detail: 'because' },
  ],
  ['a sign of life before a welcome', { kind: 'pong', sequence: 0, pingIntervalMs: 100 }],
];
for (const [answer, message] of STRANGE_ANSWERS)
  test(`${answer} is no contact: a primary that is isolated stays so until it is welcomed`, () => {
    const told = { epoch: 1, primary: 1, members: [1, 2], inSync: [1, 2] };
    const server = new RecordedReplica(1);
    server.start();
    server.welcome(told);
    server.routerEnded();
    const reports: string[] = [];
    while (server.now < 5_000) {
      const lines = server.tick();
      if (lines.includes('dials router r1')) lines.push(...server.router(message));
      reports.push(...lines.filter((line) => /refuses all requests|serves again/.test(line)));
    }
    assert.deepEqual(reports, [
      '"refuses all requests: out of touch with the router and an in-sync standby for 500 ms"',
    ]);
    while (!server.tick().includes('dials router r1'));
    server.welcome(told);
    assert.ok(server.tick().includes('"in touch again, serves again"'));
  });

test('a silent router is given up: soon before its welcome, late after it', () => {
  const server = new RecordedReplica(2);
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

test('messages on an abandoned stream are ignored', () => {
  const server = new RecordedReplica(2);
  server.start();
  server.routerEnded();
  assert.deepEqual(server.welcome(TOLD), []);
  assert.equal(server.replica.assignment, undefined);
});

test('each reason why no router can be reached is reported once, and again after a welcome', () => {
  const server = new RecordedReplica(2);
  server.start();
  const ends = (detail: string): string[] => {
    const told = server.routerEnded(undefined, detail);
    server.tick();
    return told;
  };
  const told = (detail: string): string => `"can't attach to the router at r1, goes on trying: ${detail}"`;
  assert.deepEqual(ends('refused'), [told('refused')]);
  assert.deepEqual(ends('refused'), []);
  assert.deepEqual(ends('not of this network'), [told('not of this network')]);
  for (const again of ['refused', 'not of this network']) assert.deepEqual(ends(again), []);
  // Texts that differ each time are not reported for ever.
  const others = Array.from({ length: 20 }, (_, at) => ends(`port ${at}`).length);
  assert.equal(
    others.reduce((sum, count) => sum + count, 0),
    6,
  );
  server.welcome(TOLD);
  server.routerEnded();
  server.tick();
  assert.deepEqual(ends('refused'), [told('refused')]);
});

test('a server with a new journal id takes no answer to questions of the old one', () => {
  const server = new RecordedReplica(2);
  server.start();
  const tooOld = { kind: 'refused', networkId: 'net', reason: 'older-copy', detail: 'because' } as const;
  assert.match(server.router(tooOld).join(), /goes on as a new journal/);
  // Its disk takes long, and the router is asked again meanwhile.
  assert.deepEqual(server.tick(), ['dials router r1']);
  assert.deepEqual(server.step({ kind: 'journal-renewed', journalId: 'new' }), [HANGS_UP, 'dials router r1']);
  assert.deepEqual(server.step({ kind: 'router-message', attempt: 2, message: tooOld }), []);
  assert.ok(server.welcome(TOLD).includes('"attached to the router at r1, network net"'));
});

test('a server that is asked to stop before its disk has stored the welcome says so afterwards', () => {
  const server = new RecordedReplica(2);
  server.start();
  const assignment = assignmentOf({ epoch: 1, primary: 1, members: [1, 2] });
  server.router({ kind: 'welcome', networkId: 'net', clusters: 1, ...DEFAULT_TIMING, assignment, term: 0 });
  server.step({ kind: 'stop' });
  const lines = server.step({ kind: 'welcome-noted' });
  assert.deepEqual(lines, ['to the router: ping', 'to the router: leaving']);
});
