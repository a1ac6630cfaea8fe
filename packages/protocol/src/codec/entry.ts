/** Journal entries as bytes: what journals store and `Replicate` carries. */
import {
  type Answers,
  beginProblem,
  type Command,
  DualpingError,
  type Entry,
  isClientCommand,
  type JournalCommand,
  type KeyLogin,
  type Origin,
  type PostReference,
  postProblem,
  type Registration,
  unreachable,
} from '@dualping/core';
import * as wire from '../gen/dualping/v1/types.js';
import { encodeReusing } from '../writer.js';
import {
  clusterFrom,
  count,
  deviceFrom,
  epochFrom,
  hashFrom,
  hashToWire,
  nameOf,
  ordinal,
  positionFrom,
  present,
  refuse,
  serverIdFrom,
  sessionIdFrom,
  userFrom,
} from './judge.js';

/**
 * Longest encoded entry, bytes: a post of 1,000 characters has at most 4,000, the first words of the answered
 * post at most 320, and the rest has ample room.
 */
export const MAX_ENTRY_BYTES = 5_000;

export function postTextFrom(text: string): string {
  const problem = postProblem(text);
  if (problem !== undefined) throw new DualpingError('invalid-post', problem);
  return text;
}

export function encodeEntry(entry: Entry): Buffer {
  return encodeReusing(wire.Entry, {
    position: entry.position,
    epoch: entry.epoch,
    timeMs: entry.timeMs,
    sessionId: entry.sessionId,
    requestNo: entry.requestNo,
    command: commandToWire(entry.command),
  });
}

/** Throws a `DualpingError` for bytes that are not a complete entry with all values in range. */
export function decodeEntry(bytes: Uint8Array): Entry {
  if (bytes.length > MAX_ENTRY_BYTES)
    refuse(`an entry has ${bytes.length} bytes, at most ${MAX_ENTRY_BYTES} are allowed`);
  return entryFromWire(decodeWire(bytes));
}

function decodeWire(bytes: Uint8Array): wire.Entry {
  try {
    return wire.Entry.decode(bytes);
  } catch (cause) {
    throw new DualpingError('invalid-argument', `${bytes.length} bytes are not an entry: ${String(cause)}`, {
      cause,
    });
  }
}

function entryFromWire(entry: wire.Entry): Entry {
  const command = commandFromWire(entry.command);
  const ofSession = isClientCommand(command);
  if (!ofSession && (entry.sessionId !== '' || entry.requestNo !== 0))
    refuse(`an entry of ${command.kind} belongs to no session, but names "${entry.requestNo}" of one`);
  return {
    position: positionFrom(ordinal(entry.position, 'position')),
    epoch: epochFrom(ordinal(entry.epoch, 'epoch')),
    timeMs: count(entry.timeMs, 'time_ms'),
    sessionId: ofSession ? sessionIdFrom(entry.sessionId) : '',
    requestNo: ofSession ? ordinal(entry.requestNo, 'request_no') : 0,
    command,
  };
}

function commandFromWire(command: wire.Entry['command']): JournalCommand {
  switch (command?.$case) {
    case undefined:
      return refuse('an entry has no command that this version knows');
    case 'register':
      return { kind: 'register', user: userFrom(command.value.user), ...loginFrom(command.value.login) };
    case 'inviteDevice':
      return { kind: 'invite-device', user: userFrom(command.value.user), ...codeFrom(command.value) };
    case 'revokeKey':
      return {
        kind: 'revoke-key',
        user: userFrom(command.value.user),
        key: hashFrom(command.value.key, 'key'),
      };
    case 'invite': {
      const { user } = command.value;
      return { kind: 'invite', ...codeFrom(command.value), ...(user !== '' && { user: userFrom(user) }) };
    }
    case 'resetKeys':
      return { kind: 'reset-keys', user: userFrom(command.value.user), ...codeFrom(command.value) };
    case 'follow':
    case 'unfollow':
      return {
        kind: command.$case,
        user: userFrom(command.value.user),
        target: userFrom(command.value.target),
      };
    case 'post':
      return {
        kind: 'post',
        user: userFrom(command.value.user),
        text: postTextFrom(command.value.text),
        ...answersFrom(command.value.answers),
      };
    case 'epochStart':
      return { kind: 'epoch-start', serverId: serverIdFrom(command.value.serverId) };
    case 'remoteUser':
      return {
        kind: 'remote-user',
        user: userFrom(command.value.user),
        origin: originFrom(command.value.origin),
      };
    case 'remotePost':
      return {
        kind: 'remote-post',
        user: userFrom(command.value.user),
        text: postTextFrom(command.value.text),
        ...answersFrom(command.value.answers),
        origin: originFrom(command.value.origin),
      };
    case 'remoteFollow':
    case 'remoteUnfollow':
      return {
        kind: command.$case === 'remoteFollow' ? 'remote-follow' : 'remote-unfollow',
        user: userFrom(command.value.user),
        target: userFrom(command.value.target),
        origin: originFrom(command.value.origin),
      };
    case 'remoteThrough':
      return { kind: 'remote-through', origin: originFrom(command.value.origin) };
    default:
      return unreachable(command);
  }
}

