import assert from 'node:assert/strict';
import { test } from 'node:test';
import { view } from '../view/view.js';
import { Stage } from './stage.fixture.js';

const LONG = `https://charts.example/${'p95-'.repeat(40)}end`;

test('o opens the link of the post, y copies the post and Y its link', () => {
  const stage = new Stage().live().posts('ana: see https://a.example/x, it is good', 'bo: nothing here');
  stage.press('o');
  assert.match(stage.screen, /no post is selected/);
  stage.press('k').asked();
  stage.press('o', 'Y');
  assert.deepEqual(stage.asked(), []);
  assert.match(stage.screen, /there is no link in this post/);
  stage.press('k');
  assert.match(stage.lines.at(-1) ?? '', /no link/);
  stage.press('escape');
  assert.match(stage.lines.at(-1) ?? '', /o link/, 'the footer says so where there is one');
  stage.press('o', 'y', 'Y');
  assert.deepEqual(stage.asked(), [
    { kind: 'open', url: 'https://a.example/x' },
    { kind: 'copy', text: 'see https://a.example/x, it is good' },
    { kind: 'copy', text: 'https://a.example/x' },
  ]);
});

test('of several links one is chosen', () => {
  const stage = new Stage().live().posts('ana: https://a.example or https://b.example').press('k');
  stage.asked();
  stage.press('o', 'tab', 'tab', 'enter');
  assert.deepEqual(stage.asked(), [{ kind: 'open', url: 'https://b.example/' }]);
  stage.type(':open javascript:alert(1)').press('enter');
  assert.deepEqual(stage.asked(), []);
  assert.match(stage.screen, /is no link/);
});

test('a link over several rows is one link, and nothing else is', () => {
  const stage = new Stage().live().posts(`ana: here ${LONG} it is`);
  const linked = view(stage.state).rows.flatMap((row) => row.filter(({ link }) => link !== undefined));
  assert.ok(linked.length > 2, 'it takes several rows');
  assert.equal(linked.map(({ text }) => text).join(''), LONG);
  assert.equal(new Set(linked.map(({ link }) => `${link?.id} ${link?.url}`)).size, 1);
  assert.ok(
    linked.every(({ underline }) => underline === true),
    'it is seen without colours',
  );
});

test('the bare view has the posts alone and leaves the mouse to the terminal', () => {
  const stage = new Stage({ width: 130 }).live().people('ana*').posts('ana: hello');
  stage.asked();
  stage.press('alt-l');
  assert.doesNotMatch(stage.screen, /│|Timelines|Session/);
  assert.match(stage.screen, /@mira · Home/);
  assert.deepEqual(stage.asked(), [{ kind: 'mouse', on: false }]);
  stage.press('alt-l');
  assert.match(stage.screen, /Timelines/);
  assert.deepEqual(stage.asked(), [{ kind: 'mouse', on: true }]);
});
