/** What a driver of `ClientSession` feeds in, and what it must do. */
import type { Assignment } from '../assignment.js';
import type { Command, Post, PostReference } from '../entry.js';
import type {
  Address,
  ClusterId,
  Epoch,
  NetworkId,
  Position,
  RequestNumber,
  ServerId,
  SessionId,
  UserName,
} from '../ids.js';
import type { ListPage } from '../presence.js';
import type { Reason } from '../reasons.js';
import type { SignsOfLife } from '../signs-of-life.js';
import type { SessionState, SessionTarget } from './session-state.js';

/** What a caller asks to be done; the user is the session's. */
export type SessionCommand =
  | { readonly kind: 'follow'; readonly target: UserName }
  | { readonly kind: 'unfollow'; readonly target: UserName }
  | { readonly kind: 'post'; readonly text: string; readonly answers?: PostReference };

/**
 * What a caller asks to be told. Repeating it does no harm, so it has no number and is asked again after a
 * break.
 */
export type SessionQuery =
  /**
   * Up to `limit` users whose names come after `after` (from the first on without it), and who of them
   * follows and is followed.
   */
  | { readonly kind: 'list'; readonly after: UserName | undefined; readonly limit: number }
  /** Up to `limit` posts before a position. */
  | { readonly kind: 'older'; readonly before: Position; readonly limit: number }
  /** The post that the post at `of` in the timeline answers. */
  | { readonly kind: 'answered'; readonly of: Position };

export interface PostPage {
  /** Ascending. */
  readonly posts: readonly Post[];
  /** Nothing older is left. */
  readonly oldest: boolean;
}

export type QueryAnswer =
  | { readonly kind: 'lists'; readonly lists: ListPage }
  | { readonly kind: 'page'; readonly page: PostPage }
  /** Undefined: it is not in the asker's cluster, or `of` answers nothing that the asker sees. */
  | { readonly kind: 'answered'; readonly post: Post | undefined };

/** How a request ended, said once. */
export type RequestResult =
  /** Applied, and durable on every in-sync server. */
  | { readonly kind: 'ok'; readonly position: Position; readonly epoch: Epoch }
  /** Did not happen. */
  | { readonly kind: 'refused'; readonly reason: Reason; readonly detail: string }
  /** Nobody can say any more whether it happened. */
  | { readonly kind: 'may-have-happened'; readonly reason: Reason; readonly detail: string };

export type QueryResult =
  | { readonly kind: 'answered'; readonly answer: QueryAnswer }
  | { readonly kind: 'refused'; readonly reason: Reason; readonly detail: string };

/**
 * `askNo`, `link` and `sendNo` come from the output that an input answers. Answers to what is no longer of
 * interest may come late or not at all; the machine tells by the number.
 */
export type SessionInput =
  | { readonly kind: 'start' }
  /** Answers `introduce`: what the router's `Connect` said. */
  | {
      readonly kind: 'introduced';
      readonly askNo: number;
      readonly networkId: NetworkId;
      readonly cluster: ClusterId;
      /** How many there are. */
      readonly clusters: number;
      readonly failoverWaitMs: number;
      readonly assignment: Assignment | undefined;
    }
  /** Answers `resolve`; `networkId` is that of the router that answers. */
  | {
      readonly kind: 'resolved';
      readonly askNo: number;
      readonly networkId: NetworkId;
      readonly assignment: Assignment;
    }
  /** Answers `introduce` or `resolve`. */
  | { readonly kind: 'ask-failed'; readonly askNo: number; readonly reason: Reason; readonly detail: string }
  /** Told by a router's `Watch`, unasked; `networkId` is that router's. */
  | { readonly kind: 'assignment-learned'; readonly networkId: NetworkId; readonly assignment: Assignment }
  /** The timeline of `open` is open. */
  | {
      readonly kind: 'connected';
      readonly link: number;
      readonly epoch: Epoch;
      readonly serverId: ServerId;
      readonly committed: Position;
      /** Undefined: the server gives none. */
      readonly signs: SignsOfLife | undefined;
    }
  /** The server says on the timeline that it is there; also before `connected`, if it has to wait. */
  | { readonly kind: 'sign'; readonly link: number; readonly signs: SignsOfLife }
  /** The timeline of `open` ended, or could not be opened. */
  | { readonly kind: 'link-lost'; readonly link: number; readonly reason: Reason; readonly detail: string }
  | { readonly kind: 'posts'; readonly link: number; readonly posts: readonly Post[] }
  /** `ticket` is the caller's name for it; tickets of submits rise. */
  | { readonly kind: 'submit'; readonly ticket: number; readonly command: SessionCommand }
  | {
      readonly kind: 'reply';
      readonly sendNo: number;
      readonly position: Position;
      readonly epoch: Epoch;
    }
  | {
      readonly kind: 'request-failed';
      readonly sendNo: number;
      readonly reason: Reason;
      readonly detail: string;
    }
  /** `ticket` is the caller's name for it; tickets of queries rise. */
  | { readonly kind: 'query'; readonly ticket: number; readonly query: SessionQuery }
  | { readonly kind: 'query-answered'; readonly sendNo: number; readonly answer: QueryAnswer }
  | {
      readonly kind: 'query-failed';
      readonly sendNo: number;
      readonly reason: Reason;
      readonly detail: string;
    }
  /** A person is tired of the countdown. */
  | { readonly kind: 'retry-now' }
  | { readonly kind: 'close' }
  | { readonly kind: 'tick' };

