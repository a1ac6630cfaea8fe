/** What the clock measures, from given events and times. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Assignment, epoch, serverId } from '@dualping/core';
import { TakeoverClock } from './takeover-clock.js';

interface Told {
  readonly primary: number;
  readonly epoch: number;
  readonly live: readonly number[];
  readonly available?: boolean;
}

function assignment({ primary, epoch: number, live, available = true }: Told): Assignment {
  const member = (id: number) => ({
    serverId: serverId(id),
    incarnation: 1,
    journalId: `j${id}`,
    lifeId: '',
    address: '127.0.0.1:1',
    liveness: 'stream' as const,
    live: live.includes(id),
    inSync: live.includes(id),
    unreachable: false,
  });
  return {
    cluster: 1,
    revision: number,
    epoch: epoch(number),
    primary: { serverId: serverId(primary), incarnation: 1, journalId: `j${primary}`, lifeId: '' },
    available,
    unavailableReason: '',
    lastUncleanEpoch: epoch(0),
    inSync: [],
    members: [1, 2, 3].map(member),
  };
}

/** Two people, live on s1 in epoch 4, who post. */
function calm(): TakeoverClock {
  const clock = new TakeoverClock(2, (at) => 1_000_000 + at);
  clock.assignment(0, assignment({ primary: 1, epoch: 4, live: [1, 2, 3] }));
  for (const person of [0, 1]) clock.live(1, person, 4);
  clock.acknowledged(2, 4);
  return clock;
}

const PROMOTED = assignment({ primary: 2, epoch: 5, live: [2, 3] });

test('the four parts follow one another and add up', () => {
  const clock = calm();
  clock.fault(100, 'freeze');
  clock.assignment(600, assignment({ primary: 1, epoch: 4, live: [2, 3], available: false }));
  clock.assignment(603, PROMOTED);
  clock.live(610, 0, 5);
  clock.moved(9.26);
  assert.equal(clock.live(620, 1, 5), undefined);
  const measured = clock.acknowledged(624.04, 5);
  assert.deepEqual(measured?.takeover, {
    number: 1,
    cluster: 1,
    atMs: 1_000_100,
    fault: 'freeze',
    from: 1,
    to: 2,
    epoch: 5,
    parts: { detectMs: 500, promoteMs: 3, reconnectMs: 17, firstPostMs: 4 },
    totalMs: 524,
    clients: { reconnected: 2, all: 2, longestGapMs: 9.3 },
  });
  assert.deepEqual(measured?.marks.live, [610, 620]);
});

test('the takeover is over when all users are back and a post is acknowledged, in any order', () => {
  const clock = calm();
  clock.fault(100, 'kill');
  clock.assignment(105, PROMOTED);
  clock.live(110, 1, 5);
  clock.acknowledged(112, 5);
  const { parts, totalMs } = clock.live(130, 0, 5)?.takeover ?? assert.fail('it is over');
  assert.deepEqual(parts, { detectMs: 5, promoteMs: 0, reconnectMs: 25, firstPostMs: 0 });
  assert.equal(totalMs, 30);
});

test('if users notice it before the watch, its parts are shorter, but never negative', () => {
  const clock = calm();
  clock.fault(100, 'kill');
  clock.live(108, 0, 5);
  clock.live(109, 1, 5);
  clock.acknowledged(111, 5);
  const { parts, totalMs } = clock.assignment(115, PROMOTED)?.takeover ?? assert.fail('it is over');
  assert.deepEqual(parts, { detectMs: 8, promoteMs: 0, reconnectMs: 1, firstPostMs: 2 });
  assert.equal(totalMs, 11);
});

test('a handover has no detection', () => {
  const clock = calm();
  clock.fault(100, 'handover');
  clock.assignment(112, assignment({ primary: 2, epoch: 5, live: [1, 2, 3] }));
  for (const person of [0, 1]) clock.live(120, person, 5);
  const { parts } = clock.acknowledged(121, 5)?.takeover ?? assert.fail('it is over');
  assert.deepEqual(parts, { detectMs: undefined, promoteMs: 12, reconnectMs: 8, firstPostMs: 1 });
});

test("a takeover without a fault begins with the router's announcement", () => {
  const clock = calm();
  clock.assignment(100, assignment({ primary: 1, epoch: 4, live: [2, 3], available: false }));
  clock.assignment(140, PROMOTED);
  for (const person of [0, 1]) clock.live(150, person, 5);
  const { fault, from, to, parts, totalMs } =
    clock.acknowledged(151, 5)?.takeover ?? assert.fail('it is over');
  assert.deepEqual({ fault, from, to, totalMs }, { fault: 'unknown', from: 1, to: 2, totalMs: 51 });
  assert.deepEqual(parts, { detectMs: undefined, promoteMs: 40, reconnectMs: 10, firstPostMs: 1 });
});

test('when the next primary is lost too, it is one takeover, up to the one that lasts', () => {
  const clock = calm();
  clock.fault(100, 'kill');
  clock.assignment(105, PROMOTED);
  clock.live(110, 0, 5);
  clock.assignment(130, assignment({ primary: 3, epoch: 6, live: [3] }));
  clock.live(140, 0, 6);
  assert.equal(clock.acknowledged(141, 6), undefined);
  const { to, epoch: number, parts } = clock.live(150, 1, 6)?.takeover ?? assert.fail('it is over');
  assert.deepEqual({ to, number }, { to: 3, number: 6 });
  assert.deepEqual(parts, { detectMs: 5, promoteMs: 25, reconnectMs: 20, firstPostMs: 0 });
});

test('a standby that comes and goes is no takeover', () => {
  const clock = calm();
  assert.equal(clock.assignment(50, assignment({ primary: 1, epoch: 4, live: [1, 2] })), undefined);
  clock.assignment(60, assignment({ primary: 1, epoch: 4, live: [1, 2, 3] }));
  clock.fault(100, 'kill');
  clock.assignment(105, PROMOTED);
  for (const person of [0, 1]) clock.live(110, person, 5);
  assert.equal(clock.acknowledged(111, 5)?.takeover.number, 1);
});
