import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epoch, position, SNAPSHOT_EVERY_ENTRIES, SocialState } from '../index.js';
import { RecordedReplica } from './recorded-replica.fixture.js';
import { entryOf } from './replica-inputs.fixture.js';

test('a snapshot of its own is saved every so many applied entries, at the end of a turn, and once', () => {
  const count = SNAPSHOT_EVERY_ENTRIES;
  const entries = [entryOf(1, 1)];
  for (let at = 2; at < count; at += 1) entries.push(entryOf(at, 1));
  const epochStarts = [{ epoch: epoch(1), position: position(1) }];
  const server = new RecordedReplica(1, { start: { entries, epochStarts } });
  server.start();
  server.welcome({ epoch: 2, primary: 1, members: [1] });
  assert.deepEqual(server.flush(), []);
  server.durable(count); // the opening of epoch 2, and with it everything
  assert.deepEqual(server.flush(), [`saves a snapshot at ${count}`]);
  assert.deepEqual(server.flush(), []);
});

const stateAt = (at: number): SocialState =>
  SocialState.fromSnapshot({ position: position(at), users: [], sessions: [], origins: [] });

test('after a start, the next is counted from the last one', () => {
  const server = new RecordedReplica(1, {
    start: {
      snapshotAt: position(SNAPSHOT_EVERY_ENTRIES),
      social: stateAt(SNAPSHOT_EVERY_ENTRIES),
      epochStarts: [{ epoch: epoch(1), position: position(1) }],
    },
  });
  server.start();
  server.welcome({ epoch: 2, primary: 1, members: [1] });
  server.durable(SNAPSHOT_EVERY_ENTRIES + 1);
  assert.equal(server.replica.ledger.committed, SNAPSHOT_EVERY_ENTRIES + 1);
  assert.deepEqual(server.flush(), []);
});

test('entries applied before the start that are in no snapshot are saved at once', () => {
  const count = SNAPSHOT_EVERY_ENTRIES + 7;
  const server = new RecordedReplica(1, {
    start: { social: stateAt(count), epochStarts: [{ epoch: epoch(1), position: position(1) }] },
  });
  assert.ok(server.start().includes(`saves a snapshot at ${count}`));
  assert.equal(server.replica.ledger.committed, count);
  assert.equal(server.replica.ledger.outline.last, count);
  assert.deepEqual(server.flush(), []);
});
