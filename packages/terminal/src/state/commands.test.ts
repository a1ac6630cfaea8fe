import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyEditor, textOf } from '../editor/editor.js';
import { Stage } from './stage.fixture.js';

const ready = (): Stage => {
  const stage = new Stage().live().people('ana*+', 'bo', 'chen<');
  stage.asked();
  return stage;
};

test('commands are typed, completed and done', () => {
  const stage = ready().type(':fol').press('tab');
  assert.match(stage.screen, /:follow/);
  stage.type('c').press('tab', 'enter');
  assert.deepEqual(stage.asked(), [{ kind: 'follow', name: 'chen' }]);
});

test('the beginning of a command is enough when it is of one only', () => {
  const stage = ready().type(':qui').press('enter');
  assert.deepEqual(stage.asked(), [{ kind: 'quit' }]);
});

test('Tab fills in a command with the space that its argument needs, and goes on with the next', () => {
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

test('times, mouse and bell alone go to the other; theme alone says which it is', () => {
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

test('what is no command is said, and changes nothing', () => {
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

test('f follows whom it is about, and asks for a name where it is about nobody', () => {
  const stage = ready().press('f');
  assert.match(stage.screen, /:follow/);
  stage.press('escape').press('tab');
  while (stage.state.sidebarAt < 4) stage.press('j');
  stage.press('f');
  assert.equal(stage.asked().length, 1);
});

test('search selects what it finds, older and newer', () => {
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
  assert.match(stage.screen, /not in the 4 posts loaded/);
});

test('a search that finds nothing is left with one Esc', () => {
  const stage = ready().posts('ana: one fish').type('/whale').press('enter');
  assert.match(stage.screen, /whale/);
  stage.press('escape');
  assert.equal(stage.state.search, undefined);
  assert.doesNotMatch(stage.screen, /whale|posts loaded/);
});

test('mentions are collected, and somebody’s posts are theirs', () => {
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