/** To be performed in order. */
export type SessionOutput =
  /** Call the router's `Connect` for the user. Several routers may be asked at once. */
  | {
      readonly kind: 'introduce';
      readonly askNo: number;
      readonly router: Address;
      /** By a new connection: on the old one the router holds an answer for so long that it may be dead. */
      readonly anew: boolean;
    }
  /** Call the router's `GetAvailable` for the user. */
  | {
      readonly kind: 'resolve';
      readonly askNo: number;
      readonly router: Address;
      readonly failedEpoch: Epoch;
      readonly waitMs: number;
    }
  /** Nobody waits for the answer to `askNo` any more. */
  | { readonly kind: 'cancel-ask'; readonly askNo: number }
  /** Open the timeline at a server. `resumeAfter` 0 begins with `history` past posts. */
  | {
      readonly kind: 'open';
      readonly link: number;
      readonly target: SessionTarget;
      readonly sessionId: SessionId;
      readonly resumeAfter: Position;
      readonly history: number;
      /** False: only hold the stream, for presence and as a sign of life. */
      readonly posts: boolean;
    }
  /** Say on the timeline that the client is there. */
  | { readonly kind: 'give-sign'; readonly link: number }
  /**
   * Close the timeline of `link` and cancel what is in flight on it. `isSilent`: the server did not answer,
   * so its connection may be dead and is not to be used again.
   */
  | { readonly kind: 'drop'; readonly link: number; readonly isSilent: boolean }
  /** Keep a connection ready to this standby and to no other; undefined: to none. */
  | { readonly kind: 'warm'; readonly address: Address | undefined }
  | {
      readonly kind: 'send';
      readonly sendNo: number;
      readonly link: number;
      readonly target: SessionTarget;
      readonly sessionId: SessionId;
      readonly requestNo: RequestNumber;
      readonly command: Command;
    }
  /**
   * `list`: a call of its own; `older` and `answered`: on the timeline of `link`. At most one is unanswered.
   */
  | {
      readonly kind: 'ask';
      readonly sendNo: number;
      readonly link: number;
      readonly target: SessionTarget;
      readonly query: SessionQuery;
    }
  | { readonly kind: 'settle'; readonly ticket: number; readonly result: RequestResult }
  | { readonly kind: 'settle-query'; readonly ticket: number; readonly result: QueryResult }
  /** Ascending, each post once in the life of the session. */
  | { readonly kind: 'deliver'; readonly posts: readonly Post[] }
  | { readonly kind: 'state'; readonly state: SessionState }
  /** Live again. `from` and `to` are the same server when only the client's own link had broken. */
  | {
      readonly kind: 'moved';
      readonly from: SessionTarget;
      readonly to: SessionTarget;
      /**
       * To being live again, from when the longest unanswered call was sent; from when the break was noticed
       * if none was.
       */
      readonly gapMs: number;
    };
