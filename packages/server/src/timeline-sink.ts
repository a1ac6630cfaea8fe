/** Where the posts of a timeline go, on whichever wire its reader listens. */
import type { DualpingError, Position, Post, SignsOfLife } from '@dualping/core';
import {
  type BidiStream,
  encodeJournalledPage,
  encodeJournalledPosts,
  encodePostFragment,
  type JournalledPost,
  type TimelineAnswered,
  type TimelineOpened,
  type TimelineOut,
  timelineUpdateToWire,
} from '@dualping/protocol';

export interface JournalledPage {
  readonly before: Position;
  /** Ascending. */
  readonly posts: readonly JournalledPost[];
  readonly oldest: boolean;
}

export interface TimelineSink {
  opened(opened: TimelineOpened): void;
  /**
   * Sends the new posts of one turn, in the order of commits. Returns false when there is no room for more.
   */
  live(posts: readonly Post[]): boolean;
  /**
   * Posts out of the journal, ascending. `written` is called in a later turn, when they have left; not at all
   * when the stream ends before. Their bytes are lent for as long as the call takes. Throws, and sends
   * nothing, when one of them is no post.
   */
  read(posts: readonly JournalledPost[], written: () => void): void;
  page(page: JournalledPage, written: () => void): void;
  /** The post that another one answers. */
  answered(answered: TimelineAnswered, written: () => void): void;
  /** The server is there. */
  sign(signs: SignsOfLife): void;
  close(error: DualpingError): void;
}

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

/** The sink for `SocialService.Timeline`: posts that come together are one message. */
export class OwnTimelineSink implements TimelineSink {
  constructor(
    readonly stream: BidiStream<TimelineOut>,
    /** Sends gathered answers to writes. */
    readonly flush: () => void,
  ) {}

  opened(opened: TimelineOpened): void {
    this.stream.send(timelineUpdateToWire({ opened }));
  }

  live(posts: readonly Post[]): boolean {
    return posts.length === 0 || this.stream.send(batchOf(posts));
  }

  read(posts: readonly JournalledPost[], written: () => void): void {
    this.stream.send(encodeJournalledPosts(posts), written);
  }

  page(page: JournalledPage, written: () => void): void {
    this.stream.send(encodeJournalledPage(page), written);
  }

  answered(answered: TimelineAnswered, written: () => void): void {
    this.stream.send(timelineUpdateToWire({ answered }), written);
  }

  /** Sends none while earlier messages wait to be read: those show that the server is there. */
  sign(signs: SignsOfLife): void {
    if (this.stream.writableLength === 0) this.stream.send(timelineUpdateToWire({ signs }));
  }

  close(error: DualpingError): void {
    this.flush();
    this.stream.close(error);
  }
}
