import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DualpingError,
  epoch,
  type Position,
  packReply,
  position,
  type SocialSnapshot,
} from '@dualping/core';
import * as replication from '../gen/dualping/v1/replication.js';
import { MAX_MESSAGE_BYTES } from '../serve.js';
import { encodeEntry } from './entry.js';
import { type SnapshotChunk, snapshotChunkFromWire, snapshotChunkToWire } from './snapshot.js';
import { EDGES_A_CHUNK, SnapshotAssembly, snapshotChunks } from './snapshot-assembly.js';

const post = (at: number, user: string): Buffer =>
  encodeEntry({
    position: position(at),
    epoch: epoch(1),
    timeMs: at,
    sessionId: 's',
    requestNo: at,
    command: { kind: 'post', user, text: `post ${at}` },
  });

const HEADER = { epoch: epoch(1), checksum: 99, epochStarts: [{ epoch: epoch(1), position: position(1) }] };

function state(users: number): { snapshot: SocialSnapshot; posts: Buffer[] } {
  const names = Array.from({ length: users }, (_, index) => `u${index}`);
  const postAt = (index: number): Position => position(1_000 + index);
  return {
    snapshot: {
      position: position(10_000),
      users: names.map((name, index) => ({
        name,
        since: position(index + 2),
        following: index === 0 ? [] : [{ target: 'u0', since: position(900) }],
        posts: [postAt(index)],
        ...(index === 1 && { keys: RING }),
      })),
      sessions: names.map((user) => ({
        sessionId: `of-${user}`,
        user,
        lastRequestNo: 1,
        replies: [packReply({ kind: 'ok', position: position(2) })],
      })),
      origins: [{ cluster: 2, position: position(7) }],
      codes: CODES,
    },
    posts: names.map((name, index) => post(postAt(index), name)),
  };
}

async function collect(users: number): Promise<SnapshotChunk[]> {
  const { snapshot, posts } = state(users);
  const chunks: SnapshotChunk[] = [];
  // As they come out of a journal: some that follow one another, and some alone.
  const some = [posts.slice(0, 3), posts.slice(3, 4), posts.slice(4)].filter(({ length }) => length > 0);
  for await (const chunk of snapshotChunks(snapshot, HEADER, some)) chunks.push(chunk);
  return chunks;
}

const KEY = 'A'.repeat(43);
const RING = {
  lastNumber: 2,
  keys: [{ number: 2, key: KEY, device: 'laptop', since: position(3), revokedAt: position(4) }],
};
const CODES = [{ code: KEY, untilMs: 5, madeAt: position(3), spentAt: position(4) }];

function refused(chunks: readonly SnapshotChunk[], text: RegExp): void {
  const assembly = new SnapshotAssembly();
  assert.throws(
    () => {
      for (const chunk of chunks) assembly.add(chunk);
    },
    (error) =>
      error instanceof DualpingError && error.reason === 'invalid-argument' && text.test(error.detail),
  );
  assert.equal(assembly.assembled, undefined);
}

test('a snapshot that is split into chunks is assembled to an equal one', async () => {
  for (const users of [0, 1, 450]) {
    const assembly = new SnapshotAssembly();
    const entries = (await collect(users)).flatMap((chunk) => assembly.add(chunk));
    assert.deepEqual(assembly.assembled?.snapshot, state(users).snapshot);
    assert.deepEqual(assembly.assembled?.header, {
      ...HEADER,
      position: 10_000,
      origins: state(users).snapshot.origins,
      codes: CODES,
    });
    assert.equal(entries.length, users);
  }
});

test('however many one user follows, every chunk has room for it', async () => {
  const names = Array.from({ length: 2 * EDGES_A_CHUNK + 7 }, (_, at) => `user-${at}`);
  const following = names.map((target, at) => ({ target, since: position(at + 1) }));
  const users = ['fan', ...names, 'other'].map((name) => ({
    name,
    since: position(1),
    following: name === 'fan' || name === 'other' ? following : [],
    posts: [],
  }));
  const snapshot = { position: position(names.length + 1), users, sessions: [], origins: [] };
  const assembly = new SnapshotAssembly();
  for await (const chunk of snapshotChunks(snapshot, HEADER, [])) {
    const bytes = replication.GetFollowerInfoResponse.encode(snapshotChunkToWire(chunk)).finish();
    assert.ok(bytes.length < MAX_MESSAGE_BYTES, `${bytes.length}`);
    assembly.add(snapshotChunkFromWire(replication.GetFollowerInfoResponse.decode(bytes)));
  }
  assert.deepEqual(assembly.assembled?.snapshot, snapshot);
});

test('a snapshot with missing chunks is not complete', async () => {
  const chunks = await collect(3);
  const assembly = new SnapshotAssembly();
  for (const chunk of chunks.slice(0, -1)) assembly.add(chunk);
  assert.equal(assembly.assembled, undefined);
});

