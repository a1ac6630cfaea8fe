/**
 * What happens to the process happens to the terminal first: stopped, continued, ended by a signal or by our
 * own mistake, it gives the terminal back. What is to be saved is saved before the end, within a bound.
 */
import type { Subscription } from 'rxjs';
import type { Screen } from './screen.js';

export type Ending =
  | { readonly kind: 'signal'; readonly signal: EndingSignal; readonly exitCode: number }
  /** The window was closed, the connection to it broke. */
  | { readonly kind: 'terminal-gone'; readonly exitCode: number }
  | { readonly kind: 'crash'; readonly error: unknown; readonly exitCode: number };

export type EndingSignal = 'SIGHUP' | 'SIGINT' | 'SIGQUIT' | 'SIGTERM';

/** 128 and the number of the signal, as shells have it. */
const EXIT_CODES: Record<EndingSignal, number> = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 };

export interface LifecycleOptions {
  /** As soon as the terminal is given back: what went elsewhere meanwhile may go there again. */
  readonly onScreenClosed?: () => void;
  /** Saves what must not be lost. The terminal is back to normal by then. Ends the wait when it resolves. */
  readonly beforeEnd: (ending: Ending) => void | Promise<void>;
  /** Ends the process; `process.exit` but in tests. */
  readonly exit?: (code: number) => void;
}

export interface Lifecycle {
  /** To the shell; comes back by itself when the shell continues us, or at once where no shell could. */
  suspend(): void;
  /**
   * Gives the terminal to another program for as long as it runs; what its keys send to all who are at the
   * terminal is for that one.
   */
  lend<T>(use: () => Promise<T>): Promise<T>;
  /** Stops watching: the process ends by itself from here. */
  release(): void;
}

/** What keys of the terminal send. */
const FROM_KEYS: ReadonlySet<EndingSignal> = new Set<EndingSignal>(['SIGINT', 'SIGQUIT']);

/**
 * Longest that saving may hold up the end, ms: who shuts a machine down waits about this long before it
 * kills.
 */
const SAVE_WITHIN_MS = 2_000;
/**
 * How long after asking to be stopped we must have been, ms. The kernel doesn't stop a process that nobody
 * could continue (no shell with job control above it); then the screen just comes back.
 */
const STOPPED_WITHIN_MS = 150;

export function watchOver(screen: Screen, options: LifecycleOptions): Lifecycle {
  const watch = new Watch(screen, options);
  watch.start();
  return watch;
}

class Watch implements Lifecycle {
  readonly #exit: (code: number) => void;
  readonly #listeners: readonly (readonly [string, (about: unknown) => void])[];
  #gone: Subscription | undefined;
  #suspending = false;
  #lent = false;
  #ending = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    readonly screen: Screen,
    readonly options: LifecycleOptions,
  ) {
    this.#exit = once(options.exit ?? ((code) => process.exit(code)));
    this.#listeners = [
      ...(Object.keys(EXIT_CODES) as EndingSignal[]).map(
        (signal) =>
          [signal, () => this.#end({ kind: 'signal', signal, exitCode: EXIT_CODES[signal] })] as const,
      ),
      ['SIGTSTP', () => this.suspend()],
      ['SIGCONT', () => this.#continue()],
      ['uncaughtException', (error: unknown) => this.#end({ kind: 'crash', error, exitCode: 1 })],
      ['unhandledRejection', (error: unknown) => this.#end({ kind: 'crash', error, exitCode: 1 })],
      ['exit', () => void screen.close()],
    ];
  }

  start(): void {
    for (const [event, listener] of this.#listeners) process.on(event, listener);
    this.#gone = this.screen.gone$.subscribe(() =>
      this.#end({ kind: 'terminal-gone', exitCode: EXIT_CODES.SIGHUP }),
    );
  }

  suspend(): void {
    if (this.#timer !== undefined || this.#suspending || this.#lent || this.#ending) return;
    this.#suspending = true;
    void this.screen.suspend().then(() => this.#stop());
  }

  #stop(): void {
    this.#suspending = false;
    if (this.#ending) return;
    this.#off('SIGTSTP'); // or it would be heard here again instead of stopping us
    // The whole job, as the terminal's own Ctrl-Z does it: a shell waits until all of it has stopped.
    process.kill(0, 'SIGTSTP');
    this.#timer = setTimeout(() => this.#continue(), STOPPED_WITHIN_MS);
  }

  async lend<T>(use: () => Promise<T>): Promise<T> {
    this.#lent = true;
    await this.screen.suspend();
    try {
      return await use();
    } finally {
      this.#lent = false;
      if (!this.#ending) this.screen.resume();
    }
  }

  release(): void {
    clearTimeout(this.#timer);
    this.#gone?.unsubscribe();
    for (const [event] of this.#listeners) this.#off(event);
  }

  #continue(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#ending || this.#lent) return;
    this.#off('SIGTSTP');
    this.#on('SIGTSTP');
    this.screen.resume();
    // The size may have changed while another job had the terminal, and only the job in front is told.
    process.kill(process.pid, 'SIGWINCH');
  }

  #end(ending: Ending): void {
    if (this.#lent && ending.kind === 'signal' && FROM_KEYS.has(ending.signal)) return;
    // Asked twice, or it failed again on its way out: no more patience.
    if (this.#ending) return this.#exit(ending.exitCode);
    this.#ending = true;
    clearTimeout(this.#timer);
    const closed = this.screen.close();
    this.options.onScreenClosed?.();
    if (ending.kind === 'crash') complain(ending.error);
    const late = setTimeout(() => this.#exit(ending.exitCode), SAVE_WITHIN_MS);
    void this.#save(ending)
      .catch((error: unknown) => complain(error))
      .then(() => closed)
      .finally(() => {
        clearTimeout(late);
        this.#exit(ending.exitCode);
      });
  }

  async #save(ending: Ending): Promise<void> {
    await this.options.beforeEnd(ending);
  }

  #on(event: string): void {
    for (const [name, listener] of this.#listeners) if (name === event) process.on(name, listener);
  }

  #off(event: string): void {
    for (const [name, listener] of this.#listeners) if (name === event) process.off(name, listener);
  }
}

function once(act: (code: number) => void): (code: number) => void {
  let done = false;
  return (code) => {
    if (done) return;
    done = true;
    act(code);
  };
}

/** On the normal screen; where nobody can read it any more that is no second failure. */
function complain(error: unknown): void {
  process.stderr.on('error', () => {});
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}
