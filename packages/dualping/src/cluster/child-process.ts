/** One child of `dualping up`, from its start to its end; `supervised-child.ts` runs one after another. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Address } from '@dualping/core';
import { type BeginMessage, isReadyMessage, isRoutersMessage } from '../parent-link.js';
import { LAUNCHER, withoutOurVariables } from '../supervisor/launch.js';

/** How a process ended, for people. */
export interface Ending {
  /** The exit code; undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly text: string;
}

export class Child {
  readonly pid: number | undefined;
  /** The address where it listens, once it reports it; undefined when it ended first. */
  readonly ready: Promise<Address | undefined>;
  /** Of `up`: where its routers listen, as soon as they do; undefined when it ended first. */
  readonly routers: Promise<Address | undefined>;
  readonly ended: Promise<Ending>;
  /** The lines that may be shown, once it is ready. */
  lines: readonly string[] = [];
  readonly #process: ChildProcess;

  constructor(args: readonly string[], onLine: (line: string) => void) {
    const child = spawn(process.execPath, [...process.execArgv, LAUNCHER, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: withoutOurVariables(process.env),
      // A process group of its own: Ctrl-C goes only to the parent, which then ends the children in order.
      detached: true,
    });
    this.#process = child;
    this.pid = child.pid;
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) passLines(stream, onLine);
    this.ended = endOf(child);
    const ready = messageOf(child, isReadyMessage).then(({ address, lines = [] }) => {
      this.lines = lines;
      return address;
    });
    const routers = messageOf(child, isRoutersMessage).then(({ address }) => address);
    const never = this.ended.then(() => undefined);
    this.ready = Promise.race([ready, never]);
    this.routers = Promise.race([routers, never]);
  }

  /** For a process that was started with `--held`. */
  begin(message: BeginMessage): void {
    // It may have ended already: that is noticed anyway.
    this.#process.send(message, () => {});
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /**
   * Asks it to end, and kills it when it has not ended within the limit (a frozen process does not react).
   */
  async end(limitMs: number): Promise<Ending> {
    this.signal('SIGTERM');
    const limit = new AbortController();
    const late = delay(limitMs, 'late' as const, { signal: limit.signal }).catch(() => 'ended' as const);
    const first = await Promise.race([this.ended, late]);
    limit.abort();
    if (first === 'late') this.signal('SIGKILL');
    return await this.ended;
  }
}

function passLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine);
}

async function endOf(child: ChildProcess): Promise<Ending> {
  const failed = once(child, 'error').then(([error]): Ending => {
    return {
      code: undefined,
      text: `could not be started: ${error instanceof Error ? error.message : String(error)}`,
    };
  });
  const exited = new Promise<Ending>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve({
        code: code ?? undefined,
        text: code === null ? `ended by ${signal ?? 'a signal'}` : `ended with exit code ${code}`,
      }),
    );
  });
  return await Promise.race([failed, exited]);
}

function messageOf<Message>(
  child: ChildProcess,
  is: (message: unknown) => message is Message,
): Promise<Message> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (is(message)) resolve(message);
    });
  });
}
