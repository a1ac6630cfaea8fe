import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Command,
  type Entry,
  epoch,
  MAX_UNCOMMITTED_ENTRIES,
  nextPosition,
  type Reply,
  SESSION_WINDOW,
} from '../index.js';
import { SocialState } from '../social/social-state.js';
import { PendingRequests } from './pending-requests.js';

/** Pending requests, the state behind it, and a journal between them. */
class Counter {
  readonly pending = new PendingRequests();
  readonly social: SocialState;
  readonly #onTheWay: Omit<Entry, 'position'>[] = [];
  #tokens = 0;

  constructor(maxSessions?: number) {
    this.social = new SocialState(maxSessions === undefined ? {} : { maxSessions });
  }

  ask(sessionId: string, requestNo: number, user = 'ann'): string {
    const command: Command =
      requestNo === 1 ? { kind: 'register', user } : { kind: 'post', user, text: 'hi' };
    this.#tokens += 1;
    const request = {
      kind: 'write',
      token: this.#tokens,
      sessionId,
      requestNo,
      epoch: epoch(1),
      command,
      timeMs: 0,
    } as const;
    const admission = this.pending.admit(request, this.social);
    if (admission.kind === 'append')
      this.#onTheWay.push({ sessionId, requestNo, epoch: epoch(1), command, timeMs: 0 });
    if (admission.kind === 'refused') return admission.reason;
    return admission.kind === 'known' ? `known at ${(admission.reply as Reply).position}` : admission.kind;
  }

  /** The oldest request on its way is committed. Returns the calls that are answered. */
  commit(): readonly number[] {
    const entry = this.#onTheWay.shift();
    assert.ok(entry);
    this.social.apply({ ...entry, position: nextPosition(this.social.applied) });
    return this.pending.settle(entry.sessionId, entry.requestNo);
  }
}

test('a request is appended once, however often and whenever it comes', () => {
  const counter = new Counter();
  assert.deepEqual(
    [counter.ask('a', 1), counter.ask('a', 1), counter.ask('a', 2)],
    ['append', 'wait', 'append'],
  );
  assert.deepEqual(counter.commit(), [1, 2]);
  assert.deepEqual([counter.ask('a', 1), counter.ask('a', 2)], ['known at 1', 'wait']);
  assert.deepEqual(counter.commit(), [3, 5]);
  assert.deepEqual([counter.ask('a', 2), counter.ask('a', 3)], ['known at 2', 'append']);
});

test('a number is not left out, a session speaks for one user, and login is request 1 and only that', () => {
  const counter = new Counter();
  assert.equal(counter.ask('a', 2), 'session-expired');
  assert.equal(counter.ask('a', 1), 'append');
  assert.equal(counter.ask('a', 3), 'sequence-gap');
  assert.equal(counter.ask('a', 2, 'bob'), 'session-mismatch');
  counter.commit();
  assert.equal(counter.ask('a', 3), 'sequence-gap');
  assert.equal(counter.ask('a', 2, 'bob'), 'session-mismatch');
  const login = { kind: 'register', user: 'ann' } as const;
  const request = {
    kind: 'write',
    token: 99,
    sessionId: 'a',
    requestNo: 2,
    epoch: epoch(1),
    timeMs: 0,
  } as const;
  const admission = counter.pending.admit({ ...request, command: login }, counter.social);
  assert.equal(admission.kind === 'refused' && admission.reason, 'invalid-argument');
});

test('a session has at most its window of requests in flight', () => {
  const counter = new Counter();
  for (let no = 1; no <= SESSION_WINDOW; no += 1) assert.equal(counter.ask('a', no), 'append');
  assert.equal(counter.ask('a', SESSION_WINDOW + 1), 'busy');
  assert.equal(counter.ask('a', 1), 'wait');
  assert.equal(counter.ask('b', 1, 'bob'), 'append');
  counter.commit();
  assert.equal(counter.ask('a', SESSION_WINDOW + 1), 'append');
});

test('the number of calls that wait for one request is bounded', () => {
  const counter = new Counter();
  counter.ask('a', 1);
  for (let call = 2; call <= SESSION_WINDOW; call += 1) assert.equal(counter.ask('a', 1), 'wait');
  assert.equal(counter.ask('a', 1), 'busy');
  assert.equal(counter.commit().length, SESSION_WINDOW);
  assert.equal(counter.ask('a', 1), 'known at 1');
});

test('the number of requests in flight of all sessions is bounded', () => {
  const counter = new Counter();
  for (let at = 0; at < MAX_UNCOMMITTED_ENTRIES; at += 1) assert.equal(counter.ask(`s${at}`, 1), 'append');
  assert.equal(counter.ask('one more', 1), 'busy');
  counter.commit();
  assert.equal(counter.ask('one more', 1), 'append');
});

test('a call that gave up is not answered; the others are', () => {
  const counter = new Counter();
  counter.ask('a', 1);
  counter.ask('a', 1);
  counter.pending.abandon(1);
  counter.pending.abandon(1);
  assert.deepEqual(counter.commit(), [2]);
  counter.pending.abandon(2);
});

test('dismissed calls are recognised by their request when they come again', () => {
  const counter = new Counter();
  counter.ask('a', 1);
  counter.ask('a', 2);
  assert.deepEqual(counter.pending.dismiss(), [1, 2]);
  assert.equal(counter.ask('a', 2), 'wait');
  assert.deepEqual([counter.commit(), counter.commit()], [[], [3]]);
});

test('a session that is forgotten with a request in flight does not begin again before that is settled', () => {
  const counter = new Counter(1);
  counter.ask('a', 1);
  counter.commit();
  counter.ask('b', 1, 'bob');
  counter.ask('a', 2);
  counter.commit(); // and with it session a is forgotten
  assert.equal(counter.ask('a', 1), 'session-expired');
  assert.deepEqual(counter.commit(), [3]);
  assert.equal(counter.ask('a', 3), 'append');
  counter.commit();
});
