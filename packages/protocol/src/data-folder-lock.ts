/**
 * One process per data folder.
 *
 * Each holder has a file of its own in the folder whose name says which process it is. To lock is to make
 * one's own file first and only then to look at the others': of two that start together at least one sees
 * the other, so never do both go on (at worst neither does). Files of processes that are gone are removed.
 *
 * A process is named by its id and the time it started, so that a stale file doesn't block a folder when
 * the id has been given to another process. Processes in other containers can't be seen: a folder that
 * several of them mount is not protected.
 */
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DualpingError, quote } from '@dualping/core';

export interface DataFolderLock {
  release(): void;
}

/** A process by what can't be reused: its id and the time it started. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In its system's units; "0" where that isn't known. */
  readonly startTime: string;
}

/** Who holds a data folder. */
export interface Holder extends ProcessIdentity {
  /** As it was said to `lockDataFolder`. */
  readonly role: string;
}

const LOCK_FILE = /^lock-([0-9]+)-([0-9]+)$/;
/** Where the state of a process and the time it started stand in /proc/PID/stat, after the command's closing parenthesis. */
const STATE_FIELD = 0;
const START_TIME_FIELD = 19;
/** For systems without /proc: the process id alone has to do. */
const START_TIME_UNKNOWN = '0';

/** When the process started, in its system's units; undefined when there is no such process (or only its remains). */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[STATE_FIELD] ?? '';
    // A zombie has ended; only its parent has not looked yet.
    if (state === 'Z' || state === 'X') return undefined;
    return fields[START_TIME_FIELD] ?? START_TIME_UNKNOWN;
  } catch {
    if (process.platform === 'linux') return undefined;
    return isAlive(pid) ? START_TIME_UNKNOWN : undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Undefined when there is no such process any more. */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

/** Whether that very process is there, and not another one with its id. */
export const isRunning = ({ pid, startTime }: ProcessIdentity): boolean => startTimeOf(pid) === startTime;

/** Signals that very process; false when it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false; // gone just now, or not ours to signal
  }
}

/** The process that holds the folder, without taking it; undefined when nobody does. */
export function holderOf(folder: string): Holder | undefined {
  const path = resolve(folder);
  let names: readonly string[];
  try {
    names = readdirSync(path);
  } catch {
    return undefined; // no folder, no holder
  }
  for (const name of names) {
    const match = LOCK_FILE.exec(name);
    const holder = { pid: Number(match?.[1]), startTime: match?.[2] ?? '' };
    if (match !== null && isRunning(holder)) return { ...holder, role: roleIn(join(path, name)) };
  }
  return undefined;
}

/** Makes the folder if need be. Throws `invalid-argument` quoting folder and process when it can't be had. */
export function lockDataFolder(folder: string, role: string): DataFolderLock {
  const path = resolve(folder);
  makeWritableFolder(path);
  const own = `lock-${process.pid}-${startTimeOf(process.pid) ?? START_TIME_UNKNOWN}`;
  try {
    writeFileSync(join(path, own), `${role}\n`, { flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw held(path, process.pid, role);
    throw unusable(path, error);
  }
  const release = () => rmSync(join(path, own), { force: true });
  try {
    refuseIfHeldByOther(path, own);
  } catch (error) {
    release();
    throw error;
  }
  return { release };
}

function refuseIfHeldByOther(path: string, own: string): void {
  for (const name of readdirSync(path)) {
    const match = LOCK_FILE.exec(name);
    if (match === null || name === own) continue;
    const pid = Number(match[1]);
    if (startTimeOf(pid) === match[2]) throw held(path, pid, roleIn(join(path, name)));
    rmSync(join(path, name), { force: true });
  }
}

function roleIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim() || 'another process';
  } catch {
    return 'another process';
  }
}

/** Makes the folder and those above it, durably. Throws `invalid-argument` quoting it when that can't be, or it can't be written. */
export function makeWritableFolder(path: string): void {
  try {
    makeFolder(path);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Node's own recursive `mkdir` never returns where a folder can't be made although its parent is there (as in /proc). */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path);
    syncFolder(parent);
  } catch (error) {
    // Another process may have made it just now.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** So that what is synced inside can be found after a power cut. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

const held = (path: string, pid: number, role: string): DualpingError =>
  new DualpingError('invalid-argument', `data folder ${quote(path)} is in use by ${role} (pid ${pid})`);

const unusable = (path: string, cause: unknown): DualpingError =>
  new DualpingError(
    'invalid-argument',
    `data folder ${quote(path)} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  );
