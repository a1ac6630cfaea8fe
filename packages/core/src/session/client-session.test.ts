import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Assignment } from '../assignment.js';
import { position } from '../ids.js';
import { MAX_LIST_PAGE, SESSION_WINDOW } from '../limits.js';
import { DualpingError } from '../reasons.js';
import {
  CONNECT_TIMEOUT_MS,
  HELD_UP_AFTER_MS,
  MAX_PENDING_REQUESTS,
  REPLY_TIMEOUT_MS,
} from './session-limits.js';
import { addressOf, assignment, NETWORK, post, Stage } from './stage.fixture.js';

const LIST = { kind: 'list', after: undefined, limit: MAX_LIST_PAGE } as const;

test('a new session logs in before it opens its timeline', () => {
  const play = new Stage();
  assert.deepEqual(play.start(), ['resolving at r1', 'introduce r1']);
  assert.deepEqual(play.introduced(assignment(1, 1, 1)), [
    'connecting s1 e1',
    'send 1 s1 e1 session#1 register',
    `warm ${addressOf(2)}`,
  ]);
  assert.deepEqual(play.reply(1, 2), ['open 1 s1 e1 history 20']);
  assert.deepEqual(play.connected(1, 1, 1, 2), ['live s1 e1']);
});

test('requests from before the session is live are sent, in order, after the login', () => {
  const play = new Stage();
  play.start();
  assert.deepEqual(play.submit('one'), []);
  play.introduced(assignment(1, 1, 1));
  assert.deepEqual(play.submit('two'), []);
  assert.deepEqual(play.reply(1, 2), [
    'open 1 s1 e1 history 20',
    'send 2 s1 e1 session#2 one',
    'send 3 s1 e1 session#3 two',
  ]);
  assert.deepEqual(play.reply(2, 3), ['settle 1 at 3']);
  assert.equal(play.session.pending, 1);
});

test('the primary is killed: the session asks at once, moves, continues its timeline, and sends unacknowledged requests again', () => {
  const play = new Stage().goLive();
  play.posts(1, 11, 12);
  play.submit('one');
  play.after(50).submit('two');
  assert.deepEqual(play.lost(1), [
    'drop 1',
    'resolving at r1 because may-have-happened',
    'resolve r1 failed e1 wait 800',
  ]);
  assert.deepEqual(play.after(12).resolved(assignment(2, 2, 2, [1])), [
    'connecting s2 e2',
    'open 2 s2 e2 after 12',
    'send 4 s2 e2 session#2 one',
    'send 5 s2 e2 session#3 two',
    `warm ${addressOf(3)}`,
  ]);
  assert.deepEqual(play.after(3).connected(2, 2, 2, 15), ['live s2 e2', 'moved s1 e1 to s2 e2 in 65 ms']);
  assert.deepEqual(play.reply(4, 14), ['settle 1 at 14']);
  assert.deepEqual(play.posts(2, 14, 15), ['deliver 14 15']);
});

test('the primary freezes: no link breaks, the Watch announces the newer epoch and the session leaves', () => {
  const play = new Stage().goLive();
  play.submit('one');
  assert.deepEqual(play.after(500).watched(assignment(2, 2, 2, [1])), [
    'drop 1',
    'connecting s2 e2',
    'open 2 s2 e2 after 10',
    'send 3 s2 e2 session#2 one',
    `warm ${addressOf(3)}`,
  ]);
  play.connected(2, 2, 2, 12);
  assert.deepEqual(play.posts(1, 13), [], 'the thawed server speaks to nobody');
  assert.deepEqual(play.reply(2, 99), [], 'its late reply counts for nothing');
  assert.deepEqual(play.reply(3, 13), ['settle 1 at 13']);
});

test('the Watch is faster than the held answer', () => {
  const play = new Stage().goLive();
  play.lost(1);
  const lines = play.watched(assignment(2, 2, 2, [1]));
  assert.deepEqual(lines.slice(0, 2), ['cancel-ask', 'connecting s2 e2']);
});

