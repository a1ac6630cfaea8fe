import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignment, RecordedSession } from './recorded-session.fixture.js';
import { CONNECT_TIMEOUT_MS, FIRST_WORD_MS } from './session-limits.js';

const SIGNS = { intervalMs: 500, deadAfterMs: 1_250 } as const;
const GIVES_UP = ['drop 1 and its connection', 'resolving at r1 because may-have-happened'];

test('both sides give signs, and a server that gives none is left: its connection is not used again', () => {
  const recorded = new RecordedSession().goLive(10, SIGNS);
  assert.deepEqual([recorded.tick(), recorded.now], [['give-sign 1'], 500]);
  recorded.sign(1, SIGNS);
  assert.deepEqual([recorded.tick(), recorded.now], [['give-sign 1'], 1_000]);
  assert.deepEqual([recorded.tick(), recorded.now], [['give-sign 1'], 1_500]);
  assert.deepEqual([recorded.tick().slice(0, 2), recorded.now], [GIVES_UP, 1_750]);
  assert.deepEqual(recorded.resolved(assignment(1, 1, 1)), ['connecting s1 e1', 'open 2 s1 e1 after 10']);
});

test('any message on the timeline is a sign of life; answers to calls are not, because they may come over another connection', () => {
  const recorded = new RecordedSession().goLive(10, SIGNS);
  for (let at = 11; at < 20; at += 1) {
    recorded.tick();
    recorded.posts(1, at);
  }
  assert.equal(recorded.session.state.kind, 'live');
  recorded.submit('hi');
  for (let sendNo = 2; recorded.session.state.kind === 'live'; sendNo += 1) {
    recorded.reply(sendNo, 20 + sendNo);
    recorded.submit('hi');
    recorded.tick();
  }
  assert.equal(recorded.now, 4_500 + SIGNS.deadAfterMs);
});

test("a stopped client does not count its own pause as its server's silence", () => {
  const recorded = new RecordedSession().goLive(10, SIGNS);
  recorded.tick();
  recorded.sign(1, SIGNS);
  assert.deepEqual(recorded.after(60_000).step({ kind: 'tick' }), ['give-sign 1']);
  assert.deepEqual(recorded.sign(1, SIGNS), []);
});

test('without signs from the server none are expected, and none are sent', () => {
  const recorded = new RecordedSession().goLive();
  assert.equal(recorded.session.nextDeadline(), undefined);
  assert.deepEqual(recorded.sign(1, SIGNS), []);
  assert.equal(recorded.session.nextDeadline(), undefined);
});

test('a server with many readers sends a longer interval', () => {
  const recorded = new RecordedSession().goLive(10, SIGNS);
  recorded.tick();
  recorded.sign(1, { intervalMs: 2_000, deadAfterMs: 5_000 });
  assert.deepEqual([recorded.tick(), recorded.now], [['give-sign 1'], 1_000]);
  assert.deepEqual([recorded.tick(), recorded.now], [['give-sign 1'], 3_000]);
  assert.deepEqual([recorded.tick(), recorded.now], [['give-sign 1'], 5_000]);
  assert.deepEqual([recorded.tick().slice(0, 2), recorded.now], [GIVES_UP, 5_500]);
});

test('the patience doubles with each link in a row that was silent: on a slow line a page takes long', () => {
  const recorded = new RecordedSession().goLive(10, SIGNS);
  const patience: number[] = [];
  for (let link = 1; link <= 5; link += 1) {
    const from = recorded.now;
    while (recorded.session.state.kind === 'live') recorded.tick();
    patience.push(recorded.now - from);
    recorded.resolved(assignment(1, 1, 1));
    recorded.connected(link + 1, 1, 1, 10, SIGNS);
  }
  assert.deepEqual(patience, [1_250, 2_500, 5_000, 10_000, 10_000]);
  recorded.sign(6, SIGNS); // it has time for signs again
  const from = recorded.now;
  while (recorded.session.state.kind === 'live') recorded.tick();
  assert.equal(recorded.now - from, 1_250);
});

test('a server that sends nothing is left soon; for one that says that it has to wait the session waits', () => {
  const reconnecting = (): RecordedSession => {
    const recorded = new RecordedSession().goLive();
    recorded.lost(1);
    recorded.resolved(assignment(1, 1, 1));
    return recorded;
  };
  const silent = reconnecting();
  assert.deepEqual([silent.tick().slice(0, 1), silent.now], [['drop 2 and its connection'], FIRST_WORD_MS]);
  const waiting = reconnecting();
  waiting.sign(2, SIGNS);
  assert.deepEqual(
    [waiting.tick().slice(0, 1), waiting.now],
    [['drop 2 and its connection'], CONNECT_TIMEOUT_MS],
  );
});
