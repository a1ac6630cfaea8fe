import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helpRows } from '../view/help.js';
import { plainText } from '../view/row.js';
import { takeOwnKeys } from './own-keys.js';
import { Stage } from './stage.fixture.js';

test("the person's own keys are what does it, what the footer shows and what the help explains", () => {
  const problems = takeOwnKeys(
    new Map([
      ['compose', ['p']],
      ['next', ['e', 'down']],
      ['send', ['ctrl-s']],
      ['edit-elsewhere', ['ctrl-o ctrl-o']],
      ['fly', ['x']],
      ['help', []],
      ['quit', ['ctrl-c']],
      ['new-line', ['n']],
      ['search', ['hyper-x']],
    ]),
  );
  assert.deepEqual(
    problems.map((text) => text.replace(/there is compose.*/, '…')),
    [
      'keys: there is no action "fly"; …',
      'keys: help has 0 keys, give 1 to 10',
      'keys: "ctrl-c" for quit is no key that can be taken, as "x", "ctrl-t" or "alt-enter" is',
      'keys: new-line is for where one types, and "n" is typed there',
      'keys: "hyper-x" for search is no key that can be taken, as "x", "ctrl-t" or "alt-enter" is',
    ],
  );
  const stage = new Stage().live().posts('ana: hello');
  assert.match(stage.lines.at(-1) ?? '', /p post/);
  assert.match(stage.screen, /p to write a post/);
  stage.press('i');
  assert.equal(stage.state.focus, 'timeline', 'the old key does nothing any more');
  stage.press('p').type('mine').press('enter', 'ctrl-s');
  assert.deepEqual(
    stage.asked().filter(({ kind }) => kind === 'post'),
    [{ kind: 'post', id: 1, text: 'mine' }],
  );
  stage.press('ctrl-o', 'ctrl-o');
  assert.equal(stage.asked().at(-1)?.kind, 'edit');
  const help = helpRows(110).map(plainText).join('\n');
  assert.match(help, /Ctrl-O Ctrl-O|Ctrl-o Ctrl-o/);
  assert.doesNotMatch(help, /e +take back/, 'a key that was taken away is no longer there');
});
