/** What others may say that is wrong, too much, or too early: nobody crashes, and nothing is believed of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epoch, MAX_MEMBERS, position } from '../index.js';
import { Alone, joinOf } from './alone.fixture.js';

const FOLLOWS_S1 = { epoch: 3, primary: 1, members: [1, 2] } as const;

function standby(): Alone {
  const server = new Alone(2);
  server.start();
  server.welcome(FOLLOWS_S1);
  server.joined(0, 3);
  return server;
}

test('entries that do not follow on end the stream, and change nothing', () => {
  for (const wrong of [
    (server: Alone) => server.entries(2, [3], 3), // a gap
    (server: Alone) => server.entries(1, [4], 3), // of an epoch that the primary does not have
    (server: Alone) => server.entries(1, [2, 3, 2], 3), // epochs fall
    (server: Alone) => server.entries(1, [], 2), // the stream's own epoch is another
    (server: Alone) => server.joined(0, 3), // twice
    (server: Alone) =>
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

test('a commit beyond what came yet commits what came', () => {
  const server = standby();
  server.entries(1, [1, 2], 3, 99);
  assert.equal(server.replica.ledger.committed, 2);
  server.entries(3, [3], 3, 1);
  assert.equal(server.replica.ledger.committed, 2);
});

test('who claims to agree further than the journal reaches is left', () => {
  const server = new Alone(2);
  server.start();
  server.welcome(FOLLOWS_S1);
  assert.ok(server.joined(1, 3).includes('hangs up on the primary'));
});

test('a standby that was told of a higher epoch does not join in a lower one', () => {
  const server = new Alone(2);
  server.start();
  server.welcome(FOLLOWS_S1);
  server.primary({ kind: 'refused', epoch: epoch(4), reason: 'fenced', detail: 'deposed' });
  for (let i = 0; i < 8; i += 1) assert.ok(!server.tick().includes('dials primary s1'));
  assert.ok(
    server.assigned({ ...FOLLOWS_S1, epoch: 4, primary: 3, members: [2, 3] }).includes('dials primary s3'),
  );
});

test('what was cut is not durable, whatever the disk says of it late; what was kept is', () => {
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
  const server = new Alone(1).reign();
  assert.deepEqual(server.standby(1, joinOf(2, { networkId: 'other' })), [
    'to standby 1: refused wrong-network, epoch 1',
    'hangs up on standby 1',
  ]);
  assert.deepEqual(
    server.standby(1, joinOf(2, { cluster: 2 }))[0],
    'to standby 1: refused wrong-cluster, epoch 1',
  );
});

test('a join that comes before the router has named us waits for its word, and not for ever', () => {
  const server = new Alone(2);
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
    'to standby 3: refused not-primary, epoch 4',
  );
});

test('there is an end to the standbys that one primary takes, early or not', () => {
  const early = new Alone(2);
  early.start();
  early.welcome(FOLLOWS_S1);
  for (let id = 1; id <= MAX_MEMBERS; id += 1)
    assert.deepEqual(early.standby(id, joinOf(10 + id, { epoch: epoch(4) })), []);
  assert.deepEqual(
    early.standby(99, joinOf(99, { epoch: epoch(4) }))[0],
    'to standby 99: refused limit-reached, epoch 3',
  );

  const primary = new Alone(1).reign();
  for (let id = 1; id < MAX_MEMBERS; id += 1)
    assert.ok(primary.standby(id, joinOf(10 + id)).includes(`to standby ${id}: joined at 0`));
  assert.deepEqual(primary.standby(99, joinOf(99))[0], 'to standby 99: refused limit-reached, epoch 1');
  // One that comes again takes its own place.
  assert.deepEqual(primary.standby(100, joinOf(11)).slice(0, 3), [
    'to standby 1: refused superseded, epoch 1',
    'hangs up on standby 1',
    'to standby 100: joined at 0',
  ]);
});

test('a standby that claims what it was never sent is not believed', () => {
  const server = new Alone(1).reign();
  server.standby(1, joinOf(2));
  assert.deepEqual(server.standby(1, { kind: 'durable', epoch: epoch(1), position: position(7) }), [
    'to standby 1: refused invalid-argument, epoch 1',
    'hangs up on standby 1',
  ]);
  // Nor one that never joined, or speaks of another epoch.
  assert.deepEqual(server.standby(2, { kind: 'durable', epoch: epoch(1), position: position(1) }), []);
  server.standby(3, joinOf(3));
  assert.deepEqual(server.standby(3, { kind: 'durable', epoch: epoch(2), position: position(0) }), []);
});

test('only who has joined can depose a primary, and only with a higher epoch', () => {
  const server = new Alone(1).reign();
  assert.deepEqual(server.standby(1, { kind: 'fenced', epoch: epoch(9) }), []);
  server.standby(2, joinOf(2));
  server.standby(2, { kind: 'fenced', epoch: epoch(1) });
  assert.equal(server.replica.role, 'primary');
  server.standby(2, { kind: 'fenced', epoch: epoch(2) });
  assert.equal(server.replica.role, 'standby');
});

test('a second join on one stream ends it', () => {
  const server = new Alone(1).reign();
  server.standby(1, joinOf(2));
  assert.ok(server.standby(1, joinOf(2)).includes('hangs up on standby 1'));
  assert.deepEqual(server.flush(), []);
  server.standby(2, joinOf(2));
  assert.ok(server.standby(2, joinOf(3)).includes('hangs up on standby 2'));
  assert.deepEqual(server.flush(), []);
});
