/**
 * What one session of a client asked, got and showed: kept for the checkers, never read by the
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

/** The user of a session, and which posts its timeline has. */
export interface SessionOf {
  readonly user: UserName;
  readonly cluster: ClusterId;
  /** How many past posts it asked for; undefined: no posts at all. */
  readonly history: number | undefined;
  /** Also posts that name the user, of authors whom the user does not follow. */
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
  /** The commit position when its timeline was opened first. */
  beganAt: Position | undefined;
  /** Its client has ended it: requests unanswered then may have happened. */
  closed = false;
  /** A later session has sent the same requests, under the same id. */
  repeated = false;
  /** An operator accepted loss while it lasted: what it got and showed may be lost. */
  isInDoubt = false;
  /** What it knew to be committed when it asked, by question. */
  readonly #known = new Map<SessionQuery, number>();
  /** Why it has failed; undefined: it has not. */
  failure: string | undefined;

  constructor(
    readonly sessionId: SessionId,
    of: SessionOf,
    /** Whether an earlier session has used the same id: outcomes that are too old are no longer sent. */
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
