/**
 * The first words of an answered post, read from the journal: so the answering client can't misquote them.
 */
import { beginOf, type Position, type PostReference } from '@dualping/core';
import type { ReplicaJournal } from './replica-ports.js';

/**
 * A post of this cluster is read from the journal itself: a server that is becoming primary has everything
 * acknowledged, but may not have applied all of it yet. A post of another cluster is found only when
 * it is applied.
 *
 * @param locate gives the position of a post in the journal
 * @returns undefined when there is no such post by that author; whether the answer is accepted is decided
 * when it is applied
 */
export function firstWords(
  journal: Pick<ReplicaJournal, 'first' | 'last' | 'readPosts'>,
  post: PostReference,
  locate: (post: PostReference) => Position | undefined,
): string | undefined {
  const isOurs = post.home === undefined && post.position >= journal.first && post.position <= journal.last;
  const at = isOurs ? post.position : locate(post);
  if (at === undefined) return undefined;
  const [found] = journal.readPosts([at]);
  return found?.author === post.author ? beginOf(found.text) : undefined;
}
