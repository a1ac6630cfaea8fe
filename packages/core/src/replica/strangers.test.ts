/**
 * Messages of others that are wrong, too many, or too early: no server crashes or believes them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DEFAULT_TIMING,
  epoch,
  MAX_MEMBERS,
  position,
  type Reason,
  type SnapshotQuestion,
  serverId,
} from '../index.js';
import { RecordedReplica } from './recorded-replica.fixture.js';
import { assignmentOf, joinOf } from './replica-inputs.fixture.js';

const FOLLOWS_S1 = { epoch: 3, primary: 1, members: [1, 2] } as const;

const refusal = (reason: Reason, inEpoch: number, who: { networkId?: string; cluster?: number } = {}) =>
  ({
    kind: 'refused',
    networkId: 'net',
    cluster: 1,
    epoch: epoch(inEpoch),
    reason,
    detail: 'because',
    ...who,
  }) as const;

function standby(): RecordedReplica {
  const server = new RecordedReplica(2);
  server.start();
  server.welcome(FOLLOWS_S1);
  server.joined(0, 3);
  return server;
}

test('entries that do not continue the journal end the stream, and change nothing', () => {
  for (const wrong of [
    (server: RecordedReplica) => server.entries(2, [3], 3), // a gap
    (server: RecordedReplica) => server.entries(1, [4], 3), // an epoch that the primary does not have
    (server: RecordedReplica) => server.entries(1, [2, 3, 2], 3), // epochs fall
    (server: RecordedReplica) => server.entries(1, [], 2), // the stream's own epoch is another
    (server: RecordedReplica) => server.joined(0, 3), // twice
    (server: RecordedReplica) =>
      server.primary({
        kind: 'entries',
        epoch: epoch(3),
        from: position(1),
        to: position(2),
        committed: position(0),
      }),
  ]) {
    const server = standby();
    assert.ok(wrong(server).includes('hangs up on the primary'), wrong.toString());
    assert.equal(server.replica.ledger.outline.last, 0);
  }
  const server = standby();
  server.entries(1, [1, 2], 3);
  assert.ok(server.entries(3, [1], 3).includes('hangs up on the primary'));
});

test('a commit position beyond the journal commits what is there', () => {
  const server = standby();
  server.entries(1, [1, 2], 3, 99);
  assert.equal(server.replica.ledger.committed, 2);
  server.entries(3, [3], 3, 1);
  assert.equal(server.replica.ledger.committed, 2);
});

test("a primary that claims agreement beyond the journal's end is left", () => {
  const server = new RecordedReplica(2);
  server.start();
  server.welcome(FOLLOWS_S1);
  assert.ok(server.joined(1, 3).includes('hangs up on the primary'));
});

test('a standby that knows of a higher epoch does not join in a lower one', () => {
  const server = new RecordedReplica(2);
  server.start();
  server.welcome(FOLLOWS_S1);
  server.primary(refusal('fenced', 4));
  for (let i = 0; i < 8; i += 1) assert.ok(!server.tick().includes('dials primary s1'));
  assert.ok(
    server.assigned({ ...FOLLOWS_S1, epoch: 4, primary: 3, members: [2, 3] }).includes('dials primary s3'),
  );
});

test('cut entries are not durable, whatever the disk reports late; kept ones are', () => {
  const server = standby();
  server.entries(1, [1, 1, 1, 1], 3);
  server.durable(1);
  server.step({ kind: 'primary-ended', attempt: 1, detail: 'gone' });
  server.assigned({ ...FOLLOWS_S1, epoch: 4, primary: 3, members: [2, 3] });
  assert.deepEqual(
    server.joined(2, 4).filter((line) => !line.startsWith('"')),
    ['cuts after 2', 'to the primary: durable 1'],
  );
  server.entries(3, [4, 4], 4);
  assert.deepEqual(server.durable(4), []); // of the entries that were cut
  assert.deepEqual(server.step({ kind: 'truncated', last: position(2), checksum: 0 }), [
    'to the primary: durable 2',
  ]);
  assert.deepEqual(server.durable(4), ['to the primary: durable 4']);
});

test('a join of another network or cluster is refused', () => {
  const server = new RecordedReplica(1).reign(2, 3);
  assert.deepEqual(server.standby(1, joinOf(2, { networkId: 'other' })), [
    'to standby 1: refused wrong-network, epoch 1',
    'hangs up on standby 1',
  ]);
  assert.deepEqual(
    server.standby(1, joinOf(2, { cluster: 2 }))[0],
    'to standby 1: refused wrong-cluster, epoch 1',
  );
});

test('a join that comes before the router has named us waits for its message, but not for ever', () => {
  const server = new RecordedReplica(2);
  server.start();
  server.welcome(FOLLOWS_S1);
  assert.deepEqual(server.standby(1, joinOf(1, { epoch: epoch(4) })), []);
  assert.deepEqual(server.standby(2, joinOf(3, { epoch: epoch(5) })), []);
  const told = server.assigned({ epoch: 4, primary: 2, members: [1, 2] });
  assert.ok(told.includes('to standby 1: joined at 0'), told.join('\n'));
  const lines: string[] = [];
  while (server.now < 600) lines.push(...server.tick());
  assert.ok(lines.includes('to standby 2: refused not-primary, epoch 4'));
  assert.deepEqual(
    server.standby(3, joinOf(3, { epoch: epoch(3) }))[0],
    'to standby 3: refused fenced, epoch 4',
  );
});

test('the number of standbys of a primary is bounded, early or not', () => {
  const early = new RecordedReplica(2);
  early.start();
  early.welcome(FOLLOWS_S1);
  for (let id = 1; id <= MAX_MEMBERS; id += 1)
    assert.deepEqual(early.standby(id, joinOf(10 + id, { epoch: epoch(4) })), []);
  assert.deepEqual(
    early.standby(99, joinOf(99, { epoch: epoch(4) }))[0],
    'to standby 99: refused limit-reached, epoch 3',
  );

  const ids = Array.from({ length: MAX_MEMBERS + 90 }, (_, at) => at + 2);
  const primary = new RecordedReplica(1).reign(...ids);
  for (let id = 1; id < MAX_MEMBERS; id += 1)
    assert.ok(primary.standby(id, joinOf(10 + id)).includes(`to standby ${id}: joined at 0`));
  assert.deepEqual(primary.standby(99, joinOf(99))[0], 'to standby 99: refused limit-reached, epoch 1');
  // A standby that joins again keeps its place.
  assert.deepEqual(primary.standby(100, joinOf(11)).slice(0, 3), [
    'to standby 1: refused superseded, epoch 1',
    'hangs up on standby 1',
    'to standby 100: joined at 0',
  ]);
});

test('a standby that claims entries that were never sent to it is not believed', () => {
  const server = new RecordedReplica(1).reign(2, 3);
  server.standby(1, joinOf(2));
  assert.deepEqual(server.standby(1, { kind: 'durable', epoch: epoch(1), position: position(7) }), [
    'to standby 1: refused invalid-argument, epoch 1',
    'hangs up on standby 1',
  ]);
  // Nor a standby that never joined, or that names another epoch.
  assert.deepEqual(server.standby(2, { kind: 'durable', epoch: epoch(1), position: position(1) }), []);
  server.standby(3, joinOf(3));
  assert.deepEqual(server.standby(3, { kind: 'durable', epoch: epoch(2), position: position(0) }), []);
});

test('only a joined standby can depose a primary, and only with a higher epoch', () => {
  const server = new RecordedReplica(1).reign(2, 3);
  assert.deepEqual(server.standby(1, { kind: 'fenced', epoch: epoch(9) }), []);
  server.standby(2, joinOf(2));
  server.standby(2, { kind: 'fenced', epoch: epoch(1) });
  assert.equal(server.replica.role, 'primary');
  server.standby(2, { kind: 'fenced', epoch: epoch(2) });
  assert.equal(server.replica.role, 'standby');
});

test('a second join on one stream ends it', () => {
  const server = new RecordedReplica(1).reign(2, 3);
  server.standby(1, joinOf(2));
  assert.ok(server.standby(1, joinOf(2)).includes('hangs up on standby 1'));
  assert.deepEqual(server.flush(), []);
  server.standby(2, joinOf(2));
  assert.ok(server.standby(2, joinOf(3)).includes('hangs up on standby 2'));
  assert.deepEqual(server.flush(), []);
});

for (const reason of ['wrong-cluster', 'wrong-network', 'not-primary', 'limit-reached', 'internal'] as const)
  test(`a refusal as ${reason} at the primary's address keeps no server from serving`, () => {
    const server = new RecordedReplica(2);
    server.start();
    server.welcome({ epoch: 3, primary: 1, members: [1, 2], inSync: [1, 2] });
    server.primary(refusal(reason, 500));
    server.assigned({ epoch: 4, primary: 2, members: [1, 2], inSync: [2] });
    server.durable(1);
    assert.equal(server.replica.servingEpoch, 4);
  });

test('nor does a fence of another network or cluster, whatever epochs those have', () => {
  for (const who of [{ networkId: 'other' }, { networkId: '' }, { cluster: 2 }]) {
    const server = new RecordedReplica(2);
    server.start();
    server.welcome({ epoch: 3, primary: 1, members: [1, 2], inSync: [1, 2] });
    server.primary(refusal('fenced', 500, who));
    server.assigned({ epoch: 4, primary: 2, members: [1, 2], inSync: [2] });
    server.durable(1);
    assert.equal(server.replica.servingEpoch, 4);
  }
});

test('a server that the router does not name as a member neither joins nor deposes a primary', () => {
  const server = new RecordedReplica(1).reign(2);
  const stranger = joinOf(9);
  assert.deepEqual(server.standby(1, stranger), []);
  assert.deepEqual(server.standby(1, { kind: 'fenced', epoch: epoch(500) }), []);
  // Another journal under the name of a member, and an older life of it, are strangers too.
  assert.deepEqual(server.standby(2, joinOf(2, { journalId: 'another' })), []);
  server.flush();
  const lines: string[] = [];
  while (server.now < 600) lines.push(...server.tick());
  assert.ok(lines.includes('to standby 1: refused unknown-member, epoch 1'), lines.join('\n'));
  assert.ok(lines.includes('to standby 2: refused unknown-member, epoch 1'));
  assert.equal(server.replica.servingEpoch, 1);
});

test('a new member that comes before the router has named it joins as soon as it is named', () => {
  const server = new RecordedReplica(1).reign();
  assert.deepEqual(server.standby(1, joinOf(2)), []);
  assert.ok(
    server
      .assigned({ epoch: 1, primary: 1, members: [1, 2], revision: 2 })
      .includes('to standby 1: joined at 0'),
  );
});

test('a welcome of another network is ignored', () => {
  const server = new RecordedReplica(1, { routers: ['r1', 'r2'] });
  server.start();
  server.welcome({ epoch: 3, primary: 2, members: [1, 2] });
  server.routerEnded();
  server.tick();
  const assignment = assignmentOf({ epoch: 500, primary: 1, members: [1] });
  const lines = server.router({
    kind: 'welcome',
    networkId: 'other',
    clusters: 1,
    ...DEFAULT_TIMING,
    assignment,
  });
  assert.ok(lines.includes('hangs up on the router'), lines.join('\n'));
  assert.equal(server.replica.assignment?.epoch, 3);
});

test('snapshots are for live members of this network and cluster', () => {
  const server = new RecordedReplica(1).reign(2);
  const asked = (other: Partial<SnapshotQuestion>, token = 1): string[] => {
    const { networkId, cluster, serverId, incarnation, journalId, lifeId } = joinOf(2);
    const question = {
      networkId,
      cluster,
      epoch: epoch(1),
      serverId,
      incarnation,
      journalId,
      lifeId,
      ...other,
    };
    return server.step({ kind: 'snapshot-asked', token, ...question });
  };
  assert.deepEqual(asked({ networkId: 'other' }), ['ends snapshot 1: wrong-network']);
  assert.deepEqual(asked({ cluster: 2 }), ['ends snapshot 1: wrong-cluster']);
  assert.deepEqual(asked({ epoch: epoch(2) }), ['ends snapshot 1: not-primary']);
  for (const stranger of [
    { serverId: serverId(9) },
    { journalId: 'another' },
    { incarnation: 2 },
    { lifeId: 'another' },
  ])
    assert.deepEqual(asked(stranger), ['ends snapshot 1: unknown-member']);
  assert.deepEqual(asked({}), ['sends snapshot 1 at 1']);
  // One at a time for each.
  assert.deepEqual(asked({}, 2), ['ends snapshot 1: superseded', 'sends snapshot 2 at 1']);
});

test('a snapshot ends with what was committed when it was asked for, and no later', () => {
  const server = new RecordedReplica(1).reign(2, 3);
  const { networkId, cluster, serverId, incarnation, journalId, lifeId } = joinOf(2);
  const question = { networkId, cluster, epoch: epoch(1), serverId, incarnation, journalId, lifeId };
  const before = server.step({ kind: 'snapshot-asked', token: 1, ...question });
  server.step({
    kind: 'write',
    token: 2,
    timeMs: 1,
    sessionId: 'of-mira',
    requestNo: 1,
    epoch: epoch(1),
    command: { kind: 'register', user: 'mira' },
  });
  assert.ok(server.replica.ledger.outline.last > server.replica.ledger.committed, 'a login is under way');
  const after = server.step({ kind: 'snapshot-asked', token: 3, ...question });
  assert.deepEqual(before, ['sends snapshot 1 at 1']);
  assert.deepEqual(after, ['ends snapshot 1: superseded', 'sends snapshot 3 at 1']);
});

test('snapshots end when the server stops being primary', () => {
  const server = new RecordedReplica(1).reign(2);
  const { networkId, cluster, serverId, incarnation, journalId, lifeId } = joinOf(2);
  const question = { networkId, cluster, epoch: epoch(1), serverId, incarnation, journalId, lifeId };
  server.step({ kind: 'snapshot-asked', token: 1, ...question });
  const lines = server.assigned({ epoch: 2, primary: 2, members: [1, 2] });
  assert.ok(lines.includes('ends snapshot 1: not-primary'), lines.join('\n'));
});

test('a server that pulls its first snapshot says which network it is of', () => {
  const server = new RecordedReplica(2);
  server.start();
  server.welcome(FOLLOWS_S1);
  const outputs = server.replica.step(server.now, {
    kind: 'primary-message',
    attempt: 1,
    message: { kind: 'snapshot-needed', epoch: epoch(3), common: position(0) },
    entries: [],
  });
  const pull = outputs.find((output) => output.kind === 'pull-snapshot');
  assert.equal(pull?.question.networkId, 'net');
});

test('a user of another cluster is refused at once, by primary and standby, whatever epoch is named', () => {
  const others = (): RecordedReplica => {
    const server = new RecordedReplica(2);
    server.start();
    server.router({
      kind: 'welcome',
      networkId: 'net',
      clusters: 2,
      ...DEFAULT_TIMING,
      assignment: assignmentOf({ ...FOLLOWS_S1, primary: server.id }),
    });
    return server;
  };
  const standby = new RecordedReplica(2);
  standby.start();
  standby.router({
    kind: 'welcome',
    networkId: 'net',
    clusters: 2,
    ...DEFAULT_TIMING,
    assignment: assignmentOf(FOLLOWS_S1),
  });
  for (const server of [others(), standby])
    for (const inEpoch of [0, 3, 99]) {
      const command = { kind: 'register', user: '2' } as const;
      const write = { sessionId: 's', requestNo: 1, epoch: epoch(inEpoch), command, timeMs: 0 };
      assert.deepEqual(server.step({ kind: 'write', token: 1, ...write }), ['refuses 1: wrong-cluster']);
      const list = { user: '2', epoch: epoch(inEpoch), after: undefined, limit: 1 };
      assert.deepEqual(server.step({ kind: 'list', token: 2, ...list }), ['refuses 2: wrong-cluster']);
      const open = { user: '2', epoch: epoch(inEpoch), resumeAfter: position(0), history: 0, posts: true };
      assert.deepEqual(server.step({ kind: 'timeline-open', timeline: 3, ...open }), [
        'ends timeline 3: wrong-cluster',
      ]);
    }
});
