import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError, type Post, position } from '@dualping/core';
import { encodePostFragment, socialWire, timelineUpdateToWire } from '@dualping/protocol';
import { SharedUpdates } from './shared-updates.js';

const post = (at: number): Post => ({
  position: position(at),
  author: 'ann',
  text: `post ${at}`,
  timeMs: 1_000 + at,
  answers: { home: 2, position: position(1), author: 'bob', begin: 'post' },
});

const messageOf = (...posts: Post[]): Buffer => Buffer.concat(posts.map(encodePostFragment));

test('a message that comes again is the same, whichever came between', () => {
  const updates = new SharedUpdates();
  for (let round = 0; round < 3; round += 1)
    for (let at = 1; at <= 20; at += 1)
      assert.deepEqual(updates.read(messageOf(post(at), post(at + 100))).posts, [post(at), post(at + 100)]);
});

test('the same length with other bytes is another message', () => {
  const updates = new SharedUpdates();
  updates.read(messageOf(post(11)));
  assert.deepEqual(updates.read(messageOf(post(12))).posts, [post(12)]);
});

test('what a program does to a post of one session is not seen in another', () => {
  const updates = new SharedUpdates();
  for (let session = 0; session < 3; session += 1) {
    const { posts } = updates.read(messageOf(post(7)));
    assert.deepEqual(posts, [post(7)]);
    Object.assign(posts[0] ?? {}, { text: 'changed' });
    Object.assign(posts[0]?.answers ?? {}, { begin: 'changed' });
  }
});

test('messages without posts, and long ones, are read too', () => {
  const updates = new SharedUpdates();
  const written = [{ requestNo: 2, positions: [position(9)], epoch: 1 as never }];
  const bytes = Buffer.from(socialWire.TimelineResponse.encode(timelineUpdateToWire({ written })).finish());
  for (let times = 0; times < 2; times += 1) assert.deepEqual(updates.read(bytes).written, written);
  const many = Array.from({ length: 2_000 }, (_, index) => post(index + 1));
  for (let times = 0; times < 2; times += 1) assert.deepEqual(updates.read(messageOf(...many)).posts, many);
});

test('bytes that are no message are refused each time', () => {
  const updates = new SharedUpdates();
  for (let times = 0; times < 2; times += 1)
    for (const bytes of ['0aff', '0a00', 'ffff'])
      assert.throws(() => updates.read(Buffer.from(bytes, 'hex')), DualpingError);
});
