import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epoch, position, SNAPSHOT_EVERY_ENTRIES } from '../index.js';
import { Alone, entryOf } from './alone.fixture.js';

test('a snapshot of its own is saved every so many applied entries, at the end of a turn, and once', () => {
  const count = SNAPSHOT_EVERY_ENTRIES;
  const entries = [entryOf(1, 1)];
  for (let at = 2; at < count; at += 1) entries.push(entryOf(at, 1));
  const epochStarts = [{ epoch: epoch(1), position: position(1) }];
  const server = new Alone(1, { start: { entries, epochStarts } });
  server.start();
  server.welcome({ epoch: 2, primary: 1, members: [1] });
  assert.deepEqual(server.flush(), []);
  server.durable(count); // the opening of epoch 2, and with it everything
  assert.deepEqual(server.flush(), [`saves a snapshot at ${count}`]);
  assert.deepEqual(server.flush(), []);
});

test('after a start, the next is counted from the last one', () => {
  const server = new Alone(1, {
    start: {
      snapshot: { position: position(SNAPSHOT_EVERY_ENTRIES), users: [], sessions: [], origins: [] },
      epochStarts: [{ epoch: epoch(1), position: position(1) }],
    },
  });
  server.start();
  server.welcome({ epoch: 2, primary: 1, members: [1] });
  server.durable(SNAPSHOT_EVERY_ENTRIES + 1);
  assert.equal(server.replica.ledger.committed, SNAPSHOT_EVERY_ENTRIES + 1);
  assert.deepEqual(server.flush(), []);
});
