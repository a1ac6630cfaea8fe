import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Assignment } from '../assignment.js';
import { position } from '../ids.js';
import { MAX_LIST_PAGE, SESSION_WINDOW } from '../limits.js';
import { DualpingError } from '../reasons.js';
import { addressOf, assignment, NETWORK, post, RecordedSession } from './recorded-session.fixture.js';
import {
  CONNECT_TIMEOUT_MS,
  HELD_UP_AFTER_MS,
  MAX_PENDING_REQUESTS,
  REPLY_TIMEOUT_MS,
} from './session-limits.js';

const LIST = { kind: 'list', after: undefined, limit: MAX_LIST_PAGE } as const;

test('a new session logs in before it opens its timeline', () => {
  const recorded = new RecordedSession();
  assert.deepEqual(recorded.start(), ['resolving at r1', 'introduce r1']);
  assert.deepEqual(recorded.introduced(assignment(1, 1, 1)), [
    'connecting s1 e1',
    'send 1 s1 e1 session#1 register',
    `warm ${addressOf(2)}`,
  ]);
  assert.deepEqual(recorded.reply(1, 2), ['open 1 s1 e1 history 20']);
  assert.deepEqual(recorded.connected(1, 1, 1, 2), ['live s1 e1']);
});

test('requests from before the session is live are sent, in order, after the login', () => {
  const recorded = new RecordedSession();
  recorded.start();
  assert.deepEqual(recorded.submit('one'), []);
  recorded.introduced(assignment(1, 1, 1));
  assert.deepEqual(recorded.submit('two'), []);
  assert.deepEqual(recorded.reply(1, 2), [
    'open 1 s1 e1 history 20',
    'send 2 s1 e1 session#2 one',
    'send 3 s1 e1 session#3 two',
  ]);
  assert.deepEqual(recorded.reply(2, 3), ['settle 1 at 3']);
  assert.equal(recorded.session.pending, 1);
});

test('the primary is killed: the session asks at once, moves, continues its timeline, and sends unacknowledged requests again', () => {
  const recorded = new RecordedSession().goLive();
  recorded.posts(1, 11, 12);
  recorded.submit('one');
  recorded.after(50).submit('two');
  assert.deepEqual(recorded.lost(1), [
    'drop 1',
    'resolving at r1 because may-have-happened',
    'resolve r1 failed e1 wait 800',
  ]);
  assert.deepEqual(recorded.after(12).resolved(assignment(2, 2, 2, [1])), [
    'connecting s2 e2',
    'open 2 s2 e2 after 12',
    'send 4 s2 e2 session#2 one',
    'send 5 s2 e2 session#3 two',
    `warm ${addressOf(3)}`,
  ]);
  assert.deepEqual(recorded.after(3).connected(2, 2, 2, 15), ['live s2 e2', 'moved s1 e1 to s2 e2 in 65 ms']);
  assert.deepEqual(recorded.reply(4, 14), ['settle 1 at 14']);
  assert.deepEqual(recorded.posts(2, 14, 15), ['deliver 14 15']);
});

test('the primary freezes: no link breaks, the Watch announces the newer epoch and the session leaves', () => {
  const recorded = new RecordedSession().goLive();
  recorded.submit('one');
  assert.deepEqual(recorded.after(500).watched(assignment(2, 2, 2, [1])), [
    'drop 1',
    'connecting s2 e2',
    'open 2 s2 e2 after 10',
    'send 3 s2 e2 session#2 one',
    `warm ${addressOf(3)}`,
  ]);
  recorded.connected(2, 2, 2, 12);
  assert.deepEqual(recorded.posts(1, 13), [], 'the thawed server speaks to nobody');
  assert.deepEqual(recorded.reply(2, 99), [], 'its late reply counts for nothing');
  assert.deepEqual(recorded.reply(3, 13), ['settle 1 at 13']);
});

