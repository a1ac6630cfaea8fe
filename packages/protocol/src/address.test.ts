import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError } from '@dualping/core';
import fc from 'fast-check';
import { formatAddress, parseAddress } from './address.js';

test('addresses are read with and without brackets', () => {
  assert.deepEqual(parseAddress('127.0.0.1:7070'), { host: '127.0.0.1', port: 7070 });
  assert.deepEqual(parseAddress('[::1]:1'), { host: '::1', port: 1 });
  assert.deepEqual(parseAddress('db-1.example:65535'), { host: 'db-1.example', port: 65535 });
});

test('what can not be dialled is refused and quoted', () => {
  for (const text of [
    '',
    ':1',
    'host',
    'host:',
    'host:0',
    'host:65536',
    'host:1e3',
    '::1:70',
    '[::1]',
    '[zz]:1',
  ])
    assert.throws(
      () => parseAddress(text),
      (error) => error instanceof DualpingError && error.detail.includes(JSON.stringify(text)),
      text,
    );
});

test('any text is an address or refused, and an address has one spelling', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.ipV6().map((ip) => `[${ip}]:80`),
      ),
      (text) => {
        try {
          assert.equal(
            formatAddress(parseAddress(formatAddress(parseAddress(text)))),
            formatAddress(parseAddress(text)),
          );
        } catch (error) {
          assert.ok(error instanceof DualpingError);
        }
      },
    ),
  );
});
