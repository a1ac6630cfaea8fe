/** The inputs and outputs of `ClientSession`. */
import type { Assignment } from '../assignment.js';
import type { Command, Post, PostReference } from '../entry.js';
import type {
  Address,
  ClusterId,
  CodeHash,
  Epoch,
  NetworkId,
  Position,
  PublicKey,
  RequestNumber,
  ServerId,
  SessionId,
  UserName,
  WallTimeMs,
} from '../ids.js';
import type { ListPage } from '../presence.js';
import type { Failure } from '../reasons.js';
import type { SignsOfLife } from '../signs-of-life.js';
import type { KeyOfUser } from '../social/index.js';
import type { SessionState, SessionTarget } from './session-state.js';

/** A caller's write; the user is the session's. */
export type SessionCommand =
  | { readonly kind: 'follow'; readonly target: UserName }
  | { readonly kind: 'unfollow'; readonly target: UserName }
  /** Admits another device of the user with a code; only its hash is sent. */
  | { readonly kind: 'invite-device'; readonly code: CodeHash; readonly untilMs: WallTimeMs }
  | { readonly kind: 'revoke-key'; readonly key: PublicKey }
  | { readonly kind: 'post'; readonly text: string; readonly answers?: PostReference };

/**
 * A caller's read. Repeating it does no harm, so it has no number and is sent again after a break.
 */
export type SessionQuery =
  /**
   * Up to `limit` users whose names come after `after` (without it from the first on), and which of them
   * follow the asker or are followed by the asker.
   */
  | { readonly kind: 'list'; readonly after: UserName | undefined; readonly limit: number }
  /** Up to `limit` posts before a position. */
  | { readonly kind: 'older'; readonly before: Position; readonly limit: number }
  /** The keys of the session's user. */
  | { readonly kind: 'keys' }
  /** The post that the post at `of` in the timeline answers. */
  | { readonly kind: 'answered'; readonly of: Position };

/** Older posts of a timeline. */
export interface PostPage {
  /** Ascending. */
  readonly posts: readonly Post[];
  /** Whether nothing older is left. */
  readonly oldest: boolean;
}

export type QueryAnswer =
  | { readonly kind: 'lists'; readonly lists: ListPage }
  | { readonly kind: 'page'; readonly page: PostPage }
  | { readonly kind: 'keys'; readonly keys: readonly KeyOfUser[] }
  /** Undefined: it is not in the asker's cluster, or `of` answers nothing that the asker sees. */
  | { readonly kind: 'answered'; readonly post: Post | undefined };

/** The result of a request, given once. */
export type RequestResult =
  /** Applied, and durable on every in-sync server. */
  | { readonly kind: 'ok'; readonly position: Position; readonly epoch: Epoch }
  /** Did not happen. */
  | ({ readonly kind: 'refused' } & Failure)
  /** It may or may not have happened; that can't be known any more. */
  | ({ readonly kind: 'may-have-happened' } & Failure);

export type QueryResult =
  | { readonly kind: 'answered'; readonly answer: QueryAnswer }
  | ({ readonly kind: 'refused' } & Failure);

/**
 * `askNo`, `link` and `sendNo` come from the output that an input answers. Answers that no longer matter may
 * come late or not at all; the machine recognises them by the number.
 */
export type SessionInput =
  | { readonly kind: 'start' }
  /** Answers `introduce`: the router's answer to `Connect`. */
  | {
      readonly kind: 'introduced';
      readonly askNo: number;
      readonly networkId: NetworkId;
      readonly cluster: ClusterId;
      /** The number of clusters of the network. */
      readonly clusters: number;
      readonly failoverWaitMs: number;
      readonly assignment: Assignment | undefined;
    }
  /** Answers `resolve`; `networkId` is the network of the answering router. */
  | {
      readonly kind: 'resolved';
      readonly askNo: number;
      readonly networkId: NetworkId;
      readonly assignment: Assignment;
    }
  /** Answers `introduce` or `resolve`. */
  | ({ readonly kind: 'ask-failed'; readonly askNo: number } & Failure)
  /** From a router's `Watch`; `networkId` is the network of that router. */
  | { readonly kind: 'assignment-learned'; readonly networkId: NetworkId; readonly assignment: Assignment }
  /** The timeline of `open` is open. */
  | {
      readonly kind: 'connected';
      readonly link: number;
      readonly epoch: Epoch;
      readonly serverId: ServerId;
      readonly committed: Position;
      /** Undefined: the server sends none. */
      readonly signs: SignsOfLife | undefined;
    }
  /**
   * A sign of life from the server on the timeline; also before `connected`, if the server has to wait.
   */
  | { readonly kind: 'sign'; readonly link: number; readonly signs: SignsOfLife }
  /** The timeline of `open` ended, or could not be opened. */
  | ({ readonly kind: 'link-lost'; readonly link: number } & Failure)
  | { readonly kind: 'posts'; readonly link: number; readonly posts: readonly Post[] }
  /** `ticket` is the caller's name for it; tickets of submits rise. */
  | { readonly kind: 'submit'; readonly ticket: number; readonly command: SessionCommand }
  | {
      readonly kind: 'reply';
      readonly sendNo: number;
      readonly position: Position;
      readonly epoch: Epoch;
    }
  | ({ readonly kind: 'request-failed'; readonly sendNo: number } & Failure)
  /** `ticket` is the caller's name for it; tickets of queries rise. */
  | { readonly kind: 'query'; readonly ticket: number; readonly query: SessionQuery }
  | { readonly kind: 'query-answered'; readonly sendNo: number; readonly answer: QueryAnswer }
  | ({ readonly kind: 'query-failed'; readonly sendNo: number } & Failure)
  /** The user asks to skip the countdown. */
  | { readonly kind: 'retry-now' }
  | { readonly kind: 'close' }
  | { readonly kind: 'tick' };

/** Performed in order. */
export type SessionOutput =
  /** Call the router's `Connect` for the user. Several routers may be asked at once. */
  | {
      readonly kind: 'introduce';
      readonly askNo: number;
      readonly router: Address;
      /** Over a new connection: on the old one the answer is so late that the connection may be dead. */
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
  /** The answer to `askNo` no longer matters. */
  | { readonly kind: 'cancel-ask'; readonly askNo: number }
  /** Open the timeline at a server. `resumeAfter` 0 begins with `history` past posts. */
  | {
      readonly kind: 'open';
      readonly link: number;
      readonly target: SessionTarget;
      readonly sessionId: SessionId;
      readonly resumeAfter: Position;
      readonly history: number;
      /** False: the stream only serves presence and signs of life. */
      readonly posts: boolean;
    }
  /** Send a sign of life on the timeline. */
  | { readonly kind: 'give-sign'; readonly link: number }
  /**
   * Close the timeline of `link` and cancel what is in flight on it. `isSilent`: the server did not answer,
   * so its connection may be dead and must not be used again.
   */
  | { readonly kind: 'drop'; readonly link: number; readonly isSilent: boolean }
  /** Keep an open connection to this standby only; undefined: to none. */
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
   * `list` and `keys` are calls of their own; `older` and `answered` go on the timeline of `link`. At most
   * one is unanswered.
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
  /**
   * The session is live again. `from` and `to` are the same server when only the client's own link had
   * broken.
   */
  | {
      readonly kind: 'moved';
      readonly from: SessionTarget;
      readonly to: SessionTarget;
      /**
       * Time until live again, counted from when the oldest unanswered call was sent; if there was none, from
       * when the break was noticed.
       */
      readonly gapMs: number;
    };
