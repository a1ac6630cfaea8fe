/**
 * Every way in which a call can be refused, as one closed list, and what the caller does about it.
 *
 * No program branches on text: the reason travels beside the gRPC status (see the status table in
 * `@dualping/protocol`), the text is for people and quotes the wrong value.
 */

/**
 * What a caller does about a reason:
 * `retry` the same server, `re-resolve` and send again, `give-up` because it can never work as asked,
 * `show` it to the user because it is the answer.
 */
export type Action = 'retry' | 're-resolve' | 'give-up' | 'show';

/** Outcomes of applying a command: the same on every server, and kept with the session. */
export const SOCIAL_REASONS = {
  'unknown-user': 'show',
  'unknown-target': 'show',
  'already-following': 'show',
  'cannot-follow-self': 'show',
  'not-following': 'show',
  'cannot-unfollow-self': 'show',
  /** A post answers a post that does not exist: it never did, or was lost in an unclean promotion. */
  'unknown-post': 'show',
  /** The name has keys, and the caller has shown none of them. */
  'wrong-key': 'give-up',
  /** A new name needs an invitation, and the caller has shown none for this name. */
  'invitation-needed': 'give-up',
  /** The code was used by another key, or has expired. */
  'invitation-spent': 'give-up',
  /** There is no such key that speaks for the name. */
  'unknown-key': 'show',
  /** It is the only key that speaks for the name. */
  'last-key': 'show',
  'too-many-keys': 'show',
  /** An operator invites to a name that has a key already. */
  'name-taken': 'show',
  /**
   * The user belongs to another cluster. Also used when a router refuses a member, or a server another
   * server.
   */
  'wrong-cluster': 'give-up',
} as const satisfies Record<string, Action>;

export const REASONS = {
  ...SOCIAL_REASONS,
  /** Found by the codec: the request itself is malformed. */
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
  /** The caller is unknown: no certificate, an invalid one, or no TLS. */
  unauthenticated: 'give-up',
  /**
   * The user's token has expired, or is valid for too long: make a new one, by the server's clock in the
   * refusal.
   */
  'token-expired': 're-resolve',
  /** The caller is known, and may not do this. */
  'permission-denied': 'give-up',
  /**
   * The session is no longer kept (or never began with request 1); the request may or may not have happened.
   */
  'session-expired': 'give-up',
  /** The reply to this old request is no longer kept; the request did happen. */
  'request-too-old': 'give-up',
  /** The link broke after the request was sent; it may or may not have happened. */
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
  /** The former life is still live: a server that was just restarted tries again a moment later. */
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
  /** Identifies it across copies of this package, where `instanceof` fails. */
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
