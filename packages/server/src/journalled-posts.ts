/** Posts as the journal keeps them: whoever sends them copies their bytes, or decodes them. */
import type { Position } from '@dualping/core';
import type { JournalledPost } from '@dualping/protocol';
import type { StoredPosts } from '@dualping/runtime';
import { readingFrom } from './file-journal.js';
import type { Journal } from './journal/index.js';

export type PostsJournal = Pick<Journal, 'borrowMany'>;

/**
 * @param make its result must not hold the bytes of the posts: they are lent for as long as the call takes
 * @throws DualpingError `storage-failed`: what was written can't be read
 */
export function journalledPosts<Made>(
  journal: PostsJournal,
  { positions, unfollowed }: StoredPosts,
  make: (posts: readonly JournalledPost[]) => Made,
): Made {
  const strange = new Set(unfollowed);
  return readingFrom(() => {
    const entries = journal.borrowMany(positions);
    return make(
      entries.map((entry, index) => ({ entry, unfollowed: strange.has(positions[index] as Position) })),
    );
  });
}