test('the Watch is faster than the held answer', () => {
  const recorded = new RecordedSession().goLive();
  recorded.lost(1);
  const lines = recorded.watched(assignment(2, 2, 2, [1]));
  assert.deepEqual(lines.slice(0, 2), ['cancel-ask', 'connecting s2 e2']);
});

test("only the session's own link broke: after the wait the router names the same primary, and the session goes back", () => {
  const recorded = new RecordedSession().goLive();
  recorded.posts(1, 11);
  recorded.lost(1);
  assert.deepEqual(recorded.after(800).resolved(assignment(1, 1, 1)), [
    'connecting s1 e1',
    'open 2 s1 e1 after 11',
  ]);
  assert.deepEqual(recorded.connected(2, 1, 1, 11), ['live s1 e1', 'moved s1 e1 to s1 e1 in 800 ms']);
});

test('a server that the router names but that does not answer is tried with back-off', () => {
  const recorded = new RecordedSession().goLive();
  recorded.lost(1);
  recorded.resolved(assignment(1, 1, 1));
  assert.deepEqual(recorded.lost(2), ['drop 2', 'waiting until 75, attempt 1: may-have-happened']);
  assert.deepEqual(recorded.tick(), [
    'resolving at r1 because may-have-happened',
    'resolve r1 failed e1 wait 800',
  ]);
  recorded.resolved(assignment(1, 1, 1));
  assert.deepEqual(recorded.lost(3), ['drop 3', 'waiting until 225, attempt 2: may-have-happened']);
});

test('a server that sends nothing while the session connects is given up after a while', () => {
  const recorded = new RecordedSession();
  recorded.start();
  recorded.introduced(assignment(1, 1, 1));
  assert.deepEqual(recorded.tick(), [
    'drop 1 and its connection',
    'resolving at r1 because may-have-happened',
    'resolve r1 failed e1 wait 800',
  ]);
  assert.equal(recorded.now, CONNECT_TIMEOUT_MS);
});

test('a reply that never comes breaks the link, and the request goes out again', () => {
  const recorded = new RecordedSession().goLive();
  recorded.submit('one');
  assert.equal(recorded.tick()[0], 'drop 1 and its connection');
  assert.equal(recorded.now, REPLY_TIMEOUT_MS);
  assert.ok(recorded.resolved(assignment(1, 1, 1)).includes('send 3 s1 e1 session#2 one'));
});

test('the router is away, then back: live clients notice nothing, new ones wait with a countdown', () => {
  const recorded = new RecordedSession();
  recorded.start();
  assert.deepEqual(recorded.askFailed('router-unreachable'), [
    'waiting until 75, attempt 1: router-unreachable',
  ]);
  assert.deepEqual(recorded.tick(), ['resolving at r1 because router-unreachable', 'introduce r1']);
  assert.deepEqual(recorded.askFailed('router-unreachable'), [
    'waiting until 225, attempt 2: router-unreachable',
  ]);
  assert.deepEqual(recorded.step({ kind: 'retry-now' }), [
    'resolving at r1 because router-unreachable',
    'introduce r1',
  ]);
  assert.equal(recorded.introduced(assignment(1, 1, 1))[0], 'connecting s1 e1');
});

test('a router without an available server says why, while it holds its answer', () => {
  const recorded = new RecordedSession();
  recorded.start();
  assert.deepEqual(recorded.introduced(assignment(1, 1, 1, [1, 2, 3])), [
    'resolving at r1 because no-available-server',
    'resolve r1 failed e0 wait 800',
  ]);
  const { state } = recorded.session;
  assert.equal(state.kind === 'resolving' && state.because?.detail, 'no in-sync member is live');
});

