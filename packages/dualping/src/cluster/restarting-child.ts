/** A process that is started again whenever it ends, until it is told to stop. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Address, DualpingError } from '@dualping/core';
import type { Report } from '@dualping/protocol';
import { EXIT } from '../exit-codes.js';
import { Child } from './child-process.js';

/** Wait before it is started again: at once in human terms, rarely when it keeps dying. */
const FIRST_RESTART_MS = 100;
const MAX_RESTART_MS = 5_000;
/** One that lived so long was well: its next death begins a new row. */
const WELL_AFTER_MS = 10_000;

/** What `renderError` puts around the text of an error, for the one that is quoted in another. */
const ERROR_FRAME = /^dualping: | \([a-z-]+\)$/g;

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
  /** What it said last: why it could not start. */
  #lastLine = '';

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
    if (child === undefined)
      throw new DualpingError('shutting-down', `${this.name} was not started any more`);
    const address = await child.ready;
    if (address === undefined) {
      const { code, text } = await child.ended;
      // Its exit code tells whether it was asked wrongly.
      const reason = code === EXIT.usage ? 'invalid-argument' : 'internal';
      throw new DualpingError(reason, `${this.name} ${text}: ${this.#lastLine.replace(ERROR_FRAME, '')}`);
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

  /** Undefined when it was told to stop meanwhile: nobody would end what is started now. */
  async #spawn(): Promise<Child | undefined> {
    const args = await this.#options.commandLine();
    if (this.#stopping.signal.aborted) return undefined;
    this.#child = new Child(args, (line) => {
      this.#lastLine = line;
      this.#options.onLine(this.name, line);
    });
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
      const next = await this.#spawn();
      if (next === undefined) return;
      child = next;
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
