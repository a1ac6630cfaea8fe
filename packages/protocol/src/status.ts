/**
 * Reasons on the wire: one table from reason to gRPC status, and the way back.
 *
 * The status is for proxies, probes and foreign clients. Dualping itself uses the reason, which travels in
 * trailing metadata beside the status. Only if the reason is missing (the link broke, or another program
 * answered) it is derived from the status.
 */
import { cleanDetail, DualpingError, isReason, type Reason } from '@dualping/core';
import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';

/** Trailing metadata key that holds the reason. */
export const REASON_KEY = 'dualping-reason';
/** Trailing metadata key of `token-expired`: the server's clock, ms since 1970. */
const TIME_KEY = 'dualping-time-ms';

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
  unauthenticated: status.UNAUTHENTICATED,
  'permission-denied': status.PERMISSION_DENIED,
  'wrong-key': status.PERMISSION_DENIED,
  'invitation-needed': status.PERMISSION_DENIED,
  'invitation-spent': status.PERMISSION_DENIED,
  'token-expired': status.UNAUTHENTICATED,
  'unknown-key': status.NOT_FOUND,
  'last-key': status.FAILED_PRECONDITION,
  'too-many-keys': status.FAILED_PRECONDITION,
  'name-taken': status.ALREADY_EXISTS,
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
 * What a handler passes to its callback, or emits as `error` on a stream, to end the call with a status.
 */
export type CallError = Error & StatusObject;

/**
 * An error that is not a `DualpingError` is a bug of ours: `internal`, with its message but without the
 * stack.
 */
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
  if (reason === 'token-expired') metadata.set(TIME_KEY, String(Date.now()));
  return Object.assign(new Error(message), {
    code: STATUS_OF_REASON[reason],
    details: cleanDetail(detail),
    metadata,
  });
}

export interface CallContext {
  /** Whether the request may have reached the peer and may have changed something there. */
  readonly sent: boolean;
  /** The kind of process that should answer. */
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
 * The text of grpc-js for "no connection": the cause is in the middle, and the note at the end is empty.
 */
const NO_CONNECTION = /^No connection established\. Last error: (?:Error: )?(.*?)\. Resolution note:.*$/s;
/** Texts that stand for a missing cause. */
const NO_CAUSE = new Set(['null', 'undefined']);
/** OpenSSL's texts when the other side speaks no TLS, or has a certificate of another CA. */
const TLS_CAUSES: readonly (readonly [RegExp, string])[] = [
  [
    /alert access denied/,
    'what answers there is a part of dualping that was started without certificates (--insecure)',
  ],
  [/wrong version number|packet length too long/, 'what answers there does not speak TLS'],
  [
    /self-signed certificate|unable to (verify the first|get (local )?issuer) certificate|certificate signature failure/,
    "what answers there is not of this network: its certificate was not made by this network's CA",
  ],
  [
    /certificate has expired/,
    "what answers there has a certificate that has expired by this machine's clock",
  ],
];

/** The text of grpc-js about a failed call, reduced to the useful part. */
function plainCause(details: string | null | undefined): string {
  const text = String(details);
  const cause = text.replace(NO_CONNECTION, '$1');
  if (cause !== text && /certificate is not yet valid/.test(cause))
    return `the certificate of what answers there does not count yet by this machine's clock, which says ${new Date().toISOString()}: is it behind?`;
  for (const [pattern, plain] of TLS_CAUSES) if (cause !== text && pattern.test(cause)) return plain;
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

/** The server's time in a refusal, ms since 1970; undefined: there is none. */
export function toldTimeMs(error: unknown): number | undefined {
  const cause = error instanceof DualpingError ? error.cause : error;
  if (!isServiceError(cause)) return undefined;
  const told = Number(cause.metadata?.get(TIME_KEY)[0] ?? Number.NaN);
  return Number.isSafeInteger(told) && told > 0 ? told : undefined;
}

/** Whether a dualping process has answered, and not only the connection failed. */
export const wasAnswered = (error: ServiceError): boolean => statedReason(error.metadata) !== undefined;

function reasonOfStatus(code: status, { sent, peer }: CallContext): Reason {
  switch (code) {
    case status.UNIMPLEMENTED: // another gRPC or HTTP/2 service answered, so nothing happened
      return peer === 'router' ? 'not-a-router' : 'not-a-server';
    case status.RESOURCE_EXHAUSTED: // from grpc-js itself, for a message above our limit or the peer's
      return 'message-too-large';
    case status.UNAVAILABLE:
    case status.CANCELLED:
    case status.DEADLINE_EXCEEDED:
    case status.INTERNAL: // without a reason it is not ours: from grpc-js, for a stream that was reset when its peer ended
      if (sent) return 'may-have-happened';
      return peer === 'router' ? 'router-unreachable' : 'server-unreachable';
    default: // from a broken peer or a proxy: after sending, it may have happened
      return sent ? 'may-have-happened' : 'internal';
  }
}