test('after a router that fails the next is asked at once, and the one that answers is kept', () => {
  const recorded = new RecordedSession({ routers: ['r1', 'r2', 'r3'] });
  recorded.start();
  assert.deepEqual(recorded.askFailed('router-unreachable'), [
    'resolving at r2 because router-unreachable',
    'introduce r2',
  ]);
  assert.deepEqual(recorded.askFailed('not-a-router'), [
    'resolving at r3 because router-unreachable',
    'introduce r3',
  ]);
  recorded.introduced(assignment(1, 1, 1));
  recorded.reply(1, 2);
  recorded.connected(1, 1, 1, 2);
  assert.deepEqual(recorded.lost(1).at(-1), 'resolve r3 failed e1 wait 800');
});

test('while a router does not answer the next is asked too, and the first useful answer counts', () => {
  const recorded = new RecordedSession({ routers: ['hole', 'r2', 'r3'] });
  recorded.start();
  assert.deepEqual([recorded.tick(), recorded.now], [['resolving at r2', 'introduce r2'], 300]);
  assert.deepEqual(recorded.introduced(assignment(1, 1, 1), undefined, 'r2').slice(0, 2), [
    'cancel-ask',
    'connecting s1 e1',
  ]);
  assert.deepEqual(recorded.introduced(assignment(1, 1, 1), undefined, 'hole'), []);
  recorded.reply(1, 2);
  recorded.connected(1, 1, 1, 2);
  // The router holds its answer, and may have died meanwhile: the others are asked beside it, and those that
  // don't answer are given up.
  assert.equal(recorded.lost(1).at(-1), 'resolve r2 failed e1 wait 800');
  assert.deepEqual([recorded.tick().at(-1), recorded.now], ['introduce r3', 600]);
  assert.deepEqual([recorded.tick().at(-1), recorded.now], ['introduce hole', 900]);
  assert.deepEqual([recorded.tick(), recorded.now], [['cancel-ask'], 2_600]);
  assert.deepEqual(
    recorded
      .after(100)
      .resolved(assignment(2, 2, 2), 'r2')
      .slice(0, 2),
    ['cancel-ask', 'connecting s2 e2'],
  );
});

test('routers that answer nothing are given up one by one, and the session waits when none is left', () => {
  const recorded = new RecordedSession({ routers: ['hole', 'r2'] });
  recorded.start();
  recorded.tick();
  assert.deepEqual(recorded.askFailed('router-unreachable', 'r2'), []);
  assert.deepEqual(
    [recorded.tick(), recorded.now],
    [['cancel-ask', 'waiting until 2075, attempt 1: router-unreachable'], 2_000],
  );
});

test('a router that holds its answer is asked again over another connection, because the first may be dead', () => {
  const recorded = new RecordedSession();
  const introduced = (askNo: number, told: Assignment | undefined): string[] =>
    recorded.step({
      ...({
        kind: 'introduced',
        networkId: NETWORK,
        cluster: 1,
        clusters: 1,
        failoverWaitMs: 4_000,
      } as const),
      ...{ askNo, assignment: told },
    });
  recorded.start();
  assert.equal(introduced(1, undefined).at(-1), 'resolve r1 failed e0 wait 4000');
  assert.deepEqual([recorded.tick(), recorded.now], [['introduce r1 anew'], 1_000]);
  assert.deepEqual(introduced(3, assignment(1, 1, 1)).slice(0, 2), ['cancel-ask', 'connecting s1 e1']);
  recorded.reply(1, 2);
  recorded.connected(1, 1, 1, 2);
  recorded.lost(1);
  recorded.tick();
  // It introduces itself: the earlier question is asked again, over the connection of the introduction.
  assert.deepEqual(introduced(5, assignment(1, 1, 1)), [
    'cancel-ask',
    'resolving at r1 because may-have-happened',
    'resolve r1 failed e1 wait 3000', // of the 4 s of this round
  ]);
  // It does not answer: the session waits, and begins again.
  assert.deepEqual([recorded.tick(), recorded.now], [['introduce r1 anew'], 3_000]);
  assert.deepEqual(
    [recorded.tick(), recorded.now],
    [['cancel-ask', 'cancel-ask', 'waiting until 5075, attempt 1: router-unreachable'], 5_000],
  );
});

