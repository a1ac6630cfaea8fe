import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Assignment } from '@dualping/core';
import { AssignmentChanges } from './assignment-changes.js';
import { assignment, away, member } from './assignments.fixture.js';

const ALL = [member(1), member(2), member(3)];
const FIRST = assignment(1, { id: 1, epoch: 4 }, ALL);

/** The changes of assignments that come one after another, with the given pauses in ms. */
function told(...steps: readonly (readonly [afterMs: number, assignment: Assignment])[]) {
  const changes = new AssignmentChanges();
  let monoMs = 500;
  return steps.map(([afterMs, each]) => {
    monoMs += afterMs;
    const { events, promotion } = changes.step({ wallMs: 1_000_000 + monoMs, monoMs }, each);
    return { events: events.map(({ kind, text }) => `${kind}: ${text}`), promotion };
  });
}

test('the first assignment is only introduced', () => {
  assert.deepEqual(told([0, FIRST]), [
    { events: ['said: 3 of 3 servers are live, primary s1, epoch 4'], promotion: undefined },
  ]);
});

test('dropped and promoted in one change: the promotion took no time', () => {
  const [, after] = told(
    [0, FIRST],
    [300, assignment(2, { id: 2, epoch: 5 }, [member(1, away), member(2), member(3)])],
  );
  assert.deepEqual(after?.events, [
    'down: s1 dropped: the router no longer hears it',
    'promoted: s2 promoted, epoch 5',
  ]);
  assert.deepEqual(after?.promotion, {
    cluster: 1,
    fault: 'unknown',
    from: 1,
    to: 2,
    epoch: 5,
    promoteMs: 0,
  });
});

test('no server was available for a while: the promotion took that long', () => {
  const nobody = [member(1, away), member(2, away), member(3, { inSync: false })];
  const back = [member(1, away), member(2, { incarnation: 2 }), member(3, { inSync: false })];
  const [, lost, found] = told(
    [0, FIRST],
    [100, assignment(2, { id: 1, epoch: 4 }, nobody)],
    [50, assignment(3, { id: 1, epoch: 4 }, [member(1, away), member(2, away), member(3, away)])],
    [700, assignment(4, { id: 2, epoch: 5 }, back)],
  ).filter((_, at) => at !== 2);
  assert.deepEqual(lost?.events, [
    'down: s1 dropped: the router no longer hears it',
    'down: s2 dropped: the router no longer hears it',
    'down: s3 is no longer in sync',
    'down: no server is available: no in-sync server is live',
  ]);
  assert.equal(lost?.promotion, undefined);
  assert.equal(found?.promotion?.promoteMs, 750);
});

test('a primary that is live while another is promoted has handed over', () => {
  const [, after] = told([0, FIRST], [10, assignment(2, { id: 3, epoch: 5 }, ALL)]);
  assert.equal(after?.promotion?.fault, 'handover');
  assert.equal(after?.promotion?.to, 3);
});

test('the same primary after a pause of the router keeps its epoch: no takeover', () => {
  const nobody = [member(1, away), member(2, away), member(3, away)];
  const [, , after] = told(
    [0, FIRST],
    [10, assignment(2, { id: 1, epoch: 4 }, nobody)],
    [10, assignment(3, { id: 1, epoch: 4 }, ALL)],
  );
  assert.equal(after?.promotion, undefined);
  assert.equal(after?.events.at(-1), 'up: s1 serves again, still epoch 4');
});

test('a member that comes, comes back, and catches up gives events', () => {
  const [, , , gone, back, whole] = told(
    [0, assignment(1, { id: 1, epoch: 4 }, [member(1)])],
    [10, assignment(2, { id: 1, epoch: 4 }, [member(1), member(2, { inSync: false })])],
    [10, assignment(3, { id: 1, epoch: 4 }, [member(1), member(2)])],
    [10, assignment(4, { id: 1, epoch: 4 }, [member(1), member(2, { ...away, inSync: false })])],
    [10, assignment(5, { id: 1, epoch: 4 }, [member(1), member(2, { incarnation: 2, inSync: false })])],
    [10, assignment(6, { id: 1, epoch: 4 }, [member(1), member(2, { incarnation: 2 })])],
  ).map(({ events }) => events);
  assert.deepEqual(gone, ['down: s2 dropped: the router no longer hears it']);
  assert.deepEqual(back, ['up: s2 is back, incarnation 2, fetching what it lacks']);
  assert.deepEqual(whole, ['up: s2 is in sync']);
});

test('a repeated assignment, as after a reconnect, gives no event', () => {
  const [, again] = told([0, FIRST], [10, FIRST]);
  assert.deepEqual(again, { events: [], promotion: undefined });
});

test('with several clusters each line names its cluster', () => {
  const [, second, change] = told(
    [0, FIRST],
    [0, { ...FIRST, cluster: 2 }],
    [5, assignment(2, { id: 2, epoch: 5 }, [member(1, away), member(2), member(3)], { cluster: 2 })],
  );
  assert.match(second?.events[0] ?? '', /^said: cluster 2: 3 of 3/);
  assert.equal(change?.events[1], 'promoted: cluster 2: s2 promoted, epoch 5');
  assert.equal(change?.promotion?.cluster, 2);
});

test('an event belongs to its servers', () => {
  const changes = new AssignmentChanges();
  const at = { wallMs: 1, monoMs: 1 };
  changes.step(at, FIRST);
  const { events } = changes.step(
    at,
    assignment(2, { id: 2, epoch: 5 }, [member(1, away), member(2), member(3)]),
  );
  const server = (serverId: number) => ({ kind: 'server', cluster: 1, serverId });
  assert.deepEqual(
    events.map(({ about }) => about),
    [[server(1)], [server(2), server(1)]],
  );
});
