/** Writes on a timeline: who is answered, together with whom, and what a stranger can leave behind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError, epoch, position } from '@dualping/core';
import type { BidiStream, TimelineOut, TimelineUpdate, Written } from '@dualping/protocol';
import { TimelineWrites } from './timeline-writes.js';

type Answer = (result: Written | DualpingError) => void;

/** A timeline whose client reads, or not; the machine is the test. */
function stage() {
  const sent: Pick<TimelineUpdate, 'written' | 'refused'>[] = [];
  const answers: Answer[] = [];
  const abandoned: number[] = [];
  const stream = {
    writableLength: 0,
    closedWith: undefined as DualpingError | undefined,
    send: (message: TimelineOut) => {
      const { written, refused } = message as unknown as TimelineUpdate;
      sent.push({ written, refused });
      return true;
    },
    close: (error?: DualpingError) => {
      stream.closedWith = error;
    },
  };
  const writes = new TimelineWrites(
    stream as unknown as BidiStream<TimelineOut>,
    { user: 'ann', sessionId: 'a-session', epoch: epoch(3) },
    (_, answer) => answers.push(answer),
    (token) => abandoned.push(token),
  );
  const post = (requestNo: number) => ({ requestNo, command: { kind: 'post', text: 'x' } }) as const;
  return { writes, stream, sent, answers, abandoned, post };
}

const done = (at: number): Written => ({ position: position(at), epoch: epoch(3) });
const turn = (): Promise<void> => Promise.resolve();

test('what is done in one turn is answered in one message, as runs without a gap', async () => {
  const { writes, sent, answers, post } = stage();
  writes.add([2, 3, 4, 5].map(post));
  for (const [at, answer] of answers.entries())
    answer(at === 2 ? new DualpingError('unknown-target', 'there is no user "nobody"') : done(10 + at));
  assert.deepEqual(sent, []);
  await turn();
  assert.deepEqual(sent, [
    {
      written: [
        { requestNo: 2, positions: [10, 11], epoch: 3 },
        { requestNo: 5, positions: [13], epoch: 3 },
      ],
      refused: [{ requestNo: 4, reason: 'unknown-target', detail: 'there is no user "nobody"' }],
    },
  ]);
});

test('of the writes of a message only that one is refused which is wrong', async () => {
  const { writes, sent, answers, post } = stage();
  writes.add([post(2), { requestNo: 3, reason: 'invalid-post', detail: 'a post is empty' }, post(4)]);
  assert.equal(answers.length, 2);
  await turn();
  assert.deepEqual(sent, [
    { written: [], refused: [{ requestNo: 3, reason: 'invalid-post', detail: 'a post is empty' }] },
  ]);
});

test('a stream that ends abandons what is unanswered, and only that', () => {
  const { writes, answers, abandoned, post } = stage();
  writes.add([2, 3].map(post));
  answers[0]?.(done(10));
  writes.end();
  assert.deepEqual(abandoned, [2]);
});

test('a client that leaves its answers unread is sent away', async () => {
  const { writes, stream, sent, answers, post } = stage();
  writes.add([post(2)]);
  stream.writableLength = 2_000;
  answers[0]?.(done(10));
  await turn();
  assert.deepEqual(sent, []);
  assert.equal(stream.closedWith?.reason, 'busy');
});
