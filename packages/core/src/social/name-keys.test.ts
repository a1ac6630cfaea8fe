import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type JournalCommand,
  MAX_CODES,
  MAX_KEYS,
  MAX_REVOKED_KEYS,
  type Reply,
  type SessionId,
} from '../index.js';
import type { KeyLogin } from './name-keys.js';
import { entryOf } from './social-play.fixture.js';
import { type Effect, SocialState } from './social-state.js';

/** What becomes of requests of sessions, and of operators. The time is 7 for every entry. */
class Keyring {
  constructor(public state: SocialState = new SocialState()) {}

  readonly #requests = new Map<SessionId, number>();

  ask(sessionId: SessionId, command: JournalCommand): string {
    const requestNo = (this.#requests.get(sessionId) ?? 0) + 1;
    this.#requests.set(sessionId, requestNo);
    return said(this.state.apply(entryOf(this.state, command, sessionId, requestNo)));
  }

  /** The session has the name of its user, a slash, and its device, whose key is the device's name. */
  joins(sessionId: SessionId, rest: Omit<KeyLogin, 'key' | 'device'> = { registration: 'open' }): string {
    const [user = '', device = ''] = sessionId.split('/');
    return this.ask(sessionId, { kind: 'register', user, login: { key: device, device, ...rest } });
  }

  posts(sessionId: SessionId): string {
    const [user = ''] = sessionId.split('/');
    return this.ask(sessionId, { kind: 'post', user, text: 'hello' });
  }

  operates(command: JournalCommand): string {
    return said(this.state.apply(entryOf(this.state, command)));
  }

  /** Goes on from a snapshot. */
  restart(): void {
    this.state = SocialState.fromSnapshot(JSON.parse(JSON.stringify(this.state.toSnapshot())));
  }
}

const outcome = (reply: Reply): string => (reply.kind === 'ok' ? 'ok' : reply.reason);

const said = (effects: readonly Effect[]): string =>
  effects
    .flatMap((effect) => {
      if (effect.kind === 'reply' || effect.kind === 'operator-reply') return [outcome(effect.reply)];
      return effect.kind === 'keys' ? [`keys of ${effect.user}`] : [];
    })
    .join(', ');

const LATER = 1_000;

test('the first key that logs in owns the name, and no other key gets in', () => {
  const ring = new Keyring();
  assert.equal(ring.joins('mira/laptop'), 'ok');
  assert.equal(ring.posts('mira/laptop'), 'ok');
  assert.equal(ring.joins('mira/thief'), 'wrong-key');
  assert.equal(ring.posts('mira/thief'), 'wrong-key', 'a session whose login was refused does nothing');
  assert.equal(ring.ask('plain', { kind: 'register', user: 'mira' }), 'wrong-key');
  assert.equal(ring.ask('plain', { kind: 'post', user: 'mira', text: 'hello' }), 'wrong-key');
  ring.restart();
  assert.equal(ring.posts('mira/laptop'), 'ok');
  assert.equal(ring.posts('mira/thief'), 'wrong-key');
});

test('names without keys work as before, until a key owns them', () => {
  const ring = new Keyring();
  assert.equal(ring.ask('old', { kind: 'register', user: 'mira' }), 'ok');
  assert.equal(ring.ask('old', { kind: 'post', user: 'mira', text: 'hello' }), 'ok');
  assert.equal(ring.joins('mira/laptop', { registration: 'invite' }), 'invitation-needed');
  assert.equal(ring.joins('mira/phone'), 'keys of mira, ok', 'who has read without a key reads no more');
  assert.equal(ring.ask('old', { kind: 'post', user: 'mira', text: 'again' }), 'wrong-key');
});

test('an invitation admits one new name, while it is valid', () => {
  const ring = new Keyring();
  const invited = { registration: 'invite', code: 'c' } as const;
  assert.equal(ring.joins('ann/a', { registration: 'invite' }), 'invitation-needed');
  assert.equal(ring.joins('ann/b', invited), 'invitation-needed', 'nobody has made that one');
  assert.equal(ring.operates({ kind: 'invite', code: 'c', untilMs: LATER }), 'ok');
  assert.equal(ring.joins('ann/c', invited), 'ok');
  assert.equal(ring.joins('bob/a', invited), 'invitation-spent');
  ring.restart();
  assert.equal(ring.joins('bob/b', invited), 'invitation-spent');
  assert.equal(ring.operates({ kind: 'invite', code: 'c', untilMs: LATER }), 'ok', 'asked for again');
  assert.equal(ring.joins('bob/c', invited), 'invitation-spent');
  assert.equal(ring.operates({ kind: 'invite', code: 'late', untilMs: 6 }), 'ok');
  assert.equal(ring.joins('bob/d', { registration: 'invite', code: 'late' }), 'invitation-spent');
  assert.equal(ring.operates({ kind: 'invite', code: 'of-eve', user: 'eve', untilMs: LATER }), 'ok');
  assert.equal(ring.joins('bob/e', { registration: 'invite', code: 'of-eve' }), 'invitation-needed');
  assert.equal(ring.joins('eve/a', { registration: 'invite', code: 'of-eve' }), 'ok');
  assert.equal(ring.operates({ kind: 'invite', code: 'more', user: 'eve', untilMs: LATER }), 'name-taken');
  assert.equal(ring.operates({ kind: 'invite', code: 'x', untilMs: LATER }), 'ok');
  assert.equal(ring.joins('zoe/a', { registration: 'closed', code: 'x' }), 'invitation-needed');
});

test("a user's code admits another device, an invitation for any name does not", () => {
  const ring = new Keyring();
  ring.joins('mira/laptop');
  ring.operates({ kind: 'invite', code: 'any', untilMs: LATER });
  assert.equal(ring.joins('mira/phone', { code: 'any' }), 'wrong-key');
  const invite = { kind: 'invite-device', user: 'mira', code: 'own', untilMs: LATER } as const;
  assert.equal(ring.ask('mira/laptop', invite), 'ok');
  assert.equal(ring.joins('mira/tablet', { code: 'own' }), 'ok');
  assert.equal(ring.posts('mira/tablet'), 'ok');
  assert.equal(ring.joins('mira/watch', { code: 'own' }), 'invitation-spent');
  assert.deepEqual(
    ring.state.keysOf('mira').map(({ number, device }) => [number, device]),
    [
      [1, 'laptop'],
      [2, 'tablet'],
    ],
  );
});

test('a revoked key is valid in no session, and is never bound again', () => {
  const ring = new Keyring();
  ring.joins('mira/laptop');
  assert.equal(ring.ask('mira/laptop', { kind: 'revoke-key', user: 'mira', key: 'laptop' }), 'last-key');
  ring.ask('mira/laptop', { kind: 'invite-device', user: 'mira', code: 'c', untilMs: LATER });
  ring.joins('mira/phone', { code: 'c' });
  assert.equal(
    ring.ask('mira/phone', { kind: 'revoke-key', user: 'mira', key: 'laptop' }),
    'keys of mira, ok',
  );
  assert.equal(ring.posts('mira/laptop'), 'wrong-key');
  assert.equal(ring.state.speaks('mira', 'laptop'), false);
  assert.equal(ring.state.speaks('mira', 'phone'), true);
  assert.equal(ring.ask('mira/phone', { kind: 'revoke-key', user: 'mira', key: 'laptop' }), 'unknown-key');
  ring.ask('mira/phone', { kind: 'invite-device', user: 'mira', code: 'd', untilMs: LATER });
  ring.restart();
  assert.equal(ring.ask('again', login('mira', 'laptop', 'd')), 'wrong-key');
  assert.equal(ring.posts('mira/laptop'), 'wrong-key');
});

test('an operator resets the keys of a name, and a one-time code admits its owner again', () => {
  const ring = new Keyring();
  assert.equal(
    ring.operates({ kind: 'reset-keys', user: 'mira', code: 'r', untilMs: LATER }),
    'unknown-user',
  );
  ring.joins('mira/laptop');
  const reset = { kind: 'reset-keys', user: 'mira', code: 'r', untilMs: LATER } as const;
  assert.equal(ring.operates(reset), 'keys of mira, ok');
  assert.equal(ring.posts('mira/laptop'), 'wrong-key');
  assert.equal(ring.joins('mira/thief'), 'wrong-key', 'the name still has an owner');
  assert.equal(ring.joins('mira/new', { code: 'r' }), 'ok');
  assert.equal(ring.operates(reset), 'ok', 'asked for again it changes nothing');
  assert.equal(ring.posts('mira/new'), 'ok');
  assert.equal(ring.joins('mira/other', { code: 'r' }), 'invitation-spent');
});

const login = (user: string, key: string, code?: string): JournalCommand => ({
  kind: 'register',
  user,
  login: { key, device: key, registration: 'open', ...(code !== undefined && { code }) },
});

test('keys, revoked keys and codes are bounded', () => {
  const ring = new Keyring();
  ring.joins('mira/k0');
  const add = (no: number): string => {
    ring.ask('mira/k0', { kind: 'invite-device', user: 'mira', code: `c${no}`, untilMs: LATER });
    return ring.joins(`mira/k${no}`, { code: `c${no}` });
  };
  for (let no = 1; no < MAX_KEYS; no += 1) assert.equal(add(no), 'ok');
  assert.equal(add(MAX_KEYS), 'too-many-keys');
  const live = Array.from({ length: MAX_KEYS - 1 }, (_, at) => at + 1);
  for (let no = MAX_KEYS + 1; no <= MAX_KEYS + MAX_REVOKED_KEYS + 2; no += 1) {
    ring.ask('mira/k0', { kind: 'revoke-key', user: 'mira', key: `k${live.shift()}` });
    assert.equal(add(no), 'ok');
    live.push(no);
  }
  assert.equal(ring.state.keysOf('mira').length, MAX_KEYS + MAX_REVOKED_KEYS);
  for (let no = 0; no < MAX_CODES; no += 1)
    ring.operates({ kind: 'invite', code: `more-${no}`, untilMs: LATER });
  assert.equal(ring.state.toSnapshot().codes?.length, MAX_CODES);
  assert.equal(ring.joins('zoe/a', { registration: 'invite', code: 'more-1' }), 'ok');
  ring.restart();
  assert.equal(ring.joins('ann/a', { registration: 'invite', code: 'more-1' }), 'invitation-spent');
});
