import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answers, Post } from '@dualping/client';
import { keptOf } from '../app/kept.js';
import { Stage } from './stage.fixture.js';

const answering = (post: Post, answers: object): Post => ({ ...post, answers: answers as Answers });

const evening = (): Stage => {
  const stage = new Stage()
    .live()
    .people('ana*', 'bo')
    .past('ana: the first\nof two lines', 'ana: the second');
  stage.asked();
  return stage;
};

test('an answer shows its post while it is written, while it is sent, and when it has arrived', () => {
  const stage = evening().press('k', 'k', 'r');
  assert.match(stage.lines.at(-3) ?? '', /── ↳ @ana: the first of two lines ──/);
  stage.type('well said').press('enter');
  const answers = { position: 1, author: 'ana', begin: 'the first of two lines' };
  assert.deepEqual(stage.asked(), [{ kind: 'post', id: 1, text: '@ana well said', answers }]);
  assert.match(stage.screen, /@mira .*◌ sending\n.*↳ @ana: the first of two lines\n.*@ana well said/);
  assert.doesNotMatch(stage.lines.at(-3) ?? '', /↳/, 'what is written next answers nothing');
  stage.tell({ kind: 'posts', posts: [answering(stage.post('mira: @ana well said'), answers)] });
  assert.match(stage.screen, /↳ @ana: the first of two lines\n.*@ana well said/);
  assert.equal(stage.state.outbox.length, 0);
});

test('an unsent answer can be sent again or taken back, and stays an answer', () => {
  const stage = evening().press('k', 'r').type('yes').press('enter', 'escape');
  const [first] = stage.asked();
  stage.tell({ kind: 'post-failed', id: 1, reason: 'unknown-post', detail: 'there is no post 2 by "ana"' });
  stage.press('R');
  assert.deepEqual(stage.asked(), [first]);
  stage.tell({ kind: 'post-failed', id: 1, reason: 'unknown-post', detail: 'there is no post 2 by "ana"' });
  stage.press('e');
  assert.match(stage.lines.at(-3) ?? '', /↳ @ana: the second/);
});

test('own posts can be answered too; Esc or Backspace without a text ends the answer', () => {
  const stage = new Stage().live().past('mira: and another thing').press('k', 'r');
  assert.match(stage.screen, /↳ @mira: and another thing/);
  assert.match(stage.lines.at(-2) ?? '', /your answer; Backspace: a post of its own/);
  stage.press('backspace');
  assert.doesNotMatch(stage.lines.at(-3) ?? '', /↳/);
  stage.press('escape', 'r', 'escape', 'i').type('by itself').press('enter');
  assert.deepEqual(
    stage.asked().filter(({ kind }) => kind === 'post'),
    [{ kind: 'post', id: 1, text: 'by itself' }],
  );
});

test('a draft stays an answer: after Esc, in its timeline, and in the next run', () => {
  const stage = evening().press('k', 'r').type('half').press('escape', '2');
  assert.doesNotMatch(stage.lines.at(-3) ?? '', /↳/, 'the draft of Mentions is another one');
  const { answering: kept, drafts } = keptOf(stage.state);
  assert.deepEqual(kept, new Map([['home', { position: 2, author: 'ana', begin: 'the second' }]]));
  const next = new Stage({ kept: { drafts, ...(kept !== undefined && { answering: kept }) } }).live();
  next.press('i').type(' done').press('enter');
  assert.deepEqual(next.asked().at(-1), {
    kind: 'post',
    id: 1,
    text: '@ana half done',
    answers: { position: 2, author: 'ana', begin: 'the second' },
  });
});

test('Enter on an answer goes to the answered post, if that is in the timeline', () => {
  const stage = evening();
  stage.tell({
    kind: 'posts',
    posts: [answering(stage.post('ana: to myself'), { position: 1, author: 'ana', begin: 'the first' })],
  });
  stage.press('k', 'enter');
  assert.equal(stage.state.places.get('home')?.selected, 1);
  assert.equal(stage.state.timeline, 'home');
  stage.press('enter');
  assert.equal(stage.state.timeline, '@ana', 'a post that answers nothing opens its author');
});

