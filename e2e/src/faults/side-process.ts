/** A process of our own that does something to a cluster, and says how far it is. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export class SideProcess {
  readonly #child: ChildProcess;
  readonly #said: string[] = [];

  /** @param file the compiled program beside this one, without its ending */
  constructor(file: string, args: readonly string[]) {
    this.#child = fork(fileURLToPath(new URL(`./${file}.js`, import.meta.url)), [...args]);
    this.#child.on('message', (message) => this.#said.push(String(message)));
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** The last that it said. */
  get last(): string {
    return this.#said.at(-1) ?? '';
  }

  async kill(): Promise<void> {
    if (this.ended) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
