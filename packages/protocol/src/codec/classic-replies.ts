/**
 * The reply texts and gRPC statuses of csce438 servers: one table for six dialects. A server picks its
 * dialect's column; a client reads the table backwards and understands all columns at once.
 */
import { Metadata, status } from '@grpc/grpc-js';

/** The columns of the table, in this order. */
export const CLASSIC_REPLIES = ['names', 'text', 'words', 'course', 'status', 'ok'] as const;
export type ClassicReplies = (typeof CLASSIC_REPLIES)[number];

export const DEFAULT_CLASSIC_REPLIES: ClassicReplies = 'names';

/** Header of a `DualPing` stream with the dialect of the router's network. */
const CLASSIC_REPLIES_KEY = 'dualping-classic-replies';

export function classicRepliesHeader(replies: ClassicReplies): Metadata {
  const metadata = new Metadata();
  metadata.set(CLASSIC_REPLIES_KEY, replies);
  return metadata;
}

/** Undefined: the router names none, or one that is unknown here. */
export function classicRepliesFromHeader(metadata: Metadata): ClassicReplies | undefined {
  const [value] = metadata.get(CLASSIC_REPLIES_KEY);
  return CLASSIC_REPLIES.find((replies) => replies === value);
}

export type ClassicCall = 'login' | 'follow' | 'unfollow';

/** The outcomes of a call, apart from failures of the server. */
export type ClassicOutcome =
  | 'logged-in'
  /** A first login, which made the user. */
  | 'created'
  /** A login of a user whose connection is open. */
  | 'already-on'
  | 'impossible-name'
  | 'followed'
  | 'follow-self'
  | 'follow-twice'
  | 'follow-unknown'
  | 'unfollowed'
  | 'unfollow-self'
  | 'unfollow-not-followed'
  | 'unfollow-unknown'
  /** The user who asks never logged in. */
  | 'unknown-requester'
  /** A command without its argument. */
  | 'no-argument';

/** The statuses that the csce438 line client shows. */
export type ClassicStatus =
  | 'success'
  | 'already-exists'
  | 'not-exists'
  | 'invalid-username'
  | 'not-a-follower'
  | 'invalid'
  | 'unknown';

interface Row {
  /** The calls that can have this outcome. */
  readonly calls: readonly ClassicCall[];
  readonly status: ClassicStatus;
  /** In the order of `CLASSIC_REPLIES`. */
  readonly texts: readonly [string, string, string, string, string, string];
}

const LOGIN = ['login'] as const;
const FOLLOW = ['follow'] as const;
const UNFOLLOW = ['unfollow'] as const;
const BOTH = ['follow', 'unfollow'] as const;

// If two outcomes have the same text, a client reads it as the first.
// biome-ignore format: a table
const ROWS: Readonly<Record<ClassicOutcome, Row>> = {
  'logged-in': { calls: LOGIN, status: 'success',
    texts: ['SUCCESS', '', '', 'Login Successful!', '', 'Login successful'] },
  created: { calls: LOGIN, status: 'success',
    texts: ['SUCCESS', '', '', 'Login Successful!', '', 'New user created and logged in'] },
  'already-on': { calls: LOGIN, status: 'invalid-username',
    texts: ['FAILURE_INVALID_USERNAME', 'You are already logged in', 'Username already exists',
      'you have already joined', 'already logged in', 'User already logged in'] },
  'impossible-name': { calls: LOGIN, status: 'invalid-username',
    texts: ['FAILURE_INVALID_USERNAME', 'Target does not exist', 'Invalid username',
      'Join Failed -- Invalid Username', 'invalid username', 'INVALID_USERNAME'] },
  followed: { calls: FOLLOW, status: 'success',
    texts: ['SUCCESS', '', '', 'Follow Successful', '', 'OK'] },
  'follow-self': { calls: FOLLOW, status: 'already-exists',
    texts: ['FAILURE_ALREADY_EXISTS', 'You cannot follow yourself', 'Input username already exists',
      'Join Failed -- Already Following User', 'same client', 'INVALID_USERNAME'] },
  'follow-twice': { calls: FOLLOW, status: 'already-exists',
    texts: ['FAILURE_ALREADY_EXISTS', 'You already follow the target', 'Input username already exists',
      'Join Failed -- Already Following User', 'already following', 'Already following user'] },
  'follow-unknown': { calls: FOLLOW, status: 'invalid-username',
    texts: ['FAILURE_INVALID_USERNAME', 'Target does not exist', 'Invalid username',
      'Join Failed -- Invalid Username', 'invalid username', 'User does not exist'] },
  unfollowed: { calls: UNFOLLOW, status: 'success',
    texts: ['SUCCESS', '', '', 'UnFollow Successful', '', 'OK'] },
  'unfollow-unknown': { calls: UNFOLLOW, status: 'invalid-username',
    texts: ['FAILURE_INVALID_USERNAME', 'Target does not exist', 'Invalid username',
      'Unknown follower', 'invalid username', 'User does not exist'] },
  'unfollow-not-followed': { calls: UNFOLLOW, status: 'not-a-follower',
    texts: ['FAILURE_NOT_A_FOLLOWER', 'You were never following the target', 'Invalid username',
      'You are not a follower', 'not following', 'Not following user'] },
  'unfollow-self': { calls: UNFOLLOW, status: 'invalid-username',
    texts: ['FAILURE_INVALID_USERNAME', 'You cannot unfollow yourself', 'Invalid username',
      'You are not a follower', 'same client', 'INVALID_USERNAME'] },
  'unknown-requester': { calls: BOTH, status: 'not-exists',
    texts: ['FAILURE_NOT_EXISTS', 'Requestor does not exist', 'Invalid username',
      'Join Failed -- Invalid Username', 'invalid username', 'User does not exist'] },
  'no-argument': { calls: BOTH, status: 'invalid',
    texts: ['FAILURE_INVALID', 'Target does not exist', 'Invalid command',
      'Join Failed -- Invalid Username', 'invalid username', 'INVALID'] },
};

