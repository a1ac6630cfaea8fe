/**
 * A log that can't fill a disk: at `MAX_LOG_BYTES` its content moves to `NAME.1`, and the log begins empty.
 *
 * The content is copied and the file is truncated, not renamed. So the stderr of a process stays the same
 * file, and a crash message is at the end of the log that people read.
 */
import {
  closeSync,
  copyFileSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Enough for a day or more of a busy server; two such files are kept. */
export const MAX_LOG_BYTES = 1024 * 1024;

export const logFile = (dataFolder: string, name: string): string => join(dataFolder, 'logs', `${name}.log`);

/**
 * Opens a log for appending, and truncates it if it is too long. For the stderr of a process that is about to
 * be started.
 */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  const descriptor = openSync(path, 'a');
  cutIfLong(path, descriptor, MAX_LOG_BYTES);
  return descriptor;
}

function cutIfLong(path: string, descriptor: number, maxBytes: number): void {
  if (fstatSync(descriptor).size < maxBytes) return;
  copyFileSync(path, `${path}.1`);
  ftruncateSync(descriptor, 0);
}

/** The last line of a log: usually the reason why its process ended. */
export function lastLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  } catch {
    return '';
  }
}

/** Whether an open file is the one at this path. */
function isFile(path: string, descriptor: number): boolean {
  try {
    const there = statSync(path);
    const open = fstatSync(descriptor);
    return there.ino === open.ino && there.dev === open.dev;
  } catch {
    return false;
  }
}

export class BoundedLog {
  #descriptor: number | undefined;
  readonly #path: string;
  readonly #maxBytes: number;

  constructor(path: string, maxBytes = MAX_LOG_BYTES) {
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  /** A full disk must not end the process that the log is about: a failed write is ignored. */
  write(line: string): void {
    try {
      this.#descriptor ??= openLog(this.#path);
      writeSync(this.#descriptor, `${line}\n`);
      cutIfLong(this.#path, this.#descriptor, this.#maxBytes);
    } catch {}
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

const STDERR = 2;
/** How often a process checks the length of its own log, ms: a few megabytes at a thousand lines a second. */
const LOOK_MS = 5_000;

/** Bounds this process's stderr, if it is this log. No other process writes to it, so no line is lost. */
export function boundOwnLog(path: string): void {
  if (!isFile(path, STDERR)) return;
  setInterval(() => {
    try {
      cutIfLong(path, STDERR, MAX_LOG_BYTES);
    } catch {}
  }, LOOK_MS).unref();
}
