import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantBroken, MAX_MENTIONS, MAX_NAMED, position, SESSION_WINDOW, serverId } from '../index.js';
import { entryOf, listsOf, Play } from './social-play.fixture.js';
import { SocialState } from './social-state.js';

function plays(name: string, script: string): void {
  test(name, () => assert.equal(new Play().perform(script), script));
}

plays(
  'posts are seen from the follow on, and the past of an unfollowed user is gone',
  `
  ann joins => ok
  bob joins => ok
  bob posts "too early" => seen by bob, ok
  ann follows bob => ok
  bob posts "hello" => seen by ann, bob, ok
  ann posts "hi" => seen by ann, ok
  (ann's timeline) => "hello" "hi"
  (bob's timeline) => "too early" "hello"
  ann unfollows bob => ok
  bob posts "anybody?" => seen by bob, ok
  (ann's timeline) => "hi"
  ann follows bob => ok
  bob posts "back" => seen by ann, bob, ok
  (ann's timeline) => "hi" "back"`,
);

plays(
  'what can not be done is refused with its own reason',
  `
  ann posts "nobody" => unknown-user
  ann follows ann => cannot-follow-self
  ann unfollows ann => cannot-unfollow-self
  ann follows bob => unknown-user
  ann unfollows bob => unknown-user
  ann joins => ok
  ann follows bob => unknown-target
  ann unfollows bob => unknown-target
  bob joins => ok
  ann unfollows bob => not-following
  ann follows bob => ok
  ann follows bob => already-following
  ann joins => ok
  (ann's timeline) => empty
  (eve's timeline) => empty`,
);

plays(
  'a post may answer one that is there, whoever follows whom, and no other',
  `
  ann joins => ok
  bob joins => ok
  ann posts "first" => seen by ann, ok
  bob answers ann at 3 "second" => seen by bob, ok
  ann answers bob at 4 "third" => seen by ann, ok
  ann answers ann at 5 "to myself" => seen by ann, ok
  bob answers ann at 4 "not hers" => unknown-post
  bob answers ann at 2 "no post" => unknown-post
  bob answers bob at 8 "that is what I wanted" => unknown-post
  bob answers bob at 10 "itself" => unknown-post
  bob answers ann at 99 "to come" => unknown-post
  bob answers eve at 3 "nobody" => unknown-post
  eve answers ann at 3 "from nobody" => unknown-user
  (bob's timeline) => "second"`,
);

test('a post of another cluster is answered by its position there, also after a snapshot', () => {
  const state = new SocialState();
  const origin = (at: number) => ({ cluster: 2, position: position(at) });
  state.apply(entryOf(state, { kind: 'register', user: 'ann' }));
  state.apply(entryOf(state, { kind: 'remote-user', user: 'zoe', origin: origin(5) }));
  state.apply(entryOf(state, { kind: 'remote-post', user: 'zoe', text: 'one', origin: origin(70) }));
  state.apply(entryOf(state, { kind: 'remote-post', user: 'zoe', text: 'two', origin: origin(80) }));
  const again = SocialState.fromSnapshot(JSON.parse(JSON.stringify(state.toSnapshot())));
  assert.deepEqual(again.toSnapshot(), state.toSnapshot());
  for (const each of [state, again]) {
    const at = (place: number, home?: number) =>
      each.positionOf({ position: position(place), author: 'zoe', ...(home !== undefined && { home }) });
    assert.equal(at(70, 2), 3);
    assert.equal(at(80, 2), 4);
    assert.deepEqual([at(75, 2), at(90, 2), at(80, 3), at(80), at(4)], Array(5).fill(undefined));
    const answers = { home: 2, position: position(80), author: 'zoe', begin: 'two' };
    const effects = each.apply(entryOf(each, { kind: 'post', user: 'ann', text: 'yes', answers }, 's', 1));
    const post = { position: 5, author: 'ann', text: 'yes', timeMs: 7, answers };
    assert.deepEqual(effects, [
      { kind: 'post', post, named: [] },
      { kind: 'reply', sessionId: 's', requestNo: 1, reply: { kind: 'ok', position: 5 } },
    ]);
  }
});

const positionsOf = (state: SocialState, user: string, mentions: boolean) => {
  const { positions, unfollowed } = state.timelineBefore(user, undefined, 20, { mentions });
  assert.deepEqual(state.timelineAfter(user, position(0), 20, { mentions }), {
    positions,
    unfollowed,
    more: false,
  });
  return { positions, unfollowed };
};

