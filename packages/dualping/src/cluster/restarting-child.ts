/** A process that is started again whenever it ends, until it is told to stop. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Address, DualpingError } from '@dualping/core';
import type { Report } from '@dualping/protocol';
import { Child } from './child-process.js';

/** Wait before it is started again: at once in human terms, rarely when it keeps dying. */
const FIRST_RESTART_MS = 100;
const MAX_RESTART_MS = 5_000;
/** One that lived so long was well: its next death begins a new row. */
const WELL_AFTER_MS = 10_000;

export interface RestartingChildOptions {
  /** `router`, `s1`. */
  readonly name: string;
  /** Its command line, made anew for each start because the port may have been taken meanwhile. */
  readonly commandLine: () => Promise<readonly string[]>;
  readonly onLine: (name: string, line: string) => void;
  readonly onReady: (address: Address) => void;
  readonly report: Report;
}

export class RestartingChild {
  readonly #options: RestartingChildOptions;
  readonly #stopping = new AbortController();
  #child: Child | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: RestartingChildOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves where it listens. Throws when the very first start fails: that is a mistake in what was asked. */
  async start(): Promise<Address> {
    const child = await this.#spawn();
    const address = await child.ready;
    if (address === undefined) {
      const { code, text } = await child.ended;
      // The child itself has said why, in a line of its own. Its exit code tells whether it was asked wrongly.
      throw new DualpingError(code === 2 ? 'invalid-argument' : 'storage-failed', `${this.name} ${text}`);
    }
    this.#options.onReady(address);
    this.#loop = this.#keepRunning(child);
    return address;
  }

  async stop(limitMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#child?.end(limitMs);
    await this.#loop;
  }

  kill(): void {
    this.#stopping.abort();
    this.#child?.signal('SIGKILL');
  }

  async #spawn(): Promise<Child> {
    const args = await this.#options.commandLine();
    this.#child = new Child(args, (line) => this.#options.onLine(this.name, line));
    return this.#child;
  }

  async #keepRunning(first: Child): Promise<void> {
    let child = first;
    let deaths = 0;
    for (;;) {
      const since = performance.now();
      const ready = child === first ? undefined : await child.ready;
      if (ready !== undefined) {
        this.#options.onReady(ready);
        this.#say('started', `pid ${child.pid} at ${ready}`);
      }
      const { text } = await child.ended;
      if (this.#stopping.signal.aborted) return;
      deaths = performance.now() - since >= WELL_AFTER_MS ? 1 : deaths + 1;
      const waitMs = Math.min(MAX_RESTART_MS, FIRST_RESTART_MS * 2 ** (deaths - 1));
      this.#say('died', `pid ${child.pid} ${text}; starting again in ${waitMs} ms`);
      if (!(await this.#wait(waitMs))) return;
      child = await this.#spawn();
      // `stop` may have been called while the command line was made: then nobody else ends this one.
      if (this.#stopping.signal.aborted) child.signal('SIGTERM');
    }
  }

  /** False when it was told to stop meanwhile. */
  async #wait(waitMs: number): Promise<boolean> {
    return await delay(waitMs, true, { signal: this.#stopping.signal }).catch(() => false);
  }

  #say(event: string, text: string): void {
    this.#options.report({ part: 'up', event, text: `${this.name} ${text}` });
  }
}
