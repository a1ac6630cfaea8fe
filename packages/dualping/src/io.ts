/** What a command says and to whom: results to stdout, everything else to stderr. */
import { DualpingError } from '@dualping/core';
import { formatOperatorEvent, type OperatorEvent } from '@dualping/protocol';
import { cleanForTerminal } from './terminal-text.js';

export interface Io {
  /** A line of the result. */
  out(line: string): void;
  /** A line about it: for people, not for pipes. */
  note(line: string): void;
  report(event: OperatorEvent): void;
  /** Whether a person sits at it: input and output are a terminal. */
  readonly interactive: boolean;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

export function processIo(): Io {
  const { stdin, stdout, stderr } = process;
  // Whoever reads results may stop reading (`| head`): that is no mistake of anybody.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  // A server must not end because nobody wants to hear of it any more.
  stderr.on('error', () => {});
  return {
    out: (line) => stdout.write(`${line}\n`),
    note: (line) => stderr.write(`${line}\n`),
    report: (event) => stderr.write(`${formatOperatorEvent(event, Date.now())}\n`),
    interactive: stdin.isTTY === true && stdout.isTTY === true,
    input: stdin,
    output: stdout,
  };
}

export function renderError(error: unknown, json: boolean): string {
  const { reason, detail } =
    error instanceof DualpingError
      ? error
      : {
          reason: 'internal',
          detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
        };
  if (json) return JSON.stringify({ error: { reason, detail } });
  const lines = detail.split('\n').map(cleanForTerminal).join('\n');
  return `dualping: ${lines} (${reason})`;
}
