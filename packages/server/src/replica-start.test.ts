import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import {
  type Entry,
  epoch,
  type JournalCommand,
  Ledger,
  packReply,
  position,
  Replica,
  type ReplicaStart,
  SocialState,
  serverId,
  unpackReply,
} from '@dualping/core';
import { nodeFiles } from '@dualping/host';
import { encodeEntry } from '@dualping/protocol';
import { FrameFileWriter } from './journal/frame-file-writer.js';
import { type Journal, openJournal } from './journal/index.js';
import { MAX_SNAPSHOT_PART_BYTES } from './journal/snapshot-file.js';
import { replicaStart } from './replica-start.js';
import { snapshotFromParts, snapshotToParts } from './snapshot-parts.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualping-server-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (): Promise<Journal> => openJournal(folder, { cluster: 1, serverId: serverId(1) });
const TIMING = { pingIntervalMs: 100, deadAfterMs: 500 };

/** Two reigns: ana and bo log in, ana is followed, and there are posts in both reigns. */
const COMMANDS: readonly (readonly [
  epoch: number,
  session: string,
  requestNo: number,
  command: JournalCommand,
])[] = [
  [1, '', 0, { kind: 'epoch-start', serverId: serverId(1) }],
  [1, 'a', 1, { kind: 'register', user: 'ana' }],
  [1, 'b', 1, { kind: 'register', user: 'bo' }],
  [1, 'b', 2, { kind: 'follow', user: 'bo', target: 'ana' }],
  [1, 'a', 2, { kind: 'post', user: 'ana', text: 'first' }],
  [1, 'a', 3, { kind: 'follow', user: 'ana', target: 'nobody' }],
  [4, '', 0, { kind: 'epoch-start', serverId: serverId(2) }],
  [4, 'a', 4, { kind: 'post', user: 'ana', text: 'second' }],
];
const ENTRIES: readonly Entry[] = COMMANDS.map(([at, sessionId, requestNo, command], i) => ({
  position: position(i + 1),
  epoch: epoch(at),
  timeMs: 1_000 + i,
  sessionId,
  requestNo,
  command,
}));
const STARTS = [
  { epoch: epoch(1), position: position(1) },
  { epoch: epoch(4), position: position(7) },
];

async function filled(): Promise<Journal> {
  const journal = await open();
  for (const entry of ENTRIES) journal.append(entry.position, encodeEntry(entry));
  await journal.whenDurable(position(ENTRIES.length));
  return journal;
}

const startOf = async (journal: Journal): Promise<ReplicaStart> => ({
  ...(await replicaStart(journal)),
  identity: { ...journal.identity, address: '127.0.0.1:1', routers: ['127.0.0.1:2'] },
});

test('an empty folder starts from nothing', async () => {
  const journal = await open();
  const start = await startOf(journal);
  assert.deepEqual([start.first, start.entries, start.epochStarts], [1, [], []]);
  assert.equal(new Replica(start, TIMING).ledger.outline.last, 0);
  await journal.close();
});

test('a journal is read back whole, with its epochs', async () => {
  await (await filled()).close();
  const journal = await open();
  const start = await startOf(journal);
  assert.deepEqual(start.entries, ENTRIES);
  assert.deepEqual(start.epochStarts, STARTS);
  assert.equal(start.identity.incarnation, 2);
  await journal.close();
});

test('a snapshot and the entries after it give the same state as the whole journal', async () => {
  const journal = await filled();
  const whole = new Ledger(await startOf(journal));
  whole.commitThrough(position(ENTRIES.length));
  const half = new Ledger(await startOf(journal));
  half.commitThrough(position(5));
  const snapshot = half.social.toSnapshot();
  const parts = snapshotToParts({ snapshot, epochStarts: half.outline.epochStartsThrough(position(5)) });
  await journal.saveSnapshot({
    position: position(5),
    epoch: epoch(1),
    checksum: journal.checksumAt(position(5)),
    parts,
  });
  await journal.close();

  const again = await open();
  const start = await startOf(again);
  assert.deepEqual(start.entries, ENTRIES.slice(5));
  assert.deepEqual(start.epochStarts, STARTS);
  const ledger = new Ledger(start);
  assert.equal(ledger.committed, 5);
  ledger.commitThrough(position(ENTRIES.length));
  assert.deepEqual(ledger.social.toSnapshot(), whole.social.toSnapshot());
  await again.close();
});

