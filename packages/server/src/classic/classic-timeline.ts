/**
 * A timeline on the classic wire.
 *
 *     client: metadata username, or a first message {username} ─ opens ─►  20 posts of others, newest first, then new ones
 *     client: {msg} ─ is a post, or several, with the next numbers of the user's session ─►
 *
 * A client that names its user in metadata need not send an opening message: its first message is a post
 * unless it is a known opener. Without metadata the first message only opens the timeline, whatever its text.
 *
 * The wire has no acknowledgements: a refused post ends the stream with the reason, so that the client does
 * not believe that it was accepted.
 */
import {
  DualpingError,
  type Failure,
  NO_POSITION,
  type Position,
  type Post,
  TIMELINE_ENTRY_POSTS,
  type TimelineOpened,
  type UserName,
} from '@dualping/core';
import {
  type BidiStream,
  type ClassicTimelineOut,
  classicPostsFromWire,
  classicRequesterFromWire,
  classicTimelineUser,
  decodeJournalledPost,
  encodeClassicPost,
  isClassicOpener,
  serverStream,
  type snsWire,
  toDualpingError,
} from '@dualping/protocol';
import type { StoredPosts, TimelineListener, TimelineSink } from '@dualping/runtime';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { journalledPosts } from '../journalled-posts.js';
import type { ServiceContext } from '../services.js';
import type { ClassicUsers } from './classic-users.js';
import type { Connection } from './connections.js';

export type ClassicTimelineCall = ServerDuplexStream<snsWire.Message, ClassicTimelineOut>;

/** Posts of one stream that may be in flight: half of what a session may have. */
const MAX_POSTS_ON_THE_WAY = 32;

/**
 * Posts that may wait to be sent: one message each, while our own wire has one message for all posts of a
 * turn. Beyond this they are read from the journal when there is room. (The default of grpc-js is 16, less
 * than one author has in flight.)
 */
const MAX_UNSENT_POSTS = 256;

/**
 * The encoding of a post, kept as long as the post object: it is encoded once for all timelines.
 */
const messages = new WeakMap<Post, Buffer>();

function messageOf(post: Post): Buffer {
  let message = messages.get(post);
  if (message === undefined) {
    message = encodeClassicPost(post);
    messages.set(post, message);
  }
  return message;
}

export class ClassicTimeline implements TimelineSink {
  readonly #stream: BidiStream<ClassicTimelineOut>;
  readonly #timeline: TimelineListener;
  #user: UserName | undefined;
  /** The user is known from metadata; the first message may still be an opener. */
  #mayOpen = false;
  /** Texts to post after the earlier ones: a long message becomes many posts. */
  readonly #waiting: string[] = [];
  #onTheWay = 0;
  /** Posts up to here are the past ones, and are sent newest first. */
  #openedAt: Position = NO_POSITION;

  constructor(
    readonly context: ServiceContext,
    readonly users: ClassicUsers,
    readonly connection: Connection,
    call: ClassicTimelineCall,
  ) {
    this.#stream = serverStream<snsWire.Message, ClassicTimelineOut>(call, {
      onMessage: (message) => this.#message(message),
      onEnd: () => this.#timeline.ended(),
      onDrain: () => this.#timeline.drained(),
    });
    this.#timeline = context.driver.acceptTimeline(call.getPeer(), this);
    this.#judging(() => {
      const user = classicTimelineUser(call.metadata);
      if (user === undefined) return;
      this.#mayOpen = true;
      this.#open(user);
    });
  }

  opened({ committed }: TimelineOpened): void {
    this.#openedAt = committed;
    this.#stream.resume();
  }

  live(posts: readonly Post[]): boolean {
    return this.#send(posts);
  }

  read(stored: StoredPosts, left: () => void): void {
    const posts = journalledPosts(this.context.journal, stored, (journalled) =>
      journalled.map(decodeJournalledPost),
    );
    const isPast = (posts[0]?.position ?? NO_POSITION) <= this.#openedAt;
    this.#send(isPast ? posts.reverse() : posts, left);
  }

  /** This wire has no pages. */
  page(): void {}

  answered(): void {}

  /** Posts over this wire are not numbered writes. */
  writes(): void {}

  /** This wire has no signs of life. */
  sign(): void {}

  close({ reason, detail }: Failure): void {
    this.#stream.close(new DualpingError(reason, detail));
  }

  /**
   * Sends one message for each post, in order. `left` is called when the last one was sent.
   * Returns false when there is no room for more.
   */
  #send(posts: readonly Post[], left?: () => void): boolean {
    const last = posts.at(-1);
    for (const post of posts) this.#stream.send(messageOf(post), post === last ? left : undefined);
    return this.#stream.writableLength <= MAX_UNSENT_POSTS;
  }

  #message(message: snsWire.Message): void {
    this.#judging(() => {
      if (this.#user === undefined)
        return this.#open(classicRequesterFromWire({ username: message.username, arguments: [] }));
      const isOpener = this.#mayOpen && isClassicOpener(message);
      this.#mayOpen = false;
      if (!isOpener) this.#post(this.#user, classicPostsFromWire(message));
    });
  }

  #judging(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#stream.close(toDualpingError(error));
    }
  }

  #open(user: UserName): void {
    this.#user = user;
    this.#stream.pause(); // posts wait until the user is known to exist
    this.#timeline.open({
      user,
      epoch: this.context.epochToExpect(),
      resumeAfter: NO_POSITION,
      history: TIMELINE_ENTRY_POSTS,
      posts: true,
      othersOnly: true,
    });
  }

  #post(user: UserName, texts: readonly string[]): void {
    this.#waiting.push(...texts);
    this.#write(user);
  }

  /**
   * Writes as many as may be in flight; later messages stay unread, so that flow control slows the client.
   */
  #write(user: UserName): void {
    while (this.#onTheWay < MAX_POSTS_ON_THE_WAY) {
      const text = this.#waiting.shift();
      if (text === undefined) return this.#stream.resume();
      this.#onTheWay += 1;
      this.users.write(this.connection, { kind: 'post', user, text }).then(
        () => {
          this.#onTheWay -= 1;
          this.#write(user);
        },
        (error: unknown) => {
          this.#waiting.length = 0;
          this.#stream.close(toDualpingError(error));
        },
      );
    }
    this.#stream.pause();
  }
}
