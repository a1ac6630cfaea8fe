/** What is copied out of entries is byte for byte what decoding and encoding them gives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { DualpingError, type Entry, type Post, position, postIn } from '@dualping/core';
import fc from 'fast-check';
import { TimelineResponse } from '../gen/dualping/v1/social.js';
import * as types from '../gen/dualping/v1/types.js';
import { entries, positions } from './arbitraries.fixture.js';
import { decodeEntry, encodeEntry, MAX_ENTRY_BYTES } from './entry.js';
import {
  decodeJournalledPost,
  encodeJournalledPage,
  encodeJournalledPosts,
  type JournalledPost,
} from './journalled-post.js';
import { encodePostFragment, timelineUpdateToWire } from './timeline.js';

const RUNS = { numRuns: 1_000 };

const postEntries = entries.filter((entry) => postIn(entry) !== undefined);
const journalledPosts = fc.array(fc.tuple(postEntries, fc.boolean()), { maxLength: 12 });

const journalled = (entry: Entry, unfollowed: boolean): JournalledPost => ({
  entry: encodeEntry(entry),
  unfollowed,
});

function postOf(entry: Entry, unfollowed: boolean): Post {
  const post = postIn(entry);
  assert.ok(post !== undefined);
  return unfollowed ? { ...post, unfollowed } : post;
}

test('posts are the fragments that the ordinary codec makes', () => {
  fc.assert(
    fc.property(journalledPosts, (given) => {
      const copied = encodeJournalledPosts(given.map((each) => journalled(...each)));
      assert.deepEqual(copied, Buffer.concat(given.map((each) => encodePostFragment(postOf(...each)))));
    }),
    RUNS,
  );
});

test('a page is the message that the ordinary codec makes', () => {
  fc.assert(
    fc.property(journalledPosts, positions, fc.boolean(), (given, before, oldest) => {
      const copied = encodeJournalledPage({
        before,
        posts: given.map((each) => journalled(...each)),
        oldest,
      });
      const posts = given.map((each) => postOf(...each));
      const ordinary = TimelineResponse.encode(timelineUpdateToWire({ page: { before, posts, oldest } }));
      assert.deepEqual(copied, Buffer.from(ordinary.finish()));
    }),
    RUNS,
  );
});

test('a page of the longest posts, and one that comes after it', () => {
  const text = '\u{1f600}'.repeat(1_000);
  const long = (at: number) => ({
    ...{ position: position(at), epoch: 1, timeMs: 2, sessionId: 's', requestNo: 3 },
    command: { kind: 'post' as const, user: 'a'.repeat(32), text },
  });
  for (const count of [200, 1, 0]) {
    const given = Array.from({ length: count }, (_, index) => long(index + 1) as Entry);
    const posts = given.map((entry) => postOf(entry, false));
    const page = { before: position(1_000), posts, oldest: true };
    assert.deepEqual(
      encodeJournalledPage({ ...page, posts: given.map((entry) => journalled(entry, false)) }),
      Buffer.from(TimelineResponse.encode(timelineUpdateToWire({ page })).finish()),
    );
  }
});

test('an entry as another encoder would write it is decoded, and comes out the same', () => {
  fc.assert(
    fc.property(postEntries, fc.boolean(), fc.constantFrom(...ENCODERS), (entry, unfollowed, encode) => {
      const bytes = encode(encodeEntry(entry));
      assert.deepEqual(decodeEntry(bytes), entry);
      const ordinary = encodePostFragment(postOf(entry, unfollowed));
      assert.deepEqual(encodeJournalledPosts([{ entry: bytes, unfollowed }]), ordinary);
    }),
    RUNS,
  );
});

/** What protobuf allows and `encodeEntry` does not do. */
const ENCODERS: readonly ((entry: Buffer) => Buffer)[] = [
  // A field that is not known here, first or last.
  (entry) =>
    Buffer.concat([
      Buffer.from(
        new BinaryWriter()
          .uint32((99 << 3) | 2)
          .string('new')
          .finish(),
      ),
      entry,
    ]),
  (entry) =>
    Buffer.concat([
      entry,
      Buffer.from(
        new BinaryWriter()
          .uint32(99 << 3)
          .uint32(7)
          .finish(),
      ),
    ]),
  // A field twice: the last one counts.
  (entry) => Buffer.concat([Buffer.from([1 << 3, 5]), entry]),
  // The command first.
  (entry) => {
    const { command, ...rest } = types.Entry.decode(entry);
    const head = types.Entry.encode({ ...rest, command: undefined }).finish();
    const none = { position: 0, epoch: 0, timeMs: 0, sessionId: '', requestNo: 0 };
    const tail = types.Entry.encode({ ...none, command }).finish();
    return Buffer.concat([tail, head]);
  },
  // A number that is longer than it need be.
  (entry) => Buffer.concat([Buffer.from([1 << 3, 0x85, 0x00]), entry]),
];

test("for any bytes it gives at most a post's length, or says that they are not an entry", () => {
  fc.assert(
    fc.property(postEntries, fc.nat(), fc.nat(255), fc.boolean(), (entry, place, byte, cut) => {
      const bent = Buffer.from(encodeEntry(entry));
      const at = place % bent.length;
      bent[at] = byte;
      try {
        const copied = encodeJournalledPosts([
          { entry: cut ? bent.subarray(0, at) : bent, unfollowed: false },
        ]);
        assert.ok(copied.length <= MAX_ENTRY_BYTES, `${copied.length} bytes out of ${bent.length}`);
      } catch (error) {
        assert.ok(error instanceof DualpingError, String(error));
      }
    }),
    RUNS,
  );
});

test('an entry that is no post is refused, with its position', () => {
  const entry: Entry = {
    ...{ position: position(7), timeMs: 2, sessionId: '', requestNo: 0 },
    epoch: 1,
    command: { kind: 'epoch-start', serverId: 3 },
  } as Entry;
  const post = journalled(entry, false);
  for (const read of [decodeJournalledPost, (each: JournalledPost) => encodeJournalledPosts([each])])
    assert.throws(() => read(post), /internal: entry 7 is no post: epoch-start/);
});
