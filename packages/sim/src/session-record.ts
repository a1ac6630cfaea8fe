/** What one session of a client asked, was told and was shown: kept for the checkers, never read by the client. */
import type {
  ClusterId,
  Position,
  Post,
  RequestResult,
  SessionCommand,
  SessionId,
  UserName,
} from '@dualping/core';

export interface AskedRequest {
  readonly command: SessionCommand;
  readonly askedAt: number;
  result: RequestResult | undefined;
}

export class SessionRecord {
  /** By ticket, in the order of asking. */
  readonly requests = new Map<number, AskedRequest>();
  readonly delivered: Post[] = [];
  /** What was committed when its timeline was opened first. */
  beganAt: Position | undefined;
  /** Its client has ended it: what was unanswered then is told as uncertain. */
  closed = false;
  /** Another one has asked for the same after it, by the same name. */
  repeated = false;
  /** Why it can't go on, if it said so. */
  failure: string | undefined;

  constructor(
    readonly sessionId: SessionId,
    readonly user: UserName,
    readonly cluster: ClusterId,
    /** Posts of the past that it asked for; undefined: no posts at all. */
    readonly history: number | undefined,
    /** Begun by one before it: outcomes that are too old are no longer told. */
    readonly again: boolean,
  ) {}

  /** Requests without an outcome. */
  unsettled = 0;
}