test('an old snapshot without origins gets them from its posts', async () => {
  const origin = (at: number) => ({ cluster: 2, position: position(at) });
  const commands: readonly JournalCommand[] = [
    { kind: 'epoch-start', serverId: serverId(1) },
    { kind: 'remote-user', user: 'zoe', origin: origin(3) },
    { kind: 'remote-post', user: 'zoe', text: 'one', origin: origin(40) },
    { kind: 'remote-post', user: 'zoe', text: 'two', origin: origin(41) },
  ];
  const journal = await open();
  for (const [i, command] of commands.entries()) {
    const entry = {
      position: position(i + 1),
      epoch: epoch(1),
      timeMs: 1,
      sessionId: '',
      requestNo: 0,
      command,
    };
    journal.append(entry.position, encodeEntry(entry));
  }
  const last = position(commands.length);
  await journal.whenDurable(last);
  const ledger = new Ledger(await startOf(journal));
  ledger.commitThrough(last);
  const snapshot = ledger.social.toSnapshot();
  const before = { ...snapshot, users: snapshot.users.map(({ origins: _, ...user }) => user) };
  await journal.saveSnapshot({
    position: last,
    epoch: epoch(1),
    checksum: journal.checksumAt(last),
    parts: snapshotToParts({ snapshot: before, epochStarts: [{ epoch: epoch(1), position: position(1) }] }),
  });
  await journal.close();

  const again = await open();
  const start = await startOf(again);
  assert.deepEqual(start.entries, []);
  assert.deepEqual(start.social.toSnapshot().users[0]?.origins, [40, 41]);
  assert.deepEqual(new Ledger(start).social.toSnapshot(), snapshot);
  await again.close();
});

test('a snapshot of many users goes through parts unchanged', async () => {
  const users = Array.from({ length: 1_234 }, (_, i) => ({
    name: `u${i}`,
    since: position(i + 1),
    following: i === 0 ? [] : [{ target: `u${i - 1}`, since: position(2_000 + i) }],
    posts: [position(4_000 + i)],
  }));
  const sessions = users.map(({ name }) => ({
    sessionId: `s-${name}`,
    user: name,
    lastRequestNo: 2,
    replies: [
      packReply({ kind: 'ok', position: position(1) }),
      packReply({ kind: 'refused', position: position(2), reason: 'unknown-target' }),
    ],
  }));
  const stored = {
    snapshot: {
      position: position(9_000),
      users,
      sessions,
      origins: [{ cluster: 2, position: position(7) }],
    },
    epochStarts: STARTS,
  };
  assert.deepEqual(await snapshotFromParts([...snapshotToParts(stored)]), stored);
});

test('an author with more posts than a part holds, and the next author, go through parts unchanged', async () => {
  const posting = (name: string, since: number, count: number) => ({
    name,
    since: position(since),
    following: [],
    posts: Array.from({ length: count }, (_, i) => position(since + 3 * i)),
  });
  const snapshot = {
    position: position(900_000),
    users: [
      posting('few', 1, 4),
      posting('very-many', 2, 120_000),
      posting('none', 3, 0),
      posting('many', 4, 50_000),
      { ...posting('from-elsewhere', 5, 120_000), home: 2, origins: posting('there', 9, 120_000).posts },
    ],
    sessions: [],
    origins: [],
  };
  const parts = [...snapshotToParts({ snapshot, epochStarts: STARTS })];
  assert.deepEqual(await snapshotFromParts(parts), { snapshot, epochStarts: STARTS });
  const largest = Math.max(...parts.map(({ length }) => length));
  assert.ok(largest < 1_000_000, `a part has ${largest} bytes`);
});

