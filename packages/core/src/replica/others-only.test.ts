/**
 * Timelines without the reader's own posts, as the classic wire has them: the past, live, and read again
 * after a break.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Command, epoch, NO_POSITION, position, SocialState } from '../index.js';
import { Timelines } from './timelines.js';

test('the reader’s own posts are left out, and the number of past posts is right', () => {
  const social = new SocialState();
  const timelines = new Timelines();
  let last = 0;
  const apply = (command: Command): void => {
    last += 1;
    const entry = {
      position: position(last),
      epoch: epoch(1),
      timeMs: 0,
      sessionId: '',
      requestNo: 0,
      command,
    };
    for (const effect of social.apply(entry))
      if (effect.kind === 'post') timelines.posted(effect.post, effect.named, social);
  };
  const shown = (): number[] =>
    timelines
      .flush()
      .flatMap((output) => (output.kind === 'timeline-posts' ? output.posts : []))
      .map((post) => post.position);
  for (const user of ['ann', 'ben']) apply({ kind: 'register', user });
  apply({ kind: 'follow', user: 'ann', target: 'ben' });
  for (let round = 0; round < 3; round += 1)
    for (const user of ['ann', 'ben']) apply({ kind: 'post', user, text: 'x' }); // ben's are 5, 7 and 9

  const open = {
    kind: 'timeline-open',
    user: 'ann',
    epoch: epoch(1),
    resumeAfter: NO_POSITION,
    posts: true,
  } as const;
  assert.deepEqual(timelines.open({ ...open, timeline: 1, history: 2, othersOnly: true }, social), [
    { kind: 'timeline-read', timeline: 1, positions: [7, 9], unfollowed: [] },
  ]);
  assert.deepEqual(timelines.readOut(1, social), []);
  apply({ kind: 'post', user: 'ann', text: 'mine' });
  apply({ kind: 'post', user: 'ben', text: 'not mine' });
  assert.deepEqual(shown(), [11]);

  timelines.full(1);
  for (const user of ['ann', 'ben', 'ann']) apply({ kind: 'post', user, text: 'unread' });
  assert.deepEqual(shown(), []);
  assert.deepEqual(timelines.readOut(1, social), [
    { kind: 'timeline-read', timeline: 1, positions: [13], unfollowed: [] },
  ]);
  assert.deepEqual(timelines.readOut(1, social), []);

  timelines.open({ ...open, timeline: 2, history: 0 }, social);
  apply({ kind: 'post', user: 'ann', text: 'seen on the other wire' });
  assert.deepEqual(shown(), [15]);
});
