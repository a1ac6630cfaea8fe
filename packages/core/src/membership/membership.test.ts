import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError, epoch, LEAVE_TIMEOUT_MS, type MembershipOptions, OWN_BUILD } from '../index.js';
import { RecordedMembership } from './recorded-membership.fixture.js';

const OURS = { epoch: 1, primary: 2 } as const;
const ANOTHERS = { epoch: 2, primary: 1 } as const;

/** Attached, as primary of epoch 1, and its first ping is on its way. */
function primary(options: Partial<MembershipOptions> = {}): RecordedMembership {
  const member = new RecordedMembership(options);
  member.start();
  assert.deepEqual(member.welcome(OURS), ['primary in epoch 1']);
  assert.deepEqual(member.tick(), ['says ping']);
  return member;
}

test("it attaches without a journal, pings at the router's interval, and is primary when the router says so", () => {
  const member = new RecordedMembership();
  const [open] = member.membership.step(0, { kind: 'tick' });
  assert.deepEqual(open, {
    kind: 'open-router',
    attempt: 1,
    address: 'r1',
    message: {
      kind: 'attach',
      networkId: '',
      cluster: 1,
      serverId: 2,
      incarnation: 1,
      journalId: '',
      lifeId: 'life',
      welcomedLife: '',
      address: 's2:1',
      epoch: 0,
      revision: 0,
      stats: {
        durable: 0,
        committed: 0,
        lastEpoch: 0,
        checksum: 0,
        timelines: 0,
        postsAccepted: 0,
        slowSyncs: 0,
        longestSyncMs: 0,
      },
      replicates: false,
      attempt: 1,
      leaving: false,
      build: OWN_BUILD,
    },
  });
  const again = new RecordedMembership();
  assert.deepEqual(again.start(), ['dials r1']);
  assert.deepEqual(again.welcome({ epoch: 1, primary: 1 }), ['attached in epoch 1']);
  assert.deepEqual([again.tick(), again.now], [['says ping'], 0]);
  assert.deepEqual(again.pong(40), []);
  assert.deepEqual([again.tick(), again.now], [['says ping'], 100]);
  assert.deepEqual([again.tick(), again.now], [['says ping'], 140]);
  again.pong();
  assert.deepEqual(again.assigned({ epoch: 2, primary: 2 }), ['primary in epoch 2']);
  assert.deepEqual(again.assigned({ epoch: 3, primary: 1 }), ['attached in epoch 3']);
});

test('an assignment that names another life, or an unavailable primary, does not make it primary', () => {
  const member = new RecordedMembership();
  member.start();
  assert.deepEqual(member.welcome({ ...OURS, incarnation: 7 }), ['attached in epoch 1']);
  assert.deepEqual(member.assigned({ ...OURS, revision: 2, available: false }), ['attached in epoch 1']);
  assert.deepEqual(member.assigned({ ...OURS, revision: 3 }), ['primary in epoch 1']);
});

test('an older assignment, or one of a lower epoch, is ignored', () => {
  const member = primary();
  assert.deepEqual(member.assigned({ ...ANOTHERS, revision: 5 }), ['attached in epoch 2']);
  assert.deepEqual(member.assigned({ ...OURS, revision: 4 }), []);
  assert.deepEqual(member.assigned({ ...OURS, revision: 6 }), []);
});

test('it stops being primary at once when the stream is lost, and is primary again with the next stream', () => {
  const member = primary();
  assert.deepEqual(member.ended(), ['connecting to r1 (router-unreachable: router r1: gone)']);
  assert.equal(member.membership.isPrimaryAt(member.now), false);
  assert.deepEqual([member.tick(), member.now], [['dials r1'], 0]);
  assert.deepEqual(member.welcome({ ...OURS, revision: 2 }), ['primary in epoch 1']);
});

test('it stops being primary when no answer is younger than dead_after, long before it gives the router up', () => {
  const member = primary();
  member.now = 30;
  member.pong();
  const said = new Map<string, number>();
  while (member.membership.state.kind === 'attached')
    for (const line of member.tick()) said.set(line, said.get(line) ?? member.now);
  assert.equal(said.get('attached in epoch 1'), 500); // from the question at 0, not from the answer at 30
  assert.equal(
    said.get('connecting to r1 (router-unreachable: router r1: nothing heard for 1570 ms)'),
    1_600,
  );
});

test('a process that was frozen does not take old messages in its buffers for new ones', () => {
  const member = primary();
  member.pong();
  member.now = 100;
  assert.deepEqual(member.tick(), ['says ping']);
  member.now = 10_000;
  assert.equal(member.membership.isPrimaryAt(member.now), false);
  assert.deepEqual(member.pong(), ['attached in epoch 1']); // the answer to the ping before the freeze
  assert.deepEqual(member.assigned({ ...OURS, revision: 2 }), ['attached in epoch 1']);
  assert.deepEqual(member.tick(), ['says ping']);
  assert.deepEqual(member.pong(), ['primary in epoch 1']);
});

test('answers to forgotten questions, or to questions that were never asked, have no effect', () => {
  const member = primary();
  for (let at = 0; at < 10; at += 1) member.tick();
  assert.ok(member.now >= 700);
  assert.deepEqual([member.pong(100, 1), member.pong(100, 99)], [[], []]);
  assert.equal(member.membership.isPrimaryAt(member.now), false);
  member.tick();
  assert.deepEqual(member.pong(), ['primary in epoch 1']);
});

