/**
 * The part of a terminal that readline needs: rows that wrap, and the cursor movements that readline makes.
 */
import { PassThrough, Writable } from 'node:stream';
import type { Io } from '../io.js';

const COLUMNS = 20;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what a terminal is about
const SEQUENCE = /\x1b\[(\d*)([A-Za-z])|[\s\S]/gu;

export class Screen {
  readonly input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  readonly output: Writable;
  #rows: string[] = [''];
  #row = 0;
  #column = 0;

  constructor() {
    this.output = Object.assign(
      new Writable({
        write: (chunk, _encoding, done) => {
          this.#draw(String(chunk));
          done();
        },
      }),
      { isTTY: true, columns: COLUMNS, rows: 10 },
    );
  }

  get io(): Io {
    return {
      out: (line) => void this.output.write(`${line}\n`),
      note: () => {},
      report: () => {},
      interactive: true,
      input: this.input as unknown as NodeJS.ReadStream,
      output: this.output as unknown as NodeJS.WriteStream,
    };
  }

  /** Types key by key: readline takes several characters at once for a paste. */
  type(keys: string): void {
    for (const key of keys) this.input.write(key);
  }

  /** All rows that were ever written to. */
  get text(): string {
    return this.#rows.map((row) => row.trimEnd()).join('\n');
  }

  #draw(text: string): void {
    for (const [character, count, command] of text.matchAll(SEQUENCE)) {
      if (command !== undefined) this.#obey(command, count === '' ? undefined : Number(count));
      else if (character === '\n') this.#goTo(this.#row + 1, 0);
      else if (character === '\r') this.#column = 0;
      else this.#write(character);
    }
  }

  #obey(command: string, count: number | undefined): void {
    switch (command) {
      case 'A':
        return this.#goTo(this.#row - (count ?? 1), this.#column);
      case 'B':
        return this.#goTo(this.#row + (count ?? 1), this.#column);
      case 'C':
        return this.#goTo(this.#row, this.#column + (count ?? 1));
      case 'D':
        return this.#goTo(this.#row, this.#column - (count ?? 1));
      case 'G':
        return this.#goTo(this.#row, (count ?? 1) - 1);
      case 'J': // from the cursor down
        this.#rows.length = this.#row + 1;
        this.#rows[this.#row] = this.#current.slice(0, this.#column);
        return;
      default:
        throw new Error(`this terminal has not learnt ${command}`);
    }
  }

  get #current(): string {
    return this.#rows[this.#row] ?? '';
  }

  #goTo(row: number, column: number): void {
    this.#row = Math.max(0, row);
    this.#column = Math.max(0, column);
    while (this.#rows.length <= this.#row) this.#rows.push('');
  }

  #write(character: string): void {
    if (this.#column === COLUMNS) this.#goTo(this.#row + 1, 0);
    const padded = this.#current.padEnd(this.#column);
    this.#rows[this.#row] = padded.slice(0, this.#column) + character + padded.slice(this.#column + 1);
    this.#column += 1;
  }
}
