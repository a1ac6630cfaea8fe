/** A page of older posts has what a user sees before a position, all of it, and nothing else. */
import { postIn, type QueryAnswer, type SessionQuery } from '@dualping/core';
import type { SessionRecord } from '../session-record.js';
import { type Checker, Violation } from './checker.js';
import type { History } from './history.js';

export class Pages implements Checker {
  constructor(readonly history: History) {}

  answered({ sessionId, user }: SessionRecord, query: SessionQuery, answer: QueryAnswer): void {
    if (query.kind !== 'older' || answer.kind !== 'page') return;
    const { posts, oldest } = answer.page;
    const what = `${sessionId} asks for ${query.limit} posts before ${query.before}`;
    if (posts.length > query.limit) throw new Violation('page-is-whole', `${what} and gets ${posts.length}`);
    let last = 0;
    for (const { position, author, text } of posts) {
      const entry = this.history.at(position);
      const committed = entry && postIn(entry);
      const isThat = committed?.author === author && committed.text === text;
      if (
        !isThat ||
        position <= last ||
        position >= query.before ||
        !this.history.sees(user, author, position)
      )
        throw new Violation('page-is-whole', `${what} and gets "${text}" at ${position} after ${last}`);
      last = position;
    }
    if (!oldest && posts.length < query.limit)
      throw new Violation('page-is-whole', `${what}, gets ${posts.length}, and there are more`);
    // Whom one has followed since then and to the end one also followed when the page was made, unless one began later.
    const from = oldest ? 0 : (posts[0]?.position ?? 0);
    const got = new Set(posts.map(({ position }) => position));
    for (const { position, command } of this.history.due(user, from)) {
      if (position >= query.before || got.has(position)) continue;
      const author = 'user' in command ? command.user : user;
      if (author === user || this.history.sees(user, author, query.before))
        throw new Violation('page-is-whole', `${what} and does not get ${position}`);
    }
  }
}