test('after a refusal the next router is dialled at once, each again a little later, and the last attached one first', () => {
  const member = new RecordedMembership({ routers: ['r1', 'r2'] });
  member.start();
  assert.deepEqual(member.ended('not-a-router', 'a web server'), [
    'connecting to r2 (not-a-router: router r1: a web server)',
  ]);
  assert.deepEqual([member.tick(), member.now], [['dials r2'], 0]);
  member.ended();
  const dialled: unknown[] = [];
  for (let at = 0; at < 6; at += 1) {
    dialled.push([...member.tick().filter((line) => line.startsWith('dials')), member.now]);
    for (const router of ['r1', 'r2']) member.ended('router-unreachable', 'gone', router);
  }
  assert.deepEqual(
    dialled,
    [20, 70, 170, 370, 770, 1_270].map((at) => ['dials r1', 'dials r2', at]),
  );
  member.tick();
  member.welcome(OURS, 'r2');
  member.ended('router-unreachable', 'gone', 'r2');
  assert.equal(member.tick()[0], 'dials r2');
});

test('a welcome counts from when its own stream was opened, not the last one', () => {
  const member = new RecordedMembership({ routers: ['r1', 'r2'] });
  member.start();
  assert.deepEqual([member.tick(), member.now], [['dials r2', 'connecting to r2'], 300]);
  member.now = 450;
  assert.deepEqual(member.welcome(OURS, 'r1'), ['primary in epoch 1']);
  member.now = 499;
  assert.equal(member.membership.isPrimaryAt(499), true);
  assert.equal(member.membership.isPrimaryAt(500), false);
});

test('a router that can not take us now is asked again; one that never will is the end', () => {
  for (const reason of ['limit-reached', 'shutting-down', 'storage-failed'] as const) {
    const member = new RecordedMembership();
    member.start();
    assert.deepEqual(member.refused(reason), [
      'hangs up',
      `connecting to r1 (${reason}: router r1: refuses s2: because)`,
    ]);
    assert.deepEqual(member.tick(), ['dials r1']);
  }
  for (const reason of ['wrong-mode', 'unknown-cluster', 'superseded', 'router-store-too-old'] as const) {
    const member = new RecordedMembership();
    member.start();
    assert.deepEqual(member.refused(reason), [
      'hangs up',
      `failed: ${reason}: router r1: refuses s2: because`,
    ]);
    assert.deepEqual([member.step({ kind: 'tick' }), member.membership.nextDeadline()], [[], undefined]);
    assert.deepEqual(member.leave(), []);
  }
});

test('an incarnation that is stale because the clock went back is explained', () => {
  const ofClock = new RecordedMembership({ incarnationIsTime: true });
  ofClock.start();
  assert.match(ofClock.refused('stale-incarnation').join(), /because\. This number is the wall clock/);
  const given = new RecordedMembership();
  given.start();
  assert.deepEqual(
    given.refused('stale-incarnation').at(-1),
    'failed: stale-incarnation: router r1: refuses s2: because',
  );
});

test('asked to hand over, it does so, and is not primary until a new assignment says so', () => {
  const member = primary();
  assert.deepEqual(member.router({ kind: 'please-hand-over', epoch: epoch(2) }), []);
  assert.deepEqual(member.router({ kind: 'please-hand-over', epoch: epoch(1) }), [
    'says hand-over',
    'attached in epoch 1',
  ]);
  assert.deepEqual(member.pong(), []); // asked before
  assert.deepEqual([member.assigned(OURS), member.tick()], [[], ['says ping']]);
  assert.deepEqual(member.pong(), ['primary in epoch 1']); // there was no other member
  member.router({ kind: 'please-hand-over', epoch: epoch(1) });
  assert.deepEqual(member.assigned(ANOTHERS), ['attached in epoch 2']);
});

test('it leaves in order: no longer primary from then on, over when the router has ended the stream', () => {
  const member = primary();
  assert.deepEqual(member.leave(), ['says leave', 'attached in epoch 1']);
  assert.deepEqual(member.leave(), []);
  assert.deepEqual(member.assigned(ANOTHERS), ['attached in epoch 2']);
  assert.deepEqual(member.ended(), ['hangs up', 'left']);
  assert.deepEqual([member.tick(), member.membership.nextDeadline()], [[], undefined]);
});

test('when it leaves, it waits for its router at most for the limit, and not at all without one', () => {
  const member = primary();
  member.leave();
  assert.deepEqual([member.tick(), member.now], [['hangs up', 'left'], LEAVE_TIMEOUT_MS]);
  const opening = new RecordedMembership();
  opening.start();
  assert.deepEqual(opening.leave(), ['hangs up', 'left']);
  const down = new RecordedMembership();
  down.start();
  down.ended();
  assert.deepEqual(down.leave(), ['left']);
});

test('messages on an abandoned stream are ignored', () => {
  const member = new RecordedMembership();
  member.start();
  member.ended();
  assert.deepEqual(member.welcome(OURS), []);
});

test('invalid numbers are refused and quoted', () => {
  const refusals: readonly [Partial<MembershipOptions>, RegExp][] = [
    [{ serverId: 0 }, /server id is "0"/],
    [{ serverId: 2 ** 31 }, /server id is "2147483648"/],
    [{ cluster: 1.5 }, /cluster is "1.5"/],
    [{ cluster: 10_001 }, /cluster is "10001"/],
    [{ incarnation: Number.NaN }, /incarnation is "NaN"/],
  ];
  for (const [options, text] of refusals)
    assert.throws(
      () => new RecordedMembership(options),
      (error) =>
        error instanceof DualpingError && error.reason === 'invalid-argument' && text.test(error.detail),
    );
});
