/** The rate of one user is limited over all its sessions, and other users are not delayed by it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Command, DualpingError, LIMIT_LINE_INTERVAL_MS, NO_EPOCH, utf8Length } from '../index.js';
import { RecordedReplica } from './recorded-replica.fixture.js';
import {
  DEFAULT_USER_LIMITS,
  ENTRY_BYTES,
  NO_USER_LIMITS,
  parseUserLimits,
  type UserLimits,
} from './user-limits.js';

/** A primary that is alone; its clients are sessions of the same name. */
class Primary extends RecordedReplica {
  #token = 0;
  #position = 1;
  readonly #sent = new Map<string, number>();

  constructor(limits: Partial<UserLimits>) {
    super(1, { start: { userLimits: { ...NO_USER_LIMITS, ...limits } } });
    this.reign();
  }

  /** What became of a request: `done`, or why it was refused. */
  write(command: Command, session = command.user, no = (this.#sent.get(session) ?? 0) + 1): string {
    this.#token += 1;
    const outputs = this.replica.step(this.now, {
      kind: 'write',
      token: this.#token,
      sessionId: session,
      requestNo: no,
      epoch: NO_EPOCH,
      command,
      timeMs: 0,
    });
    const refused = outputs.find((output) => output.kind === 'refuse');
    if (refused !== undefined) return `${refused.reason}: ${refused.detail}`;
    if (outputs.some(({ kind }) => kind === 'append')) {
      this.#sent.set(session, no);
      this.#position += 1;
      this.durable(this.#position);
    }
    return 'done';
  }

  login = (user: string, session = user): string => this.write({ kind: 'register', user }, session);
  post = (user: string, text = 'hello', no?: number): string =>
    this.write({ kind: 'post', user, text }, user, no);

  /** Time passes, with a tick at its end. */
  pass(ms: number): readonly string[] {
    this.now += ms;
    return this.step({ kind: 'tick' }).filter((line) => line.includes('by limits'));
  }
}

const SOME = { postsPerSecond: 10, postBurst: 3 };

test('posts beyond the burst are refused with the time after which they will be accepted', () => {
  const primary = new Primary(SOME);
  primary.login('ann');
  for (let i = 0; i < 3; i += 1) assert.equal(primary.post('ann'), 'done');
  assert.equal(
    primary.post('ann'),
    'limit-reached: "ann" writes more than 10 a second, and 3 at once: try again in 0.1 s',
  );
  primary.now += 100;
  assert.equal(primary.post('ann'), 'done', 'with the number that was refused');
  assert.match(primary.post('ann'), /limit-reached/);
});

test('the sessions of one name share its limit, and others have their own; follows count as posts', () => {
  const primary = new Primary(SOME);
  for (const session of ['desk', 'phone']) primary.login('ann', session);
  primary.login('bob');
  primary.write({ kind: 'post', user: 'ann', text: 'hello' }, 'desk');
  primary.write({ kind: 'follow', user: 'ann', target: 'bob' }, 'phone');
  primary.write({ kind: 'unfollow', user: 'ann', target: 'bob' }, 'phone');
  assert.match(primary.write({ kind: 'post', user: 'ann', text: 'more' }, 'desk'), /limit-reached/);
  assert.equal(primary.post('bob'), 'done');
});

test('a repeated request is answered, and is not counted again', () => {
  const primary = new Primary(SOME);
  primary.login('ann');
  primary.post('ann');
  for (let i = 0; i < 50; i += 1) assert.equal(primary.post('ann', 'hello', 2), 'done');
  assert.equal(primary.post('ann'), 'done');
});

test('bytes are counted including the entry, and come back over a day', () => {
  const text = 'ü'.repeat(450);
  const primary = new Primary({ bytesPerDay: 2 * (900 + ENTRY_BYTES) });
  primary.login('ann');
  assert.equal(primary.post('ann', text), 'done');
  assert.equal(primary.post('ann', text), 'done');
  assert.equal(
    primary.post('ann', text),
    'limit-reached: "ann" writes more than 2000 bytes a day: try again in 43200.0 s',
  );
  primary.now += 43_200_000;
  assert.equal(primary.post('ann', text), 'done');
});

test('logins under one name are limited, and not those of others', () => {
  const primary = new Primary({ loginsPerMinute: 2 });
  assert.equal(primary.login('ann', 'a1'), 'done');
  assert.equal(primary.login('ann', 'a2'), 'done');
  assert.equal(
    primary.login('ann', 'a3'),
    'limit-reached: "ann" logs in more than 2 a minute: try again in 30.0 s',
  );
  assert.equal(primary.login('bob'), 'done');
  primary.now += 30_000;
  assert.equal(primary.login('ann', 'a3'), 'done');
});

test('a full cluster refuses new names, and accepts known ones', () => {
  const primary = new Primary({ maxUsers: 2 });
  primary.login('ann');
  primary.login('bob');
  assert.equal(
    primary.login('eve'),
    'limit-reached: the cluster has 2 users, and takes 2: "eve" can\'t be one more',
  );
  assert.equal(primary.login('ann', 'another session'), 'done');
});

test('the operator gets a line once a minute', () => {
  const primary = new Primary({ ...SOME, loginsPerMinute: 1 });
  primary.login('ann');
  for (let i = 0; i < 5; i += 1) primary.post('ann');
  assert.deepEqual(primary.pass(1), [
    '"refused by limits since the last such line: posts a second: 2; the last was "ann""',
  ]);
  for (let i = 0; i < 100; i += 1) primary.login('ann', `again ${i}`);
  assert.deepEqual(primary.pass(1_000), []);
  assert.deepEqual(primary.pass(LIMIT_LINE_INTERVAL_MS), [
    '"refused by limits since the last such line: logins a minute: 100; the last was "ann""',
  ]);
  assert.deepEqual(primary.pass(LIMIT_LINE_INTERVAL_MS), []);
});

test('limits are whole numbers, and a limit of posts allows one at least', () => {
  assert.deepEqual(parseUserLimits({}), DEFAULT_USER_LIMITS);
  for (const [wrong, pattern] of [
    [{ maxUsers: -1 }, /maxUsers is "-1"/],
    [{ loginsPerMinute: 0.5 }, /loginsPerMinute is "0.5"/],
    [{ postBurst: 0 }, /postBurst is "0"/],
  ] as const)
    assert.throws(
      () => parseUserLimits(wrong),
      (error) => error instanceof DualpingError && pattern.test(error.detail),
    );
  assert.equal(parseUserLimits({ postBurst: 0, postsPerSecond: 0 }).postBurst, 0);
});

test("the computed length in UTF-8 equals the encoder's", () => {
  for (const text of ['', 'plain\n', 'ü', '…€', '🚀 go', 'é\u0301', '\u07ff\u0800\uffff'])
    assert.equal(utf8Length(text), Buffer.byteLength(text), text);
});
