/** The messages of `Timeline`, and posts as fragments that are encoded once for all readers. */
import {
  DualpingError,
  MAX_PAGE_POSTS,
  type Post,
  SESSION_WINDOW,
  type SessionCommand,
  type SignsOfLife,
  type TimelineAnswered,
  type TimelineMessage,
  type TimelineOpened,
  type TimelinePage,
  type TimelineRefused,
  type TimelineUpdate,
  type TimelineWrite,
  type TimelineWritten,
  unreachable,
} from '@dualping/core';
import * as wire from '../gen/dualping/v1/social.js';
import { encodeReusing } from '../writer.js';
import {
  answersFrom,
  answersToWire,
  codeFrom,
  originFrom,
  postTextFrom,
  referenceFrom,
  referenceToWire,
} from './entry.js';
import {
  count,
  durationFrom,
  epochFrom,
  hashFrom,
  hashToWire,
  listFrom,
  ordinal,
  positionFrom,
  refusalFrom,
  refuse,
  serverIdFrom,
  sessionIdFrom,
  userFrom,
} from './judge.js';

const MAX_WRITES = SESSION_WINDOW;

/** Each write of a message is checked separately: only wrong ones are refused. */
export type JudgedWrite = TimelineWrite | TimelineRefused;

function writeFromWire({ requestNo: given, command }: wire.TimelineWrite): JudgedWrite {
  const requestNo = ordinal(given, 'request_no');
  try {
    if (requestNo === 1) refuse('request_no is "1": request 1 of a session is its login, a call of its own');
    return { requestNo, command: commandFromWire(command) };
  } catch (error) {
    if (!(error instanceof DualpingError)) throw error;
    return { requestNo, reason: error.reason, detail: error.detail };
  }
}

function commandFromWire(command: wire.TimelineWrite['command']): SessionCommand {
  switch (command?.$case) {
    case undefined:
      return refuse('a write is empty: follow, unfollow, post, invite_device or revoke_key is due');
    case 'follow':
    case 'unfollow':
      return { kind: command.$case, target: userFrom(command.value) };
    case 'post': {
      const { text, answers } = command.value;
      return {
        kind: 'post',
        text: postTextFrom(text),
        ...(answers !== undefined && { answers: referenceFrom(answers) }),
      };
    }
    case 'inviteDevice':
      return { kind: 'invite-device', ...codeFrom(command.value) };
    case 'revokeKey':
      return { kind: 'revoke-key', key: hashFrom(command.value, 'key') };
    default:
      return unreachable(command);
  }
}

function commandToWire(command: SessionCommand): wire.TimelineWrite['command'] {
  switch (command.kind) {
    case 'follow':
    case 'unfollow':
      return { $case: command.kind, value: command.target };
    case 'post': {
      const { text, answers } = command;
      return { $case: 'post', value: { text, answers: answers && referenceToWire(answers) } };
    }
    case 'invite-device':
      return {
        $case: 'inviteDevice',
        value: { code: hashToWire(command.code), untilMs: command.untilMs },
      };
    case 'revoke-key':
      return { $case: 'revokeKey', value: hashToWire(command.key) };
    default:
      return unreachable(command);
  }
}

/** As `timelineMessageFromWire`, but each of its `writes` is checked separately. */
export type JudgedTimelineMessage =
  | Exclude<TimelineMessage, { kind: 'writes' }>
  /** A newer token of the user, which is not checked yet. */
  | { readonly kind: 'token'; readonly token: Uint8Array }
  | { readonly kind: 'writes'; readonly writes: readonly JudgedWrite[] };

