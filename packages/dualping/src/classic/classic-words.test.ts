import assert from 'node:assert/strict';
import { test } from 'node:test';
import { position } from '@dualping/core';
import { ctime, listLines, postLine, readCommand } from './classic-words.js';

test('a time as C shows it', () => {
  const at = (...parts: [number, number, number, number, number, number]) =>
    ctime(new Date(...parts).getTime());
  assert.equal(at(2026, 10, 21, 8, 28, 23), 'Sat Nov 21 08:28:23 2026');
  assert.equal(at(2026, 0, 1, 23, 5, 0), 'Thu Jan  1 23:05:00 2026');
});

test('a post is one line, and does nothing to the terminal', () => {
  const post = { position: position(1), author: '4', text: 'one\ntwo \u001b[2J', timeMs: 0 };
  assert.equal(postLine(post), `4 (${ctime(0)}) >> one two \ufffd[2J`);
});

test('lists end in a comma and a space', () => {
  assert.deepEqual(listLines({ allUsers: ['1', '4'], followers: [] }), ['All users: 1, 4, ', 'Followers: ']);
});

test('commands are read in any case', () => {
  assert.deepEqual(readCommand('  FoLLoW   4 '), { kind: 'follow', target: '4' });
  assert.deepEqual(readCommand('UNFOLLOW 4'), { kind: 'unfollow', target: '4' });
  assert.deepEqual(readCommand('list'), { kind: 'list' });
  assert.deepEqual(readCommand('Timeline'), { kind: 'timeline' });
  assert.deepEqual(readCommand(''), { kind: 'nothing' });
  assert.deepEqual(readCommand('unfollow'), { kind: 'mistake', text: 'Invalid Input -- No Arguments Given' });
  assert.deepEqual(readCommand('quit'), { kind: 'mistake', text: 'Invalid Command' });
});
