/** `SocialService.Timeline` as a sink: what comes at once is one message. */
import {
  DualpingError,
  type Failure,
  type Post,
  type SignsOfLife,
  type TimelineAnswered,
  type TimelineOpened,
  type TimelinePage,
} from '@dualping/core';
import {
  type BidiStream,
  encodePostFragment,
  type TimelineOut,
  timelineUpdateToWire,
} from '@dualping/protocol';
import type { TimelineSink, WriteAnswers } from '@dualping/runtime';

/**
 * A post lives as long as some turn hands it out; so does its encoding, however many timelines it goes to.
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
  constructor(readonly stream: BidiStream<TimelineOut>) {}

  opened(opened: TimelineOpened): void {
    this.stream.send(timelineUpdateToWire({ opened }));
  }

  live(posts: readonly Post[]): boolean {
    return posts.length === 0 || this.stream.send(batchOf(posts));
  }

  read(posts: readonly Post[], left: () => void): void {
    this.stream.send(Buffer.concat(posts.map(encodePostFragment)), left);
  }

  page(page: TimelinePage, left: () => void): void {
    this.stream.send(timelineUpdateToWire({ page }), left);
  }

  answered(answered: TimelineAnswered, left: () => void): void {
    this.stream.send(timelineUpdateToWire({ answered }), left);
  }

  writes(answers: WriteAnswers, left: () => void): void {
    this.stream.send(timelineUpdateToWire(answers), left);
  }

  /** Not to one that has yet to read something: that says it too, and a sign would come after it. */
  sign(signs: SignsOfLife): void {
    if (this.stream.writableLength === 0) this.stream.send(timelineUpdateToWire({ signs }));
  }

  close({ reason, detail }: Failure): void {
    this.stream.close(new DualpingError(reason, detail));
  }
}
