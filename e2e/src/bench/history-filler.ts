/**
 * Writes many old posts into the journal of an ended server: through the server it would take a hundred times
 * as long.
 */
import { type Entry, epoch, type JournalCommand, position, serverId } from '@dualping/core';
import { encodeEntry } from '@dualping/protocol';
import { openJournal } from '@dualping/server';
import { servePart } from './part-process.js';

/** Entries between two waits for the disk, which limits the memory in use. */
const PORTION = 20_000;
/**
 * A number without a common factor with the number of users, so that neighbours in the journal have different
 * authors.
 */
const STEP = 7_919;
const BEGAN_AT_MS = Date.UTC(2025, 0, 1);

export const userName = (index: number): string => `user-${index}`;

export interface Past {
  readonly folder: string;
  readonly users: number;
  readonly posts: number;
  /** Users that the first one follows. */
  readonly followed: number;
}

/** Requests of users in order, each user with one session. */
function* requests({
  users,
  posts,
  followed,
}: Past): Generator<{ readonly user: number; readonly command: JournalCommand }> {
  for (let user = 0; user < users; user += 1)
    yield { user, command: { kind: 'register', user: userName(user) } };
  for (let target = 1; target <= followed; target += 1)
    yield { user: 0, command: { kind: 'follow', user: userName(0), target: userName(target) } };
  for (let post = 0; post < posts; post += 1) {
    const user = (post * STEP) % users;
    const text = `post ${post}: somebody says something of about the usual length, and it is kept for good`;
    yield { user, command: { kind: 'post', user: userName(user), text } };
  }
}

const methods = {
  /** @returns the number of entries */
  async fill(past: Past): Promise<number> {
    const journal = await openJournal(past.folder, { cluster: 1, serverId: serverId(1) });
    const lastRequest = new Map<number, number>();
    for (const { user, command } of requests(past)) {
      const requestNo = (lastRequest.get(user) ?? 0) + 1;
      lastRequest.set(user, requestNo);
      const at = position(journal.last + 1);
      const entry: Entry = {
        position: at,
        epoch: epoch(1),
        timeMs: BEGAN_AT_MS + at * 1_000,
        sessionId: `session-${user}`,
        requestNo,
        command,
      };
      journal.append(at, encodeEntry(entry));
      if (at % PORTION === 0) await journal.whenDurable(at);
    }
    const { last, known } = journal;
    // As a server leaves it that has ended: what it had was committed.
    journal.noteKnown({ ...known, committed: last });
    await journal.close();
    return last;
  },
} as const;

export type HistoryFiller = typeof methods;
servePart(methods);
