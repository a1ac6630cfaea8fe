/** A real process of the `dualping` command, which tests kill, freeze and read. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DEADLINE_MS, eventually } from './eventually.js';

export const LAUNCHER = fileURLToPath(new URL('../../packages/dualping/bin/dualping.js', import.meta.url));

/**
 * Simulated people write faster than people, and tests log in under the same name again and again. Tests of
 * the limits set these variables to what they test.
 */
export const WITHOUT_USER_LIMITS: NodeJS.ProcessEnv = {
  DUALPING_POSTS_PER_SECOND: '0',
  DUALPING_USER_MB_PER_DAY: '0',
  DUALPING_LOGINS_PER_MINUTE: '0',
};

/**
 * Where the processes of this test keep what they remember of a person: which networks run on this machine,
 * users' keys and known networks.
 */
const STATE = mkdtempSync(join(tmpdir(), 'dualping-state-'));
process.once('exit', () => rmSync(STATE, { recursive: true, force: true }));
export const OWN_STATE: NodeJS.ProcessEnv = { XDG_STATE_HOME: STATE, XDG_CONFIG_HOME: STATE };

/** How a process ended, and all lines that it printed. */
export interface Outcome {
  readonly code: number | NodeJS.Signals;
  readonly text: string;
}

/** Lines kept for the message of a failing test. */
const MAX_LINES = 2_000;

export class DualpingProcess {
  readonly lines: string[] = [];
  /** When each line came, by performance.now(). */
  readonly #times: number[] = [];
  readonly exited: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcess;
  readonly #lineListeners: ((line: string) => void)[] = [];
  #address: string | undefined;
  #ended = false;
  #openOutputs = 2;

  constructor(
    readonly args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
    /**
     * A command that runs the rest of its line under other conditions: in another namespace, with a limit.
     */
    prefix: readonly string[] = [],
    /** Of an installation other than this repository. */
    launcher = LAUNCHER,
  ) {
    const [command = process.execPath, ...rest] = [...prefix, process.execPath, launcher, ...args];
    this.#child = spawn(command, rest, {
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...OWN_STATE, ...WITHOUT_USER_LIMITS, ...environment },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream !== null)
        createInterface({ input: stream })
          .on('line', (line) => this.#keep(line))
          .on('close', () => {
            this.#openOutputs -= 1;
          });
    this.#child.on('message', (message) => {
      if (typeof message === 'object' && 'address' in message) this.#address = String(message.address);
    });
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#ended = true;
        resolve(signal ?? code ?? 0);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Resolves when it has ended and all its lines are read. */
  async outcome(): Promise<Outcome> {
    const code = await this.exited;
    await eventually('it has said all', () => this.#openOutputs === 0);
    return { code, text: this.lines.join('\n') };
  }

  /** Resolves with the address where it listens. */
  async ready(): Promise<string> {
    return await eventually(
      `dualping ${this.args.join(' ')} is ready`,
      () => {
        if (this.#ended) throw new Error(`dualping ${this.args.join(' ')} ended:\n${this.tail()}`);
        return this.#address;
      },
      DEADLINE_MS,
      () => this.tail(),
    );
  }

  /** Calls `listener` with each line from now on, as soon as it arrives. */
  onLine(listener: (line: string) => void): void {
    this.#lineListeners.push(listener);
  }

  /** The first line from `from` on that matches. */
  async line(pattern: RegExp, from = 0): Promise<string> {
    return await eventually(
      `a line like ${pattern} of dualping ${this.args.join(' ')}`,
      () => this.lines.slice(from).find((line) => pattern.test(line)),
      DEADLINE_MS,
      () => this.tail(),
    );
  }

  /** When that line came, by performance.now(). */
  async whenLine(pattern: RegExp): Promise<number> {
    const line = await this.line(pattern);
    return this.#times[this.lines.indexOf(line)] ?? Number.NaN;
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  closeInput(): void {
    this.#child.stdin?.end();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** Sends SIGTERM, and SIGKILL if it doesn't end by itself. @returns the exit code or signal */
  async stop(): Promise<number | NodeJS.Signals> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), DEADLINE_MS);
    const ending = await this.exited;
    clearTimeout(timer);
    return ending;
  }

  tail(count = 40): string {
    return this.lines.slice(-count).join('\n');
  }

  #keep(line: string): void {
    this.lines.push(line);
    this.#times.push(performance.now());
    if (this.lines.length > MAX_LINES) {
      this.lines.shift();
      this.#times.shift();
    }
    for (const listener of this.#lineListeners) listener(line);
  }
}
