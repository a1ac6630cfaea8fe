/** Lines in and out of a terminal, so that what comes in does not tear what a person is typing. */
import { clearLine, createInterface, cursorTo, type Interface } from 'node:readline';
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
    if (!this.#io.interactive) return;
    clearLine(this.#io.output, 0);
    cursorTo(this.#io.output, 0);
  }

  #above(write: () => void): void {
    if (!this.#io.interactive) {
      write();
      return;
    }
    clearLine(this.#io.output, 0);
    cursorTo(this.#io.output, 0);
    write();
    this.#reader.prompt(true);
  }
}