test("only the session's own link broke: after the wait the router names the same primary, and the session goes back", () => {
  const play = new Stage().goLive();
  play.posts(1, 11);
  play.lost(1);
  assert.deepEqual(play.after(800).resolved(assignment(1, 1, 1)), [
    'connecting s1 e1',
    'open 2 s1 e1 after 11',
  ]);
  assert.deepEqual(play.connected(2, 1, 1, 11), ['live s1 e1', 'moved s1 e1 to s1 e1 in 800 ms']);
});

test('a server that the router names but that does not answer is tried with back-off', () => {
  const play = new Stage().goLive();
  play.lost(1);
  play.resolved(assignment(1, 1, 1));
  assert.deepEqual(play.lost(2), ['drop 2', 'waiting until 75, attempt 1: may-have-happened']);
  assert.deepEqual(play.tick(), [
    'resolving at r1 because may-have-happened',
    'resolve r1 failed e1 wait 800',
  ]);
  play.resolved(assignment(1, 1, 1));
  assert.deepEqual(play.lost(3), ['drop 3', 'waiting until 225, attempt 2: may-have-happened']);
});

test('a server that sends nothing while the session connects is given up after a while', () => {
  const play = new Stage();
  play.start();
  play.introduced(assignment(1, 1, 1));
  assert.deepEqual(play.tick(), [
    'drop 1 and its connection',
    'resolving at r1 because may-have-happened',
    'resolve r1 failed e1 wait 800',
  ]);
  assert.equal(play.now, CONNECT_TIMEOUT_MS);
});

test('a reply that never comes breaks the link, and the request goes out again', () => {
  const play = new Stage().goLive();
  play.submit('one');
  assert.equal(play.tick()[0], 'drop 1 and its connection');
  assert.equal(play.now, REPLY_TIMEOUT_MS);
  assert.ok(play.resolved(assignment(1, 1, 1)).includes('send 3 s1 e1 session#2 one'));
});

test('the router is away, then back: live clients notice nothing, new ones wait with a countdown', () => {
  const play = new Stage();
  play.start();
  assert.deepEqual(play.askFailed('router-unreachable'), ['waiting until 75, attempt 1: router-unreachable']);
  assert.deepEqual(play.tick(), ['resolving at r1 because router-unreachable', 'introduce r1']);
  assert.deepEqual(play.askFailed('router-unreachable'), [
    'waiting until 225, attempt 2: router-unreachable',
  ]);
  assert.deepEqual(play.step({ kind: 'retry-now' }), [
    'resolving at r1 because router-unreachable',
    'introduce r1',
  ]);
  assert.equal(play.introduced(assignment(1, 1, 1))[0], 'connecting s1 e1');
});

test('a router without an available server says why, while it holds its answer', () => {
  const play = new Stage();
  play.start();
  assert.deepEqual(play.introduced(assignment(1, 1, 1, [1, 2, 3])), [
    'resolving at r1 because no-available-server',
    'resolve r1 failed e0 wait 800',
  ]);
  const { state } = play.session;
  assert.equal(state.kind === 'resolving' && state.because?.detail, 'no in-sync member is live');
});

test('after a router that fails the next is asked at once, and the one that answers is kept', () => {
  const play = new Stage({ routers: ['r1', 'r2', 'r3'] });
  play.start();
  assert.deepEqual(play.askFailed('router-unreachable'), [
    'resolving at r2 because router-unreachable',
    'introduce r2',
  ]);
  assert.deepEqual(play.askFailed('not-a-router'), [
    'resolving at r3 because router-unreachable',
    'introduce r3',
  ]);
  play.introduced(assignment(1, 1, 1));
  play.reply(1, 2);
  play.connected(1, 1, 1, 2);
  assert.deepEqual(play.lost(1).at(-1), 'resolve r3 failed e1 wait 800');
});

