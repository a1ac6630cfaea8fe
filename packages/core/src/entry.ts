/** What a journal holds: commands that were accepted, in the one order that every server applies them. */
import type { Epoch, Position, RequestNumber, ServerId, SessionId, UserName, WallTimeMs } from './ids.js';
import type { SocialReason } from './reasons.js';

/** What a client can ask to be done. The user is the one whose session asks. */
export type Command =
  /** Login: makes the user on first sight, and binds the session to the user. */
  | { readonly kind: 'register'; readonly user: UserName }
  | { readonly kind: 'follow'; readonly user: UserName; readonly target: UserName }
  | { readonly kind: 'unfollow'; readonly user: UserName; readonly target: UserName }
  | { readonly kind: 'post'; readonly user: UserName; readonly text: string };

/** What a journal can hold: clients' commands, and the opening of an epoch by its primary. */
export type JournalCommand = Command | { readonly kind: 'epoch-start'; readonly serverId: ServerId };

export interface Entry {
  readonly position: Position;
  readonly epoch: Epoch;
  /** Wall clock of the primary that accepted it: for people, decides nothing. */
  readonly timeMs: WallTimeMs;
  /** Empty for entries of no session (`epoch-start`). */
  readonly sessionId: SessionId;
  /** 0 for entries of no session. */
  readonly requestNo: RequestNumber;
  readonly command: JournalCommand;
}

/** Where an epoch begins in a journal; the list of them tells where two journals part. */
export interface EpochStart {
  readonly epoch: Epoch;
  readonly position: Position;
}

/** Outcome of an applied request, the first and only one: a repeated request gets the same. */
export type Reply =
  | { readonly kind: 'ok'; readonly position: Position }
  | { readonly kind: 'refused'; readonly position: Position; readonly reason: SocialReason };

/** A post as timelines carry it. */
export interface Post {
  readonly position: Position;
  readonly author: UserName;
  readonly text: string;
  readonly timeMs: WallTimeMs;
}
