/** A process of the demo: it is started again whenever it ends, and can be killed, frozen and thawed. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Address, DualpingError } from '@dualping/core';
import { EXIT, withinLimit } from '@dualping/host';
import { Child } from '../cluster/child-process.js';

/** A killed process is back soon, but not before the takeover that it caused is over, ms. */
const RESTART_MS = 100;
/** A process that fails to start is not started more often than this, ms. */
const RETRY_MS = 2_000;

export interface ActorOptions {
  readonly name: string;
  readonly args: () => readonly string[];
  readonly onReady: (address: Address) => void;
  /** `up`, `down`: for people. */
  readonly onEvent: (kind: 'up' | 'down', text: string) => void;
  readonly onLine: (name: string, line: string) => void;
}

export class Actor {
  readonly #options: ActorOptions;
  readonly #stopping = new AbortController();
  #child: Child | undefined;
  #loop: Promise<void> | undefined;
  #up = false;
  #frozen = false;
  #lastLine = '';

  constructor(options: ActorOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }
  get pid(): number | undefined {
    return this.#up ? this.#child?.pid : undefined;
  }
  get up(): boolean {
    return this.#up;
  }
  get frozen(): boolean {
    return this.#frozen;
  }

  /**
   * Resolves when it listens. @throws DualpingError with the last line of the process, when the first start
   * fails
   */
  async start(): Promise<void> {
    const child = this.#spawn();
    const address = await child.ready;
    if (address === undefined) {
      const { code, text } = await child.ended;
      const reason = code === EXIT.usage ? 'invalid-argument' : 'internal';
      throw new DualpingError(reason, `${this.name} ${text}: ${this.#lastLine}`);
    }
    this.#isUp(child, address);
    this.#loop = this.#keepRunning(child);
  }

  kill(): void {
    this.#signal('SIGKILL');
  }

  freeze(): void {
    this.#signal('SIGSTOP');
    this.#frozen = true;
  }

  thaw(): void {
    if (!this.#frozen) return;
    this.#signal('SIGCONT');
    this.#frozen = false;
  }

  /** Asks it to end in order; then it is started again. */
  restart(): void {
    this.thaw();
    this.#signal('SIGTERM');
  }

  /** Ends it for good, in order. */
  async stop(limitMs: number): Promise<void> {
    this.#stopping.abort();
    if (this.#frozen) this.#child?.signal('SIGCONT');
    await this.#child?.end(limitMs);
    await this.#loop;
  }

  /** Ends it for good, and at once. */
  end(): void {
    this.#stopping.abort();
    this.#child?.signal('SIGKILL');
  }

  #signal(signal: NodeJS.Signals): void {
    if (!this.#up)
      throw new DualpingError('member-not-live', `${this.name} is down: it is being started again`);
    this.#child?.signal(signal);
  }

  #spawn(): Child {
    const child = new Child(this.#options.args(), (line) => {
      this.#lastLine = line;
      this.#options.onLine(this.name, line);
    });
    this.#child = child;
    return child;
  }

  #isUp(child: Child, address: Address): void {
    this.#up = true;
    this.#options.onReady(address);
    this.#options.onEvent('up', `${this.name} is up, pid ${child.pid ?? '?'}`);
  }

  async #keepRunning(first: Child): Promise<void> {
    const { signal } = this.#stopping;
    for (let child = first; ; child = this.#spawn()) {
      const address = child === first ? undefined : await child.ready;
      if (address !== undefined) this.#isUp(child, address);
      const { text } = await child.ended;
      const wasUp = this.#up;
      this.#up = false;
      this.#frozen = false;
      if (signal.aborted) return;
      this.#options.onEvent('down', `${this.name} ${text}`);
      await delay(wasUp ? RESTART_MS : RETRY_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
    }
  }
}

/** Ends all of them in order, and kills those that exceed the limit. */
export async function endAll(actors: readonly Actor[], limitMs: number): Promise<void> {
  if (await withinLimit(Promise.all(actors.map((actor) => actor.stop(limitMs))), limitMs * 2)) return;
  for (const actor of actors) actor.end();
}