/** Its clients log in before every command, so a login while on is not refused. */
const LOGS_IN_AGAIN: ClassicReplies = 'course';

/**
 * Clients of all dialects understand a gRPC status as a refused login; they might take a text for a success.
 * In the dialect `status` every refusal is a gRPC status.
 */
function statusOf(outcome: ClassicOutcome, replies: ClassicReplies): status {
  if (outcome === 'impossible-name') return status.INVALID_ARGUMENT;
  if (outcome === 'already-on') return replies === LOGS_IN_AGAIN ? status.OK : status.CANCELLED;
  return replies === 'status' && ROWS[outcome].status !== 'success' ? status.CANCELLED : status.OK;
}

export interface ClassicReply {
  readonly status: status;
  /** The text of the reply when the status is OK, else the message of the status. */
  readonly text: string;
}

export const classicReply = (outcome: ClassicOutcome, replies: ClassicReplies): ClassicReply => ({
  status: statusOf(outcome, replies),
  text: ROWS[outcome].texts[CLASSIC_REPLIES.indexOf(replies)] ?? '',
});

/** Names that mean the same in every answer. */
const NAMES: ReadonlyMap<string, ClassicStatus> = new Map([
  ['SUCCESS', 'success'],
  ['OK', 'success'],
  ['FAILURE_ALREADY_EXISTS', 'already-exists'],
  ['FAILURE_NOT_EXISTS', 'not-exists'],
  ['FAILURE_INVALID_USERNAME', 'invalid-username'],
  ['INVALID_USERNAME', 'invalid-username'],
  ['FAILURE_NOT_A_FOLLOWER', 'not-a-follower'],
  ['FAILURE_INVALID', 'invalid'],
  ['INVALID', 'invalid'],
  ['FAILURE_UNKNOWN', 'unknown'],
]);

/** An answer as a client understands it. */
export interface ClassicAnswer {
  readonly isSuccess: boolean;
  /** Undefined: no dialect has these words. */
  readonly status: ClassicStatus | undefined;
  /** The text as received. */
  readonly text: string;
}

/** Reads a reply, or the text of a gRPC status other than OK. */
export function readClassicReply(call: ClassicCall, { status: code, text }: ClassicReply): ClassicAnswer {
  const refused = code !== status.OK;
  const known = statusOfText(call, text);
  if (known === undefined || (known === 'success' && refused))
    return { isSuccess: !refused, status: undefined, text };
  return { isSuccess: known === 'success', status: known, text };
}

function statusOfText(call: ClassicCall, text: string): ClassicStatus | undefined {
  const named = NAMES.get(text);
  if (named !== undefined) return named;
  if (text === classicReply('already-on', LOGS_IN_AGAIN).text) return 'success';
  return Object.values(ROWS).find(({ calls, texts }) => calls.includes(call) && texts.includes(text))?.status;
}