test('while a router does not answer the next is asked too, and the first useful answer counts', () => {
  const play = new Stage({ routers: ['hole', 'r2', 'r3'] });
  play.start();
  assert.deepEqual([play.tick(), play.now], [['resolving at r2', 'introduce r2'], 300]);
  assert.deepEqual(play.introduced(assignment(1, 1, 1), undefined, 'r2').slice(0, 2), [
    'cancel-ask',
    'connecting s1 e1',
  ]);
  assert.deepEqual(play.introduced(assignment(1, 1, 1), undefined, 'hole'), []);
  play.reply(1, 2);
  play.connected(1, 1, 1, 2);
  // The router holds its answer, and may have died meanwhile: the others are asked beside it, and those that
  // don't answer are given up.
  assert.equal(play.lost(1).at(-1), 'resolve r2 failed e1 wait 800');
  assert.deepEqual([play.tick().at(-1), play.now], ['introduce r3', 600]);
  assert.deepEqual([play.tick().at(-1), play.now], ['introduce hole', 900]);
  assert.deepEqual([play.tick(), play.now], [['cancel-ask'], 2_600]);
  assert.deepEqual(
    play
      .after(100)
      .resolved(assignment(2, 2, 2), 'r2')
      .slice(0, 2),
    ['cancel-ask', 'connecting s2 e2'],
  );
});

test('routers that answer nothing are given up one by one, and the session waits when none is left', () => {
  const play = new Stage({ routers: ['hole', 'r2'] });
  play.start();
  play.tick();
  assert.deepEqual(play.askFailed('router-unreachable', 'r2'), []);
  assert.deepEqual(
    [play.tick(), play.now],
    [['cancel-ask', 'waiting until 2075, attempt 1: router-unreachable'], 2_000],
  );
});

test('a router that holds its answer is asked again over another connection, because the first may be dead', () => {
  const play = new Stage();
  const introduced = (askNo: number, told: Assignment | undefined): string[] =>
    play.step({
      ...({
        kind: 'introduced',
        networkId: NETWORK,
        cluster: 1,
        clusters: 1,
        failoverWaitMs: 4_000,
      } as const),
      ...{ askNo, assignment: told },
    });
  play.start();
  assert.equal(introduced(1, undefined).at(-1), 'resolve r1 failed e0 wait 4000');
  assert.deepEqual([play.tick(), play.now], [['introduce r1 anew'], 1_000]);
  assert.deepEqual(introduced(3, assignment(1, 1, 1)).slice(0, 2), ['cancel-ask', 'connecting s1 e1']);
  play.reply(1, 2);
  play.connected(1, 1, 1, 2);
  play.lost(1);
  play.tick();
  // It introduces itself: the earlier question is asked again, over the connection of the introduction.
  assert.deepEqual(introduced(5, assignment(1, 1, 1)), [
    'cancel-ask',
    'resolving at r1 because may-have-happened',
    'resolve r1 failed e1 wait 3000', // of the 4 s of this round
  ]);
  // It does not answer: the session waits, and begins again.
  assert.deepEqual([play.tick(), play.now], [['introduce r1 anew'], 3_000]);
  assert.deepEqual(
    [play.tick(), play.now],
    [['cancel-ask', 'cancel-ask', 'waiting until 5075, attempt 1: router-unreachable'], 5_000],
  );
});

test('every server is away: the session waits with a countdown, and connects at once when the Watch names one', () => {
  const play = new Stage().goLive();
  play.lost(1);
  assert.deepEqual(play.after(800).askFailed('no-available-server'), [
    'waiting until 875, attempt 1: no-available-server',
  ]);
  play.tick();
  play.after(800).askFailed('no-available-server');
  assert.match(play.watched(assignment(5, 1, 1, [1, 2, 3]))[0] ?? '', /^warm nobody$/);
  assert.deepEqual(play.watched(assignment(6, 2, 3, [1, 2])), ['connecting s3 e2', 'open 2 s3 e2 after 10']);
});

test('the back-off starts again after the session was live', () => {
  const play = new Stage();
  play.start();
  play.askFailed('router-unreachable');
  play.tick();
  play.introduced(assignment(1, 1, 1));
  play.reply(1, 2);
  play.connected(1, 1, 1, 2);
  play.lost(1);
  assert.match(play.askFailed('router-unreachable')[0] ?? '', /attempt 1/);
});

test('an address without a router is reported at once, unless there was a router before', () => {
  const play = new Stage();
  play.start();
  play.submit('one');
  assert.deepEqual(play.askFailed('not-a-router').slice(-2), [
    'failed not-a-router',
    'settle 1 refused not-a-router',
  ]);
  assert.equal(play.session.nextDeadline(), undefined);
  assert.deepEqual(play.submit('two'), ['settle 2 refused not-a-router']);

  const later = new Stage().goLive();
  later.lost(1);
  assert.match(later.askFailed('not-a-router')[0] ?? '', /^waiting/);
});