test('the answered post is loaded if needed, and shown over the posts', () => {
  const stage = evening();
  const bo = { position: 77, author: 'bo', begin: 'who are' };
  stage.tell({ kind: 'posts', posts: [answering(stage.post('ana: we are'), bo)] });
  stage.press('k');
  assert.match(stage.lines.at(-1) ?? '', /Enter answered/);
  stage.asked();
  stage.press('enter');
  assert.deepEqual(stage.asked(), [{ kind: 'answered', of: 3 }]);
  assert.match(stage.screen, /Answered post .*\n.*↳ @bo: who are.*\n.*\n.*asking for it/);
  const post = { ...stage.post('bo: who are you?'), position: 77 } as Post;
  stage.tell({ kind: 'answered', of: 3, post });
  assert.match(stage.screen, /Answered post .*\n.*@bo .*\n.*who are you\?/);
  stage.press('escape');
  assert.doesNotMatch(stage.screen, /Answered post/);
  stage.press('enter', 'escape').tell({ kind: 'answered', of: 3, post });
  assert.doesNotMatch(stage.screen, /Answered post/, 'it was closed before it came');
  stage.press('enter').tell({ kind: 'answered', of: 3, post: undefined });
  assert.match(stage.screen, /This post of @bo is not here/);
  stage.press('escape', 'enter').tell({ kind: 'answered-failed', of: 3, detail: 'no server' });
  assert.match(stage.screen, /✗ no server/);
});

test('Enter on an answered post goes to the post that it answers, and into the timeline if the post is there', () => {
  const stage = evening();
  const bo = { position: 77, author: 'bo', begin: 'so?' };
  stage.tell({ kind: 'posts', posts: [answering(stage.post('ana: we are'), bo)] });
  stage.press('k', 'enter');
  stage.asked();
  const cy = { position: 70, author: 'cy', begin: 'well' };
  const second = answering({ ...stage.post('bo: so?'), position: 77 } as Post, cy);
  stage.tell({ kind: 'answered', of: 3, post: second });
  assert.match(stage.lines.at(-1) ?? '', /Enter answered/);
  stage.press('enter');
  assert.deepEqual(stage.asked(), [{ kind: 'answered', of: 77 }]);
  assert.match(stage.screen, /Answered post .*\n.*↳ @cy: well.*\n.*\n.*asking for it/);
  const first = { position: 1, author: 'ana', begin: 'the first' };
  stage.tell({
    kind: 'answered',
    of: 77,
    post: answering({ ...stage.post('cy: well'), position: 70 } as Post, first),
  });
  stage.press('enter');
  assert.doesNotMatch(stage.screen, /Answered post/);
  assert.equal(stage.state.places.get('home')?.selected, 1);
  stage
    .press('end', 'k', 'enter')
    .tell({ kind: 'answered', of: 3, post: stage.post('bo: so?') })
    .press('enter');
  assert.doesNotMatch(stage.screen, /Answered post/, 'it answers nothing: any key closes it');
});

test('a post of another cluster is found by its position there, and an unknown one is shown with its cluster', () => {
  const stage = new Stage().live().people('zoe*');
  const origin = { cluster: 2, position: 900 };
  const theirs = { ...stage.post('zoe: from afar'), origin } as Post;
  const ofTheirs = { home: 2, position: 900, author: 'zoe', begin: 'from afar' };
  stage.tell({ kind: 'posts', posts: [theirs, answering(stage.post('mira: hello'), ofTheirs)] });
  stage.press('k', 'enter');
  assert.equal(stage.state.places.get('home')?.selected, 1);
  stage.asked();
  stage.press('r').type('again').press('enter');
  assert.deepEqual(stage.asked(), [{ kind: 'post', id: 1, text: '@zoe again', answers: ofTheirs }]);
  stage.press('escape');
  stage.tell({
    kind: 'posts',
    posts: [answering(stage.post('zoe: to yan'), { home: 2, position: 5, author: 'yan' })],
  });
  stage.press('k', 'k', 'enter').tell({ kind: 'answered', of: 3, post: undefined });
  assert.match(stage.screen, /not known in your cluster: @yan is of\s+│\n.*cluster 2/);
});

test('an answer to me is a mention, also without my name; texts of ignored users are not shown', () => {
  const stage = new Stage().live().people('ana*', 'bo').past('mira: well?');
  const mine = { position: 1, author: 'mira', begin: 'well?' };
  stage.focusWindow(false);
  stage.tell({ kind: 'posts', posts: [answering(stage.post('ana: yes'), mine)] });
  assert.equal(stage.state.unread.get('mentions'), 1);
  const bo = { position: 9, author: 'bo', begin: 'nasty words' };
  stage.tell({ kind: 'posts', posts: [answering(stage.post('ana: stop it'), bo)] });
  assert.match(stage.screen, /↳ @bo: nasty words/);
  stage.press(':').type('ignore bo').press('enter');
  assert.match(stage.screen, /↳ @bo\n/);
});
