/** Where the posts of a timeline go, on whichever wire its reader listens. */
import type { Epoch, Failure, Position, Post, ServerId, SignsOfLife } from '@dualping/core';
import type { WriteAnswers } from './timeline-writes.js';

export interface OpenedTimeline {
  readonly epoch: Epoch;
  readonly serverId: ServerId;
  readonly committed: Position;
  /** If its reader asked for them. */
  readonly signs: SignsOfLife | undefined;
}

/** Posts that were asked for, ascending. */
export interface PostsPage {
  readonly before: Position;
  readonly posts: readonly Post[];
  /** Nothing is older. */
  readonly oldest: boolean;
}

export interface AnsweredPost {
  /** The post that answers. */
  readonly of: Position;
  /** Undefined: it is not here, or nothing may be told of it. */
  readonly post: Post | undefined;
}

/**
 * What is told when something has left for the reader is told in a later turn, and not at all when the stream
 * ends before.
 */
export interface TimelineSink {
  opened(opened: OpenedTimeline): void;
  /** Posts of one turn, as they were committed. False when there is no room for more. */
  live(posts: readonly Post[]): boolean;
  /** Posts out of the journal, ascending. */
  read(posts: readonly Post[], left: () => void): void;
  page(page: PostsPage, left: () => void): void;
  /** The post that another one answers. */
  answered(answered: AnsweredPost, left: () => void): void;
  /** What became of writes on this timeline. */
  writes(answers: WriteAnswers, left: () => void): void;
  /** The server is there. */
  sign(signs: SignsOfLife): void;
  close(failure: Failure): void;
}
