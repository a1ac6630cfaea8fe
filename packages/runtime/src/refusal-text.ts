/** Texts for people: why the rules of the social network refused a request. */
import {
  type Command,
  isKeyReason,
  keyRefusalText,
  type OperatorCommand,
  type SocialReason,
  unreachable,
} from '@dualping/core';

export function refusalText(reason: SocialReason, command: Command | OperatorCommand): string {
  const { user = '' } = command;
  if (isKeyReason(reason)) return keyRefusalText(reason, user);
  const target = command.kind === 'follow' || command.kind === 'unfollow' ? command.target : user;
  switch (reason) {
    case 'unknown-user':
      return `"${user}" has never logged in`;
    case 'unknown-target':
      return `there is no user "${target}"`;
    case 'already-following':
      return `"${user}" already follows "${target}"`;
    case 'cannot-follow-self':
      return `"${user}" can't follow themselves`;
    case 'not-following':
      return `"${user}" doesn't follow "${target}"`;
    case 'cannot-unfollow-self':
      return `"${user}" can't unfollow themselves`;
    case 'unknown-post':
      return `there is no post ${answeredText(command)} to answer`;
    case 'wrong-cluster':
      return `"${user}" is a user of another cluster`;
    default:
      return unreachable(reason);
  }
}

function answeredText(command: Command | OperatorCommand): string {
  if (command.kind !== 'post' || command.answers === undefined) return 'that is named';
  const { home, position, author } = command.answers;
  return `${position}${home === undefined ? '' : ` of cluster ${home}`} by "${author}"`;
}