test('a named user who does not follow sees the post if they asked for such posts; a follower sees it once either way', () => {
  const play = new Play();
  play.perform(`
  ann joins
  bob joins
  eve joins
  ann follows bob
  bob posts "@ann @eve @bob @nobody hello, mail@ann"
  eve follows bob
  bob posts "@eve again"
  eve unfollows bob
  bob posts "(@eve) once more, @evening"
  bob answers bob at 7 "by myself"
  eve posts "well?"
  bob answers eve at 11 "yes"`);
  const { state } = play;
  assert.deepEqual(positionsOf(state, 'ann', true), { positions: [5, 7, 9, 10, 12], unfollowed: [] });
  assert.deepEqual(positionsOf(state, 'eve', true), { positions: [5, 9, 11, 12], unfollowed: [5, 9, 12] });
  assert.deepEqual(positionsOf(state, 'eve', false), { positions: [11], unfollowed: [] });
  assert.equal(state.isInTimeline('eve', position(9)), true);
  assert.equal(state.isInTimeline('eve', position(7)), false);
  const again = SocialState.fromSnapshot(JSON.parse(JSON.stringify(state.toSnapshot())));
  assert.deepEqual(positionsOf(again, 'eve', true), positionsOf(state, 'eve', true));
  assert.deepEqual(again.toSnapshot(), state.toSnapshot());
});

test("strangers can't fill memory: a user keeps the last posts that name them, and one post reaches a bounded number of users", () => {
  const state = new SocialState();
  for (const user of ['ann', 'bob', ...Array.from({ length: 30 }, (_, at) => `u${at}`)])
    state.apply(entryOf(state, { kind: 'register', user }));
  for (let posts = 0; posts < MAX_MENTIONS + 5; posts += 1)
    state.apply(entryOf(state, { kind: 'post', user: 'bob', text: '@ann' }));
  const mentions = state.toSnapshot().users.find(({ name }) => name === 'ann')?.mentions ?? [];
  assert.equal(mentions.length, MAX_MENTIONS);
  assert.equal(mentions.at(-1), state.applied);
  const text = Array.from({ length: 30 }, (_, at) => `@u${at}`).join(' ');
  const [effect] = state.apply(entryOf(state, { kind: 'post', user: 'bob', text }));
  assert.ok(effect?.kind === 'post');
  assert.deepEqual(
    effect.named,
    Array.from({ length: MAX_NAMED }, (_, at) => `u${at}`),
  );
});

test('a post of another cluster names users of this one, if it is sent here', () => {
  const state = new SocialState();
  const origin = (at: number) => ({ cluster: 2, position: position(at) });
  for (const user of ['ann', 'bob']) state.apply(entryOf(state, { kind: 'register', user }));
  state.apply(entryOf(state, { kind: 'remote-user', user: 'zoe', origin: origin(5) }));
  state.apply(entryOf(state, { kind: 'follow', user: 'ann', target: 'zoe' }));
  const [effect] = state.apply(
    entryOf(state, { kind: 'remote-post', user: 'zoe', text: '@ann @bob @zoe', origin: origin(70) }),
  );
  assert.deepEqual(effect?.kind === 'post' && effect.named, ['bob']);
});

test('lists are sorted by name', () => {
  const play = new Play();
  play.perform(`
  dan joins
  ann joins
  Bob joins
  dan follows Bob
  dan follows ann
  ann follows dan
  Bob follows dan`);
  const users = ['Bob', 'ann', 'dan'];
  assert.deepEqual(listsOf(play.state, 'dan'), {
    users,
    followers: ['Bob', 'ann'],
    following: ['Bob', 'ann'],
  });
  assert.deepEqual(listsOf(play.state, 'eve'), { users, followers: [], following: [] });
  play.perform('cid joins');
  assert.deepEqual(listsOf(play.state, 'cid').users, ['Bob', 'ann', 'cid', 'dan']);
  assert.ok(play.state.has('cid') && !play.state.has('eve'));
});

test('an epoch start moves the position and does nothing else', () => {
  const state = new SocialState();
  assert.deepEqual(state.apply(entryOf(state, { kind: 'epoch-start', serverId: serverId(1) })), []);
  assert.equal(state.applied, 1);
});

test('entries are applied in order, none twice and none left out', () => {
  const state = new SocialState();
  const entry = entryOf(state, { kind: 'register', user: 'ann' }, 'a', 1);
  state.apply(entry);
  for (const at of [1, 3]) {
    assert.throws(
      () => state.apply({ ...entry, position: position(at) }),
      (error) => error instanceof InvariantBroken && error.invariant === 'applied-in-order',
    );
  }
});

test('a request number is applied once, and a session speaks for one user', () => {
  const play = new Play();
  play.perform('ann joins');
  const again = entryOf(play.state, { kind: 'register', user: 'ann' }, 'ann', 1);
  assert.throws(
    () => play.state.apply(again),
    (error) => error instanceof InvariantBroken && error.invariant === 'request-applied-once',
  );
  const other = new Play();
  other.perform('ann joins');
  const stolen = entryOf(other.state, { kind: 'register', user: 'bob' }, 'ann', 2);
  assert.throws(
    () => other.state.apply(stolen),
    (error) => error instanceof InvariantBroken && error.invariant === 'session-has-one-user',
  );
});

