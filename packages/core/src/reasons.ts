/**
 * Every way in which a call can be refused, as one closed list, and what the caller does about it.
 *
 * No program branches on text: the reason travels beside the gRPC status (see the status table in
 * `@dualping/protocol`), the text is for people and quotes what was wrong.
 */

/**
 * What a caller does about a reason:
 * `retry` the same server, `re-resolve` and send again, `give-up` because it can never work as asked,
 * `show` it to the person because it is an answer about what they asked.
 */
export type Action = 'retry' | 're-resolve' | 'give-up' | 'show';

/** Outcomes of applying a command: the same on every server, kept with the session, journalled. */
export const SOCIAL_REASONS = {
  'unknown-user': 'show',
  'unknown-target': 'show',
  'already-following': 'show',
  'cannot-follow-self': 'show',
  'not-following': 'show',
  'cannot-unfollow-self': 'show',
  /** A post answers a post that is not there: it never was, or was lost with an unclean promotion. */
  'unknown-post': 'show',
  /** The name belongs to a key, and the caller has not shown one that speaks for it. */
  'wrong-key': 'give-up',
  /** A new name is let in only with an invitation, and none was shown that is for it. */
  'invitation-needed': 'give-up',
  /** The code was used by another key, or has run out. */
  'invitation-spent': 'give-up',
  /** There is no such key that speaks for the name. */
  'unknown-key': 'show',
  /** It is the only key that speaks for the name. */
  'last-key': 'show',
  'too-many-keys': 'show',
  /** An operator invites to a name that belongs to a key. */
  'name-taken': 'show',
  /**
   * The user belongs to another cluster. Also used when a router refuses a member, or a server another
   * server.
   */
  'wrong-cluster': 'give-up',
} as const satisfies Record<string, Action>;

export const REASONS = {
  ...SOCIAL_REASONS,
  /** Judged at the codec: the request itself is malformed. */
  'invalid-user-name': 'show',
  'invalid-post': 'show',
  'invalid-argument': 'give-up',
  'message-too-large': 'give-up',
  /** The server is not the primary of the epoch the caller expects, or is leaving that role. */
  'not-primary': 're-resolve',
  /** Too many requests in flight here; nothing happened. */
  busy: 'retry',
  /** The request number leaves a gap after the session's last; nothing happened. */
  'sequence-gap': 'retry',
  /** The session belongs to another user. */
  'session-mismatch': 'give-up',
  /** It is not known who calls: there is no certificate, or one that does not count, or no TLS. */
  unauthenticated: 'give-up',
  /** The user's token has run out, or counts for too long: make a new one, by the clock that is told. */
  'token-expired': 're-resolve',
  /** It is known who calls, and the caller may not do this. */
  'permission-denied': 'give-up',
  /**
   * The session is no longer kept (or never began with request 1); whether the request happened is unknown.
   */
  'session-expired': 'give-up',
  /** The reply to so old a request is no longer kept; the request did happen. */
  'request-too-old': 'give-up',
  /** The link broke after the request left; whether the request happened is unknown. */
  'may-have-happened': 're-resolve',
  /** No server can serve the cluster now: no in-sync member is live. */
  'no-available-server': 'retry',
  'unknown-cluster': 'give-up',
  'router-unreachable': 'retry',
  /** The server can't be reached and nothing was sent to it. */
  'server-unreachable': 're-resolve',
  'not-a-router': 'give-up',
  'not-a-server': 'give-up',
  /** Refusals of a member by the router, or of a standby by a primary. */
  'wrong-network': 'give-up',
  'wrong-mode': 'give-up',
  'duplicate-server': 'give-up',
  'stale-incarnation': 'give-up',
  /** The folder is older than the journal it claims to be: it was copied, restored or reverted. */
  'older-copy': 'give-up',
  /** The life before is still live: a server that was just started again tries again a moment later. */
  'predecessor-is-live': 'retry',
  /** The member has seen a higher epoch than the router: the router's store is older than its members. */
  'router-store-too-old': 'give-up',
  'unknown-member': 'give-up',
  'member-not-live': 'show',
  /** A higher epoch was seen: the primary of the lower one has been replaced. */
  fenced: 're-resolve',
  superseded: 'give-up',
  /** Too many members, watchers, waiters, timelines: a named limit was reached. */
  'limit-reached': 'retry',
  'handover-impossible': 'show',
  'shutting-down': 're-resolve',
  'storage-failed': 're-resolve',
  internal: 'give-up',
} as const satisfies Record<string, Action>;

/** Why something is refused or has failed: the closed list that programs branch on. */
export type Reason = keyof typeof REASONS;
export type SocialReason = keyof typeof SOCIAL_REASONS;

export function isReason(value: string): value is Reason {
  return Object.hasOwn(REASONS, value);
}

export const actionFor = (reason: Reason): Action => REASONS[reason];

/** Why something broke or was given up; `detail` is for people. */
export interface Failure {
  readonly reason: Reason;
  readonly detail: string;
}

/** The one error class of dualping. `detail` is for people: it quotes what was refused and says why. */
export class DualpingError extends Error {
  /** Also in another copy of this package, where `instanceof` would not find it. */
  override readonly name = 'DualpingError';
  constructor(
    /** For programs. */
    readonly reason: Reason,
    /** For people: quotes what was refused, and says why. */
    readonly detail: string,
    options?: { readonly cause?: unknown },
  ) {
    super(`${reason}: ${detail}`, options);
  }
  /** What a caller does about it. */
  get action(): Action {
    return actionFor(this.reason);
  }
}
