/** The messages of a timeline between a client and its server, and the outcomes of requests. */
import type { Post } from './entry.js';
import type { Epoch, Position, RequestNumber, ServerId, SessionId, UserName } from './ids.js';
import type { Failure } from './reasons.js';
import type { SessionCommand } from './session/session-messages.js';
import type { SignsOfLife } from './signs-of-life.js';

/** The answer to a successful write. */
export interface Written {
  readonly position: Position;
  readonly epoch: Epoch;
}

/** Client to server. */
export type TimelineMessage =
  | {
      readonly kind: 'open';
      readonly user: UserName;
      readonly sessionId: SessionId;
      readonly epoch: Epoch;
      /** Go on after this position; 0: begin with the past. */
      readonly resumeAfter: Position;
      /** How many past posts to begin with when nothing is resumed. */
      readonly history: number;
      /** False: the stream only serves presence. */
      readonly posts: boolean;
      /** Both sides send signs of life. */
      readonly signs: boolean;
      /** Also posts that name the user, of authors whom the user does not follow. */
      readonly mentions: boolean;
    }
  | { readonly kind: 'older'; readonly before: Position; readonly limit: number }
  /** Asks for the post that the post at `of` answers. */
  | { readonly kind: 'answered'; readonly of: Position }
  | { readonly kind: 'alive' }
  | { readonly kind: 'writes'; readonly writes: readonly TimelineWrite[] };

/** A request on a timeline: the session and the user are the timeline's. */
export interface TimelineWrite {
  readonly requestNo: RequestNumber;
  readonly command: SessionCommand;
}

/** A refused write; other writes of the same message may be done. */
export interface TimelineRefused extends Failure {
  readonly requestNo: RequestNumber;
}

export interface TimelineOpened {
  readonly epoch: Epoch;
  readonly serverId: ServerId;
  readonly committed: Position;
  readonly signs: SignsOfLife | undefined;
}

export interface TimelinePage {
  readonly before: Position;
  /** Ascending. */
  readonly posts: readonly Post[];
  readonly oldest: boolean;
}

export interface TimelineAnswered {
  /** The post that answers. */
  readonly of: Position;
  /** Undefined: it is not here, or the reader may not see it. */
  readonly post: Post | undefined;
}

/** Successful requests, with consecutive numbers from `requestNo` on. */
export interface TimelineWritten {
  readonly requestNo: RequestNumber;
  readonly positions: readonly Position[];
  readonly epoch: Epoch;
}

/** Server to client: posts, answers to writes, and at most one answer of each other kind. */
export interface TimelineUpdate {
  readonly written: readonly TimelineWritten[];
  readonly refused: readonly TimelineRefused[];
  readonly posts: readonly Post[];
  readonly opened: TimelineOpened | undefined;
  readonly page: TimelinePage | undefined;
  readonly signs: SignsOfLife | undefined;
  readonly answered: TimelineAnswered | undefined;
}
