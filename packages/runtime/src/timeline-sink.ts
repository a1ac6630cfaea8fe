/** Where the posts of a timeline go, on whichever wire its reader listens. */
import type { Failure, Position, Post, SignsOfLife, TimelineAnswered, TimelineOpened } from '@dualping/core';
import type { WriteAnswers } from './timeline-writes.js';

/** Posts to be read from the journal. */
export interface StoredPosts {
  /** Ascending. */
  readonly positions: readonly Position[];
  /** Those of them that are there only because they name the reader. */
  readonly unfollowed: readonly Position[];
}

export interface StoredPage extends StoredPosts {
  readonly before: Position;
  /** Nothing is older. */
  readonly oldest: boolean;
}

/**
 * `left` is called in a later turn, when the message has left for the reader; not at all when the stream ends
 * before.
 */
export interface TimelineSink {
  opened(opened: TimelineOpened): void;
  /** Posts of one turn, as they were committed. False when there is no room for more. */
  live(posts: readonly Post[]): boolean;
  /**
   * Reads them from the journal, and sends them.
   *
   * @throws DualpingError `storage-failed`, and sends nothing: what was written can't be read
   */
  read(stored: StoredPosts, left: () => void): void;
  /** The same for a page. */
  page(stored: StoredPage, left: () => void): void;
  /** The post that another one answers. */
  answered(answered: TimelineAnswered, left: () => void): void;
  /** What became of writes on this timeline. */
  writes(answers: WriteAnswers, left: () => void): void;
  /** The server is there. */
  sign(signs: SignsOfLife): void;
  close(failure: Failure): void;
}