export function timelineMessageFromWire({ message }: wire.TimelineRequest): JudgedTimelineMessage {
  switch (message?.$case) {
    case undefined:
      return refuse('a Timeline message is empty: open, older, answered_by, writes, token or alive is due');
    case 'open':
      return {
        kind: 'open',
        user: userFrom(message.value.user),
        sessionId: sessionIdFrom(message.value.sessionId),
        epoch: epochFrom(message.value.epoch),
        resumeAfter: positionFrom(message.value.resumeAfter, 'resume_after'),
        history: count(message.value.history, 'history', MAX_PAGE_POSTS),
        posts: message.value.posts,
        signs: message.value.signs,
        mentions: message.value.mentions,
      };
    case 'older':
      return {
        kind: 'older',
        before: positionFrom(message.value.before, 'before'),
        limit: ordinal(message.value.limit, 'limit', MAX_PAGE_POSTS),
      };
    case 'answeredBy':
      return { kind: 'answered', of: positionFrom(ordinal(message.value.position, 'position')) };
    case 'alive':
      return { kind: 'alive' };
    case 'token':
      return { kind: 'token', token: message.value };
    case 'writes':
      return {
        kind: 'writes',
        writes: listFrom(message.value.writes, 'writes', MAX_WRITES, writeFromWire),
      };
    default:
      return unreachable(message);
  }
}

export function timelineMessageToWire(message: TimelineMessage): wire.TimelineRequest {
  switch (message.kind) {
    case 'open': {
      const { kind: _, ...open } = message;
      return { message: { $case: 'open', value: open } };
    }
    case 'older':
      return { message: { $case: 'older', value: { before: message.before, limit: message.limit } } };
    case 'answered':
      return { message: { $case: 'answeredBy', value: { position: message.of } } };
    case 'alive':
      return { message: { $case: 'alive', value: {} } };
    case 'writes': {
      const writes = message.writes.map(({ requestNo, command }) => ({
        requestNo,
        command: commandToWire(command),
      }));
      return { message: { $case: 'writes', value: { writes } } };
    }
    default:
      return unreachable(message);
  }
}

export const timelineTokenToWire = (token: Buffer): wire.TimelineRequest => ({
  message: { $case: 'token', value: token },
});

/**
 * Bytes of commands that share a message: half of what a server takes in one (`MAX_REQUEST_BYTES`), which
 * leaves room for everything around them.
 */
const MAX_WRITES_BYTES = 64 * 1024;

/** Size of a command without text or name: a hash and a time. */
const SMALL_WRITE_BYTES = 48;

function bytesOf({ command }: TimelineWrite): number {
  if (command.kind === 'post') return Buffer.byteLength(command.text);
  return 'target' in command ? command.target.length : SMALL_WRITE_BYTES;
}

/** All writes in order, in as few messages as possible. */
export function* timelineWritesToWire(writes: readonly TimelineWrite[]): Generator<wire.TimelineRequest> {
  let from = 0;
  let bytes = 0;
  for (const [at, write] of writes.entries()) {
    const more = bytesOf(write);
    if (at > from && (bytes + more > MAX_WRITES_BYTES || at - from === MAX_WRITES)) {
      yield timelineMessageToWire({ kind: 'writes', writes: writes.slice(from, at) });
      from = at;
      bytes = 0;
    }
    bytes += more;
  }
  if (from < writes.length) yield timelineMessageToWire({ kind: 'writes', writes: writes.slice(from) });
}

/** A server may put any number of live posts into a message; this is more than fit into one of 4 MB. */
const MAX_UPDATE_POSTS = 1024 * 1024;

const signsFromWire = (signs: wire.SignsOfLife | undefined): SignsOfLife | undefined =>
  signs && {
    intervalMs: durationFrom(signs.intervalMs, 'interval_ms'),
    deadAfterMs: durationFrom(signs.deadAfterMs, 'dead_after_ms'),
  };

const openedFromWire = (opened: wire.TimelineOpened): TimelineOpened => ({
  epoch: epochFrom(opened.epoch),
  serverId: serverIdFrom(opened.serverId),
  committed: positionFrom(opened.committed, 'committed'),
  signs: signsFromWire(opened.signs),
});

const pageFromWire = (page: wire.TimelinePage): TimelinePage => ({
  before: positionFrom(page.before, 'before'),
  posts: listFrom(page.posts, 'posts', MAX_PAGE_POSTS, postFromWire),
  oldest: page.oldest,
});

