/**
 * The first words of a post that is answered, out of the journal: what its author wrote, whatever the
 * answering client says.
 */
import { beginOf, type Position, type PostReference } from '@dualping/core';
import type { ReplicaJournal } from './replica-ports.js';

/**
 * A post of this cluster is looked for in the journal itself: a server that is about to be primary has
 * everything that was acknowledged, but may not have applied all of it yet. One of another cluster has to be
 * applied to be found.
 *
 * @param locate where in the journal a post is
 * @returns undefined when that is no post, or is not by that author: the answer is judged when it is applied
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