for (const committed of [0, 5_000])
  test(`a long journal is read in turns, with ${committed} committed: signals are handled in between`, async () => {
    const filling = await open();
    for (let at = 1; at <= 5_000; at += 1)
      filling.append(position(at), encodeEntry({ ...(ENTRIES[0] as Entry), position: position(at) }));
    await filling.whenDurable(position(5_000));
    filling.noteKnown({ ...filling.known, committed: position(committed) });
    await filling.close();
    const journal = await open();
    let turns = 0;
    let isRead = false;
    const count = (): void => {
      turns += 1;
      if (!isRead) setImmediate(count);
    };
    setImmediate(count);
    assert.equal((await startOf(journal)).entries.length, 5_000 - committed);
    isRead = true;
    assert.ok(turns >= 4, `${turns} turns`);
    await journal.close();
  });

test('however many one user follows, every part has room for it', async () => {
  const following = Array.from({ length: 300_000 }, (_, at) => ({
    target: `a-user-with-quite-a-name-${at}`,
    since: position(1_000_000 + at),
  }));
  const posts = Array.from({ length: 120_000 }, (_, at) => position(at + 1));
  const followed = following.map(({ target: name }) => ({
    name,
    since: position(1),
    following: [],
    posts: [],
  }));
  const readers = ['one', 'two', 'three'].map((name) => ({ name, since: position(1), following, posts }));
  const users = [...readers, ...followed];
  const snapshot = { position: position(2_000_000), users, sessions: [], origins: [] };
  const stored = { snapshot, epochStarts: [{ epoch: epoch(1), position: position(1) }] };
  const parts = [...snapshotToParts(stored)];
  assert.ok(Math.max(...parts.map(({ length }) => length)) < MAX_SNAPSHOT_PART_BYTES);
  assert.deepEqual(await snapshotFromParts(parts), stored);
});

/** As earlier versions wrote them: parts of JSON, in a file of format 1. */
const JSON_PARTS: readonly object[] = [
  { kind: 'head', position: 6, epochStarts: [STARTS[0]], origins: [{ cluster: 2, position: 9 }] },
  {
    kind: 'users',
    users: [
      { name: 'ana', since: 2, following: [], posts: [5] },
      { name: 'bo', since: 3, following: [{ target: 'ana', since: 4 }], posts: [] },
    ],
  },
  {
    kind: 'sessions',
    sessions: [
      {
        sessionId: 'b',
        user: 'bo',
        lastRequestNo: 2,
        replies: [3, 4].map((at) => ({ kind: 'ok', position: at })),
      },
      {
        sessionId: 'a',
        user: 'ana',
        lastRequestNo: 3,
        replies: [
          { kind: 'ok', position: 2 },
          { kind: 'ok', position: 5 },
          { kind: 'refused', position: 6, reason: 'unknown-target' },
        ],
      },
    ],
  },
];

async function writeEarlierSnapshot(at: number, checksum: number): Promise<void> {
  const path = join(folder, 'generation-1', `snapshot-${String(at).padStart(16, '0')}`);
  const frames = await FrameFileWriter.create(nodeFiles, path, Buffer.alloc(0), 0);
  await frames.add(0, Buffer.from(JSON.stringify({ format: 1, position: at, epoch: 1, checksum })));
  for (const [index, part] of JSON_PARTS.entries())
    await frames.add(index + 1, Buffer.from(JSON.stringify(part)));
  await frames.add(2 ** 48 - 1, Buffer.from(`${JSON_PARTS.length} parts`));
  await frames.finish();
}