test('a router of another network is ignored, and another one is asked', () => {
  const play = new Stage({ routers: ['r1', 'r2'] }).goLive();
  assert.deepEqual(play.watched(assignment(9, 9, 1), 'net-2'), []);
  play.lost(1);
  assert.deepEqual(play.resolved(assignment(9, 9, 1), undefined, 'net-2'), [
    'resolving at r2 because may-have-happened',
    'introduce r2',
  ]);
  assert.match(play.introduced(assignment(9, 9, 1), 'net-2')[0] ?? '', /^waiting .*wrong-network/);
  play.tick();
  assert.ok(play.introduced(assignment(2, 2, 2)).includes('connecting s2 e2'));
});

test("until a server has served, the last router that answered Connect decides the session's network", () => {
  const play = new Stage({ routers: ['r1'] });
  play.start();
  play.introduced(undefined, 'net-2');
  assert.deepEqual(play.session.home, { networkId: 'net-2', cluster: 1 });
  assert.match(play.resolved(assignment(2, 2, 2))[0] ?? '', /^waiting .*wrong-network/);
  play.tick();
  assert.ok(
    play.introduced(assignment(1, 1, 1)).includes('connecting s1 e1'),
    'and nothing of the other is kept',
  );
  assert.deepEqual(play.session.home, { networkId: 'net-1', cluster: 1 });
});

test('an older assignment is ignored', () => {
  const play = new Stage().goLive();
  play.watched(assignment(5, 2, 2, [1]));
  assert.deepEqual(play.watched(assignment(4, 1, 1)), []);
  assert.equal(play.session.state.kind, 'connecting');
});

test('a later epoch is newer, even if a copy of the router has used higher revisions', () => {
  const play = new Stage().goLive();
  play.watched(assignment(40, 1, 1));
  assert.ok(play.watched(assignment(5, 2, 2)).includes('connecting s2 e2'));
});

test('a server that answers under another name, or in an older epoch, is left', () => {
  const play = new Stage();
  play.start();
  play.introduced(assignment(1, 2, 1));
  play.reply(1, 2);
  assert.deepEqual(play.connected(1, 3, 2, 2).slice(0, 2), ['drop 1', 'resolving at r1 because not-primary']);
  play.resolved(assignment(1, 2, 1));
  assert.deepEqual(play.connected(2, 1, 1, 2).at(0), 'drop 2');
});

test('calls overtook one another: a request refused for a gap is sent again when it is the lowest', () => {
  const play = new Stage().goLive();
  for (const text of ['one', 'two', 'three']) play.submit(text);
  assert.deepEqual(play.refuse(3, 'sequence-gap'), []);
  assert.deepEqual(play.refuse(4, 'sequence-gap'), []);
  assert.deepEqual(play.reply(2, 20), ['settle 1 at 20', 'send 5 s1 e1 session#3 two']);
  assert.deepEqual(play.reply(5, 21), ['settle 2 at 21', 'send 6 s1 e1 session#4 three']);
});

test('a refusal for a gap proves nothing when the gap was there as the request was sent', () => {
  const play = new Stage().goLive();
  for (const text of ['one', 'two', 'three']) play.submit(text);
  assert.deepEqual(play.reply(2, 12), ['settle 1 at 12']);
  assert.deepEqual(play.refuse(3, 'sequence-gap'), ['send 5 s1 e1 session#3 two'], 'not a new session');
  assert.deepEqual(play.refuse(4, 'sequence-gap'), []);
  assert.deepEqual(play.reply(5, 13), ['settle 2 at 13', 'send 6 s1 e1 session#4 three']);
});

test('a busy server is asked again after a moment, in order', () => {
  const play = new Stage().goLive();
  play.submit('one');
  play.submit('two');
  assert.deepEqual(play.refuse(2, 'busy'), []);
  assert.deepEqual(play.refuse(3, 'sequence-gap'), []);
  assert.deepEqual(play.tick(), ['send 4 s1 e1 session#2 one']);
  assert.deepEqual(play.reply(4, 20), ['settle 1 at 20', 'send 5 s1 e1 session#3 two']);
});