test('every server is away: the session waits with a countdown, and connects at once when the Watch names one', () => {
  const recorded = new RecordedSession().goLive();
  recorded.lost(1);
  assert.deepEqual(recorded.after(800).askFailed('no-available-server'), [
    'waiting until 875, attempt 1: no-available-server',
  ]);
  recorded.tick();
  recorded.after(800).askFailed('no-available-server');
  assert.match(recorded.watched(assignment(5, 1, 1, [1, 2, 3]))[0] ?? '', /^warm nobody$/);
  assert.deepEqual(recorded.watched(assignment(6, 2, 3, [1, 2])), [
    'connecting s3 e2',
    'open 2 s3 e2 after 10',
  ]);
});

test('the back-off starts again after the session was live', () => {
  const recorded = new RecordedSession();
  recorded.start();
  recorded.askFailed('router-unreachable');
  recorded.tick();
  recorded.introduced(assignment(1, 1, 1));
  recorded.reply(1, 2);
  recorded.connected(1, 1, 1, 2);
  recorded.lost(1);
  assert.match(recorded.askFailed('router-unreachable')[0] ?? '', /attempt 1/);
});

test('an address without a router is reported at once, unless there was a router before', () => {
  const recorded = new RecordedSession();
  recorded.start();
  recorded.submit('one');
  assert.deepEqual(recorded.askFailed('not-a-router').slice(-2), [
    'failed not-a-router',
    'settle 1 refused not-a-router',
  ]);
  assert.equal(recorded.session.nextDeadline(), undefined);
  assert.deepEqual(recorded.submit('two'), ['settle 2 refused not-a-router']);

  const later = new RecordedSession().goLive();
  later.lost(1);
  assert.match(later.askFailed('not-a-router')[0] ?? '', /^waiting/);
});

test('a router of another network is ignored, and another one is asked', () => {
  const recorded = new RecordedSession({ routers: ['r1', 'r2'] }).goLive();
  assert.deepEqual(recorded.watched(assignment(9, 9, 1), 'net-2'), []);
  recorded.lost(1);
  assert.deepEqual(recorded.resolved(assignment(9, 9, 1), undefined, 'net-2'), [
    'resolving at r2 because may-have-happened',
    'introduce r2',
  ]);
  assert.match(recorded.introduced(assignment(9, 9, 1), 'net-2')[0] ?? '', /^waiting .*wrong-network/);
  recorded.tick();
  assert.ok(recorded.introduced(assignment(2, 2, 2)).includes('connecting s2 e2'));
});

test("until a server has served, the last router that answered Connect decides the session's network", () => {
  const recorded = new RecordedSession({ routers: ['r1'] });
  recorded.start();
  recorded.introduced(undefined, 'net-2');
  assert.deepEqual(recorded.session.home, { networkId: 'net-2', cluster: 1 });
  assert.match(recorded.resolved(assignment(2, 2, 2))[0] ?? '', /^waiting .*wrong-network/);
  recorded.tick();
  assert.ok(
    recorded.introduced(assignment(1, 1, 1)).includes('connecting s1 e1'),
    'and nothing of the other is kept',
  );
  assert.deepEqual(recorded.session.home, { networkId: 'net-1', cluster: 1 });
});

test('an older assignment is ignored', () => {
  const recorded = new RecordedSession().goLive();
  recorded.watched(assignment(5, 2, 2, [1]));
  assert.deepEqual(recorded.watched(assignment(4, 1, 1)), []);
  assert.equal(recorded.session.state.kind, 'connecting');
});

test('a later epoch is newer, even if a copy of the router has used higher revisions', () => {
  const recorded = new RecordedSession().goLive();
  recorded.watched(assignment(40, 1, 1));
  assert.ok(recorded.watched(assignment(5, 2, 2)).includes('connecting s2 e2'));
});