test('chunks out of order, repeated or missing are refused', async () => {
  const chunks = await collect(3);
  const of = (kind: SnapshotChunk['kind']) => chunks.filter((chunk) => chunk.kind === kind);
  refused(of('users'), /begins with users/);
  refused([...of('header'), ...of('header')], /two headers/);
  refused([...of('header'), ...of('sessions'), ...of('users')], /"u0", who is no user/);
  refused([...of('header'), ...of('users'), ...of('users')], /"u0" is there twice/);
  refused([...of('header'), ...of('users'), ...of('posts'), ...of('sessions')], /sessions follows posts/);
  refused([...of('header'), ...of('users'), ...of('end')], /0 sessions, 0 posts came/);
  refused([...of('header'), ...of('users'), ...of('posts'), ...of('posts')], /posts must ascend/);
});

test('a followed name must be a user, and nothing may be beyond the position', () => {
  const header: SnapshotChunk = { kind: 'header', position: position(5), origins: [], codes: [], ...HEADER };
  const users = (since: number, target: string): SnapshotChunk => ({
    kind: 'users',
    users: [{ name: 'a', since: position(since), following: [{ target, since: position(3) }] }],
  });
  const end: SnapshotChunk = { kind: 'end', users: 1, sessions: 0, posts: 0 };
  refused([header, users(2, 'nobody'), end], /"a" follows "nobody"/);
  refused([header, users(6, 'a'), end], /position 6, after the snapshot's 5/);
  const key = { number: 1, key: KEY, device: 'laptop', since: position(6) };
  const keys = { lastNumber: 1, keys: [key] };
  const owner = { name: 'a', since: position(2), following: [], keys };
  refused([header, { kind: 'users', users: [owner] }], /a key of "a" is at position 6/);
  refused(
    [{ ...header, codes: [{ code: KEY, untilMs: 5, madeAt: position(6) }] }],
    /a code is at position 6/,
  );
});

test('posts from another cluster are by users of that cluster, and clusters are in order', () => {
  const header: SnapshotChunk = { kind: 'header', position: position(50), origins: [], codes: [], ...HEADER };
  const users: SnapshotChunk = {
    kind: 'users',
    users: [{ name: 'a', since: position(2), home: 3, following: [] }],
  };
  const remotePost = (cluster: number): SnapshotChunk => ({
    kind: 'posts',
    entries: [
      encodeEntry({
        position: position(9),
        epoch: epoch(1),
        timeMs: 1,
        sessionId: '',
        requestNo: 0,
        command: {
          kind: 'remote-post',
          user: 'a',
          text: 'hello',
          origin: { cluster, position: position(4) },
        },
      }),
    ],
  });
  refused([header, users, remotePost(2)], /"a", who is of another cluster/);
  const end: SnapshotChunk = { kind: 'end', users: 1, sessions: 0, posts: 1 };
  const assembly = new SnapshotAssembly();
  for (const chunk of [header, users, remotePost(3), end]) assembly.add(chunk);
  // From an older journal that has such a user: that must not keep a standby from joining.
  const old = new SnapshotAssembly();
  for (const chunk of [header, users, { kind: 'posts' as const, entries: [post(9, 'a')] }, end])
    old.add(chunk);
  const user = { name: 'a', since: position(2), home: 3, following: [], posts: [position(9)] };
  assert.deepEqual(assembly.assembled?.snapshot.users, [{ ...user, origins: [4] }]);
  assert.deepEqual(old.assembled?.snapshot.users, [{ ...user, origins: [0] }], 'found by no place');
  const origins = [2, 2].map((cluster) => ({ cluster, position: position(1) }));
  refused([{ ...header, origins }], /cluster 2 follows cluster 2/);
});

test('posts that name users are in the snapshot, and ascend', () => {
  const header: SnapshotChunk = { kind: 'header', position: position(50), origins: [], codes: [], ...HEADER };
  const users = (...mentions: number[]): SnapshotChunk => ({
    kind: 'users',
    users: [
      { name: 'a', since: position(2), following: [] },
      { name: 'b', since: position(3), following: [], mentions: mentions.map(position) },
    ],
  });
  const posts: SnapshotChunk = { kind: 'posts', entries: [post(9, 'a')] };
  const end: SnapshotChunk = { kind: 'end', users: 2, sessions: 0, posts: 1 };
  const assembly = new SnapshotAssembly();
  for (const chunk of [header, users(9), posts, end]) assembly.add(chunk);
  assert.deepEqual(assembly.assembled?.snapshot.users[1]?.mentions, [9]);
  refused([header, users(9, 9), posts, end], /"b" is named at 9 after 9/);
  refused([header, users(8, 9), posts, end], /named at 8, where there is no post/);
});
