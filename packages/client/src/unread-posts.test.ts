import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError, type Post, position } from '@dualping/core';
import { MAX_UNREAD_POSTS, UnreadPosts } from './unread-posts.js';

const posts = (from: number, count: number): Post[] =>
  Array.from({ length: count }, (_, i) => ({
    position: position(from + i),
    author: 'a',
    text: 'x',
    timeMs: 0,
  }));

test('the first subscriber gets earlier posts, later subscribers only later ones', () => {
  const unread = new UnreadPosts();
  unread.deliver(posts(1, 2));
  const first: number[] = [];
  const second: number[] = [];
  unread.posts$.subscribe((post) => first.push(post.position));
  unread.deliver(posts(3, 1));
  unread.posts$.subscribe((post) => second.push(post.position));
  unread.deliver(posts(4, 1));
  assert.deepEqual([first, second], [[1, 2, 3, 4], [4]]);
});

test('what comes while the first subscriber reads the old ones keeps its place', () => {
  const unread = new UnreadPosts();
  unread.deliver(posts(1, 2));
  const seen: number[] = [];
  unread.posts$.subscribe((post) => {
    seen.push(post.position);
    if (post.position === 1) unread.deliver(posts(3, 1));
  });
  assert.deepEqual(seen, [1, 2, 3]);
});

test('too many unread posts are an error, not a silent gap', () => {
  const unread = new UnreadPosts();
  unread.deliver(posts(1, MAX_UNREAD_POSTS));
  unread.deliver(posts(MAX_UNREAD_POSTS + 1, 1));
  let failure: unknown;
  unread.posts$.subscribe({ error: (error) => (failure = error) });
  assert.ok(failure instanceof DualpingError && failure.reason === 'limit-reached');
});

test('a session that ends completes the timeline, after the unread posts', () => {
  const unread = new UnreadPosts();
  unread.deliver(posts(1, 1));
  unread.complete();
  const heard: unknown[] = [];
  unread.posts$.subscribe({ next: (post) => heard.push(post.position), complete: () => heard.push('end') });
  assert.deepEqual(heard, [1, 'end']);
});
