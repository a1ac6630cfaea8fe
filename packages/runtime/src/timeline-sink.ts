/** Where the posts of a timeline go, whichever wire its reader uses. */
import type { Failure, Position, Post, SignsOfLife, TimelineAnswered, TimelineOpened } from '@dualping/core';
import type { WriteAnswers } from './timeline-writes.js';

/** Posts to be read from the journal. */
export interface StoredPosts {
  /** Ascending. */
  readonly positions: readonly Position[];
  /** Those that are included only because they name the reader. */
  readonly unfollowed: readonly Position[];
}

export interface StoredPage extends StoredPosts {
  readonly before: Position;
  /** Nothing is older. */
  readonly oldest: boolean;
}

/**
 * `left` is called in a later turn, when the message was sent; not at all if the stream ends before.
 */
export interface TimelineSink {
  opened(opened: TimelineOpened): void;
  /** Posts of one turn, in commit order. False when there is no room for more. */
  live(posts: readonly Post[]): boolean;
  /**
   * Reads them from the journal, and sends them.
   *
   * @throws DualpingError `storage-failed`, and sends nothing, when posts can't be read
   */
  read(stored: StoredPosts, left: () => void): void;
  /** The same for a page. */
  page(stored: StoredPage, left: () => void): void;
  /** The post that another one answers. */
  answered(answered: TimelineAnswered, left: () => void): void;
  /** The outcomes of writes on this timeline. */
  writes(answers: WriteAnswers, left: () => void): void;
  /** A sign of life from the server. */
  sign(signs: SignsOfLife): void;
  close(failure: Failure): void;
}
