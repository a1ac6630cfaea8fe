/** Lines in and out of a terminal, so that what comes in does not tear what a person is typing. */
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
    // After Ctrl-Z and `fg` readline stays paused, deaf even to Ctrl-C, until it is prompted.
    this.#reader.on('SIGCONT', () => this.prompt());
  }

  /** In raw mode Ctrl-C is a key and no signal. */
  onInterrupt(listener: () => void): void {
    this.#reader.on('SIGINT', listener);
  }

  prompt(): void {
    if (this.#io.interactive) this.#reader.prompt(true);
  }

  /** A result: a post, a list. */
  print(line: string): void {
    this.#above(() => this.#io.out(line));
  }

  /** About the session; beside the results when these go to a file or a pipe. */
  note(line: string): void {
    this.#above(() => (this.#io.interactive ? this.#io.out(line) : this.#io.note(line)));
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return this.#reader[Symbol.asyncIterator]();
  }

  /** Leaves no prompt behind. */
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
    // The prompt is drawn so many rows above the cursor, where readline believes that the typed line begins.
    this.#io.output.write('\n'.repeat(rows));
    this.#reader.prompt(true);
  }

  /**
   * Prompt and typed line, of which the terminal may have made several rows. Returns how many lay above the
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
