/**
 * What a session is shown: only what was committed, only of those its user follows and since the follow began, each post
 * once and in order; and, when all is quiet, everything.
 */
import { type Position, type Post, postIn } from '@dualping/core';
import { entryText } from '../entry-text.js';
import type { SessionRecord } from '../session-record.js';
import { type Checker, Violation } from './checker.js';
import type { History } from './history.js';

export class TimelineChecker implements Checker {
  /** How many posts of the past each session was shown. */
  readonly #past = new Map<SessionRecord, number>();

  constructor(readonly history: History) {}

  delivered(session: SessionRecord, posts: readonly Post[]): void {
    const { sessionId, user, history: wanted, beganAt } = session;
    let last = session.delivered.at(-1)?.position ?? 0;
    for (const { position, author, text, timeMs } of posts) {
      const who = `${sessionId} (${user}) is shown "${text}" at ${position}`;
      if (position <= last) throw new Violation('timeline-only-rises', `${who} after ${last}`);
      last = position;
      const entry = this.history.at(position);
      const committed = entry && postIn(entry);
      const isThat = committed?.author === author && committed.text === text && committed.timeMs === timeMs;
      if (!isThat)
        throw new Violation(
          'only-committed-is-shown',
          `${who}, where [${entry === undefined ? 'nothing' : entryText(entry)}] is committed`,
        );
      if (!this.history.sees(user, author, position))
        throw new Violation('only-followed-is-shown', `${who}, and did not follow ${author} then`);
    }
    if (wanted === undefined || beganAt === undefined) return;
    const past = (this.#past.get(session) ?? 0) + posts.filter(({ position }) => position <= beganAt).length;
    this.#past.set(session, past);
    if (past > wanted)
      throw new Violation(
        'past-is-bounded',
        `${sessionId} asked for ${wanted} posts of the past and was shown ${past}`,
      );
  }

  /** What a session has not been shown and should have been. */
  missing(session: SessionRecord): Position | undefined {
    if (session.history === undefined || session.beganAt === undefined) return undefined;
    const seen = new Set(session.delivered.map(({ position }) => position));
    for (const post of this.history.due(session.user, session.beganAt))
      if (!seen.has(post.position)) return post.position;
    return undefined;
  }
}
