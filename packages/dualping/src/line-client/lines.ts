/**
 * Input and output of lines at a terminal, so that output does not break the line that a person is typing.
 */
import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';
import type { Io } from '../io.js';

export class TerminalLines {
  readonly #io: Io;
  readonly #reader: Interface;

  constructor(io: Io, prompt: string) {
    this.#io = io;
    this.#reader = createInterface(
      io.interactive
        ? { input: io.input, output: io.output, prompt, terminal: true }
        : { input: io.input, crlfDelay: Number.POSITIVE_INFINITY },
    );
    // After Ctrl-Z and `fg` readline stays paused, and ignores even Ctrl-C, until it is prompted.
    this.#reader.on('SIGCONT', () => this.prompt());
  }

  /** In raw mode Ctrl-C is a key, not a signal. */
  onInterrupt(listener: () => void): void {
    this.#reader.on('SIGINT', listener);
  }

  prompt(): void {
    if (this.#io.interactive) this.#reader.prompt(true);
  }

  /** Prints a result: a post, a list. */
  print(line: string): void {
    this.#above(() => this.#io.out(line));
  }

  /** Prints a line about the session; to stderr when results go to a file or a pipe. */
  note(line: string): void {
    this.#above(() => (this.#io.interactive ? this.#io.out(line) : this.#io.note(line)));
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return this.#reader[Symbol.asyncIterator]();
  }

  /** Ends, and removes the prompt. */
  close(): void {
    this.#reader.close();
    if (this.#io.interactive) this.#clearTyped();
  }

  #above(write: () => void): void {
    if (!this.#io.interactive) {
      write();
      return;
    }
    const rows = this.#clearTyped();
    write();
    // readline assumes that the typed line begins this many rows above the cursor, and draws the prompt
    // there.
    this.#io.output.write('\n'.repeat(rows));
    this.#reader.prompt(true);
  }

  /**
   * Clears the prompt and the typed line, which may take several rows. Returns how many rows were above the
   * cursor.
   */
  #clearTyped(): number {
    const { output } = this.#io;
    const { rows } = this.#reader.getCursorPos();
    moveCursor(output, 0, -rows);
    cursorTo(output, 0);
    clearScreenDown(output);
    return rows;
  }
}
