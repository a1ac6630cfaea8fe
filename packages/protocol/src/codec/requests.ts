/** Clients' requests: writes with their place in a session, and the list. */
import { createHash } from 'node:crypto';
import {
  type Command,
  type Epoch,
  type KeyOfUser,
  type KeysQuestion,
  type ListPage,
  type ListQuestion,
  MAX_KEYS,
  MAX_LIST_PAGE,
  MAX_REVOKED_KEYS,
  type OperatorAsk,
  type RequestNumber,
  type SessionId,
  type UserName,
  type UserPresence,
  unreachable,
  type Written,
} from '@dualping/core';
import type * as wire from '../gen/dualping/v1/social.js';
import { codeFrom, postTextFrom, referenceFrom, referenceToWire } from './entry.js';
import {
  count,
  deviceFrom,
  epochFrom,
  hashFrom,
  hashToWire,
  listFrom,
  ordinal,
  positionFrom,
  present,
  refuse,
  sessionIdFrom,
  userFrom,
} from './judge.js';

/** A write, with its session and request number. */
export interface ClientRequest {
  readonly sessionId: SessionId;
  readonly requestNo: RequestNumber;
  /** The epoch in which the client believes the server to be primary; 0 when it does not know. */
  readonly epoch: Epoch;
  readonly command: Command;
}

function request(
  header: wire.RequestHeader | undefined,
  commandOf: (user: UserName) => Command,
): ClientRequest {
  const { sessionId, requestNo, user, epoch } = present(header, 'header');
  const judged = {
    sessionId: sessionIdFrom(sessionId),
    requestNo: ordinal(requestNo, 'request_no'),
    epoch: epochFrom(epoch),
    command: commandOf(userFrom(user)),
  };
  if ((judged.requestNo === 1) !== (judged.command.kind === 'register'))
    refuse(
      `request_no is "${requestNo}" for a ${judged.command.kind}: request 1 of a session, and only that, is its login`,
    );
  return judged;
}

/** Longest code: 40 hexadecimal digits fit. */
const MAX_CODE_LENGTH = 80;

/** The hash of a code, as in entries and calls. */
export const codeHash = (code: string): string => createHash('sha256').update(code).digest('base64url');

/** The device's name and code in a login; the key is the one of the caller's token. */
export function deviceLoginFrom({ device, code }: wire.LoginRequest): {
  readonly device: string;
  readonly code?: string;
} {
  if (code.length > MAX_CODE_LENGTH)
    refuse(`the code has ${code.length} characters, at most ${MAX_CODE_LENGTH} are allowed`);
  return { device: deviceFrom(device), ...(code !== '' && { code: codeHash(code) }) };
}

/** How much the clocks of a caller and a server may differ, ms. */
export const CLOCK_LEEWAY_MS = 5 * 60_000;

/** One for each writing call of the service. */
export const requestFromWire = {
  login: ({ header }: wire.LoginRequest): ClientRequest =>
    request(header, (user) => ({ kind: 'register', user })),
  inviteDevice: ({ header, ...code }: wire.InviteDeviceRequest): ClientRequest =>
    request(header, (user) => ({ kind: 'invite-device', user, ...codeFrom(code) })),
  revokeKey: ({ header, key }: wire.RevokeKeyRequest): ClientRequest =>
    request(header, (user) => ({ kind: 'revoke-key', user, key: hashFrom(key, 'key') })),
  follow: ({ header, target }: wire.FollowRequest): ClientRequest =>
    request(header, (user) => ({ kind: 'follow', user, target: userFrom(target) })),
  unfollow: ({ header, target }: wire.UnfollowRequest): ClientRequest =>
    request(header, (user) => ({ kind: 'unfollow', user, target: userFrom(target) })),
  post: ({ header, text, answers }: wire.PostRequest): ClientRequest =>
    request(header, (user) => ({
      kind: 'post',
      user,
      text: postTextFrom(text),
      ...(answers !== undefined && { answers: referenceFrom(answers) }),
    })),
} as const;

export const operatorAskFromWire = {
  invite: ({ epoch, user, ...code }: wire.InviteRequest): OperatorAsk => ({
    epoch: epochFrom(epoch),
    command: { kind: 'invite', ...codeFrom(code), ...(user !== '' && { user: userFrom(user) }) },
  }),
  resetKeys: ({ epoch, user, ...code }: wire.ResetKeysRequest): OperatorAsk => ({
    epoch: epochFrom(epoch),
    command: { kind: 'reset-keys', user: userFrom(user), ...codeFrom(code) },
  }),
} as const;

