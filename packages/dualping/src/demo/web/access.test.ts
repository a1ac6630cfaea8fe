/** Which requests are answered, and which callers may press buttons. */
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { isForUs, isFromUs, isKey, keyIn, newKey } from './access.js';

test('a key is right or wrong, whatever its length', () => {
  const key = newKey();
  assert.ok(key.length >= 24);
  assert.notEqual(key, newKey());
  assert.ok(isKey(key, key));
  for (const wrong of ['', key.slice(1), `${key}x`, key.toLowerCase().toUpperCase(), 'é'.repeat(500)])
    assert.ok(!isKey(wrong, key), wrong);
});

test('the key is read from its header, and from nothing else', () => {
  assert.equal(keyIn({ authorization: 'Bearer abc' }), 'abc');
  for (const authorization of [undefined, '', 'abc', 'Basic abc', 'Bearer a b', 'bearer abc'])
    assert.equal(keyIn(authorization === undefined ? {} : { authorization }), '', authorization);
});

test('addresses and names of this machine are recognised, names of others are not', () => {
  const ours = ['127.0.0.1:8080', 'localhost:1', '192.168.1.7:8080', '[::1]:8080', '10.0.0.1'];
  for (const host of [...ours, `${hostname()}:8080`, `${hostname()}.local:80`, 'beamer.school:8080'])
    assert.ok(isForUs({ host }, 'beamer.school'), host);
  for (const host of [
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '',
    ' ',
    'a b',
    '@',
  ])
    assert.ok(!isForUs({ host }, '127.0.0.1'), host);
  assert.ok(!isForUs({}, '127.0.0.1'));
});

test("a page of another site can't press buttons", () => {
  const host = '127.0.0.1:8080';
  assert.ok(isFromUs({ host }), 'no browser');
  assert.ok(isFromUs({ host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }));
  assert.ok(isFromUs({ host, origin: `https://${host}` }), 'through a proxy that encrypts');
  for (const origin of ['http://evil.example', 'http://127.0.0.1:8081', 'http://localhost:8080', 'null', ''])
    assert.ok(!isFromUs({ host, origin }), origin);
  for (const site of ['cross-site', 'same-site', 'none'])
    assert.ok(!isFromUs({ host, 'sec-fetch-site': site }), site);
});
