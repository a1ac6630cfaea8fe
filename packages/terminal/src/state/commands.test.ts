import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Post, PostPage } from '@dualping/client';
import { emptyEditor, textOf } from '../editor/editor.js';
import { NOON_MS, Stage } from './stage.fixture.js';

const ready = (): Stage => {
  const stage = new Stage().live().people('ana*+', 'bo', 'chen<');
  stage.asked();
  return stage;
};

test('commands are typed, completed and executed', () => {
  const stage = ready().type(':fol').press('tab');
  assert.match(stage.screen, /:follow/);
  stage.type('c').press('tab', 'enter');
  assert.deepEqual(stage.asked(), [{ kind: 'follow', name: 'chen' }]);
});

test('the beginning of a command is enough if it is unique', () => {
  const stage = ready().type(':qui').press('enter');
  assert.deepEqual(stage.asked(), [{ kind: 'quit' }]);
});

test('Tab completes a command with a space for its argument, and continues with the next', () => {
  const line = (stage: Stage): string => textOf(stage.state.prompt?.editor ?? emptyEditor);
  assert.equal(line(ready().type(':fol').press('tab')), 'follow ');
  assert.equal(line(ready().type(':fol').press('tab').press('tab')), 'follow bo', 'then the argument');
  assert.equal(line(ready().type(':fol').press('tab').press('tab', 'tab')), 'follow chen');
  assert.equal(line(ready().type(':qui').press('tab')), 'quit', 'it takes nothing');
  const several = ready().type(':t').press('tab');
  assert.equal(line(several), 'theme ');
  assert.equal(line(several.press('tab')), 'times ');
  assert.equal(line(several.press('tab')), 'theme ');
  assert.equal(line(several.type('d').press('tab')), 'theme dark');
});

test('times, mouse and bell without an argument toggle; theme without one shows the theme', () => {
  const stage = ready();
  for (const [command, said] of [
    [':times', 'times: absolute'],
    [':mouse', 'mouse: off'],
    [':bell', 'bell: on'],
    [':theme', 'theme: plain; there is dark, light, plain'],
  ] as const) {
    stage.type(command).press('enter');
    assert.ok(stage.screen.includes(said), `${command}: ${stage.lines.at(-1)}`);
  }
  assert.deepEqual(stage.state.settings, { theme: 'plain', mouse: false, times: 'absolute', bell: true });
  assert.equal(stage.asked().length, 3, 'what was only asked for is not kept');
  stage.type(':times').press('enter');
  assert.equal(stage.state.settings.times, 'relative');
});

test('an unknown command is reported, and changes nothing', () => {
  const stage = ready();
  for (const [line, said] of [
    [':dance', 'no command "dance"'],
    [':follow', 'needs a name'],
    [':follow a b', 'may only have letters'],
    [':theme pink', 'dark or light or plain, not "pink"'],
    [':quit now', 'takes nothing'],
    [':user nobody', 'nobody is called "nobody"'],
  ] as const) {
    stage.type(line).press('enter');
    assert.ok(stage.screen.includes(said), `${line}: ${stage.lines.at(-1)}`);
  }
  assert.deepEqual(stage.asked(), []);
});

test('a theme, times, mouse and bell are settings', () => {
  const stage = ready().type(':theme light').press('enter').type(':bell on').press('enter').press('t', 'M');
  assert.deepEqual(stage.state.settings, { theme: 'light', mouse: false, times: 'absolute', bell: true });
  assert.ok(stage.asked().every(({ kind }) => kind === 'settings'));
});

test('f follows the selected user, and asks for a name if none is selected', () => {
  const stage = ready().press('f');
  assert.match(stage.screen, /:follow/);
  stage.press('escape').press('tab');
  while (stage.state.sidebarAt < 4) stage.press('j');
  stage.press('f');
  assert.equal(stage.asked().length, 1);
});

test('search selects its matches, older and newer', () => {
  const stage = ready()
    .posts('ana: one fish', 'ana: two', 'ana: red fish', 'ana: blue')
    .type('/fish')
    .press('enter');
  assert.equal(stage.state.places.get('home')?.selected, 3);
  stage.press('n');
  assert.equal(stage.state.places.get('home')?.selected, 1);
  stage.press('N');
  assert.equal(stage.state.places.get('home')?.selected, 3);
  stage.press('n', 'n');
  assert.match(stage.screen, /searching "fish": 4 posts back, to 12:41 · any key stops/);
});