test('a refusal by the network is an answer, and its number is used', () => {
  const play = new Stage().goLive();
  assert.deepEqual(play.step({ kind: 'submit', ticket: 1, command: { kind: 'follow', target: 'nobody' } }), [
    'send 2 s1 e1 session#2 follow',
  ]);
  assert.deepEqual(play.refuse(2, 'unknown-target'), ['settle 1 refused unknown-target']);
  assert.deepEqual(play.step({ kind: 'submit', ticket: 2, command: { kind: 'post', text: 'x' } }), [
    'send 3 s1 e1 session#3 x',
  ]);
});

test('malformed text never gets a number', () => {
  const play = new Stage().goLive();
  assert.deepEqual(play.submit('bell \u0007'), ['settle 1 refused invalid-post']);
  assert.deepEqual(play.step({ kind: 'submit', ticket: 2, command: { kind: 'follow', target: 'a b' } }), [
    'settle 2 refused invalid-user-name',
  ]);
  assert.deepEqual(play.step({ kind: 'submit', ticket: 3, command: { kind: 'post', text: 'fine' } }), [
    'send 2 s1 e1 session#2 fine',
  ]);
});

test('a server that is leaving its role sends the session to the router, and nothing is settled', () => {
  const play = new Stage().goLive();
  play.submit('one');
  assert.deepEqual(play.refuse(2, 'not-primary'), [
    'drop 1',
    'resolving at r1 because not-primary',
    'resolve r1 failed e1 wait 800',
  ]);
});

test('at most a window is in flight', () => {
  const play = new Stage().goLive();
  const lines = Array.from({ length: SESSION_WINDOW + 2 }, (_, i) => play.submit(`p${i}`)).flat();
  assert.equal(lines.length, SESSION_WINDOW);
  assert.deepEqual(play.reply(3, 20), ['settle 2 at 20'], 'the lowest still holds the window');
  assert.equal(play.reply(2, 19).length, 3, 'it moves by two');
});

test('more requests than can be kept are refused', () => {
  const play = new Stage();
  for (let i = 0; i < MAX_PENDING_REQUESTS; i++) play.submit('x');
  assert.deepEqual(play.submit('x'), [`settle ${MAX_PENDING_REQUESTS + 1} refused limit-reached`]);
});

test('a server that forgot the session: what reached it may have happened, the rest goes out in a new one', () => {
  const play = new Stage().goLive();
  for (let i = 1; i <= SESSION_WINDOW + 1; i++) play.submit(`p${i}`);
  const lines = play.refuse(2, 'session-expired');
  assert.equal(
    lines.filter((each) => each.endsWith('may-have-happened session-expired')).length,
    SESSION_WINDOW,
  );
  assert.equal(lines.at(-1), 'send 66 s1 e1 session.1#1 register');
  assert.deepEqual(play.reply(66, 30), ['send 67 s1 e1 session.1#2 p65']);
});

test('a gap before the lowest request: the server lost what it acknowledged; a new session begins', () => {
  const play = new Stage().goLive();
  play.submit('one');
  play.reply(2, 12);
  play.submit('two');
  assert.deepEqual(play.refuse(3, 'sequence-gap'), ['send 4 s1 e1 session.1#1 register']);
  assert.deepEqual(play.reply(4, 13), ['send 5 s1 e1 session.1#2 two']);
});

test('a reply that is no longer kept: the request happened, its outcome is unknown', () => {
  const play = new Stage().goLive();
  play.submit('one');
  assert.deepEqual(play.refuse(2, 'request-too-old'), ['settle 1 may-have-happened request-too-old']);
});

test('a program run again with its session id: its login of long ago is no longer kept, and it goes on', () => {
  const play = new Stage();
  play.submit('one');
  play.start();
  play.introduced(assignment(1, 1, 1));
  assert.deepEqual(play.refuse(1, 'request-too-old'), [
    'open 1 s1 e1 history 20',
    'send 2 s1 e1 session#2 one',
  ]);
  assert.deepEqual(play.refuse(2, 'request-too-old'), ['settle 1 may-have-happened request-too-old']);
});

