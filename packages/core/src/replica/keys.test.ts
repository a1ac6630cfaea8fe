/** Names that belong to keys, at a primary: what it takes, what it shows, and what it does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Command,
  epoch,
  MAX_CODE_MS,
  NO_POSITION,
  type OperatorCommand,
  type PublicKey,
  position,
} from '../index.js';
import { RecordedReplica } from './recorded-replica.fixture.js';
import { entryOf } from './replica-inputs.fixture.js';

const OPEN = { registration: 'open' } as const;

/** The writes of sessions: the first of each is its login, and the number follows. */
class Asked {
  #token = 0;
  #last = 1;
  readonly #requests = new Map<string, number>();

  constructor(readonly server: RecordedReplica) {}

  /** A write, and its entry durable if there is one. */
  write(sessionId: string, by: PublicKey | undefined, command: Command, timeMs = 0): string[] {
    const requestNo = (this.#requests.get(sessionId) ?? 0) + 1;
    this.#token += 1;
    const lines = this.server.step({
      kind: 'write',
      token: this.#token,
      sessionId,
      requestNo,
      epoch: epoch(1),
      command,
      timeMs,
      by,
    });
    return this.#durable(lines, () => this.#requests.set(sessionId, requestNo));
  }

  joins(user: string, key: PublicKey, code?: string): string[] {
    const login = { key, device: 'laptop', ...(code !== undefined && { code }) };
    return this.write(`${user}/${key}`, key, { kind: 'register', user, login });
  }

  posts(user: string, key: PublicKey): string[] {
    return this.write(`${user}/${key}`, key, { kind: 'post', user, text: 'hello' });
  }

  operates(command: OperatorCommand): string[] {
    this.#token += 1;
    return this.#durable(
      this.server.step({ kind: 'operate', token: this.#token, epoch: epoch(1), command, timeMs: 0 }),
    );
  }

  reads(timeline: number, user: string, by: PublicKey | undefined): string[] {
    return this.server.step({
      kind: 'timeline-open',
      timeline,
      user,
      by,
      epoch: epoch(1),
      resumeAfter: NO_POSITION,
      history: 0,
      posts: true,
    });
  }

  #durable(lines: string[], taken: () => void = () => {}): string[] {
    if (!lines.some((line) => line.startsWith('appends'))) return lines;
    taken();
    this.#last += 1;
    return [...lines, ...this.server.durable(this.#last)];
  }
}

test('a wrong key is refused without an entry, and reads nothing', () => {
  const asked = new Asked(new RecordedReplica(1, { start: OPEN }).reign());
  assert.deepEqual(asked.joins('mira', 'laptop'), ['appends 2']);
  assert.deepEqual(asked.joins('mira', 'thief'), ['refuses 2: wrong-key']);
  assert.deepEqual(asked.posts('mira', 'thief'), ['refuses 3: wrong-key']);
  assert.deepEqual(asked.posts('mira', 'laptop'), ['appends 3']);
  assert.deepEqual(asked.reads(10, 'mira', 'thief'), ['ends timeline 10: wrong-key']);
  assert.deepEqual(asked.reads(11, 'mira', 'laptop'), []);
  const list = {
    kind: 'list',
    token: 90,
    user: 'mira',
    epoch: epoch(1),
    after: undefined,
    limit: 1,
  } as const;
  assert.deepEqual(asked.server.step({ ...list, by: 'thief' }), ['refuses 90: wrong-key']);
  assert.deepEqual(asked.server.step({ ...list, by: 'laptop' }), []);
  const keys = { kind: 'keys', token: 91, user: 'mira', epoch: epoch(1) } as const;
  assert.deepEqual(asked.server.step({ ...keys, by: 'thief' }), ['refuses 91: wrong-key']);
});

test('the timelines of a revoked key end when that is applied, and no others', () => {
  const asked = new Asked(new RecordedReplica(1, { start: OPEN }).reign());
  asked.joins('mira', 'laptop');
  const invite: Command = { kind: 'invite-device', user: 'mira', code: 'c', untilMs: 5 };
  asked.write('mira/laptop', 'laptop', invite);
  asked.joins('mira', 'phone', 'c');
  asked.reads(10, 'mira', 'laptop');
  asked.reads(11, 'mira', 'phone');
  assert.deepEqual(asked.write('mira/phone', 'phone', { kind: 'revoke-key', user: 'mira', key: 'laptop' }), [
    'appends 5',
    'ends timeline 10: wrong-key',
  ]);
  assert.deepEqual(asked.posts('mira', 'laptop'), ['refuses 5: wrong-key']);
  assert.deepEqual(asked.operates({ kind: 'reset-keys', user: 'mira', code: 'r', untilMs: 5 }), [
    'appends 6',
    'ends timeline 11: wrong-key',
  ]);
});

test('with invitations only, a user needs one, and a code is valid for a month at most', () => {
  const asked = new Asked(new RecordedReplica(1, { start: { registration: 'invite' } }).reign());
  assert.deepEqual(asked.joins('ann', 'a'), ['refuses 1: invitation-needed']);
  assert.deepEqual(asked.operates({ kind: 'invite', code: 'c', untilMs: MAX_CODE_MS + 1 }), [
    'refuses 2: invalid-argument',
  ]);
  assert.deepEqual(asked.operates({ kind: 'invite', code: 'c', untilMs: 5 }), ['appends 2']);
  assert.deepEqual(asked.joins('ann', 'a', 'c'), ['appends 3']);
  assert.deepEqual(asked.joins('bob', 'b', 'c'), ['refuses 5: invitation-spent']);
  const long: Command = { kind: 'invite-device', user: 'ann', code: 'd', untilMs: MAX_CODE_MS + 1 };
  assert.deepEqual(asked.write('ann/a', 'a', long), ['refuses 6: invalid-argument']);
  const closed = new Asked(new RecordedReplica(1, { start: { registration: 'closed' } }).reign());
  closed.operates({ kind: 'invite', code: 'c', untilMs: 5 });
  assert.deepEqual(closed.joins('ann', 'a', 'c'), ['refuses 2: invitation-needed']);
});

test('where callers prove their keys, only names of digits without keys can be used without one', () => {
  const asked = new Asked(new RecordedReplica(1, { start: OPEN }).reign());
  const plain = (user: string): string[] => asked.write(user, undefined, { kind: 'register', user });
  assert.deepEqual(plain('mira'), ['refuses 1: permission-denied']);
  assert.deepEqual(plain('7'), ['appends 2']);
  assert.deepEqual(asked.reads(10, '7', undefined), []);
  assert.deepEqual(asked.joins('7', 'laptop'), ['appends 3', 'ends timeline 10: wrong-key']);
  assert.deepEqual(plain('7'), ['refuses 4: wrong-key']);
});

test('without proof of keys names work as before', () => {
  const asked = new Asked(new RecordedReplica(1).reign());
  const register: Command = { kind: 'register', user: 'mira' };
  assert.deepEqual(asked.write('s', undefined, register), ['appends 2']);
  assert.deepEqual(asked.write('s', undefined, { kind: 'post', user: 'mira', text: 'hi' }), ['appends 3']);
  assert.deepEqual(asked.reads(10, 'mira', undefined), []);
});

test('a new primary accepts the write of a key that its predecessor admitted, even before it knows that', () => {
  const login = { key: 'laptop', device: 'laptop', registration: 'open' } as const;
  const entries = [entryOf(1, 1, { kind: 'register', user: 'mira', login })];
  const epochStarts = [{ epoch: epoch(1), position: position(1) }];
  const server = new RecordedReplica(1, { start: { ...OPEN, entries, epochStarts } });
  server.start();
  server.welcome({ epoch: 2, primary: 1, members: [1] });
  assert.equal(server.replica.servingEpoch, 0, 'the epoch is not open');
  const post = { kind: 'post', user: 'mira', text: 'hello' } as const;
  const ask = (token: number, sessionId: string, requestNo: number, by: PublicKey): string[] =>
    server.step({
      kind: 'write',
      token,
      sessionId,
      requestNo,
      epoch: epoch(2),
      timeMs: 0,
      command: post,
      by,
    });
  assert.deepEqual(ask(1, 'session', 2, 'laptop'), ['appends 3']);
  const answers = server.replica.step(server.now, { kind: 'durable', position: position(3), checksum: 0 });
  const answer = answers.find(({ kind }) => kind === 'answer-write');
  assert.deepEqual(answer?.kind === 'answer-write' && answer.reply, { kind: 'ok', position: 3 });
});
