/**
 * Checks what a session is shown: only committed posts, only of authors that its user follows and since the
 * follow began, each post once and in order; and, when all is quiet, all of them.
 */
import { type Entry, type Position, type Post, postIn } from '@dualping/core';
import { entryText } from '../entry-text.js';
import type { SessionRecord } from '../session-record.js';
import { type Checker, Violation } from './checker.js';
import type { History } from './history.js';

export class TimelineChecker implements Checker {
  /** How many past posts each session was shown. */
  readonly #past = new Map<SessionRecord, number>();

  /** The past posts due to each session when its timeline began. */
  readonly #owed = new Map<SessionRecord, readonly Entry[]>();

  constructor(readonly history: History) {}

  timelineBegan(session: SessionRecord, at: Position): void {
    if (session.history === undefined || session.history === 0) return;
    const past = this.history.seenBefore(session, at, Number.POSITIVE_INFINITY);
    this.#owed.set(session, past.slice(-session.history));
  }

  delivered(session: SessionRecord, posts: readonly Post[]): void {
    if (session.isInDoubt) return;
    const { sessionId, user, history: wanted, beganAt } = session;
    let last = session.delivered.at(-1)?.position ?? 0;
    for (const { position, author, text, timeMs, unfollowed } of posts) {
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
      const isNamed = session.mentions && this.history.names(user, position);
      if (isNamed !== (unfollowed ?? false))
        throw new Violation('strangers-are-told-apart', `${who}, ${isNamed ? 'not ' : ''}as a stranger's`);
      if (!isNamed && !this.history.sees(user, author, position))
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

  /** The position of a post that a session should have been shown and was not. */
  missing(session: SessionRecord): Position | undefined {
    if (session.history === undefined || session.beganAt === undefined || session.isInDoubt) return undefined;
    const seen = new Set(session.delivered.map(({ position }) => position));
    for (const entry of this.#owed.get(session) ?? []) {
      const { position } = entry;
      const author = postIn(entry)?.author ?? '';
      const isOwed =
        this.history.stillSees(session.user, author, position) ||
        (session.mentions && this.history.names(session.user, position));
      if (!seen.has(position) && isOwed) return position;
    }
    for (const post of this.history.due(session, session.beganAt))
      if (!seen.has(post.position)) return post.position;
    return undefined;
  }
}