test('a login that is refused ends the session', () => {
  const play = new Stage();
  play.start();
  play.introduced(assignment(1, 1, 1));
  assert.deepEqual(play.refuse(1, 'session-mismatch'), ['drop 1', 'failed session-mismatch', 'warm nobody']);
});

test('a break between opening and the first past post: past posts come as a page, newer posts wait for it', () => {
  const play = new Stage().goLive(100);
  play.lost(1);
  assert.ok(play.resolved(assignment(2, 2, 2, [1])).includes('open 2 s2 e2 after 100'));
  assert.deepEqual(play.connected(2, 2, 2, 140).slice(0, 1), ['live s2 e2']);
  assert.deepEqual(play.posts(2, 120, 130), []);
  assert.deepEqual(
    play.step({
      kind: 'query-answered',
      sendNo: 2,
      answer: { kind: 'page', page: { posts: [post(80), post(90)], oldest: false } },
    }),
    ['deliver 80 90 120 130'],
  );
  assert.deepEqual(play.posts(2, 130, 131), ['deliver 131']);
});

test('a break before the page has come: the page is requested again', () => {
  const play = new Stage().goLive(100);
  play.lost(1);
  play.resolved(assignment(2, 2, 2, [1]));
  assert.ok(play.connected(2, 2, 2, 140).includes('ask 2 s2 e2 20 before 101'));
  play.posts(2, 120);
  play.lost(2);
  assert.ok(play.resolved(assignment(3, 3, 3, [1, 2])).includes('open 3 s3 e3 after 100'));
  assert.ok(play.connected(3, 3, 3, 141).includes('ask 3 s3 e3 20 before 101'));
});

test('a timeline without past posts continues from where it was opened', () => {
  const play = new Stage({ timeline: { kind: 'history', posts: 0 } }).goLive(100);
  play.lost(1);
  assert.ok(play.resolved(assignment(2, 2, 2, [1])).includes('open 2 s2 e2 after 100'));
  assert.deepEqual(play.connected(2, 2, 2, 140), ['live s2 e2', 'moved s1 e1 to s2 e2 in 0 ms']);
});

test("a timeline can continue after an earlier session's position", () => {
  const play = new Stage({ timeline: { kind: 'after', position: position(7) } });
  play.start();
  play.introduced(assignment(1, 1, 1));
  assert.deepEqual(play.reply(1, 2), ['open 1 s1 e1 after 7']);
  play.connected(1, 1, 1, 10);
  assert.deepEqual(play.posts(1, 7, 8), ['deliver 8']);
});

test('a session without a timeline holds a link and shows no posts', () => {
  const play = new Stage({ timeline: { kind: 'none' } });
  play.start();
  play.introduced(assignment(1, 1, 1));
  assert.deepEqual(play.reply(1, 2), ['open 1 s1 e1 without posts']);
  play.connected(1, 1, 1, 10);
  assert.deepEqual(play.query({ kind: 'older', before: position(5), limit: 3 }), [
    'settle-query 1 invalid-argument',
  ]);
});

test("after an unclean promotion the cluster is behind the last seen post: the timeline continues from the cluster's position", () => {
  const play = new Stage().goLive();
  play.posts(1, 11, 50);
  play.lost(1);
  play.resolved(assignment(2, 2, 2, [1]));
  assert.deepEqual(play.connected(2, 2, 2, 40), ['drop 2', 'connecting s2 e2', 'open 3 s2 e2 after 40']);
  play.connected(3, 2, 2, 41);
  assert.deepEqual(play.posts(3, 41), ['deliver 41']);
});

test('when a server no longer knows the user, the session logs in there again at once', () => {
  const play = new Stage().goLive();
  play.lost(1);
  play.resolved(assignment(2, 2, 2, [1]));
  assert.deepEqual(play.lost(2, 'unknown-user'), [
    'drop 2',
    'connecting s2 e2',
    'send 2 s2 e2 session.1#1 register',
  ]);
  play.reply(2, 9);
  assert.equal(play.lost(3, 'unknown-user').at(-1), 'resolve r1 failed e2 wait 800');
});