test('a server that answers under another name, or in an older epoch, is left', () => {
  const recorded = new RecordedSession();
  recorded.start();
  recorded.introduced(assignment(1, 2, 1));
  recorded.reply(1, 2);
  assert.deepEqual(recorded.connected(1, 3, 2, 2).slice(0, 2), [
    'drop 1',
    'resolving at r1 because not-primary',
  ]);
  recorded.resolved(assignment(1, 2, 1));
  assert.deepEqual(recorded.connected(2, 1, 1, 2).at(0), 'drop 2');
});

test('calls overtook one another: a request refused for a gap is sent again when it is the lowest', () => {
  const recorded = new RecordedSession().goLive();
  for (const text of ['one', 'two', 'three']) recorded.submit(text);
  assert.deepEqual(recorded.refuse(3, 'sequence-gap'), []);
  assert.deepEqual(recorded.refuse(4, 'sequence-gap'), []);
  assert.deepEqual(recorded.reply(2, 20), ['settle 1 at 20', 'send 5 s1 e1 session#3 two']);
  assert.deepEqual(recorded.reply(5, 21), ['settle 2 at 21', 'send 6 s1 e1 session#4 three']);
});

test('a refusal for a gap proves nothing when the gap was there as the request was sent', () => {
  const recorded = new RecordedSession().goLive();
  for (const text of ['one', 'two', 'three']) recorded.submit(text);
  assert.deepEqual(recorded.reply(2, 12), ['settle 1 at 12']);
  assert.deepEqual(recorded.refuse(3, 'sequence-gap'), ['send 5 s1 e1 session#3 two'], 'not a new session');
  assert.deepEqual(recorded.refuse(4, 'sequence-gap'), []);
  assert.deepEqual(recorded.reply(5, 13), ['settle 2 at 13', 'send 6 s1 e1 session#4 three']);
});

test('a busy server is asked again after a moment, in order', () => {
  const recorded = new RecordedSession().goLive();
  recorded.submit('one');
  recorded.submit('two');
  assert.deepEqual(recorded.refuse(2, 'busy'), []);
  assert.deepEqual(recorded.refuse(3, 'sequence-gap'), []);
  assert.deepEqual(recorded.tick(), ['send 4 s1 e1 session#2 one']);
  assert.deepEqual(recorded.reply(4, 20), ['settle 1 at 20', 'send 5 s1 e1 session#3 two']);
});

test('a refusal by the network is an answer, and its number is used', () => {
  const recorded = new RecordedSession().goLive();
  assert.deepEqual(
    recorded.step({ kind: 'submit', ticket: 1, command: { kind: 'follow', target: 'nobody' } }),
    ['send 2 s1 e1 session#2 follow'],
  );
  assert.deepEqual(recorded.refuse(2, 'unknown-target'), ['settle 1 refused unknown-target']);
  assert.deepEqual(recorded.step({ kind: 'submit', ticket: 2, command: { kind: 'post', text: 'x' } }), [
    'send 3 s1 e1 session#3 x',
  ]);
});

test('malformed text never gets a number', () => {
  const recorded = new RecordedSession().goLive();
  assert.deepEqual(recorded.submit('bell \u0007'), ['settle 1 refused invalid-post']);
  assert.deepEqual(recorded.step({ kind: 'submit', ticket: 2, command: { kind: 'follow', target: 'a b' } }), [
    'settle 2 refused invalid-user-name',
  ]);
  assert.deepEqual(recorded.step({ kind: 'submit', ticket: 3, command: { kind: 'post', text: 'fine' } }), [
    'send 2 s1 e1 session#2 fine',
  ]);
});

test('a server that is leaving its role sends the session to the router, and nothing is settled', () => {
  const recorded = new RecordedSession().goLive();
  recorded.submit('one');
  assert.deepEqual(recorded.refuse(2, 'not-primary'), [
    'drop 1',
    'resolving at r1 because not-primary',
    'resolve r1 failed e1 wait 800',
  ]);
});

