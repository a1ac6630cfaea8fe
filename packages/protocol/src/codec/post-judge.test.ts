/** Whatever is let in without being decoded would have been let in by decoding it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError, type Entry, postIn } from '@dualping/core';
import fc from 'fast-check';
import { entries } from './arbitraries.fixture.js';
import { decodeEntry, encodeEntry } from './entry.js';
import { PostJudge } from './post-judge.js';

const TEXTS = [
  'hello',
  ' ',
  '\n',
  'a\nb',
  'tab\t',
  'bell\x07',
  '\x7f',
  'x'.repeat(1_000),
  'x'.repeat(1_001),
  '',
];

/** Posts of all kinds, with texts that may be and that may not. */
const posts: fc.Arbitrary<Entry> = fc.oneof(
  entries,
  fc
    .tuple(
      entries.filter((entry) => entry.command.kind === 'post'),
      fc.oneof(fc.constantFrom(...TEXTS), fc.string({ maxLength: 40 }), fc.string({ unit: 'binary' })),
      fc.oneof(fc.constantFrom('ann', '', 'two words', 'm\u00fcller', 'x'.repeat(33)), fc.string()),
      fc.oneof(fc.constantFrom('s', '', 'with space', 'x'.repeat(81)), fc.string()),
    )
    .map(([entry, text, user, sessionId]) => ({
      ...entry,
      sessionId,
      command: { kind: 'post' as const, user, text },
    })),
);

function judgeBoth(judge: PostJudge, bytes: Buffer): void {
  let judged: ReturnType<PostJudge['judge']>;
  try {
    judged = judge.judge(bytes);
  } catch (error) {
    assert.ok(error instanceof DualpingError, String(error));
    assert.throws(() => decodeEntry(bytes), DualpingError);
    return;
  }
  if (judged === undefined) return;
  const post = postIn(decodeEntry(bytes));
  assert.deepEqual(judged, { position: post?.position, user: post?.author });
  assert.deepEqual([post?.answers, post?.origin], [undefined, undefined]);
}

test('posts as they are journalled, and invalid ones', () => {
  const judge = new PostJudge();
  fc.assert(
    fc.property(posts, (entry) => judgeBoth(judge, encodeEntry(entry))),
    { numRuns: 3_000 },
  );
});

test('bytes that were changed or cut', () => {
  const judge = new PostJudge();
  fc.assert(
    fc.property(posts, fc.nat(), fc.nat(255), fc.boolean(), (entry, place, byte, cut) => {
      const bent = Buffer.from(encodeEntry(entry));
      const at = place % bent.length;
      bent[at] = byte;
      judgeBoth(judge, cut ? bent.subarray(0, at) : bent);
    }),
    { numRuns: 3_000 },
  );
});

test('an ordinary post needs no decoding', () => {
  const entry = {
    ...{ position: 7, epoch: 2, timeMs: 5, sessionId: 's-1', requestNo: 3 },
    command: { kind: 'post', user: 'ann', text: 'hello @bob\nall is well' },
  } as Entry;
  assert.deepEqual(new PostJudge().judge(encodeEntry(entry)), { position: 7, user: 'ann' });
});
