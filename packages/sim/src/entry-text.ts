/** Entries as text: two texts are equal exactly if the entries are. */
import type { Answers, Entry, JournalCommand, KeyLogin, Origin } from '@dualping/core';

const originText = ({ cluster, position }: Origin): string => `${position} of c${cluster}`;

const answersText = (answers: Answers | undefined): string =>
  answers === undefined
    ? ''
    : ` in answer to ${answers.author} at ${answers.position}${answers.home === undefined ? '' : ` of c${answers.home}`}`;

function loginText(login: KeyLogin | undefined): string {
  if (login === undefined) return '';
  const { key, device, code = 'no code', registration = 'invite' } = login;
  return ` with ${key} of ${device}, ${code}, ${registration}`;
}

export function commandText(command: JournalCommand): string {
  switch (command.kind) {
    case 'register':
      return `${command.user} logs in${loginText(command.login)}`;
    case 'invite-device':
      return `${command.user} lets in a device by ${command.code} until ${command.untilMs}`;
    case 'revoke-key':
      return `${command.user} revokes ${command.key}`;
    case 'invite':
      return `an operator invites ${command.user ?? 'anybody'} by ${command.code} until ${command.untilMs}`;
    case 'reset-keys':
      return `an operator resets the keys of ${command.user}: ${command.code} until ${command.untilMs}`;
    case 'follow':
      return `${command.user} follows ${command.target}`;
    case 'unfollow':
      return `${command.user} unfollows ${command.target}`;
    case 'post':
      return `${command.user} posts ${JSON.stringify(command.text)}${answersText(command.answers)}`;
    case 'remote-user':
      return `hears of ${command.user}, ${originText(command.origin)}`;
    case 'remote-post':
      return `hears that ${command.user} posts ${JSON.stringify(command.text)}${answersText(command.answers)}, ${originText(command.origin)}`;
    case 'remote-follow':
    case 'remote-unfollow': {
      const verb = command.kind === 'remote-follow' ? 'follows' : 'unfollows';
      return `hears that ${command.user} ${verb} ${command.target}, ${originText(command.origin)}`;
    }
    case 'remote-through':
      return `has heard all, ${originText(command.origin)}`;
    case 'epoch-start':
      return `epoch of s${command.serverId} begins`;
  }
}

const texts = new WeakMap<Entry, string>();

export function entryText(entry: Entry): string {
  let text = texts.get(entry);
  if (text === undefined) {
    const { position, epoch, timeMs, sessionId, requestNo, command } = entry;
    text = `${position} e${epoch} ${sessionId}#${requestNo} ${commandText(command)} @${timeMs}`;
    texts.set(entry, text);
  }
  return text;
}

export const sameEntry = (one: Entry | undefined, other: Entry | undefined): boolean =>
  one === other || (one !== undefined && other !== undefined && entryText(one) === entryText(other));
