/** A helper process that acts on a cluster, and reports its progress. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export class SideProcess {
  readonly #child: ChildProcess;
  readonly #said: string[] = [];

  /** @param file the compiled program beside this one, without its extension */
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

  /** Its last report. */
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
