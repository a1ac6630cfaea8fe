import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Post } from '@dualping/client';
import { Stage } from './stage.fixture.js';

const strange = (post: Post): Post => ({ ...post, unfollowed: true });

/** A person whom mira does not follow writes a post that names her. */
const named = (stage: Stage, line: string): Stage =>
  stage.tell({ kind: 'posts', posts: [strange(stage.post(line))] });

const evening = (): Stage => {
  const stage = new Stage().live().people('ana*', 'eve', 'eli');
  stage.past('ana: hello');
  return stage.focusWindow(true);
};

test('mentions by strangers are in Mentions, and not in Home', () => {
  const stage = named(evening(), 'eve: @mira are you there?');
  assert.doesNotMatch(stage.screen, /are you there/);
  assert.match(stage.screen, /Mentions +1/);
  stage.press('2');
  assert.match(stage.screen, /@eve .*\n.*@mira are you there\?/);
  assert.doesNotMatch(stage.screen, /Mentions +1/);
  stage.press('1');
  assert.doesNotMatch(stage.screen, /are you there/);
});

test('reading in Home marks no post as read that is not in it', () => {
  const stage = named(evening(), 'eve: @mira one');
  stage.posts('ana: a', 'ana: b').press('k', 'G').posts('ana: c');
  assert.equal(stage.state.unread.get('home') ?? 0, 0);
  assert.match(stage.screen, /Mentions +1/);
  named(stage, 'eli: @mira two').posts('ana: @mira three');
  assert.match(stage.screen, /Mentions +2/, 'what ana wrote was read in Home');
  stage.press('u');
  assert.equal(stage.state.timeline, 'mentions');
  assert.equal(stage.state.unread.get('mentions') ?? 0, 0);
});

test('an answer of a stranger is a mention without my name in it', () => {
  const stage = evening().posts('mira: who is there?');
  const answer = { ...stage.post('eve: I am'), answers: { position: 2, author: 'mira', begin: 'who' } };
  stage.tell({ kind: 'posts', posts: [strange(answer as Post)] });
  assert.match(stage.screen, /Mentions +1/);
});

test('muted and ignored users are so in Mentions too', () => {
  const stage = evening()
    .press(':')
    .type('mute eve')
    .press('enter')
    .press(':')
    .type('ignore eli')
    .press('enter');
  named(named(stage, 'eve: @mira hey'), 'eli: @mira hey you');
  assert.doesNotMatch(stage.screen, /Mentions +[12]/);
  stage.press('2');
  assert.match(stage.screen, /@mira hey$/m);
  assert.doesNotMatch(stage.screen, /hey you/);
});

test('mentions by strangers while the client was closed are unread at the next start, but not on a first visit', () => {
  const kept = { readUpTo: new Map([['home', 40] as const]) };
  const past = (stage: Stage): Stage => {
    const post = { ...stage.post('eve: @mira again'), timeMs: 0, position: 41 } as Post;
    return stage.focusWindow(true).tell({ kind: 'posts', posts: [strange(post)] });
  };
  assert.match(past(new Stage({ kept }).live()).screen, /Mentions +1/);
  assert.doesNotMatch(past(new Stage().live()).screen, /Mentions +1/);
});

test('older pages have them too', () => {
  const stage = evening();
  stage.tell({ kind: 'posts', posts: [{ ...stage.post('ana: later'), position: 50 } as Post] });
  const posts = [strange({ ...stage.post('eve: @mira old'), position: 0 } as Post)];
  stage.state = {
    ...stage.state,
    posts: stage.state.posts.filter(({ key }) => key === 50),
    reachedOldest: false,
  };
  stage.tell({
    kind: 'page',
    page: { posts: posts.map((post) => ({ ...post, position: 20 }) as Post), oldest: true },
  });
  stage.press('2');
  assert.match(stage.screen, /@mira old/);
});