test('a snapshot of an earlier version is read, and the next one has this version', async () => {
  const journal = await filled();
  const checksum = journal.checksumAt(position(6));
  await journal.close();
  await writeEarlierSnapshot(6, checksum);
  const again = await open();
  assert.deepEqual(again.snapshotProblems, []);
  const start = await startOf(again);
  assert.equal(start.snapshotAt, 6);
  assert.deepEqual(start.epochStarts, STARTS);
  assert.deepEqual(start.entries, ENTRIES.slice(6));
  const { users, sessions, origins } = start.social.toSnapshot();
  assert.deepEqual(
    users.map(({ name, posts, following }) => [name, posts, following]),
    [
      ['ana', [5], []],
      ['bo', [], [{ target: 'ana', since: 4 }]],
    ],
  );
  assert.deepEqual(origins, [{ cluster: 2, position: 9 }]);
  assert.deepEqual(
    sessions.map(({ sessionId, replies }) => [
      sessionId,
      replies.map(unpackReply).map(({ position: at }) => at),
    ]),
    [
      ['b', [3, 4]],
      ['a', [2, 5, 6]],
    ],
  );
  assert.deepEqual(start.social.admit('a', 3, 'ana'), {
    kind: 'known',
    reply: { kind: 'refused', position: 6, reason: 'unknown-target' },
  });
  const ledger = new Ledger(start);
  ledger.commitThrough(position(ENTRIES.length));
  const snapshot = ledger.social.toSnapshot();
  const parts = [...snapshotToParts({ snapshot, epochStarts: STARTS })];
  assert.deepEqual(await snapshotFromParts(parts), { snapshot, epochStarts: STARTS });
  assert.ok(parts.every((part) => part[0] !== 0x7b));
  await again.close();
});

test('a snapshot of a later version is not used, and that is reported', async () => {
  const journal = await filled();
  const checksum = journal.checksumAt(position(6));
  await journal.close();
  await writeEarlierSnapshot(6, checksum);
  const path = join(folder, 'generation-1', `snapshot-${'6'.padStart(16, '0')}`);
  const frames = await FrameFileWriter.create(nodeFiles, path, Buffer.alloc(0), 0);
  await frames.add(0, Buffer.from(JSON.stringify({ format: 3, position: 6, epoch: 1, checksum })));
  await frames.add(2 ** 48 - 1, Buffer.from('0 parts'));
  await frames.finish();
  const again = await open();
  assert.match(
    again.snapshotProblems.join(),
    /-0*6 is of format 3, from a later release: dualping [\d.]+ reads formats 1 to 2/,
  );
  assert.equal((await startOf(again)).snapshotAt, 0);
  await again.close();
});

test('entries known to be committed are applied as they are read, the rest is left to the machine', async () => {
  const journal = await filled();
  journal.noteKnown({ ...journal.known, committed: position(5) });
  await journal.close();
  const again = await open();
  const start = await startOf(again);
  assert.equal(start.snapshotAt, 0);
  assert.equal(start.social.applied, 5);
  assert.deepEqual(start.entries, ENTRIES.slice(5));
  assert.deepEqual(start.epochStarts, STARTS);
  const ledger = new Ledger(start);
  assert.deepEqual([ledger.committed, ledger.knownCommitted, ledger.outline.last], [5, 5, ENTRIES.length]);
  ledger.commitThrough(position(ENTRIES.length));
  const whole = new SocialState();
  for (const entry of ENTRIES) whole.apply(entry);
  assert.deepEqual(ledger.social.toSnapshot(), whole.toSnapshot());
  await again.close();
});

test("a mark beyond the journal's end is about other entries, and has no effect", async () => {
  const journal = await filled();
  journal.noteKnown({ ...journal.known, committed: position(ENTRIES.length + 5) });
  await journal.close();
  const again = await open();
  const start = await startOf(again);
  assert.equal(start.social.applied, 0);
  const ledger = new Ledger(start);
  assert.deepEqual([ledger.committed, ledger.outline.last, start.entries.length], [0, 8, 8]);
  await again.close();
});
