/** The output of a command: results go to stdout, everything else to stderr. */
import { DualpingError } from '@dualping/core';
import {
  dieOf,
  EXIT,
  endNow,
  formatOperatorEvent,
  neverBlocking,
  type OperatorEvent,
  operatorEventToJson,
  terminalIsGone,
} from '@dualping/host';
import { cleanForTerminal } from './terminal-text.js';

export interface Io {
  /** A line of the result. */
  out(line: string): void;
  /** A line about the result, for people, not for pipes. */
  note(line: string): void;
  report(event: OperatorEvent): void;
  /** Whether a person uses it: input and output are a terminal. */
  readonly interactive: boolean;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

/**
 * Most results that wait in memory for a slow reader, bytes: the longest list is a tenth of it, but a command
 * like `timeline --follow` has no end.
 */
const MOST_RESULTS_WAITING = 256 * 1024 * 1024;
/**
 * Most lines for people that wait in memory, bytes: a reader so far behind is better served by a note that
 * lines are left out.
 */
const MOST_NOTES_WAITING = 1024 * 1024;

export function processIo(): Io {
  const { stdin, stdout, stderr } = process;
  neverBlocking(stdout);
  neverBlocking(stderr);
  const notes = new Notes(stderr);
  stdout.on('error', (error: NodeJS.ErrnoException) => cannotWrite(error, notes));
  // A server must not end because its stderr is closed.
  stderr.on('error', () => {});
  return {
    out: (line) => {
      stdout.write(`${line}\n`);
      if (stdout.writableLength <= MOST_RESULTS_WAITING) return;
      notes.say(`dualping: the reader of the output is ${stdout.writableLength} bytes behind: it ends here`);
      endNow(EXIT.output);
    },
    note: (line) => notes.say(line),
    report: (event) => notes.say(formatOperatorEvent(event, Date.now())),
    interactive: stdin.isTTY === true && stdout.isTTY === true,
    input: stdin,
    output: stdout,
  };
}

/**
 * The same, with one JSON object a line instead of lines for people. A line that is JSON already passes as it
 * is: it comes from another process with the same setting.
 */
export function inJson(io: Io): Io {
  const report = (event: OperatorEvent): void => io.note(operatorEventToJson(event, Date.now()));
  return {
    ...io,
    report,
    note: (line) => {
      if (line.startsWith('{')) io.note(line);
      else report({ part: 'dualping', event: 'note', text: line });
    },
  };
}

/** Resolves when the reader has taken all output, or never can. */
export async function outputTaken(): Promise<void> {
  const { stdout, stderr } = process;
  await Promise.all(
    [stdout, stderr].map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))),
  );
}

/** The reader of results may stop reading (`| head`): then the command ends, like other programs. */
function cannotWrite(error: NodeJS.ErrnoException, notes: Notes): void {
  if (error.code === 'EPIPE') dieOf('SIGPIPE');
  if (terminalIsGone()) dieOf('SIGHUP');
  notes.say(`dualping: the output cannot be written: ${error.message}`);
  endNow(EXIT.output);
}

/** Lines for people. While the reader takes none, further ones are counted and dropped. */
class Notes {
  #leftOut = 0;

  constructor(readonly stream: NodeJS.WriteStream) {
    stream.on('drain', () => {
      const count = this.#leftOut;
      this.#leftOut = 0;
      if (count > 0) this.say(`dualping: ${count} lines were left out here: they were not read in time`);
    });
  }

  say(line: string): void {
    if (this.stream.writableLength > MOST_NOTES_WAITING) this.#leftOut += 1;
    else this.stream.write(`${line}\n`);
  }
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
