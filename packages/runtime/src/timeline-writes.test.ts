/** Writes on a timeline: how answers are grouped, and how much a stranger can leave unread. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError, epoch, position, SESSION_WINDOW, type Written } from '@dualping/core';
import { TimelineWrites, type TimelineWritesPorts, type WriteAnswers } from './timeline-writes.js';
import { PROCESS_TURNS } from './turns.js';

type Answer = (result: Written | DualpingError) => void;

/** A timeline whose client reads or not; the test takes the place of the machine. */
function stage(take?: TimelineWritesPorts['take']) {
  const sent: WriteAnswers[] = [];
  const answers: Answer[] = [];
  const abandoned: number[] = [];
  const unread: (() => void)[] = [];
  const read = (): void => {
    for (const left of unread.splice(0)) left();
  };
  const ports: TimelineWritesPorts = {
    take:
      take ??
      ((_, asker) =>
        answers.push((result) => {
          if (result instanceof DualpingError) asker.failed(result);
          else asker.answered(result);
        })),
    abandon: (token) => abandoned.push(token),
    send: (told, left) => {
      unread.push(left);
      sent.push(told);
    },
    soon: PROCESS_TURNS.soon,
  };
  const writes = new TimelineWrites({ user: 'ann', sessionId: 'a-session', epoch: epoch(3) }, ports);
  const post = (requestNo: number) => ({ requestNo, command: { kind: 'post', text: 'x' } }) as const;
  return { writes, sent, answers, abandoned, read, post };
}

const done = (at: number): Written => ({ position: position(at), epoch: epoch(3) });
const turn = (): Promise<void> => Promise.resolve();

test('writes settled in one turn are answered in one message, as runs without a gap', async () => {
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

test('only the wrong write of a message is refused', async () => {
  const { writes, sent, answers, post } = stage();
  writes.add([post(2), { requestNo: 3, reason: 'invalid-post', detail: 'a post is empty' }, post(4)]);
  assert.equal(answers.length, 2);
  await turn();
  assert.deepEqual(sent, [
    { written: [], refused: [{ requestNo: 3, reason: 'invalid-post', detail: 'a post is empty' }] },
  ]);
});

test('a stream that ends abandons unanswered writes, and only those', () => {
  const { writes, answers, abandoned, post } = stage();
  writes.add([2, 3].map(post));
  answers[0]?.(done(10));
  writes.end();
  assert.deepEqual(abandoned, [2]);
});

test('a write that is answered at once is answered like any other', async () => {
  const { sent, writes, post } = stage((_, { failed }) => {
    failed({ reason: 'sequence-gap', detail: 'request 9 follows 3' });
    return 1;
  });
  writes.add([post(9)]);
  await turn();
  assert.deepEqual(sent, [
    { written: [], refused: [{ requestNo: 9, reason: 'sequence-gap', detail: 'request 9 follows 3' }] },
  ]);
});

test('answers are sent before the stream is closed', () => {
  const { writes, sent, answers, post } = stage();
  writes.add([post(2)]);
  answers[0]?.(done(10));
  writes.flush();
  assert.equal(sent.length, 1);
});

test('a client that leaves its answers unread is refused; a client that reads them can write without end', async () => {
  const { writes, answers, read, post } = stage();
  let requestNo = 2;
  const writeAndAnswer = async (): Promise<void> => {
    const from = answers.length;
    writes.add(Array.from({ length: SESSION_WINDOW }, () => post(requestNo++)));
    for (const answer of answers.slice(from)) answer(done(requestNo));
    await turn();
  };
  for (let times = 0; times < 5; times += 1) {
    await writeAndAnswer();
    read();
  }
  await writeAndAnswer();
  await writeAndAnswer();
  await assert.rejects(writeAndAnswer, { reason: 'busy' });
});
