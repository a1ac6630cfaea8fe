/** A line that a user types in the line client. */
import { postProblem, quote, userNameProblem } from '@dualping/core';
import { asTyped } from '../post-text.js';

export type TypedLine =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'follow'; readonly target: string }
  | { readonly kind: 'unfollow'; readonly target: string }
  | { readonly kind: 'list' }
  | { readonly kind: 'post'; readonly text: string }
  | { readonly kind: 'older' }
  | { readonly kind: 'help' }
  | { readonly kind: 'quit' }
  /** An invalid line; `text` says what would be right. */
  | { readonly kind: 'mistake'; readonly text: string };

export const TYPED_HELP = [
  'follow NAME     see what NAME posts from now on',
  'unfollow NAME   no longer',
  'list            all users, your followers and those you follow',
  'post TEXT       post; plain text that is no command is posted too',
  'older           posts from before those you have seen',
  'quit            leave (or Ctrl-D)',
];

const COMMAND = /^([A-Za-z]+)(?:\s+(.*))?$/s;

/**
 * Commands in any case. A command with wrong arguments is never taken for a post: a typing mistake must not
 * be posted.
 */
export function readTypedLine(line: string): TypedLine {
  const text = line.trim();
  if (text === '') return { kind: 'nothing' };
  const [, word = '', rest = ''] = COMMAND.exec(text) ?? [];
  switch (word.toLowerCase()) {
    case 'follow':
      return withName('follow', rest, text);
    case 'unfollow':
      return withName('unfollow', rest, text);
    case 'post':
      return asPost(rest);
    case 'list':
    case 'older':
    case 'help':
      return alone(word.toLowerCase() as 'list' | 'older' | 'help', rest, text);
    case 'quit':
    case 'exit':
      return alone('quit', rest, text);
    default:
      return asPost(text);
  }
}

function asPost(typed: string): TypedLine {
  const text = asTyped(typed);
  const problem = postProblem(text);
  return problem === undefined ? { kind: 'post', text } : { kind: 'mistake', text: problem };
}

function withName(kind: 'follow' | 'unfollow', name: string, text: string): TypedLine {
  if (name === '') return { kind: 'mistake', text: `${kind} whom? Type: ${kind} NAME` };
  const problem = userNameProblem(name);
  if (problem !== undefined)
    return { kind: 'mistake', text: `${problem} (to post this text, type: post ${quote(text)})` };
  return { kind, target: name };
}

function alone(kind: 'list' | 'older' | 'help' | 'quit', rest: string, text: string): TypedLine {
  if (rest === '') return { kind };
  return {
    kind: 'mistake',
    text: `${kind} takes nothing after it (to post this text, type: post ${quote(text)})`,
  };
}
