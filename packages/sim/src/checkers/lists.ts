/** Checks that a list of users is of one moment, not earlier than what its session knew when it asked. */
import type { QueryAnswer, SessionQuery } from '@dualping/core';
import type { SessionRecord } from '../session-record.js';
import { type Checker, Violation } from './checker.js';
import type { History } from './history.js';

const names = (users: readonly { readonly user: string }[]): string =>
  users
    .map(({ user }) => user)
    .sort()
    .join(' ');

export class Lists implements Checker {
  constructor(readonly history: History) {}

  answered(session: SessionRecord, query: SessionQuery, answer: QueryAnswer): void {
    if (query.kind !== 'list' || answer.kind !== 'lists' || session.isInDoubt) return;
    const { users, following, followers } = answer.lists;
    const told = [users, following, followers].map(names);
    const floor = session.knownWhenAsked(query);
    for (const at of this.history.momentsSince(session.user, floor)) {
      const then = this.history.listsOf(session.user, at);
      if (then.every((list, index) => list === told[index])) return;
    }
    throw new Violation(
      'list-is-of-one-moment',
      `${session.sessionId} (${session.user}) knew of ${floor} and is told of the users [${told[0]}], that it follows [${told[1]}] ` +
        `and is followed by [${told[2]}]: never so since`,
    );
  }
}
