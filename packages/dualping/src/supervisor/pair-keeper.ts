/**
 * The process `dualping server --supervised` itself: it starts server and supervisor (the pair), shows the
 * output of both, and passes on a request to end.
 *
 * The two restart each other as long as one of them lives. This process starts them again when both were
 * killed at once. If it is killed itself, the pair goes on.
 */
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ATTACH_LIMIT_MS,
  DualpingError,
  END_LIMIT_MS,
  hungAfterMs,
  MAX_RESTART_MS,
  quote,
} from '@dualping/core';
import {
  type EndingSignal,
  EXIT,
  logFile,
  makeWritableFolder,
  SIGNAL_EXITS,
  Signals,
  signalProcess,
} from '@dualping/host';
import type { Io } from '../io.js';
import { tellParent } from '../parent-link.js';
import { cleanForTerminal } from '../terminal-text.js';
import { launchDetached } from './launch.js';
import { type PairValues, pairFlags } from './server-flags.js';
import { SupervisionFolder } from './supervision-folder.js';

const LOOK_MS = 50;
/**
 * Both must have been gone for this long before they are started again, ms: one may just be starting the
 * other.
 */
const GONE_MS = 500;
/** Longest that both may take to end in order, ms: a supervisor kills its server after `END_LIMIT_MS`. */
const PAIR_END_LIMIT_MS = END_LIMIT_MS + 4_000;
/** Most that is shown of a log at one time, bytes. */
const MAX_SHOWN_BYTES = 64 * 1024;

/** @returns the exit code of the pair: how its supervision ended. */
export async function keepPair(values: PairValues, io: Io): Promise<number> {
  const folder = new SupervisionFolder(values.data);
  refuseIfRunning(folder);
  makeWritableFolder(folder.path);
  return await new PairKeeper(values, folder, io).run();
}

function refuseIfRunning({ dataFolder, supervisor, server }: SupervisionFolder): void {
  const present = supervisor ?? server;
  if (present === undefined) return;
  const role = supervisor === undefined ? 'a server' : supervisor.role;
  throw new DualpingError(
    'invalid-argument',
    `data folder ${quote(resolve(dataFolder))} is in use by ${role} (pid ${present.pid})`,
  );
}

class PairKeeper {
  readonly #logs: readonly LogTail[];
  #told = false;
  #goneSince: number | undefined;
  /** Since when there is a supervisor and no server. */
  #serverlessSince: number | undefined;
  /** Since when there is a server and no supervisor. */
  #unwatchedSince: number | undefined;
  /** The supervisor that was started last: until it holds its lock there is no other trace of it. */
  #started: ChildProcess | undefined;
  /** Failed starts of the pair in a row. */
  #failures = 0;