test('reads are asked one at a time and again after a break', () => {
  const play = new Stage().goLive();
  assert.deepEqual(play.query(LIST), ['ask 2 s1 e1 list']);
  assert.deepEqual(play.query({ kind: 'older', before: position(9), limit: 5 }), []);
  play.lost(1);
  play.resolved(assignment(2, 2, 2, [1]));
  play.posts(2, 1);
  const lines = play.connected(2, 2, 2, 140);
  assert.equal(lines.at(-1), 'ask 3 s2 e2 20 before 11', 'the past comes first');
  const page = { kind: 'page', page: { posts: [], oldest: true } } as const;
  assert.deepEqual(play.step({ kind: 'query-answered', sendNo: 3, answer: page }), ['ask 4 s2 e2 list']);
  const lists = {
    kind: 'lists',
    lists: { users: [], followers: [], following: [], next: undefined },
  } as const;
  assert.deepEqual(play.step({ kind: 'query-answered', sendNo: 4, answer: lists }), [
    'settle-query 1 lists',
    'ask 5 s2 e2 5 before 9',
  ]);
  assert.deepEqual(
    play.step({ kind: 'query-answered', sendNo: 4, answer: lists }),
    [],
    'said twice, heard once',
  );
});

test('a closed session settles everything and has no deadline', () => {
  const play = new Stage().goLive();
  play.submit('sent');
  play.lost(1);
  play.submit('queued');
  play.query(LIST);
  assert.deepEqual(play.step({ kind: 'close' }), [
    'cancel-ask',
    'closed',
    'settle 1 may-have-happened shutting-down',
    'settle 2 refused shutting-down',
    'settle-query 3 shutting-down',
    'warm nobody',
  ]);
  assert.equal(play.session.nextDeadline(), undefined);
  assert.deepEqual(play.step({ kind: 'close' }), []);
});

test("a session's options are checked, and a wrong value is quoted", () => {
  const refused = (detail: RegExp) => (error: unknown) =>
    error instanceof DualpingError && detail.test(error.detail);
  assert.throws(() => new Stage({ user: 'a b' }), refused(/"a b"/));
  assert.throws(() => new Stage({ routers: [] }), refused(/^0 router addresses/));
  assert.throws(() => new Stage({ timeline: { kind: 'history', posts: 201 } }), refused(/"201"/));
  assert.throws(() => new Stage({ timeline: { kind: 'after', position: position(0) } }), refused(/"0"/));
  assert.throws(() => new Stage({ sessionId: 'x'.repeat(65) }), refused(/65 characters/));
});

test('a write that a limit refuses is sent again, and after a second the session says why it waits', () => {
  const play = new Stage().goLive();
  play.submit('one');
  assert.deepEqual(play.refuse(2, 'limit-reached'), []);
  let sendNo = 2;
  while (play.session.state.kind === 'live' && play.session.state.heldUp === undefined) {
    const sent = play.tick();
    if (sent.length === 0) continue;
    sendNo += 1;
    assert.equal(sent[0], `send ${sendNo} s1 e1 session#2 one`);
    const said = play.refuse(sendNo, 'limit-reached');
    assert.deepEqual(
      said,
      play.session.state.heldUp === undefined ? [] : ['live s1 e1, held up: limit-reached'],
    );
  }
  assert.ok(play.now >= HELD_UP_AFTER_MS, `${play.now}`);
  play.tick();
  assert.deepEqual(play.reply(sendNo + 1, 9), ['settle 1 at 9', 'live s1 e1']);
});

test('a login that a limit refuses is tried again later, and the session says why it waits', () => {
  const play = new Stage();
  play.start();
  play.introduced(assignment(1, 1, 1));
  assert.deepEqual(play.refuse(1, 'limit-reached'), ['drop 1', 'waiting until 75, attempt 1: limit-reached']);
  assert.deepEqual(play.tick(), ['resolving at r1 because limit-reached', 'resolve r1 failed e0 wait 800']);
  assert.ok(play.resolved(assignment(1, 1, 1)).includes('send 2 s1 e1 session#1 register'));
});
