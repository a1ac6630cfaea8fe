/** While the disk of a member that commits wait for is nearly full, users write nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Command, epoch, NO_EPOCH, position } from '../index.js';
import { RecordedReplica } from './recorded-replica.fixture.js';
import { joinOf } from './replica-inputs.fixture.js';

const LOW = { freeBytes: 39_000_000, sizeBytes: 1_000_000_000 };
const ROOMY = { ...LOW, freeBytes: 500_000_000 };

class Primary extends RecordedReplica {
  #token = 0;
  #position = 1;

  /** What became of a request: `done`, or why it was refused. */
  write(command: Command, requestNo: number, session = command.user): string {
    this.#token += 1;
    const outputs = this.replica.step(this.now, {
      kind: 'write',
      token: this.#token,
      sessionId: session,
      requestNo,
      epoch: NO_EPOCH,
      command,
      timeMs: 0,
    });
    const refused = outputs.find((output) => output.kind === 'refuse');
    if (refused !== undefined) return `${refused.reason}: ${refused.detail}`;
    this.#position += 1;
    this.durable(this.#position);
    return 'done';
  }

  disk = (isLow: boolean): string[] => this.step({ kind: 'disk-room', space: isLow ? LOW : ROOMY, isLow });
}

const login = (user: string): Command => ({ kind: 'register', user });
const post = (user: string): Command => ({ kind: 'post', user, text: 'hello' });
const FULL = 'limit-reached: the disk of s1 is nearly full, and nothing is written until it has room';

test('while its own disk is low a primary accepts no post and no new name; known users may log in', () => {
  const primary = new Primary(1).reign();
  assert.equal(primary.write(login('ann'), 1), 'done');
  assert.deepEqual(primary.disk(true), [
    '"3.9 % of its disk are free: 39 MB of 1 GB; users\' writes are refused while it is in sync"',
  ]);
  assert.equal(primary.write(post('ann'), 2), FULL);
  assert.equal(primary.write(login('eve'), 1), FULL);
  assert.equal(primary.write(login('ann'), 1, 'another session'), 'done');
  primary.disk(false);
  assert.equal(primary.write(post('ann'), 2), 'done', 'with the number that was refused');
});

/** A primary with a standby that is in sync, on link 7. */
function withStandby(): Primary {
  const primary = new Primary(1);
  primary.start();
  primary.welcome({ epoch: 1, primary: 1, members: [1, 2], inSync: [1, 2] });
  primary.standby(7, joinOf(2));
  primary.flush();
  primary.durable(1);
  said(primary, 1);
  return primary;
}

const said = (primary: Primary, through: number, diskIsLow?: true): string[] =>
  primary.standby(7, {
    kind: 'durable',
    epoch: epoch(1),
    position: position(through),
    ...(diskIsLow && { diskIsLow }),
  });

test('the disk of a standby counts while commits wait for it; the refusal names it', () => {
  const primary = withStandby();
  assert.equal(primary.write(login('ann'), 1), 'done');
  primary.flush();
  said(primary, 2, true);
  assert.match(primary.write(post('ann'), 2), /^limit-reached: the disk of s2 is nearly full/);
  assert.ok(primary.tick().some((line) => line.startsWith('"the disk of s2 is nearly full: ')));
  primary.assigned({ epoch: 1, primary: 1, members: [1, 2], inSync: [1], revision: 2 });
  assert.equal(primary.write(post('ann'), 2), 'done', 'no commit waits for it');
  primary.assigned({ epoch: 1, primary: 1, members: [1, 2], inSync: [1, 2], revision: 3 });
  assert.match(primary.write(post('ann'), 3), /s2 is nearly full/);
  said(primary, 2);
  assert.equal(primary.write(post('ann'), 3), 'done');
});

test('a standby reports a low disk at once, and in every message', () => {
  const standby = new RecordedReplica(2);
  standby.start();
  standby.welcome({ epoch: 1, primary: 1, members: [1, 2] });
  standby.joined(0, 1);
  const messages = (isLow: boolean) =>
    standby.replica
      .step(standby.now, { kind: 'disk-room', space: isLow ? LOW : ROOMY, isLow })
      .flatMap((output) => (output.kind === 'to-primary' ? [output.message] : []));
  const durable = { kind: 'durable', epoch: epoch(1), position: position(0) };
  assert.deepEqual(messages(true), [{ ...durable, diskIsLow: true }]);
  assert.deepEqual(messages(false), [durable]);
});