test('at most a window is in flight', () => {
  const recorded = new RecordedSession().goLive();
  const lines = Array.from({ length: SESSION_WINDOW + 2 }, (_, i) => recorded.submit(`p${i}`)).flat();
  assert.equal(lines.length, SESSION_WINDOW);
  assert.deepEqual(recorded.reply(3, 20), ['settle 2 at 20'], 'the lowest still holds the window');
  assert.equal(recorded.reply(2, 19).length, 3, 'it moves by two');
});

test('more requests than can be kept are refused', () => {
  const recorded = new RecordedSession();
  for (let i = 0; i < MAX_PENDING_REQUESTS; i++) recorded.submit('x');
  assert.deepEqual(recorded.submit('x'), [`settle ${MAX_PENDING_REQUESTS + 1} refused limit-reached`]);
});

test('a server that forgot the session: what reached it may have happened, the rest goes out in a new one', () => {
  const recorded = new RecordedSession().goLive();
  for (let i = 1; i <= SESSION_WINDOW + 1; i++) recorded.submit(`p${i}`);
  const lines = recorded.refuse(2, 'session-expired');
  assert.equal(
    lines.filter((each) => each.endsWith('may-have-happened session-expired')).length,
    SESSION_WINDOW,
  );
  assert.equal(lines.at(-1), 'send 66 s1 e1 session.1#1 register');
  assert.deepEqual(recorded.reply(66, 30), ['send 67 s1 e1 session.1#2 p65']);
});

test('a gap before the lowest request: the server lost what it acknowledged; a new session begins', () => {
  const recorded = new RecordedSession().goLive();
  recorded.submit('one');
  recorded.reply(2, 12);
  recorded.submit('two');
  assert.deepEqual(recorded.refuse(3, 'sequence-gap'), ['send 4 s1 e1 session.1#1 register']);
  assert.deepEqual(recorded.reply(4, 13), ['send 5 s1 e1 session.1#2 two']);
});

test('a reply that is no longer kept: the request happened, its outcome is unknown', () => {
  const recorded = new RecordedSession().goLive();
  recorded.submit('one');
  assert.deepEqual(recorded.refuse(2, 'request-too-old'), ['settle 1 may-have-happened request-too-old']);
});

test('a program run again with its session id: its login of long ago is no longer kept, and it goes on', () => {
  const recorded = new RecordedSession();
  recorded.submit('one');
  recorded.start();
  recorded.introduced(assignment(1, 1, 1));
  assert.deepEqual(recorded.refuse(1, 'request-too-old'), [
    'open 1 s1 e1 history 20',
    'send 2 s1 e1 session#2 one',
  ]);
  assert.deepEqual(recorded.refuse(2, 'request-too-old'), ['settle 1 may-have-happened request-too-old']);
});

test('a login that is refused ends the session', () => {
  const recorded = new RecordedSession();
  recorded.start();
  recorded.introduced(assignment(1, 1, 1));
  assert.deepEqual(recorded.refuse(1, 'session-mismatch'), [
    'drop 1',
    'failed session-mismatch',
    'warm nobody',
  ]);
});

test('a break between opening and the first past post: past posts come as a page, newer posts wait for it', () => {
  const recorded = new RecordedSession().goLive(100);
  recorded.lost(1);
  assert.ok(recorded.resolved(assignment(2, 2, 2, [1])).includes('open 2 s2 e2 after 100'));
  assert.deepEqual(recorded.connected(2, 2, 2, 140).slice(0, 1), ['live s2 e2']);
  assert.deepEqual(recorded.posts(2, 120, 130), []);
  assert.deepEqual(
    recorded.step({
      kind: 'query-answered',
      sendNo: 2,
      answer: { kind: 'page', page: { posts: [post(80), post(90)], oldest: false } },
    }),
    ['deliver 80 90 120 130'],
  );
  assert.deepEqual(recorded.posts(2, 130, 131), ['deliver 131']);
});

