import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linksIn } from './links.js';

const urls = (text: string): string[] => linksIn(text).map(({ url }) => url);

test('addresses are found as they are written in sentences', () => {
  assert.deepEqual(urls('see https://a.example/x?y=1#z, or (http://b.example/w_(x)).'), [
    'https://a.example/x?y=1#z',
    'http://b.example/w_(x)',
  ]);
  assert.deepEqual(urls('“https://a.example”… and https://b.example!'), [
    'https://a.example/',
    'https://b.example/',
  ]);
  assert.deepEqual(urls('HTTPS://A.example/Ä 山'), ['https://a.example/%C3%84']);
  const [link] = linksIn('at https://a.example.');
  assert.deepEqual(link, { start: 3, end: 20, url: 'https://a.example/' });
});

test('other texts are no links', () => {
  for (const text of [
    'http://',
    'https:// x',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'ftp://x',
    'a://b',
  ])
    assert.deepEqual(urls(text), [], text);
  assert.deepEqual(urls(`https://a.example/${'x'.repeat(3_000)}`), []);
});
