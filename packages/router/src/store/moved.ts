/**
 * The mark of a data folder whose content was moved to a store that routers share. A router that started on
 * it would grant epochs that the others also grant.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DualpingError, quote } from '@dualping/core';
import { replaceFileNow, syncFolderNow } from '@dualping/host';

const MOVED_NAME = 'moved.json';

/** Durably. @param store `etcd://…` */
export const markMoved = (folder: string, store: string): void =>
  replaceFileNow(join(folder, MOVED_NAME), `${JSON.stringify({ movedTo: store })}\n`);

/** Durably. */
export function unmarkMoved(folder: string): void {
  rmSync(join(folder, MOVED_NAME), { force: true });
  syncFolderNow(folder);
}

export const isMoved = (folder: string): boolean => existsSync(join(folder, MOVED_NAME));

/** @throws DualpingError `invalid-argument` when it was moved */
export function requireNotMoved(folder: string): void {
  if (!isMoved(folder)) return;
  throw new DualpingError(
    'invalid-argument',
    `the state of the router in data folder ${quote(folder)} was moved: ${readFileSync(join(folder, MOVED_NAME), 'utf8').trim()}; start it with that --store, or move it back (--migrate to-folder)`,
  );
}
