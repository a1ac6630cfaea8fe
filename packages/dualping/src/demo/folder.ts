/**
 * The folder of a demo: a temporary one, which is removed at the end, or a given one, which is kept.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DualpingError, quote } from '@dualping/core';
import { lockDataFolder } from '@dualping/host';

export interface DemoFolder {
  readonly path: string;
  /** @param keep also a temporary one */
  leave(keep: boolean): void;
  /** Whether it would be removed. */
  readonly temporary: boolean;
}

const LOCK = /^lock-/;

/**
 * @param given empty for a temporary folder
 * @throws DualpingError `invalid-argument` quoting a folder that is in use, can't be written, or isn't empty
 */
export function openDemoFolder(given: string): DemoFolder {
  const temporary = given === '';
  const path = temporary ? mkdtempSync(join(tmpdir(), 'dualping-demo-')) : resolve(given);
  const lock = lockDataFolder(path, 'dualping demo');
  const [something] = readdirSync(path).filter((name) => !LOCK.test(name));
  if (something !== undefined) {
    lock.release();
    // Otherwise posts of an earlier run would count as repeated.
    const detail = `data folder ${quote(path)} is not empty (${quote(something)}): the demo counts from the first post on, give it a new folder`;
    throw new DualpingError('invalid-argument', detail);
  }
  return {
    path,
    temporary,
    leave: (keep) => {
      lock.release();
      if (temporary && !keep) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