test('a break before the page has come: the page is requested again', () => {
  const recorded = new RecordedSession().goLive(100);
  recorded.lost(1);
  recorded.resolved(assignment(2, 2, 2, [1]));
  assert.ok(recorded.connected(2, 2, 2, 140).includes('ask 2 s2 e2 20 before 101'));
  recorded.posts(2, 120);
  recorded.lost(2);
  assert.ok(recorded.resolved(assignment(3, 3, 3, [1, 2])).includes('open 3 s3 e3 after 100'));
  assert.ok(recorded.connected(3, 3, 3, 141).includes('ask 3 s3 e3 20 before 101'));
});

test('a timeline without past posts continues from where it was opened', () => {
  const recorded = new RecordedSession({ timeline: { kind: 'history', posts: 0 } }).goLive(100);
  recorded.lost(1);
  assert.ok(recorded.resolved(assignment(2, 2, 2, [1])).includes('open 2 s2 e2 after 100'));
  assert.deepEqual(recorded.connected(2, 2, 2, 140), ['live s2 e2', 'moved s1 e1 to s2 e2 in 0 ms']);
});

test("a timeline can continue after an earlier session's position", () => {
  const recorded = new RecordedSession({ timeline: { kind: 'after', position: position(7) } });
  recorded.start();
  recorded.introduced(assignment(1, 1, 1));
  assert.deepEqual(recorded.reply(1, 2), ['open 1 s1 e1 after 7']);
  recorded.connected(1, 1, 1, 10);
  assert.deepEqual(recorded.posts(1, 7, 8), ['deliver 8']);
});

test('a session without a timeline holds a link and shows no posts', () => {
  const recorded = new RecordedSession({ timeline: { kind: 'none' } });
  recorded.start();
  recorded.introduced(assignment(1, 1, 1));
  assert.deepEqual(recorded.reply(1, 2), ['open 1 s1 e1 without posts']);
  recorded.connected(1, 1, 1, 10);
  assert.deepEqual(recorded.query({ kind: 'older', before: position(5), limit: 3 }), [
    'settle-query 1 invalid-argument',
  ]);
});

test("after an unclean promotion the cluster is behind the last seen post: the timeline continues from the cluster's position", () => {
  const recorded = new RecordedSession().goLive();
  recorded.posts(1, 11, 50);
  recorded.lost(1);
  recorded.resolved(assignment(2, 2, 2, [1]));
  assert.deepEqual(recorded.connected(2, 2, 2, 40), ['drop 2', 'connecting s2 e2', 'open 3 s2 e2 after 40']);
  recorded.connected(3, 2, 2, 41);
  assert.deepEqual(recorded.posts(3, 41), ['deliver 41']);
});

test('when a server no longer knows the user, the session logs in there again at once', () => {
  const recorded = new RecordedSession().goLive();
  recorded.lost(1);
  recorded.resolved(assignment(2, 2, 2, [1]));
  assert.deepEqual(recorded.lost(2, 'unknown-user'), [
    'drop 2',
    'connecting s2 e2',
    'send 2 s2 e2 session.1#1 register',
  ]);
  recorded.reply(2, 9);
  assert.equal(recorded.lost(3, 'unknown-user').at(-1), 'resolve r1 failed e2 wait 800');
});

