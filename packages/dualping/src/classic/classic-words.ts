/** The exact output of the csce438 line client: programs and people rely on it. */
import type { ClassicAnswer, ClassicLists, ClassicStatus, Post } from '@dualping/client';
import { cleanForTerminal } from '../terminal-text.js';

export const PROMPT = 'Cmd> ';

export const BANNER: readonly string[] = [
  '',
  '========= TINY SNS CLIENT =========',
  ' Command Lists and Format:',
  ' FOLLOW <username>',
  ' UNFOLLOW <username>',
  ' LIST',
  ' TIMELINE',
  '=====================================',
];

/** Programs also read the exit status of the connection from it. */
export const CONNECTION_FAILED = 'connection failed: -1';
const NO_ARGUMENT = 'Invalid Input -- No Arguments Given';
const INVALID_COMMAND = 'Invalid Command';
export const IN_TIMELINE = 'Now you are in the timeline';

const STATUS_TEXTS: Readonly<Record<ClassicStatus, string>> = {
  success: 'Command completed successfully',
  'already-exists': 'Input username already exists, command failed',
  'not-exists': 'Input username does not exists, command failed',
  'invalid-username': 'Command failed with invalid username',
  'not-a-follower': 'Command failed with not a follower',
  invalid: 'Command failed with invalid command',
  unknown: 'Command failed with unknown reason',
};

export const statusText = (status: ClassicStatus): string => STATUS_TEXTS[status];

/** Unknown replies are shown unchanged. */
export function answerLines({ isSuccess, status, text }: ClassicAnswer): readonly string[] {
  if (status !== undefined) return [statusText(status)];
  return isSuccess
    ? [statusText('success'), cleanForTerminal(text)]
    : [`Command failed: ${cleanForTerminal(text)}`];
}

const names = (users: readonly string[]): string =>
  users.map((user) => `${cleanForTerminal(user)}, `).join('');

export const listLines = ({ allUsers, followers }: ClassicLists): readonly string[] => [
  `All users: ${names(allUsers)}`,
  `Followers: ${names(followers)}`,
];

export const grpcFailed = (reason: string): string => `grpc failed: ${cleanForTerminal(reason)}`;

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (value: number): string => String(value).padStart(2, '0');

/**
 * Like C's `ctime`, in the reader's time zone: `Sat Nov 21 08:28:23 2026`; a day below 10 has a space before
 * it.
 */
export function ctime(timeMs: number): string {
  const time = new Date(timeMs);
  const day = `${DAYS[time.getDay()]} ${MONTHS[time.getMonth()]} ${String(time.getDate()).padStart(2)}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())} ${time.getFullYear()}`;
}

/** One line, even if the post has several: programs read line by line. */
export const postLine = ({ author, text, timeMs }: Post): string =>
  `${cleanForTerminal(author)} (${ctime(timeMs)}) >> ${cleanForTerminal(text.replaceAll('\n', ' '))}`;

export type ClassicCommand =
  | { readonly kind: 'follow' | 'unfollow'; readonly target: string }
  | { readonly kind: 'list' | 'timeline' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'mistake'; readonly text: string };

/** Commands in any case, with any amount of white space. */
export function readCommand(line: string): ClassicCommand {
  const [word = '', target] = line.trim().split(/\s+/);
  switch (word.toUpperCase()) {
    case '':
      return { kind: 'nothing' };
    case 'FOLLOW':
    case 'UNFOLLOW': {
      const kind = word.toUpperCase() === 'FOLLOW' ? 'follow' : 'unfollow';
      return target === undefined ? { kind: 'mistake', text: NO_ARGUMENT } : { kind, target };
    }
    case 'LIST':
      return { kind: 'list' };
    case 'TIMELINE':
      return { kind: 'timeline' };
    default:
      return { kind: 'mistake', text: INVALID_COMMAND };
  }
}
