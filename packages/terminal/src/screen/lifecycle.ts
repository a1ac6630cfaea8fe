/**
 * Restores the terminal whenever the process is stopped, or ends by a signal or by a bug, and takes it again
 * when the process continues. Data is saved before the end, within a time limit.
 */
import type { Subscription } from 'rxjs';
import type { Screen } from './screen.js';

export type Ending =
  | { readonly kind: 'signal'; readonly signal: EndingSignal; readonly exitCode: number }
  /** The window was closed, or the connection to it broke. */
  | { readonly kind: 'terminal-gone'; readonly exitCode: number }
  | { readonly kind: 'crash'; readonly error: unknown; readonly exitCode: number };

export type EndingSignal = 'SIGHUP' | 'SIGINT' | 'SIGQUIT' | 'SIGTERM';

/** 128 plus the number of the signal, as in shells. */
const EXIT_CODES: Record<EndingSignal, number> = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 };

export interface LifecycleOptions {
  /** Called as soon as the terminal is restored: diagnostics may go to it again. */
  readonly onScreenClosed?: () => void;
  /** Saves what must not be lost. The terminal is restored by then. The process ends when this resolves. */
  readonly beforeEnd: (ending: Ending) => void | Promise<void>;
  /** Ends the process: `process.exit`, except in tests. */
  readonly exit?: (code: number) => void;
}

export interface Lifecycle {
  /**
   * Stops the process, to the shell. Comes back when the shell continues us, or at once if no shell can
   * continue us.
   */
  suspend(): void;
  /**
   * Lends the terminal to another program while it runs; signals from the terminal's keys are then for that
   * program.
   */
  lend<T>(use: () => Promise<T>): Promise<T>;
  /** Stops handling: from now on the process ends by itself. */
  release(): void;
}

/** Signals that keys of the terminal send. */
const FROM_KEYS: ReadonlySet<EndingSignal> = new Set<EndingSignal>(['SIGINT', 'SIGQUIT']);

/**
 * Longest that saving may delay the end, ms: a machine that shuts down waits about this long before it kills.
 */
const SAVE_WITHIN_MS = 2_000;
/**
 * How soon after we ask to be stopped it must happen, ms. The kernel doesn't stop a process that no shell
 * with job control could continue; then the screen just comes back.
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
    this.#off('SIGTSTP'); // otherwise we would handle it here again instead of being stopped
    // The whole job, as the terminal's own Ctrl-Z does: a shell waits until all its processes have stopped.
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
    // The size may have changed while another job had the terminal; only the foreground job gets the signal.
    process.kill(process.pid, 'SIGWINCH');
  }

  #end(ending: Ending): void {
    if (this.#lent && ending.kind === 'signal' && FROM_KEYS.has(ending.signal)) return;
    // A second signal, or a second failure on the way out: end at once.
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

/** Prints the error on the normal screen; if that fails, it is ignored. */
function complain(error: unknown): void {
  process.stderr.on('error', () => {});
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}
