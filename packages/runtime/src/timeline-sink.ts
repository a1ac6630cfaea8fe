/** Where the posts of a timeline go, on whichever wire its reader listens. */
import type {
  Failure,
  Post,
  SignsOfLife,
  TimelineAnswered,
  TimelineOpened,
  TimelinePage,
} from '@dualping/core';
import type { WriteAnswers } from './timeline-writes.js';

/**
 * `left` is called in a later turn, when the message has left for the reader; not at all when the stream ends
 * before.
 */
export interface TimelineSink {
  opened(opened: TimelineOpened): void;
  /** Posts of one turn, as they were committed. False when there is no room for more. */
  live(posts: readonly Post[]): boolean;
  /** Posts out of the journal, ascending. */
  read(posts: readonly Post[], left: () => void): void;
  page(page: TimelinePage, left: () => void): void;
  /** The post that another one answers. */
  answered(answered: TimelineAnswered, left: () => void): void;
  /** What became of writes on this timeline. */
  writes(answers: WriteAnswers, left: () => void): void;
  /** The server is there. */
  sign(signs: SignsOfLife): void;
  close(failure: Failure): void;
}
