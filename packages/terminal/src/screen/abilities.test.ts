import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abilitiesOf, NoScreen } from './abilities.js';

test('all terminals except old ones are treated like xterm', () => {
  for (const term of [
    'xterm',
    'xterm-256color',
    'tmux-256color',
    'screen',
    'foot',
    'alacritty',
    'xterm-KITTY',
  ])
    assert.deepEqual(abilitiesOf(term), { terminfo: 'xterm-256color', colours: true, modes: true });
});

test('the console of Linux, vt and ansi have no colours and are asked for nothing', () => {
  for (const [term, terminfo] of [
    ['linux', 'linux'],
    ['vt100', 'vt220'],
    ['vt220', 'vt220'],
    ['ansi', 'ansi'],
  ] as const)
    assert.deepEqual(abilitiesOf(term), { terminfo, colours: false, modes: false });
});

test('a terminal without cursor movement is refused, with the reason', () => {
  for (const term of [undefined, '', 'dumb', 'unknown']) assert.equal(abilitiesOf(term), undefined);
  assert.match(new NoScreen('terminal-is-dumb', 'dumb').message, /cannot move its cursor \(TERM is "dumb"\)/);
});
