/** A program that a document or an example shows, run as a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { eventually } from './eventually.js';

export class Program {
  readonly lines: string[] = [];
  readonly exited: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcess;

  /** @param cwd where it runs. Default: here */
  constructor(command: string, args: readonly string[], cwd?: string) {
    this.#child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    if (this.#child.stdout !== null)
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.lines.push(line));
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(signal ?? code ?? 0));
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for this line, or one like that, from index `from` on. */
  async says(wanted: string | RegExp, from = 0): Promise<void> {
    await eventually(
      `"${wanted}"`,
      () =>
        this.lines
          .slice(from)
          .some((line) => (typeof wanted === 'string' ? line === wanted : wanted.test(line))),
      undefined,
      () => this.lines.slice(-20).join('\n'),
    );
  }
}
