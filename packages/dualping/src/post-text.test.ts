import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { DualpingError } from '@dualping/core';
import { judgedPost, postFrom } from './post-text.js';

const from = (...parts: (string | Uint8Array)[]): Promise<string> =>
  postFrom(Readable.from(parts.map((part) => Buffer.from(part))));

test('a tab is a space, as in the composer, and lines are lines', () => {
  assert.equal(judgedPost('a\tb\r\nc'), 'a b\nc');
});

test('text from a pipe is one post, without the line break at its end', async () => {
  assert.equal(await from('two\nli', 'nes\n'), 'two\nlines');
  assert.equal(await from(Buffer.from('山').subarray(0, 1), Buffer.from('山').subarray(1)), '山');
  assert.equal(await from('-\n'), '-');
});

test('an invalid post is refused with its reason', async () => {
  const refused = (reason: RegExp) => (error: unknown) =>
    error instanceof DualpingError && error.reason === 'invalid-post' && reason.test(error.detail);
  await assert.rejects(from('\n'), refused(/is empty/));
  await assert.rejects(from('x'.repeat(1_001)), refused(/1001 characters/));
  await assert.rejects(from('x'.repeat(100_000)), refused(/more than 5024 bytes/));
  await assert.rejects(from(new Uint8Array([0x68, 0xff])), refused(/is not UTF-8/));
});
