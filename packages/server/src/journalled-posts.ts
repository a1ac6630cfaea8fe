/** Posts as bytes of the journal: a sender copies them, or decodes them. */
import type { Position } from '@dualping/core';
import type { JournalledPost } from '@dualping/protocol';
import type { StoredPosts } from '@dualping/runtime';
import { readingFrom } from './file-journal.js';
import type { Journal } from './journal/index.js';

export type PostsJournal = Pick<Journal, 'borrowMany'>;

/**
 * @param make its result must not keep the bytes of the posts: they are lent only during the call
 * @throws DualpingError `storage-failed` when entries can't be read
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