test('a repeated request gets its first outcome, as long as it is in the window', () => {
  const { state, request } = sessionOf('ann');
  request();
  state.apply(entryOf(state, { kind: 'follow', user: 'ann', target: 'bob' }, 'a', 2));
  assert.deepEqual(state.admit('a', 1, 'ann'), { kind: 'known', reply: { kind: 'ok', position: 1 } });
  assert.deepEqual(state.admit('a', 2, 'ann'), {
    kind: 'known',
    reply: { kind: 'refused', position: 2, reason: 'unknown-target' },
  });
  assert.deepEqual(state.admit('a', 3, 'ann'), { kind: 'new' });
  assert.deepEqual(state.admit('a', 4, 'ann'), { kind: 'refused', reason: 'sequence-gap' });
  assert.deepEqual(state.admit('a', 3, 'bob'), { kind: 'refused', reason: 'session-mismatch' });
  assert.deepEqual(state.admit('b', 1, 'bob'), { kind: 'new' });
  assert.deepEqual(state.admit('b', 2, 'bob'), { kind: 'refused', reason: 'session-expired' });

  for (let last = 3; last <= 3 * SESSION_WINDOW; last += 1) {
    state.apply(entryOf(state, { kind: 'register', user: 'ann' }, 'a', last));
    const oldest = Math.max(1, last - SESSION_WINDOW + 1);
    assert.deepEqual(state.admit('a', last + 1, 'ann'), { kind: 'new' });
    for (const kept of [oldest, last]) {
      const admission = state.admit('a', kept, 'ann');
      assert.ok(admission.kind === 'known' && admission.reply.position === kept);
    }
    if (oldest > 1)
      assert.deepEqual(state.admit('a', oldest - 1, 'ann'), { kind: 'refused', reason: 'request-too-old' });
  }
});

test('the least recently used session is forgotten first', () => {
  const state = new SocialState({ maxSessions: 2 });
  const login = (session: string, requestNo: number) =>
    state.apply(entryOf(state, { kind: 'register', user: 'ann' }, session, requestNo));
  login('a', 1);
  login('b', 1);
  login('a', 2);
  login('c', 1);
  assert.equal(state.admit('a', 2, 'ann').kind, 'known');
  assert.deepEqual(state.admit('b', 2, 'ann'), { kind: 'refused', reason: 'session-expired' });

  // Accepted while session 'b' was known, applied when it is forgotten: the request happens, and is
  // remembered.
  login('b', 2);
  assert.equal(state.admit('b', 2, 'ann').kind, 'known');
  assert.deepEqual(state.admit('b', 1, 'ann'), { kind: 'refused', reason: 'request-too-old' });
  assert.equal(state.admit('b', 3, 'ann').kind, 'new');
  assert.deepEqual(
    state.toSnapshot().sessions.map((session) => session.sessionId),
    ['c', 'b'],
  );
});

test('a snapshot does not change when later entries are applied', () => {
  const play = new Play();
  play.perform(`
  ann joins
  bob joins
  ann follows bob
  bob posts "one"`);
  const snapshot = play.state.toSnapshot();
  const kept = structuredClone(snapshot);
  play.perform(`
  bob posts "two"
  ann unfollows bob
  cid joins`);
  assert.deepEqual(snapshot, kept);
});

test('pages go back to the oldest post and forward to the newest', () => {
  const play = new Play();
  play.perform('ann joins');
  for (let count = 0; count < 5; count += 1) play.perform(`ann posts "${count}"`);
  const { state } = play;
  assert.deepEqual(state.timelineBefore('ann', undefined, 2), {
    positions: [5, 6],
    unfollowed: [],
    oldest: false,
  });
  assert.deepEqual(state.timelineBefore('ann', position(5), 2), {
    positions: [3, 4],
    unfollowed: [],
    oldest: false,
  });
  assert.deepEqual(state.timelineBefore('ann', position(3), 2), {
    positions: [2],
    unfollowed: [],
    oldest: true,
  });
  assert.deepEqual(state.timelineBefore('ann', position(4), 2), {
    positions: [2, 3],
    unfollowed: [],
    oldest: true,
  });
  assert.deepEqual(state.timelineBefore('ann', position(2), 2), {
    positions: [],
    unfollowed: [],
    oldest: true,
  });
  assert.deepEqual(state.timelineBefore('ann', undefined, 0), {
    positions: [],
    unfollowed: [],
    oldest: false,
  });
  assert.deepEqual(state.timelineAfter('ann', position(0), 2), {
    positions: [2, 3],
    unfollowed: [],
    more: true,
  });
  assert.deepEqual(state.timelineAfter('ann', position(4), 2), {
    positions: [5, 6],
    unfollowed: [],
    more: false,
  });
  assert.deepEqual(state.timelineAfter('ann', position(6), 2), {
    positions: [],
    unfollowed: [],
    more: false,
  });
});

function sessionOf(user: string) {
  const state = new SocialState();
  let requestNo = 0;
  const request = () => {
    requestNo += 1;
    return state.apply(entryOf(state, { kind: 'register', user }, 'a', requestNo));
  };
  return { state, request };
}
