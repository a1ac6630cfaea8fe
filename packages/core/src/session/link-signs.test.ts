import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONNECT_TIMEOUT_MS, FIRST_WORD_MS } from './session-limits.js';
import { assignment, Stage } from './stage.fixture.js';

const SIGNS = { intervalMs: 500, deadAfterMs: 1_250 } as const;
const GIVES_UP = ['drop 1 and its connection', 'resolving at r1 because may-have-happened'];

test('both sides give signs, and a server that gives none is left: its connection is not used again', () => {
  const play = new Stage().goLive(10, SIGNS);
  assert.deepEqual([play.tick(), play.now], [['give-sign 1'], 500]);
  play.sign(1, SIGNS);
  assert.deepEqual([play.tick(), play.now], [['give-sign 1'], 1_000]);
  assert.deepEqual([play.tick(), play.now], [['give-sign 1'], 1_500]);
  assert.deepEqual([play.tick().slice(0, 2), play.now], [GIVES_UP, 1_750]);
  assert.deepEqual(play.resolved(assignment(1, 1, 1)), ['connecting s1 e1', 'open 2 s1 e1 after 10']);
});

test('any message on the timeline is a sign of life; answers to calls are not, because they may come over another connection', () => {
  const play = new Stage().goLive(10, SIGNS);
  for (let at = 11; at < 20; at += 1) {
    play.tick();
    play.posts(1, at);
  }
  assert.equal(play.session.state.kind, 'live');
  play.submit('hi');
  for (let sendNo = 2; play.session.state.kind === 'live'; sendNo += 1) {
    play.reply(sendNo, 20 + sendNo);
    play.submit('hi');
    play.tick();
  }
  assert.equal(play.now, 4_500 + SIGNS.deadAfterMs);
});

test("a stopped client does not count its own pause as its server's silence", () => {
  const play = new Stage().goLive(10, SIGNS);
  play.tick();
  play.sign(1, SIGNS);
  assert.deepEqual(play.after(60_000).step({ kind: 'tick' }), ['give-sign 1']);
  assert.deepEqual(play.sign(1, SIGNS), []);
});

test('without signs from the server none are expected, and none are sent', () => {
  const play = new Stage().goLive();
  assert.equal(play.session.nextDeadline(), undefined);
  assert.deepEqual(play.sign(1, SIGNS), []);
  assert.equal(play.session.nextDeadline(), undefined);
});

test('a server with many readers sends a longer interval', () => {
  const play = new Stage().goLive(10, SIGNS);
  play.tick();
  play.sign(1, { intervalMs: 2_000, deadAfterMs: 5_000 });
  assert.deepEqual([play.tick(), play.now], [['give-sign 1'], 1_000]);
  assert.deepEqual([play.tick(), play.now], [['give-sign 1'], 3_000]);
  assert.deepEqual([play.tick(), play.now], [['give-sign 1'], 5_000]);
  assert.deepEqual([play.tick().slice(0, 2), play.now], [GIVES_UP, 5_500]);
});

test('the patience doubles with each link in a row that was silent: on a slow line a page takes long', () => {
  const play = new Stage().goLive(10, SIGNS);
  const patience: number[] = [];
  for (let link = 1; link <= 5; link += 1) {
    const from = play.now;
    while (play.session.state.kind === 'live') play.tick();
    patience.push(play.now - from);
    play.resolved(assignment(1, 1, 1));
    play.connected(link + 1, 1, 1, 10, SIGNS);
  }
  assert.deepEqual(patience, [1_250, 2_500, 5_000, 10_000, 10_000]);
  play.sign(6, SIGNS); // it has time for signs again
  const from = play.now;
  while (play.session.state.kind === 'live') play.tick();
  assert.equal(play.now - from, 1_250);
});

test('a server that sends nothing is left soon; for one that says that it has to wait the session waits', () => {
  const reconnecting = (): Stage => {
    const play = new Stage().goLive();
    play.lost(1);
    play.resolved(assignment(1, 1, 1));
    return play;
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