const page = (stage: Stage, from: number, oldest: boolean, ...lines: readonly string[]): Stage =>
  stage.tell({
    kind: 'page',
    page: {
      posts: lines.map((line, at) => ({ ...stage.post(line, NOON_MS - 3_600_000), position: from + at })),
      oldest,
    } as unknown as PostPage,
  });
const older = (stage: Stage) => stage.asked().filter(({ kind }) => kind === 'older');

test('a search loads older pages by itself, shows its progress, and selects its match', () => {
  const stage = ready();
  stage.tell({ kind: 'posts', posts: [{ ...stage.post('ana: new'), position: 900 as Post['position'] }] });
  stage.tell({ kind: 'page-failed', detail: 'it looked further back by itself' });
  stage.asked();
  stage.type('/whale').press('enter');
  assert.deepEqual(older(stage), [{ kind: 'older', before: 900, limit: 100 }]);
  page(stage, 800, false, 'ana: fish', 'bo: fish');
  assert.deepEqual(older(stage), [{ kind: 'older', before: 800, limit: 100 }], 'on by itself');
  assert.match(stage.lines.at(-1) ?? '', /3 posts back, to 11:41 · any key stops/);
  page(stage, 700, false, 'ana: a whale', 'bo: nothing');
  assert.deepEqual(older(stage), [], 'found');
  assert.equal(stage.state.places.get('home')?.selected, 700);
  assert.match(stage.screen, /a whale/);
  stage.press('n');
  assert.deepEqual(older(stage), [{ kind: 'older', before: 700, limit: 100 }]);
  page(stage, 1, true, 'ana: the first');
  assert.match(stage.screen, /"whale" is in none of the 6 posts/);
  assert.equal(stage.state.places.get('home')?.selected, 700, 'the selection stays');
});

test('a key stops a running search, and n continues it', () => {
  const stage = ready();
  stage.tell({ kind: 'posts', posts: [{ ...stage.post('ana: new'), position: 900 as Post['position'] }] });
  stage.tell({ kind: 'page-failed', detail: 'it looked further back by itself' });
  stage.type('/whale').press('enter').press('t');
  assert.match(stage.screen, /search stopped, 1 posts back/);
  stage.asked();
  page(stage, 800, false, 'ana: fish');
  assert.deepEqual(older(stage), []);
  stage.press('n');
  assert.deepEqual(older(stage), [{ kind: 'older', before: 800, limit: 100 }]);
});

test('a completion without a match shows that', () => {
  const stage = ready().people('ana*').press('i').type('@zo').press('tab');
  assert.match(stage.screen, /nobody's name begins with "zo"/);
  stage.press('escape').type(':user zo').press('tab');
  assert.match(stage.screen, /nothing begins with "zo"/);
});

test('for many users the sidebar shows their number, and the list can be filtered by a part of the name', () => {
  const many = Array.from({ length: 6_000 }, (_, at) => `p${at}`);
  const stage = ready().people('ana*', ...many);
  assert.match(stage.screen, /People 6,000/);
  assert.match(stage.screen, /↓ 5,9\d\d more/);
  stage.type(':list 99').press('enter');
  assert.match(stage.screen, /\d+ people with "99" in the name/);
  assert.doesNotMatch(stage.screen, /p100\b/);
  stage.press('/').type('nobody at all').press('enter');
  assert.match(stage.screen, /Nobody of 6,001 has "nobody at all" in the name/);
});

test('a search without a match ends with one Esc', () => {
  const stage = ready().posts('ana: one fish').type('/whale').press('enter');
  assert.match(stage.screen, /whale/);
  stage.press('escape');
  assert.equal(stage.state.search, undefined);
  assert.doesNotMatch(stage.screen, /whale|posts loaded/);
});

test('mentions have a timeline, and each user has one', () => {
  const stage = ready().posts('ana: hello @mira', 'ana: hello @miranda', 'bo: x@mira', 'bo: (@mira)');
  stage.press('2');
  assert.match(stage.screen, /hello @mira$/m);
  assert.doesNotMatch(stage.screen, /miranda|x@mira/);
  assert.match(stage.screen, /\(@mira\)/);
  stage.type(':user ana').press('enter');
  assert.doesNotMatch(stage.screen, /\(@mira\)/);
});

test('Ctrl-Z, Ctrl-L and Ctrl-C work from everywhere', () => {
  for (const open of ['i', ':', '/', '?', 'tab']) {
    const stage = ready().press(open);
    stage.asked();
    stage.press('ctrl-z', 'ctrl-l', 'ctrl-c');
    assert.deepEqual(
      stage.asked().map(({ kind }) => kind),
      ['suspend', 'redraw', 'quit'],
      open,
    );
  }
});