const answeredFromWire = ({ position, post }: wire.TimelineAnswered): TimelineAnswered => ({
  of: positionFrom(ordinal(position, 'position')),
  post: post && postFromWire(post),
});

const writtenRunFromWire = ({ requestNo, positions, epoch }: wire.TimelineWritten): TimelineWritten => ({
  requestNo: ordinal(requestNo, 'request_no'),
  positions: listFrom(positions, 'positions', MAX_WRITES, (position) => positionFrom(position)),
  epoch: epochFrom(epoch),
});

const refusedFromWire = ({ requestNo, reason, detail }: wire.TimelineRefused): TimelineRefused => ({
  requestNo: ordinal(requestNo, 'request_no'),
  ...refusalFrom(reason, detail),
});

export const timelineUpdateFromWire = (response: wire.TimelineResponse): TimelineUpdate => ({
  posts: listFrom(response.posts, 'posts', MAX_UPDATE_POSTS, postFromWire),
  opened: response.opened === undefined ? undefined : openedFromWire(response.opened),
  page: response.page === undefined ? undefined : pageFromWire(response.page),
  signs: signsFromWire(response.signs),
  answered: response.answered === undefined ? undefined : answeredFromWire(response.answered),
  written: listFrom(response.written, 'written', MAX_WRITES, writtenRunFromWire),
  refused: listFrom(response.refused, 'refused', MAX_WRITES, refusedFromWire),
});

/**
 * The same, of the bytes of a message.
 *
 * @throws DualpingError also when they can't be decoded
 */
export function timelineUpdateFromBytes(bytes: Buffer): TimelineUpdate {
  let response: wire.TimelineResponse;
  try {
    response = wire.TimelineResponse.decode(bytes);
  } catch (error) {
    return refuse(`it can't be decoded: ${error instanceof Error ? error.message : error}`);
  }
  return timelineUpdateFromWire(response);
}

export const timelineUpdateToWire = (update: Partial<TimelineUpdate>): wire.TimelineResponse => ({
  posts: (update.posts ?? []).map(postToWire),
  opened: update.opened === undefined ? undefined : { ...update.opened },
  page: update.page === undefined ? undefined : { ...update.page, posts: update.page.posts.map(postToWire) },
  signs: update.signs,
  answered: update.answered && {
    position: update.answered.of,
    post: update.answered.post && postToWire(update.answered.post),
  },
  written: (update.written ?? []).map((run) => ({ ...run, positions: [...run.positions] })),
  refused: (update.refused ?? []).map((refused) => ({ ...refused })),
});

/** A post is checked in clients too: a terminal must not depend on the server's check. */
export function postFromWire(post: wire.TimelinePost): Post {
  return {
    position: positionFrom(ordinal(post.position, 'position')),
    author: userFrom(post.author),
    text: postTextFrom(post.text),
    timeMs: count(post.timeMs, 'time_ms'),
    ...answersFrom(post.answers),
    ...(post.origin !== undefined && { origin: originFrom(post.origin) }),
    ...(post.unfollowed && { unfollowed: true }),
  };
}

export const postToWire = (post: Post): wire.TimelinePost => ({
  position: post.position,
  author: post.author,
  text: post.text,
  timeMs: post.timeMs,
  answers: answersToWire(post.answers),
  origin: post.origin && { ...post.origin },
  unfollowed: post.unfollowed ?? false,
});

/**
 * One element of `TimelineResponse.posts` as on the wire (tag, length, bytes). Concatenated fragments are a
 * valid `TimelineResponse`, because protobuf allows a repeated field to be split; so a post is encoded once
 * for all readers.
 */
export function encodePostFragment(post: Post): Buffer {
  return encodeReusing(wire.TimelineResponse, {
    posts: [postToWire(post)],
    opened: undefined,
    page: undefined,
    signs: undefined,
    answered: undefined,
    written: [],
    refused: [],
  });
}
