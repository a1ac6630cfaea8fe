/** Exit codes for scripts. They are part of the command's interface, and listed in its help. */
import { DualpingError, type Reason } from '@dualping/core';

export const EXIT = {
  done: 0,
  /** The request was answered with a refusal: `unknown-target`, `handover-impossible` and so on. */
  refused: 1,
  /** The command line, a variable, the config file, a name or a post is not valid. */
  usage: 2,
  /** No server can serve the request now; nothing happened. */
  unavailable: 3,
  /** The link broke, and the request may or may not have happened. */
  unknown: 4,
  /** A bug of ours. */
  internal: 70,
  /** The output can't be written: the disk is full, or the reader is far behind. */
  output: 74,
} as const;

/**
 * Signals that end a process in order, and the exit codes that a shell expects: 128 plus the signal's number.
 */
export const SIGNAL_EXITS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type EndingSignal = keyof typeof SIGNAL_EXITS;
export const ENDING_SIGNALS = Object.keys(SIGNAL_EXITS) as readonly EndingSignal[];

const USAGE: ReadonlySet<Reason> = new Set<Reason>([
  'invalid-user-name',
  'invalid-post',
  'invalid-argument',
  'message-too-large',
]);
const UNKNOWN: ReadonlySet<Reason> = new Set<Reason>([
  'may-have-happened',
  'session-expired',
  'request-too-old',
]);

export function exitCodeFor(error: unknown): number {
  if (!(error instanceof DualpingError) || error.reason === 'internal') return EXIT.internal;
  if (USAGE.has(error.reason)) return EXIT.usage;
  if (UNKNOWN.has(error.reason)) return EXIT.unknown;
  return error.action === 'retry' || error.action === 're-resolve' ? EXIT.unavailable : EXIT.refused;
}

export const EXIT_CODE_HELP = `
Exit codes:
  0    done
  1    refused: it was asked, and the answer is no
  2    wrong usage: an option, a variable, the config file, a name or a post
  3    unavailable: no server can serve it now, and nothing happened
  4    unknown: the link broke and it may have happened
  70   a mistake of dualping itself
  74   the output cannot be written
  129, 130, 143   ended by SIGHUP, SIGINT, SIGTERM
  141  the reader of the output is gone (SIGPIPE)`;