/** A code and its expiry, as in an entry. */
export const codeFrom = ({ code, untilMs }: { readonly code: Uint8Array; readonly untilMs: number }) => ({
  code: hashFrom(code, 'code'),
  untilMs: ordinal(untilMs, 'until_ms'),
});

function loginFrom(login: wire.KeyLogin | undefined): { readonly login?: KeyLogin } {
  if (login === undefined) return {};
  const { key, device, code, registration } = login;
  return {
    login: {
      key: hashFrom(key, 'key'),
      device: deviceFrom(device),
      ...(code.length > 0 && { code: hashFrom(code, 'code') }),
      registration: nameOf(REGISTRATIONS, registration, 'registration'),
    },
  };
}

const REGISTRATIONS: Readonly<Record<Registration, wire.Registration>> = {
  invite: wire.Registration.UNSPECIFIED,
  open: wire.Registration.OPEN,
  closed: wire.Registration.CLOSED,
};

const loginToWire = ({ key, device, code = '', registration = 'invite' }: KeyLogin): wire.KeyLogin => ({
  key: hashToWire(key),
  device,
  code: hashToWire(code),
  registration: REGISTRATIONS[registration],
});

export function referenceFrom({ cluster, position, author }: wire.PostReference): PostReference {
  return {
    ...(cluster !== 0 && { home: clusterFrom(cluster) }),
    position: positionFrom(ordinal(position, 'position of the post that is answered')),
    author: userFrom(author),
  };
}

export const referenceToWire = ({ home = 0, position, author }: PostReference): wire.PostReference => ({
  cluster: home,
  position,
  author,
});

/** The part of a post that says which post it answers; empty if it answers none. */
export function answersFrom(answers: wire.Answers | undefined): { readonly answers?: Answers } {
  if (answers === undefined) return {};
  const { post, begin } = answers;
  const problem = begin === '' ? undefined : beginProblem(begin);
  if (problem !== undefined) throw new DualpingError('invalid-post', problem);
  return { answers: { ...referenceFrom(present(post, 'answers.post')), ...(begin !== '' && { begin }) } };
}

export const answersToWire = (answers: Answers | undefined): wire.Answers | undefined =>
  answers && { post: referenceToWire(answers), begin: answers.begin ?? '' };

export function originFrom(origin: wire.Origin | undefined): Origin {
  const { cluster, position } = present(origin, 'origin');
  return { cluster: clusterFrom(cluster), position: positionFrom(ordinal(position, 'origin')) };
}

function commandToWire(command: Command | JournalCommand): wire.Entry['command'] {
  switch (command.kind) {
    case 'register':
      return {
        $case: 'register',
        value: { user: command.user, login: command.login && loginToWire(command.login) },
      };
    case 'invite-device': {
      const { user, code, untilMs } = command;
      return { $case: 'inviteDevice', value: { user, code: hashToWire(code), untilMs } };
    }
    case 'revoke-key':
      return { $case: 'revokeKey', value: { user: command.user, key: hashToWire(command.key) } };
    case 'invite':
    case 'reset-keys': {
      const { user = '', code, untilMs } = command;
      const value = { user, code: hashToWire(code), untilMs };
      return command.kind === 'invite' ? { $case: 'invite', value } : { $case: 'resetKeys', value };
    }
    case 'follow':
    case 'unfollow':
      return { $case: command.kind, value: { user: command.user, target: command.target } };
    case 'post':
      return {
        $case: 'post',
        value: { user: command.user, text: command.text, answers: answersToWire(command.answers) },
      };
    case 'epoch-start':
      return { $case: 'epochStart', value: { serverId: command.serverId } };
    case 'remote-user':
      return { $case: 'remoteUser', value: { user: command.user, origin: { ...command.origin } } };
    case 'remote-post':
      return {
        $case: 'remotePost',
        value: {
          user: command.user,
          text: command.text,
          origin: { ...command.origin },
          answers: answersToWire(command.answers),
        },
      };
    case 'remote-follow':
    case 'remote-unfollow': {
      const { user, target, origin } = command;
      return {
        $case: command.kind === 'remote-follow' ? 'remoteFollow' : 'remoteUnfollow',
        value: { user, target, origin: { ...origin } },
      };
    }
    case 'remote-through':
      return { $case: 'remoteThrough', value: { origin: { ...command.origin } } };
    default:
      return unreachable(command);
  }
}
