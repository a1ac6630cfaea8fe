/** Errors about damaged storage, with a text that says where to look. */
import { DualpingError } from '@dualping/core';
import { isLaterFormat, laterFormat } from '@dualping/host';

/** An older copy must never replace a folder: it would claim to hold what the folder held. */
export const WHAT_TO_DO =
  'when `dualping admin status` shows another server in sync, empty the data folder and start again; never put an older copy in its place';

const OR_EMPTY_IT =
  'Or, when `dualping admin status` shows another server of this release in sync, empty the data folder and start again';

/** Throws for a file that a later release wrote. @param reads the lowest and the highest format read here */
export function assertNotLater(file: string, format: unknown, reads: readonly [number, number]): void {
  if (isLaterFormat(format, reads[1])) throw laterFormat(file, format, reads, OR_EMPTY_IT);
}

/** The content on disk differs from what was written. */
export function damaged(file: string, offset: number, position: number | undefined, what: string) {
  const at = position === undefined ? `byte ${offset}` : `byte ${offset} (position ${position})`;
  return new DualpingError('storage-failed', `${file} is damaged at ${at}: ${what}; ${WHAT_TO_DO}`);
}
