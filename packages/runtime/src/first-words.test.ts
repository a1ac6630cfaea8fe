import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Entry,
  epoch,
  type JournalCommand,
  type Position,
  type Post,
  type PostReference,
  position,
  postIn,
} from '@dualping/core';
import { firstWords } from './first-words.js';

const FIRST = 3;

const COMMANDS: readonly JournalCommand[] = [
  { kind: 'post', user: 'ann', text: 'well,\n\n  said' },
  { kind: 'follow', user: 'ann', target: 'bob' },
  { kind: 'remote-post', user: 'zoe', text: 'x'.repeat(200), origin: { cluster: 2, position: position(70) } },
];

const journal = {
  first: position(FIRST),
  last: position(FIRST + COMMANDS.length - 1),
  readPosts: (positions: readonly Position[]): (Post | undefined)[] =>
    positions.map((at) => postIn(entryAt(at))),
};

function entryAt(at: Position): Entry {
  const command = COMMANDS[at - FIRST];
  if (command === undefined) throw new Error(`nothing is at ${at}`);
  const ofSession = command.kind !== 'remote-post';
  return {
    position: at,
    epoch: epoch(1),
    timeMs: 0,
    sessionId: ofSession ? 's' : '',
    requestNo: ofSession ? 2 : 0,
    command,
  };
}

const words = (author: string, at: number, home?: number): string | undefined => {
  const post: PostReference = { author, position: position(at), ...(home !== undefined && { home }) };
  return firstWords(journal, post, (asked) => (asked.home === 2 ? position(5) : undefined));
};

test('the first words come from the journal, on one line', () => {
  assert.equal(words('ann', 3), 'well, said');
  assert.equal(words('zoe', 70, 2), `${'x'.repeat(79)}…`);
});

test('there are no first words for an entry that is no post, has another author, or is not here', () => {
  assert.equal(words('bob', 3), undefined);
  assert.equal(words('ann', 4), undefined);
  assert.equal(words('ann', 5), undefined);
  assert.equal(words('ann', 2), undefined);
  assert.equal(words('ann', 6), undefined);
  assert.equal(words('zoe', 70, 3), undefined);
});
