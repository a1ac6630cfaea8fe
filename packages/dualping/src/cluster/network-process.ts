/**
 * `dualping up` as a process of its own, for a program that uses the terminal.
 *
 * A terminal can stop reading, be suspended or go away, and then a program that writes to it stops too. The
 * process that restarts servers must not stop.
 */
import { type Address, DualpingError } from '@dualping/core';
import { DRAIN_LIMIT_MS, EXIT } from '@dualping/host';
import { errorIn } from './child-of-up.js';
import { Child, type Ending } from './child-process.js';

/** The process itself gives up after `DRAIN_LIMIT_MS` and kills its children. */
const END_LIMIT_MS = DRAIN_LIMIT_MS + 2_000;

export class NetworkProcess {
  readonly #child: Child;
  #lastLine = '';
  #stopping = false;

  /** @param flags of `dualping up` */
  constructor(flags: readonly string[]) {
    this.#child = new Child(['up', ...flags], (line) => {
      this.#lastLine = line;
    });
  }

  /**
   * Where its routers listen, as soon as they do. Rejects with the process's own error when it ends instead.
   */
  async routers(): Promise<Address> {
    return (await this.#child.routers) ?? (await this.#failure());
  }

  /** Resolves as soon as the network is complete. Rejects as `routers` does. */
  async complete(): Promise<void> {
    if ((await this.#child.ready) === undefined) await this.#failure();
  }

  async #failure(): Promise<never> {
    const { code, text } = await this.#child.ended;
    const said = errorIn(this.#lastLine);
    const reason =
      code === EXIT.usage
        ? 'invalid-argument'
        : code === EXIT.unavailable
          ? 'no-available-server'
          : 'internal';
    throw new DualpingError(reason, said ?? `the network ${text}: ${this.#lastLine}`);
  }

  /** Its processes, for people. */
  get lines(): readonly string[] {
    return this.#child.lines;
  }

  /** How it ended by itself: by `dualping down`, or by a bug. Never settles when it was stopped here. */
  async endedByItself(): Promise<Ending> {
    const ending = await this.#child.ended;
    return this.#stopping ? await new Promise(() => {}) : ending;
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#child.end(END_LIMIT_MS);
  }

  /** At once; what was acknowledged is on disk. */
  kill(): void {
    this.#stopping = true;
    this.#child.signal('SIGKILL');
  }
}
