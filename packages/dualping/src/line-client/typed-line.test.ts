import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readTypedLine } from './typed-line.js';

test('typed commands are understood', () => {
  assert.deepEqual(readTypedLine('  follow bob '), { kind: 'follow', target: 'bob' });
  assert.deepEqual(readTypedLine('UNFOLLOW bob'), { kind: 'unfollow', target: 'bob' });
  assert.deepEqual(readTypedLine('List'), { kind: 'list' });
  assert.deepEqual(readTypedLine('older'), { kind: 'older' });
  assert.deepEqual(readTypedLine('exit'), { kind: 'quit' });
  assert.deepEqual(readTypedLine('post list'), { kind: 'post', text: 'list' });
  assert.deepEqual(readTypedLine(' \t'), { kind: 'nothing' });
});

test('plain text is a post', () => {
  assert.deepEqual(readTypedLine('hello, world'), { kind: 'post', text: 'hello, world' });
  assert.deepEqual(readTypedLine('42'), { kind: 'post', text: '42' });
  assert.deepEqual(readTypedLine('followers are great'), { kind: 'post', text: 'followers are great' });
});

test('an invalid command is never posted', () => {
  for (const line of [
    'follow',
    'follow a b',
    'list everything',
    'quit smoking',
    'post',
    'post  ',
    'x\x1b[2J',
  ])
    assert.equal(readTypedLine(line).kind, 'mistake', line);
  const typed = readTypedLine('follow the money');
  assert.match(
    typed.kind === 'mistake' ? typed.text : '',
    /to post this text, type: post "follow the money"/,
  );
});

test('any line can be parsed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (line) => {
      readTypedLine(line);
    }),
  );
});
