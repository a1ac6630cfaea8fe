/**
 * Reasons on the wire: one table to gRPC status, and the way back.
 *
 * The status is for proxies, probes and foreign clients. What dualping itself goes by is the reason, which
 * travels in trailing metadata beside the status; only where that is missing (because the link broke, or
 * something other than dualping answered) is a reason derived from the status.
 */
import { cleanDetail, DualpingError, isReason, type Reason } from '@dualping/core';
import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';

/** Trailing metadata key that holds the reason. */
export const REASON_KEY = 'dualping-reason';

export const STATUS_OF_REASON = {
  'unknown-user': status.NOT_FOUND,
  'unknown-target': status.NOT_FOUND,
  'unknown-post': status.NOT_FOUND,
  'already-following': status.ALREADY_EXISTS,
  'cannot-follow-self': status.INVALID_ARGUMENT,
  'not-following': status.FAILED_PRECONDITION,
  'cannot-unfollow-self': status.INVALID_ARGUMENT,
  'invalid-user-name': status.INVALID_ARGUMENT,
  'invalid-post': status.INVALID_ARGUMENT,
  'invalid-argument': status.INVALID_ARGUMENT,
  'message-too-large': status.RESOURCE_EXHAUSTED,
  'not-primary': status.UNAVAILABLE,
  busy: status.RESOURCE_EXHAUSTED,
  'sequence-gap': status.ABORTED,
  'session-mismatch': status.PERMISSION_DENIED,
  'session-expired': status.FAILED_PRECONDITION,
  'request-too-old': status.OUT_OF_RANGE,
  'may-have-happened': status.UNKNOWN,
  'no-available-server': status.UNAVAILABLE,
  'unknown-cluster': status.NOT_FOUND,
  'router-unreachable': status.UNAVAILABLE,
  'server-unreachable': status.UNAVAILABLE,
  'not-a-router': status.UNIMPLEMENTED,
  'not-a-server': status.UNIMPLEMENTED,
  'wrong-network': status.FAILED_PRECONDITION,
  'wrong-cluster': status.FAILED_PRECONDITION,
  'wrong-mode': status.FAILED_PRECONDITION,
  'duplicate-server': status.ALREADY_EXISTS,
  'stale-incarnation': status.FAILED_PRECONDITION,
  'older-copy': status.FAILED_PRECONDITION,
  'predecessor-is-live': status.UNAVAILABLE,
  'router-store-too-old': status.FAILED_PRECONDITION,
  'unknown-member': status.NOT_FOUND,
  'member-not-live': status.FAILED_PRECONDITION,
  fenced: status.ABORTED,
  superseded: status.ABORTED,
  'limit-reached': status.RESOURCE_EXHAUSTED,
  'handover-impossible': status.FAILED_PRECONDITION,
  'shutting-down': status.UNAVAILABLE,
  'storage-failed': status.UNAVAILABLE,
  internal: status.INTERNAL,
} as const satisfies Record<Reason, status>;

/**
 * What a handler passes to its callback, or emits as `error` on a stream, to end the call with that status.
 */
export type CallError = Error & StatusObject;

/** An error that is not a `DualpingError` is a mistake of ours: `internal`, with its message but no stack. */
export function toDualpingError(error: unknown): DualpingError {
  if (error instanceof DualpingError) return error;
  return new DualpingError('internal', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

export function toServiceError(error: unknown): CallError {
  const { reason, detail, message } = toDualpingError(error);
  const metadata = new Metadata();
  metadata.set(REASON_KEY, reason);
  return Object.assign(new Error(message), {
    code: STATUS_OF_REASON[reason],
    details: cleanDetail(detail),
    metadata,
  });
}

export interface CallContext {
  /** Whether the request may have reached the peer and may have changed something there. */
  readonly sent: boolean;
  /** What was expected to answer. */
  readonly peer: 'router' | 'server';
}

/** The reason why a call of ours failed. */
export function fromServiceError(error: unknown, context: CallContext): DualpingError {
  if (error instanceof DualpingError) return error;
  if (!isServiceError(error)) return toDualpingError(error);
  const stated = statedReason(error.metadata);
  const reason = stated ?? reasonOfStatus(error.code, context);
  return new DualpingError(reason, cleanDetail(plainCause(error.details)), { cause: error });
}

/**
 * How grpc-js puts it that nobody could be reached: the cause in the middle, a note that is empty at the end.
 */
const NO_CONNECTION = /^No connection established\. Last error: (?:Error: )?(.*?)\. Resolution note:.*$/s;
/** What a program writes where it has no cause to tell. */
const NO_CAUSE = new Set(['null', 'undefined']);

/** What grpc-js says of a failed call, reduced to what a person can do something about. */
function plainCause(details: string | null | undefined): string {
  const text = String(details);
  const cause = text.replace(NO_CONNECTION, '$1');
  if (!NO_CAUSE.has(cause)) return cause;
  return cause === text ? 'no cause is known' : 'no connection';
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}

function statedReason(metadata: Metadata | undefined): Reason | undefined {
  const value = metadata?.get(REASON_KEY)[0];
  return typeof value === 'string' && isReason(value) ? value : undefined;
}

function reasonOfStatus(code: status, { sent, peer }: CallContext): Reason {
  switch (code) {
    case status.UNIMPLEMENTED: // another gRPC or HTTP/2 service answered, and did nothing
      return peer === 'router' ? 'not-a-router' : 'not-a-server';
    case status.RESOURCE_EXHAUSTED: // grpc-js itself says so of a message above the limit, ours or the peer's
      return 'message-too-large';
    case status.UNAVAILABLE:
    case status.CANCELLED:
    case status.DEADLINE_EXCEEDED:
    case status.INTERNAL: // of us it would have a reason: grpc-js says it of a stream that was reset as its peer went
      if (sent) return 'may-have-happened';
      return peer === 'router' ? 'router-unreachable' : 'server-unreachable';
    default: // whatever a broken peer or a proxy says: after sending, only the doubt is certain
      return sent ? 'may-have-happened' : 'internal';
  }
}
