/** Everything that a state is made of is decoded as always; texts that mention no user are left out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Entry, namesIn, postIn, SocialState } from '@dualping/core';
import fc from 'fast-check';
import { entries } from './arbitraries.fixture.js';
import { decodeEntry, encodeEntry } from './entry.js';
import { EntryReplay } from './entry-replay.js';

/** The same with the text that was left out. */
function withText(replayed: Entry, entry: Entry): Entry {
  if (replayed.command.kind !== 'post' || entry.command.kind !== 'post') return replayed;
  if (replayed.command.text !== '') return replayed;
  assert.equal(namesIn(entry.command.text).size, 0);
  return { ...replayed, command: { ...replayed.command, text: entry.command.text } };
}

test('an entry is replayed as it was journalled, except texts that name no user', () => {
  const replay = new EntryReplay();
  fc.assert(
    fc.property(entries, (entry) => {
      const replayed = replay.decode(encodeEntry(entry));
      assert.deepEqual(withText(replayed, entry), entry);
    }),
    { numRuns: 2_000 },
  );
});

test('a text that names a user is kept, and a post that answers one too', () => {
  const replay = new EntryReplay();
  const posts = entries.filter((entry) => postIn(entry) !== undefined);
  fc.assert(
    fc.property(posts, fc.constantFrom('@ann', 'not at all@', 'see @bob, @ann'), (entry, text) => {
      const command = { ...entry.command, text } as Entry['command'];
      assert.deepEqual(replay.decode(encodeEntry({ ...entry, command })), { ...entry, command });
    }),
  );
});

test('names that share a place of the cache stay distinct', () => {
  const replay = new EntryReplay();
  const post = (user: string, at: number): Entry =>
    ({
      ...{ position: at, epoch: 1, timeMs: 5, sessionId: `session of ${user}`, requestNo: at },
      command: { kind: 'post', user, text: '@' },
    }) as Entry;
  // More names than places, twice.
  for (let round = 0; round < 2; round += 1)
    for (let user = 0; user < 40_000; user += 1) {
      const entry = post(`u${user}`, user + 1);
      assert.deepEqual(replay.decode(encodeEntry(entry)), entry);
    }
});

test('the state from replayed entries equals the state from decoded entries', () => {
  const users = ['ann', 'bob', 'cid'];
  const user = fc.constantFrom(...users);
  const command = fc.oneof(
    fc.record({ kind: fc.constant('register' as const), user }),
    fc.record({ kind: fc.constantFrom('follow' as const, 'unfollow' as const), user, target: user }),
    fc.record({
      kind: fc.constant('post' as const),
      user,
      text: fc.constantFrom('hello', '@ann look', 'bob@home', '@cid @bob', '\u{1f600}'),
    }),
  );
  const replay = new EntryReplay();
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const [whole, replayed] = [new SocialState(), new SocialState()];
      const requests = new Map<string, number>();
      for (const [index, each] of commands.entries()) {
        const requestNo = (requests.get(each.user) ?? 0) + 1;
        requests.set(each.user, requestNo);
        const entry = { position: index + 1, epoch: 1, timeMs: 0, sessionId: each.user, requestNo } as Entry;
        const bytes = encodeEntry({ ...entry, command: each });
        whole.apply(decodeEntry(bytes));
        replayed.apply(replay.decode(bytes));
      }
      assert.deepEqual(replayed.toSnapshot(), whole.toSnapshot());
    }),
  );
});
