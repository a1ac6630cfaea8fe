import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editorWith } from '../editor/editor.js';
import type { State } from '../state/state.js';
import { evening, NOW_MONO_MS, outgoing, reading } from './evening.fixture.js';
import { footerRow } from './footer.js';
import { plainText } from './row.js';

const footer = (over: Partial<State>, width = 80): string =>
  plainText(footerRow(evening(over), width)).trimEnd();

test('the keys of the timeline', () => {
  assert.equal(footer({}), ' i post  f follow  / search  : command  ? help  q quit');
});

test('a key is there when it does something', () => {
  assert.match(footer({ unread: new Map([['home', 2]]) }), / {2}u unread {2}/);
  assert.match(footer({ search: 'dog' }), / {2}Esc back {2}/);
  assert.match(footer({ timeline: '@eli' }), / {2}f follow .* {2}Esc back/);
  assert.match(footer({ timeline: '@bo' }), / {2}F unfollow {2}/);
  assert.match(footer(reading({ selected: 8812 })), / {2}r reply {2}F unfollow {2}/);
});

test('an unsent post adds the keys that help', () => {
  const status = { kind: 'failed', reason: 'busy', detail: '', unknown: false } as const;
  const state: Partial<State> = { outbox: [outgoing(4, 'x', status)], ...reading({ selected: -4 }) };
  assert.match(footer(state), / R retry {2}e edit {2}/);
  assert.match(footer(state, 40), / R retry {2}e edit {2}/);
});

test('the keys of everywhere else', () => {
  assert.match(footer({ focus: 'sidebar' }), / Enter open .* Esc back/);
  assert.equal(footer({ focus: 'composer' }), ' Enter send  Ctrl-j new line  Tab complete  Esc back');
  assert.equal(
    footer({ prompt: { kind: 'command', editor: editorWith(''), completions: [], chosen: -1 } }),
    ' Enter do it  Tab complete  Esc back',
  );
  assert.match(footer({ overlay: { kind: 'help', scroll: 0 } }), /Esc back$/);
});

test('with little room the most important entries stay', () => {
  assert.equal(footer({}, 40), ' i post  f follow  ? help  q quit');
  assert.equal(footer({ focus: 'composer' }, 40), ' Enter send  Ctrl-j new line  Esc back');
});

test('a notice is shown until its time is over', () => {
  const untilMs = NOW_MONO_MS + 1;
  assert.equal(footer({ notice: { kind: 'said', text: 'you follow @ana', untilMs } }), ' you follow @ana');
  assert.equal(
    footer({ notice: { kind: 'problem', text: 'nobody is called \u001b[2J"x"\n', untilMs } }),
    ' ✗ nobody is called [2J"x"',
  );
  assert.match(footer({ notice: { kind: 'said', text: 'x', untilMs: NOW_MONO_MS } }), /^ i post/);
});
