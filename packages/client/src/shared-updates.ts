/**
 * Decodes the messages of timelines, each once for all sessions of this program that get the same one.
 *
 * A server sends the same bytes to all followers who get the same posts, one right after the other. With a
 * hundred sessions in a program ninety-nine of them would decode and check what was decoded just before.
 */
import type { Post, TimelineUpdate } from '@dualping/core';
import { timelineUpdateFromBytes } from '@dualping/protocol';

/**
 * Messages that are kept. One would do if all sessions followed the same authors; with each more there may be
 * one more group of sessions with authors of its own.
 */
const KEPT_MESSAGES = 4;
/** A longer message is not kept, bytes: comparing it takes time, and a program has few such sessions. */
const MAX_KEPT_BYTES = 64 * 1024;
/** The first byte of a message that begins with a post. Only posts go to several sessions. */
const POST_TAG = 0x0a;

interface Kept {
  readonly bytes: Buffer;
  readonly update: TimelineUpdate;
}

export class SharedUpdates {
  readonly #kept: Kept[] = [];
  /** The oldest kept message, which is replaced next. */
  #oldest = 0;

  /**
   * Each caller gets posts of its own: a program may add to the posts of a session, and another session must
   * not see that.
   *
   * @throws DualpingError for bytes that are no message of a server
   */
  read(bytes: Buffer): TimelineUpdate {
    if (bytes[0] !== POST_TAG || bytes.length > MAX_KEPT_BYTES) return timelineUpdateFromBytes(bytes);
    for (const kept of this.#kept)
      if (kept.bytes.length === bytes.length && kept.bytes.equals(bytes)) return copyOf(kept.update);
    const update = timelineUpdateFromBytes(bytes);
    this.#kept[this.#oldest] = { bytes, update: copyOf(update) };
    this.#oldest = (this.#oldest + 1) % KEPT_MESSAGES;
    return update;
  }
}

/** Of this program. */
export const sharedUpdates = new SharedUpdates();

const copyOf = (update: TimelineUpdate): TimelineUpdate => ({
  ...update,
  posts: update.posts.map(copyOfPost),
});

function copyOfPost(post: Post): Post {
  const { answers, origin } = post;
  if (answers === undefined && origin === undefined) return { ...post };
  return { ...post, ...(answers && { answers: { ...answers } }), ...(origin && { origin: { ...origin } }) };
}