export function operatorAskToWire({ epoch, command }: OperatorAsk): wire.InviteRequest {
  const { user = '', code, untilMs } = command;
  return { epoch, user, code: hashToWire(code), untilMs };
}

export const keysQuestionFromWire = ({ user, epoch }: wire.KeysRequest): KeysQuestion => ({
  user: userFrom(user),
  epoch: epochFrom(epoch),
});

export const keysToWire = (keys: readonly KeyOfUser[]): wire.KeysResponse => ({
  keys: keys.map(({ key, device, since, revokedAt }) => ({
    key: hashToWire(key),
    device,
    since,
    revokedAt: revokedAt ?? 0,
  })),
});

export const keysFromWire = ({ keys }: wire.KeysResponse): KeyOfUser[] =>
  listFrom(keys, 'keys', MAX_KEYS + MAX_REVOKED_KEYS, ({ key, device, since, revokedAt }) => ({
    key: hashFrom(key, 'key'),
    device: deviceFrom(device),
    since: positionFrom(ordinal(since, 'since')),
    ...(revokedAt !== 0 && { revokedAt: positionFrom(revokedAt) }),
  }));

/** A request together with the call that carries it. */
export type WireRequest =
  | { readonly call: 'login'; readonly request: wire.LoginRequest }
  | { readonly call: 'follow'; readonly request: wire.FollowRequest }
  | { readonly call: 'unfollow'; readonly request: wire.UnfollowRequest }
  | { readonly call: 'inviteDevice'; readonly request: wire.InviteDeviceRequest }
  | { readonly call: 'revokeKey'; readonly request: wire.RevokeKeyRequest }
  | { readonly call: 'post'; readonly request: wire.PostRequest };

export function requestToWire({ sessionId, requestNo, epoch, command }: ClientRequest): WireRequest {
  const header = { sessionId, requestNo, user: command.user, epoch };
  switch (command.kind) {
    case 'register':
      return { call: 'login', request: { header, device: '', code: '' } };
    case 'invite-device': {
      const { code, untilMs } = command;
      return { call: 'inviteDevice', request: { header, code: hashToWire(code), untilMs } };
    }
    case 'revoke-key':
      return { call: 'revokeKey', request: { header, key: hashToWire(command.key) } };
    case 'follow':
    case 'unfollow':
      return { call: command.kind, request: { header, target: command.target } };
    case 'post':
      return {
        call: 'post',
        request: {
          header,
          text: command.text,
          answers: command.answers && referenceToWire(command.answers),
        },
      };
    default:
      return unreachable(command);
  }
}

export const writtenFromWire = (response: wire.WriteResponse): Written => ({
  position: positionFrom(response.position),
  epoch: epochFrom(response.epoch),
});

export const listQuestionFromWire = (list: wire.ListRequest): ListQuestion => ({
  user: userFrom(list.user),
  epoch: epochFrom(list.epoch),
  after: list.after === '' ? undefined : userFrom(list.after),
  limit: count(list.limit, 'limit', MAX_LIST_PAGE) || MAX_LIST_PAGE,
});

export const listQuestionToWire = ({ user, epoch, after = '', limit }: ListQuestion): wire.ListRequest => ({
  user,
  epoch,
  after,
  limit,
});

const presenceFromWire = ({ user, present: on }: wire.UserPresence): UserPresence => ({
  user: userFrom(user),
  present: on,
});

export const listPageFromWire = (list: wire.ListResponse): ListPage => ({
  users: listFrom(list.users, 'users', MAX_LIST_PAGE, presenceFromWire),
  followers: listFrom(list.followers, 'followers', MAX_LIST_PAGE, presenceFromWire),
  following: listFrom(list.following, 'following', MAX_LIST_PAGE, presenceFromWire),
  next: list.next === '' ? undefined : userFrom(list.next),
});

export const listPageToWire = (list: ListPage): wire.ListResponse => ({
  users: list.users.map((user) => ({ ...user })),
  followers: list.followers.map((user) => ({ ...user })),
  following: list.following.map((user) => ({ ...user })),
  next: list.next ?? '',
});
