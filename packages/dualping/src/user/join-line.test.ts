import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError } from '@dualping/core';
import { joinLineText, newCode, parseJoinLine } from './join-line.js';

const CA = 'A'.repeat(43);
const OTHER = `B${'A'.repeat(42)}`;

test('a line that was made is parsed to the same content', () => {
  const code = newCode();
  for (const line of [
    { routers: ['10.0.0.1:7070'], fingerprints: [CA], code },
    { routers: ['a.example:1', '[::1]:2'], fingerprints: [CA, OTHER], code, user: 'mira' },
  ])
    assert.deepEqual(parseJoinLine(` ${joinLineText(line)}\n`), line);
  assert.notEqual(newCode(), code);
});

test('a line that is wrong is refused, and its code is not shown', () => {
  const code = 'c'.repeat(27);
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['', /"" is not dualping:/],
    [`http://a:1/?ca=${CA}&code=${code}`, /is not dualping:\/\/host:port/],
    ['dualping://a:1/', /is not dualping:/],
    [`dualping://a/?ca=${CA}&code=${code}`, /is not a host and a port/],
    [`dualping://a:1/?ca=x&code=${code}`, /its "ca" is "x": 43 characters are needed/],
    [`dualping://a:1/?ca=${CA}&code=${code.slice(1)}`, /"code" has 26 characters, and not 27: is it cut off/],
    [`dualping://a:1/?ca=${CA}`, /"code" has 0 characters/],
    [`dualping://a:1/?ca=${CA}&code=${code}&user=b%20c`, /user name "b c" may only have/],
  ];
  for (const [line, text] of wrong)
    assert.throws(
      () => parseJoinLine(line),
      (error) => {
        assert.ok(error instanceof DualpingError);
        assert.match(error.detail, text);
        assert.ok(!error.detail.includes(code), error.detail);
        return true;
      },
    );
});
