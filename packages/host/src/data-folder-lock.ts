/**
 * One process per data folder.
 *
 * Each holder has a file of its own in the folder; the file's name says which process it is. A process first
 * makes its own file and then looks for others. If two start together at least one sees the other, so never
 * both go on (at worst neither does). Files of ended processes are removed.
 *
 * A stale file does not block a folder, even if its process id now belongs to another process. Processes in
 * other containers can't be seen: a folder that several of them mount is not protected.
 */
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DualpingError, quote } from '@dualping/core';
import { syncFolderNow } from './files.js';
import { PRIVATE_FOLDER } from './private-files.js';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.js';

export interface DataFolderLock {
  release(): void;
}

/** The process that holds a data folder. */
export interface Holder extends ProcessIdentity {
  /** As given to `lockDataFolder`. */
  readonly role: string;
}

/** Another process holds the folder, or this one holds it already: it may be free in a moment. */
export class FolderInUse extends DualpingError {}

/** Has the process's id and start time. */
const LOCK_FILE = /^lock-([0-9]+)-([0-9]+)$/;

/** The process that holds the folder; undefined when none does. Does not lock the folder. */
export function holderOf(folder: string): Holder | undefined {
  const path = resolve(folder);
  let names: readonly string[];
  try {
    names = readdirSync(path);
  } catch {
    return undefined; // no folder, no holder
  }
  for (const name of names) {
    const holder = holderBy(path, name);
    if (holder !== undefined && isRunning(holder)) return holder;
  }
  return undefined;
}

/**
 * Locks the folder, and makes it if needed. Throws `FolderInUse`, which is an `invalid-argument` quoting
 * folder and process, when another process holds it.
 */
export function lockDataFolder(folder: string, role: string): DataFolderLock {
  const path = resolve(folder);
  makeWritableFolder(path);
  const { pid, startTime } = ownIdentity();
  const own = `lock-${pid}-${startTime}`;
  try {
    writeFileSync(join(path, own), `${role}\n`, { flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw held(path, { pid, role });
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
    const holder = name === own ? undefined : holderBy(path, name);
    if (holder === undefined) continue;
    if (isRunning(holder)) throw held(path, holder);
    rmSync(join(path, name), { force: true });
  }
}

/** The process that made the file of that name; undefined when it is not a lock. */
function holderBy(path: string, name: string): Holder | undefined {
  const [, pid, startTime] = LOCK_FILE.exec(name) ?? [];
  if (pid === undefined || startTime === undefined) return undefined;
  return { pid: Number(pid), startTime, role: roleIn(join(path, name)) };
}

function roleIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim() || 'another process';
  } catch {
    return 'another process';
  }
}

/**
 * Makes the folder and its parents, durably. Throws `invalid-argument` quoting the folder when it can't be
 * made, or can't be written to.
 */
export function makeWritableFolder(path: string): void {
  try {
    makeFolder(path);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(path, error);
  }
}

/**
 * Makes a folder and its parents one by one: Node's recursive `mkdir` never returns when a parent exists that
 * takes no folders (as in /proc).
 */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path, { mode: PRIVATE_FOLDER });
    syncFolderNow(parent); // so that files synced inside are found after a power failure
  } catch (error) {
    // Another process may have made it just now.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

const held = (path: string, { pid, role }: Pick<Holder, 'pid' | 'role'>): DualpingError =>
  new FolderInUse('invalid-argument', `data folder ${quote(path)} is in use by ${role} (pid ${pid})`);

const unusable = (path: string, cause: unknown): DualpingError =>
  new DualpingError(
    'invalid-argument',
    `data folder ${quote(path)} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  );
