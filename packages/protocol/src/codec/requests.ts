/** Clients' requests: writes with their place in a session, and the list. */
import {
  type Command,
  type Epoch,
  type ListPage,
  type ListQuestion,
  MAX_LIST_PAGE,
  type RequestNumber,
  type SessionId,
  type UserName,
  type UserPresence,
  unreachable,
  type Written,
} from '@dualping/core';
import type * as wire from '../gen/dualping/v1/social.js';
import { postTextFrom, referenceFrom, referenceToWire } from './entry.js';
import {
  count,
  epochFrom,
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

/** One for each writing call of the service. */
export const requestFromWire = {
  login: ({ header }: wire.LoginRequest): ClientRequest =>
    request(header, (user) => ({ kind: 'register', user })),
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

/** A request together with the call that carries it. */
export type WireRequest =
  | { readonly call: 'login'; readonly request: wire.LoginRequest }
  | { readonly call: 'follow'; readonly request: wire.FollowRequest }
  | { readonly call: 'unfollow'; readonly request: wire.UnfollowRequest }
  | { readonly call: 'post'; readonly request: wire.PostRequest };

export function requestToWire({ sessionId, requestNo, epoch, command }: ClientRequest): WireRequest {
  const header = { sessionId, requestNo, user: command.user, epoch };
  switch (command.kind) {
    case 'register':
      return { call: 'login', request: { header } };
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
