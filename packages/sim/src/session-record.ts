/**
 * What one session of a client asked, was told and was shown: kept for the checkers, never read by the
 * client.
 */
import type {
  ClusterId,
  Position,
  Post,
  RequestResult,
  SessionCommand,
  SessionId,
  SessionQuery,
  UserName,
} from '@dualping/core';

export interface AskedRequest {
  readonly command: SessionCommand;
  readonly askedAt: number;
  result: RequestResult | undefined;
}

/** Whose session it is, and what its timeline is to have. */
export interface SessionOf {
  readonly user: UserName;
  readonly cluster: ClusterId;
  /** Posts of the past that it asked for; undefined: no posts at all. */
  readonly history: number | undefined;
  /** Also what names the user, of authors whom the user does not follow. */
  readonly mentions: boolean;
}

export class SessionRecord implements SessionOf {
  readonly user: UserName;
  readonly cluster: ClusterId;
  readonly history: number | undefined;
  readonly mentions: boolean;
  /** By ticket, in the order of asking. */
  readonly requests = new Map<number, AskedRequest>();
  readonly delivered: Post[] = [];
  /** What was committed when its timeline was opened first. */
  beganAt: Position | undefined;
  /** Its client has ended it: what was unanswered then is told as uncertain. */
  closed = false;
  /** Another one has asked for the same after it, by the same name. */
  repeated = false;
  /** An operator accepted loss while it lasted: what it was told and shown may have been lost. */
  isInDoubt = false;
  /** What it knew to be committed when it asked, by question. */
  readonly #known = new Map<SessionQuery, number>();
  /** Why it can't go on, if it said so. */
  failure: string | undefined;

  constructor(
    readonly sessionId: SessionId,
    of: SessionOf,
    /** Begun by one before it: outcomes that are too old are no longer told. */
    readonly again: boolean,
  ) {
    ({ user: this.user, cluster: this.cluster, history: this.history, mentions: this.mentions } = of);
  }

  /** Requests without an outcome. */
  unsettled = 0;

  asks(query: SessionQuery): void {
    let known = this.delivered.at(-1)?.position ?? 0;
    for (const { result } of this.requests.values())
      if (result?.kind === 'ok') known = Math.max(known, result.position);
    this.#known.set(query, known);
  }

  knownWhenAsked(query: SessionQuery): number {
    return this.#known.get(query) ?? 0;
  }
}
