import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError } from '@dualping/core';
import fc from 'fast-check';
import * as parse from './parse.js';

test('whole numbers are plain digits within their range', () => {
  const number = parse.wholeNumber(1, 20);
  assert.equal(number('7'), 7);
  for (const text of ['', '0', '21', '-1', '1.5', '0x7', '1e1', ' 7', 'seven'])
    assert.throws(() => number(text), DualpingError, text);
});

test('hosts come without a port', () => {
  assert.equal(parse.host('0.0.0.0'), '0.0.0.0');
  assert.equal(parse.host('::1'), '::1');
  assert.equal(parse.host('db-1.example'), 'db-1.example');
  for (const text of ['', 'a b', 'host:80', '127.0.0.1:80', '[::1]'])
    assert.throws(() => parse.host(text), DualpingError, text);
});

test('switches are true or false', () => {
  assert.equal(parse.switchValue('yes'), true);
  assert.equal(parse.switchValue('0'), false);
  assert.throws(() => parse.switchValue('perhaps'), /true or false/);
});

test('any text is accepted or refused, never another error', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const judge of [
        parse.host,
        parse.port,
        parse.addresses,
        parse.userName,
        parse.switchValue,
        parse.text,
      ]) {
        try {
          judge(text);
        } catch (error) {
          assert.ok(error instanceof DualpingError);
        }
      }
    }),
  );
});
