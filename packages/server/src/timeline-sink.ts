/** The sinks of `SocialService.Timeline`: posts of one turn are one message. */
import {
  DualpingError,
  type Failure,
  type Post,
  type SignsOfLife,
  type TimelineAnswered,
  type TimelineOpened,
} from '@dualping/core';
import {
  type BidiStream,
  encodeJournalledPage,
  encodeJournalledPosts,
  encodePostFragment,
  type TimelineOut,
  timelineUpdateToWire,
} from '@dualping/protocol';
import type { StoredPage, StoredPosts, TimelineSink, WriteAnswers } from '@dualping/runtime';
import { journalledPosts, type PostsJournal } from './journalled-posts.js';

/**
 * The encoding of a post, kept as long as the post object: it is encoded once for all timelines.
 */
const fragments = new WeakMap<Post, Buffer>();

function fragmentOf(post: Post): Buffer {
  let fragment = fragments.get(post);
  if (fragment === undefined) {
    fragment = encodePostFragment(post);
    fragments.set(post, fragment);
  }
  return fragment;
}

/** The posts of the last message, and its bytes: followers of the same authors get the same in one turn. */
let lastBatch: { readonly posts: readonly Post[]; readonly bytes: Buffer } = {
  posts: [],
  bytes: Buffer.alloc(0),
};

function batchOf(posts: readonly Post[]): Buffer {
  const [first] = posts;
  if (posts.length === 1 && first !== undefined) return fragmentOf(first);
  const known = lastBatch.posts;
  if (posts.length !== known.length || posts.some((post, index) => post !== known[index]))
    lastBatch = { posts, bytes: Buffer.concat(posts.map(fragmentOf)) };
  return lastBatch.bytes;
}

export class OwnTimelineSink implements TimelineSink {
  constructor(
    readonly stream: BidiStream<TimelineOut>,
    readonly journal: PostsJournal,
  ) {}

  opened(opened: TimelineOpened): void {
    this.stream.send(timelineUpdateToWire({ opened }));
  }

  live(posts: readonly Post[]): boolean {
    return posts.length === 0 || this.stream.send(batchOf(posts));
  }

  read(stored: StoredPosts, left: () => void): void {
    this.stream.send(journalledPosts(this.journal, stored, encodeJournalledPosts), left);
  }

  page({ before, oldest, ...stored }: StoredPage, left: () => void): void {
    const page = journalledPosts(this.journal, stored, (posts) =>
      encodeJournalledPage({ before, posts, oldest }),
    );
    this.stream.send(page, left);
  }

  answered(answered: TimelineAnswered, left: () => void): void {
    this.stream.send(timelineUpdateToWire({ answered }), left);
  }

  writes(answers: WriteAnswers, left: () => void): void {
    this.stream.send(timelineUpdateToWire(answers), left);
  }

  /** Sends none while earlier messages wait to be read: those are signs of life too. */
  sign(signs: SignsOfLife): void {
    if (this.stream.writableLength === 0) this.stream.send(timelineUpdateToWire({ signs }));
  }

  close({ reason, detail }: Failure): void {
    this.stream.close(new DualpingError(reason, detail));
  }
}
