import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError } from '@dualping/core';
import { ClassicSources } from './classic-sources.js';

test('this machine is one, whatever else is', () => {
  for (const sources of [ClassicSources.parse(), ClassicSources.parse(['10.1.0.0/16'])])
    for (const own of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])
      assert.equal(sources.includes(own), true, own);
  for (const other of ['10.1.2.3', '::2', '::ffff:10.1.2.3', '128.0.0.1', undefined])
    assert.equal(ClassicSources.parse().includes(other), false, other);
});

test('addresses and networks that were added are, and their neighbours are not', () => {
  const sources = ClassicSources.parse(['10.1.0.0/16', ' 192.0.2.7', 'fd00::/8']);
  for (const inside of ['10.1.255.255', '::ffff:10.1.2.3', '192.0.2.7', 'fd12::1'])
    assert.equal(sources.includes(inside), true, inside);
  for (const outside of ['10.2.0.0', '192.0.2.8', 'fe80::1'])
    assert.equal(sources.includes(outside), false, outside);
  assert.equal(ClassicSources.parse(['0.0.0.0/0']).includes('198.51.100.1'), true);
});

test('a value that is neither is quoted', () => {
  for (const wrong of ['host', '10.0.0.0/33', '10.0.0/8', '', '::/129', '10.0.0.1:7070'])
    assert.throws(
      () => ClassicSources.parse([wrong]),
      (error) => error instanceof DualpingError && error.detail.startsWith(`"${wrong}" is no address`),
      wrong,
    );
});
