/**
 * Keeps posts until the application subscribes, so that none is lost.
 *
 * A session begins to work when it is made; its posts are kept until the first subscriber comes, and go to
 * all subscribers from then on. If too many come before the first subscriber, it gets an error rather than a
 * timeline with a silent gap.
 */
import { DualpingError, type Post } from '@dualping/core';
import { Observable, Subject } from 'rxjs';

/** Posts kept for the first subscriber: at most about 40 MB. */
export const MAX_UNREAD_POSTS = 10_000;

export class UnreadPosts {
  readonly #live = new Subject<Post>();
  #unread: Post[] | undefined = [];
  #overflowed = false;

  readonly posts$ = new Observable<Post>((subscriber) => {
    if (this.#overflowed) {
      const detail = `more than ${MAX_UNREAD_POSTS} posts came before the first subscriber`;
      subscriber.error(new DualpingError('limit-reached', detail));
      return undefined;
    }
    // Posts that come while the subscriber is busy queue up behind these.
    for (let post = this.#unread?.shift(); post !== undefined; post = this.#unread?.shift())
      subscriber.next(post);
    this.#unread = undefined;
    return this.#live.subscribe(subscriber);
  });

  deliver(posts: readonly Post[]): void {
    if (this.#unread === undefined) for (const post of posts) this.#live.next(post);
    else if (this.#unread.length + posts.length <= MAX_UNREAD_POSTS) this.#unread.push(...posts);
    else {
      this.#unread = [];
      this.#overflowed = true;
    }
  }

  complete(): void {
    this.#live.complete();
  }
}
