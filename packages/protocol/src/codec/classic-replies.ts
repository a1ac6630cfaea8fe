/**
 * What the older family's servers answer in words, in both of its dialects: names of outcomes, or sentences that are
 * empty on success. One table for those who answer and those who read the answer.
 */
import type { SocialReason } from '@dualping/core';

/** `names`: `SUCCESS`, `FAILURE_…`. `text`: sentences. */
export type ClassicReplies = 'names' | 'text';

/** What a request of the classic wire can come to, beside a gRPC status. */
export type ClassicOutcome =
  | 'ok'
  | Exclude<SocialReason, 'wrong-cluster'>
  /** A login of somebody whose connection is open. */
  | 'already-on'
  | 'invalid-user-name'
  /** A command without its argument. */
  | 'no-argument';

const NAMES: Readonly<Record<ClassicOutcome, string>> = {
  ok: 'SUCCESS',
  'already-following': 'FAILURE_ALREADY_EXISTS',
  'cannot-follow-self': 'FAILURE_ALREADY_EXISTS',
  'unknown-user': 'FAILURE_NOT_EXISTS',
  'unknown-target': 'FAILURE_INVALID_USERNAME',
  'cannot-unfollow-self': 'FAILURE_INVALID_USERNAME',
  'already-on': 'FAILURE_INVALID_USERNAME',
  'invalid-user-name': 'FAILURE_INVALID_USERNAME',
  'not-following': 'FAILURE_NOT_A_FOLLOWER',
  'no-argument': 'FAILURE_INVALID',
};

const TEXTS: Readonly<Record<ClassicOutcome, string>> = {
  ok: '',
  'already-following': 'You already follow the target',
  'cannot-follow-self': 'You cannot follow yourself',
  'unknown-user': 'Requestor does not exist',
  'unknown-target': 'Target does not exist',
  'cannot-unfollow-self': 'You cannot unfollow yourself',
  'already-on': 'You are already logged in',
  'invalid-user-name': 'Target does not exist',
  'not-following': 'You were never following the target',
  'no-argument': 'Target does not exist',
};

const TABLES: Readonly<Record<ClassicReplies, typeof NAMES>> = { names: NAMES, text: TEXTS };

export const classicReplyText = (outcome: ClassicOutcome, replies: ClassicReplies): string =>
  TABLES[replies][outcome];

/** What a client of that family makes of a reply. */
export type ClassicStatus =
  | 'success'
  | 'already-exists'
  | 'not-exists'
  | 'invalid-username'
  | 'not-a-follower'
  | 'invalid'
  | 'unknown';

const STATUSES: ReadonlyMap<string, ClassicStatus> = new Map([
  ['SUCCESS', 'success'],
  ['FAILURE_ALREADY_EXISTS', 'already-exists'],
  ['FAILURE_NOT_EXISTS', 'not-exists'],
  ['FAILURE_INVALID_USERNAME', 'invalid-username'],
  ['FAILURE_NOT_A_FOLLOWER', 'not-a-follower'],
  ['FAILURE_INVALID', 'invalid'],
  ['FAILURE_UNKNOWN', 'unknown'],
]);

/** Understands both dialects; whatever is in neither is `unknown`. */
export function classicStatusOf(reply: string): ClassicStatus {
  const named = STATUSES.get(reply);
  if (named !== undefined) return named;
  const outcome = Object.entries(TEXTS).find(([, text]) => text === reply)?.[0];
  return outcome === undefined ? 'unknown' : (STATUSES.get(NAMES[outcome as ClassicOutcome]) ?? 'unknown');
}
