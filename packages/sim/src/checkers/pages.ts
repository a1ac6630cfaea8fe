/**
 * Checks a page of older posts: it has the newest posts before a position that the user saw at one moment,
 * without a gap and nothing else; the moment is not earlier than what the session knew when it asked.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Post, postIn, type QueryAnswer, type SessionQuery } from '@dualping/core';
import type { SessionRecord } from '../session-record.js';
import { type Checker, Violation } from './checker.js';
import type { History } from './history.js';

export class Pages implements Checker {
  constructor(readonly history: History) {}

  answered(session: SessionRecord, query: SessionQuery, answer: QueryAnswer): void {
    if (query.kind !== 'older' || answer.kind !== 'page' || session.isInDoubt) return;
    const { posts, oldest } = answer.page;
    const { history } = this;
    const { before, limit } = query;
    const what = `${session.sessionId} asks for ${limit} posts before ${before}`;
    for (const post of posts) this.#isTrue(post, what);
    const got = posts.map(({ position }) => position).join(' ');
    const floor = session.knownWhenAsked(query);
    for (const at of history.momentsSince(session.user, floor)) {
      const seen = history.seenBefore(session, at, before);
      const page = seen.slice(-limit).map(({ position }) => position);
      if (page.join(' ') === got && oldest === seen.length <= limit) return;
    }
    const now = history.seenBefore(session, history.last, before).map(({ position }) => position);
    throw new Violation(
      'page-is-whole',
      `${what}, knew of ${floor}, and gets [${got}]${oldest ? ' as the oldest' : ''}: never so since; now [${now.join(' ')}]`,
    );
  }

  #isTrue({ position, author, text, answers }: Post, what: string): void {
    const entry = this.history.at(position);
    const committed = entry && postIn(entry);
    if (
      committed?.author !== author ||
      committed.text !== text ||
      !isDeepStrictEqual(committed.answers, answers)
    )
      throw new Violation('page-is-whole', `${what} and gets "${text}" at ${position}`);
  }
}