test('reads are asked one at a time and again after a break', () => {
  const recorded = new RecordedSession().goLive();
  assert.deepEqual(recorded.query(LIST), ['ask 2 s1 e1 list']);
  assert.deepEqual(recorded.query({ kind: 'older', before: position(9), limit: 5 }), []);
  recorded.lost(1);
  recorded.resolved(assignment(2, 2, 2, [1]));
  recorded.posts(2, 1);
  const lines = recorded.connected(2, 2, 2, 140);
  assert.equal(lines.at(-1), 'ask 3 s2 e2 20 before 11', 'the past comes first');
  const page = { kind: 'page', page: { posts: [], oldest: true } } as const;
  assert.deepEqual(recorded.step({ kind: 'query-answered', sendNo: 3, answer: page }), ['ask 4 s2 e2 list']);
  const lists = {
    kind: 'lists',
    lists: { users: [], followers: [], following: [], next: undefined },
  } as const;
  assert.deepEqual(recorded.step({ kind: 'query-answered', sendNo: 4, answer: lists }), [
    'settle-query 1 lists',
    'ask 5 s2 e2 5 before 9',
  ]);
  assert.deepEqual(
    recorded.step({ kind: 'query-answered', sendNo: 4, answer: lists }),
    [],
    'said twice, heard once',
  );
});

test('a closed session settles everything and has no deadline', () => {
  const recorded = new RecordedSession().goLive();
  recorded.submit('sent');
  recorded.lost(1);
  recorded.submit('queued');
  recorded.query(LIST);
  assert.deepEqual(recorded.step({ kind: 'close' }), [
    'cancel-ask',
    'closed',
    'settle 1 may-have-happened shutting-down',
    'settle 2 refused shutting-down',
    'settle-query 3 shutting-down',
    'warm nobody',
  ]);
  assert.equal(recorded.session.nextDeadline(), undefined);
  assert.deepEqual(recorded.step({ kind: 'close' }), []);
});

test("a session's options are checked, and a wrong value is quoted", () => {
  const refused = (detail: RegExp) => (error: unknown) =>
    error instanceof DualpingError && detail.test(error.detail);
  assert.throws(() => new RecordedSession({ user: 'a b' }), refused(/"a b"/));
  assert.throws(() => new RecordedSession({ routers: [] }), refused(/^0 router addresses/));
  assert.throws(() => new RecordedSession({ timeline: { kind: 'history', posts: 201 } }), refused(/"201"/));
  assert.throws(
    () => new RecordedSession({ timeline: { kind: 'after', position: position(0) } }),
    refused(/"0"/),
  );
  assert.throws(() => new RecordedSession({ sessionId: 'x'.repeat(65) }), refused(/65 characters/));
});

test('a write that a limit refuses is sent again, and after a second the session says why it waits', () => {
  const recorded = new RecordedSession().goLive();
  recorded.submit('one');
  assert.deepEqual(recorded.refuse(2, 'limit-reached'), []);
  let sendNo = 2;
  while (recorded.session.state.kind === 'live' && recorded.session.state.heldUp === undefined) {
    const sent = recorded.tick();
    if (sent.length === 0) continue;
    sendNo += 1;
    assert.equal(sent[0], `send ${sendNo} s1 e1 session#2 one`);
    const said = recorded.refuse(sendNo, 'limit-reached');
    assert.deepEqual(
      said,
      recorded.session.state.heldUp === undefined ? [] : ['live s1 e1, held up: limit-reached'],
    );
  }
  assert.ok(recorded.now >= HELD_UP_AFTER_MS, `${recorded.now}`);
  recorded.tick();
  assert.deepEqual(recorded.reply(sendNo + 1, 9), ['settle 1 at 9', 'live s1 e1']);
});

test('a login that a limit refuses is tried again later, and the session says why it waits', () => {
  const recorded = new RecordedSession();
  recorded.start();
  recorded.introduced(assignment(1, 1, 1));
  assert.deepEqual(recorded.refuse(1, 'limit-reached'), [
    'drop 1',
    'waiting until 75, attempt 1: limit-reached',
  ]);
  assert.deepEqual(recorded.tick(), [
    'resolving at r1 because limit-reached',
    'resolve r1 failed e0 wait 800',
  ]);
  assert.ok(recorded.resolved(assignment(1, 1, 1)).includes('send 2 s1 e1 session#1 register'));
});