  constructor(
    readonly values: PairValues,
    readonly folder: SupervisionFolder,
    readonly io: Io,
  ) {
    this.#logs = ['supervisor', 'server'].map(
      (name) => new LogTail(logFile(values.data, name), (line) => io.note(cleanForTerminal(line))),
    );
  }

  async run(): Promise<number> {
    const signals = new Signals(() => this.#killAll());
    // If the parent has an IPC channel to us, its end ends us.
    if (process.send !== undefined) process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
    this.folder.forgetOutcome();
    this.#start();
    for (;;) {
      if (signals.received !== undefined) return await this.#end(signals.received);
      this.#show();
      const { outcome } = this.folder;
      if (this.#isGone() && outcome !== undefined) return this.#farewell(outcome);
      // The supervisor refused its command line, and has said why.
      if (this.#isGone() && this.#started?.exitCode === EXIT.usage) return EXIT.usage;
      this.#mend();
      await delay(LOOK_MS);
    }
  }

  #start(): void {
    const { data } = this.values;
    this.#started = launchDetached(['supervise', ...pairFlags(this.values)], logFile(data, 'supervisor'));
    this.#started.on('error', () => {}); // then it is gone, and is started again
    this.#started.unref();
  }

  #isGone(): boolean {
    const started = this.#started;
    const isStarting = started?.pid !== undefined && started.exitCode === null && started.signalCode === null;
    return !isStarting && this.folder.supervisor === undefined && this.folder.server === undefined;
  }

  #mend(): void {
    this.#announce();
    const now = performance.now();
    if (!this.#isGone()) {
      this.#goneSince = undefined;
      if (this.folder.server !== undefined) this.#failures = 0;
      this.#replaceHungSupervisor(now);
      return this.#replaceLostSupervisor(now);
    }
    this.#unwatchedSince = undefined;
    this.#goneSince ??= now;
    if (now - this.#goneSince < Math.min(MAX_RESTART_MS, GONE_MS * 2 ** this.#failures)) return;
    const text = 'server and supervisor are gone; starting both again';
    this.io.report({ part: 'pair', event: 'both-gone', text });
    this.#goneSince = undefined;
    this.#failures += 1;
    this.#start();
  }

  /**
   * Without a server no other process notices a hung supervisor; one that works has a server soon.
   */
  #replaceHungSupervisor(now: number): void {
    const { supervisor, server } = this.folder;
    if (supervisor === undefined || server !== undefined) {
      this.#serverlessSince = undefined;
      return;
    }
    this.#serverlessSince ??= now;
    const waitedMs = now - this.#serverlessSince;
    if (waitedMs < this.#patienceMs) return;
    this.#serverlessSince = undefined;
    const text = `pid ${supervisor.pid} has started no server for ${Math.round(waitedMs)} ms`;
    this.io.report({ part: 'pair', event: 'supervisor-killed', text });
    signalProcess(supervisor, 'SIGKILL');
  }

  /**
   * A server that works has a supervisor soon; one that hangs starts none, and only a supervisor kills it. If
   * the server starts one at the same moment, the lock of their folder lets only one of the two stay.
   */
  #replaceLostSupervisor(now: number): void {
    const { supervisor, server } = this.folder;
    if (supervisor !== undefined || server === undefined) {
      this.#unwatchedSince = undefined;
      return;
    }
    this.#unwatchedSince ??= now;
    const waitedMs = now - this.#unwatchedSince;
    if (waitedMs < this.#patienceMs) return;
    this.#unwatchedSince = undefined;
    const text = `pid ${server.pid} has started no supervisor for ${Math.round(waitedMs)} ms; starting one`;
    this.io.report({ part: 'pair', event: 'no-supervisor', text });
    this.#start();
  }

  /** How long one of the two may take to start the other, ms. */
  get #patienceMs(): number {
    return MAX_RESTART_MS + Math.max(ATTACH_LIMIT_MS, hungAfterMs(this.values));
  }

  #announce(): void {
    if (this.#told) return;
    const { server } = this.folder;
    const place = server === undefined ? undefined : this.folder.placeOf(server);
    if (place === undefined) return;
    this.#told = true;
    tellParent(place.address);
  }

  #farewell({ exitCode, text }: { readonly exitCode: number; readonly text: string }): number {
    this.#show();
    if (exitCode !== EXIT.done) this.io.note(`dualping: ${cleanForTerminal(text)}`);
    return exitCode;
  }

  /** Asks the supervisor to end, or, if there is none now, the server: each of them ends both. */
  async #end(signal: EndingSignal): Promise<number> {
    const asked = new Set<number>();
    const until = performance.now() + PAIR_END_LIMIT_MS;
    for (let goneLooks = 0; goneLooks < 2; ) {
      this.#show();
      const { supervisor, server } = this.folder;
      goneLooks = supervisor === undefined && server === undefined ? goneLooks + 1 : 0;
      const ear = supervisor ?? server;
      if (ear !== undefined && !asked.has(ear.pid)) {
        asked.add(ear.pid);
        signalProcess(ear, 'SIGTERM');
      }
      if (performance.now() > until) {
        this.io.report({
          part: 'pair',
          event: 'gave-up',
          text: `could not end in order within ${PAIR_END_LIMIT_MS} ms`,
        });
        this.#killAll();
        break;
      }
      await delay(LOOK_MS);
    }
    this.#show();
    return SIGNAL_EXITS[signal];
  }

  #killAll(): void {
    for (const process of [this.folder.supervisor, this.folder.server])
      if (process !== undefined) signalProcess(process, 'SIGKILL');
  }

  #show(): void {
    for (const log of this.#logs) log.show();
  }
}

/** Shows new lines of a log. */
class LogTail {
  #offset: number;
  #rest = '';
  readonly #decoder = new StringDecoder('utf8');

  constructor(
    readonly path: string,
    readonly onLine: (line: string) => void,
  ) {
    this.#offset = sizeOf(path);
  }

  show(): void {
    const size = sizeOf(this.path);
    if (size < this.#offset) this.#offset = 0; // the log was started anew
    if (size === this.#offset) return;
    const bytes = read(this.path, this.#offset, Math.min(size - this.#offset, MAX_SHOWN_BYTES));
    this.#offset += bytes.length;
    const lines = (this.#rest + this.#decoder.write(bytes)).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-MAX_SHOWN_BYTES);
    for (const line of lines) this.onLine(line);
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

function read(path: string, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const file = openSync(path, 'r');
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
  } finally {
    closeSync(file);
  }
}
