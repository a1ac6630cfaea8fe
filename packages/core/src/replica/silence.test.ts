import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_TIMING, epoch, position, Replica, type ReplicaOutput } from '../index.js';
import { assignmentOf, emptyStart } from './replica-inputs.fixture.js';

test('silence is measured by the ping interval that the router has raised', () => {
  const replica = new Replica(emptyStart(2), DEFAULT_TIMING);
  let now = 0;
  replica.step(now, { kind: 'start' });
  const assignment = assignmentOf({ epoch: 1, primary: 1, members: [1, 2] });
  const welcome = {
    kind: 'welcome',
    clusters: 1,
    networkId: 'net',
    pingIntervalMs: 100,
    deadAfterMs: 700,
    assignment,
  } as const;
  replica.step(now, { kind: 'router-message', attempt: 1, message: welcome });
  const committed = position(0);
  const joined = { kind: 'joined', epoch: epoch(1), common: position(0), committed, checksum: 0 } as const;
  replica.step(now, { kind: 'primary-message', attempt: 1, message: joined, entries: [] });
  const outputs: ReplicaOutput[] = [];
  for (let second = 1; second <= 5; second += 1) {
    const pong = { kind: 'pong', sequence: second, pingIntervalMs: 1_000 } as const;
    outputs.push(...replica.step(now, { kind: 'router-message', attempt: 1, message: pong }));
    const sign = { kind: 'entries', epoch: epoch(1), from: position(1), to: position(0), committed } as const;
    outputs.push(...replica.step(now, { kind: 'primary-message', attempt: 1, message: sign, entries: [] }));
    for (
      ;
      now < second * 1_000;
      now = Math.min(second * 1_000, Math.max(now + 1, replica.nextDeadline() ?? Infinity))
    )
      outputs.push(...replica.step(now, { kind: 'tick' }));
  }
  assert.deepEqual(
    outputs.filter(({ kind }) => kind === 'close-primary'),
    [],
  );
  // And then nothing more is heard.
  for (; now < 20_000; now = Math.max(now + 1, replica.nextDeadline() ?? Infinity))
    if (replica.step(now, { kind: 'tick' }).some(({ kind }) => kind === 'close-primary')) break;
  assert.equal(now, 7_000);
});
