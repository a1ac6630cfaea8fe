import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DualpingError, epoch, InvariantBroken, NO_POSITION, position, serverId } from '@dualping/core';
import { MARK_NAME, NOTE_EVERY_MS } from './durable-mark.js';
import {
  copyFrom,
  FOLDER,
  fill,
  install,
  markArrives,
  OLD_BASE,
  oldCopy,
  openOn,
  payload,
  snapshotAt,
  texts,
  Witness,
} from './journal.fixture.js';
import { MemoryDisk, nothing } from './memory-disk.fixture.js';
import { encodeNumbers } from './numbers.js';
import { openJournal } from './open-journal.js';

const SMALL = { segmentBytes: 200, tailCacheBytes: 100 };
const expected = (to: number, text?: string) =>
  Array.from({ length: to }, (_, index) => payload(index + 1, text).toString());

test('a new journal is empty, and its identity is made and kept', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk);
  assert.deepEqual([journal.first, journal.last, journal.durable, journal.durableChecksum], [1, 0, 0, 0]);
  assert.deepEqual(journal.identity, {
    networkId: '',
    cluster: 1,
    serverId: 1,
    journalId: 'journal-a',
    incarnation: 1,
    lifeId: 'life-1',
    welcomedLife: '',
  });
  await journal.noteWelcome('network-a', 'life-1');
  disk.cutPower(nothing);

  const again = await openOn(disk, { newJournalId: () => 'journal-b', newLifeId: () => 'life-2' });
  assert.deepEqual(again.identity, {
    networkId: 'network-a',
    cluster: 1,
    serverId: 1,
    journalId: 'journal-a',
    incarnation: 2,
    lifeId: 'life-2',
    welcomedLife: 'life-1',
  });
  await again.noteWelcome('network-a', 'life-2');
  const stranger = again.noteWelcome('network-b', 'life-2');
  await assert.rejects(stranger, /wrong-network: .*"network-a".*"network-b"/);
  assert.equal(await again.renew(), 'journal-b');
  disk.cutPower(nothing);

  const renewed = await openOn(disk);
  assert.deepEqual([renewed.identity.journalId, renewed.identity.welcomedLife], ['journal-b', '']);
});

test('durable entries survive a power failure, over many segments', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk, SMALL);
  const witness = new Witness(journal);
  await fill(journal, 50);
  assert.equal(witness.reports.at(-1), 50);
  const checksum = journal.durableChecksum;
  assert.ok(disk.paths().filter((path) => path.includes('journal-')).length > 5);
  disk.cutPower(nothing);

  const again = await openOn(disk, SMALL);
  assert.deepEqual(texts(again), expected(50));
  assert.deepEqual([again.last, again.durable, again.durableChecksum], [50, 50, checksum]);
  await fill(again, 60);
  assert.deepEqual(texts(again), expected(60));
});

test('journals with the same entries have the same checksums, wherever their segments end', async () => {
  const [small, large] = await Promise.all([openOn(new MemoryDisk(), SMALL), openOn(new MemoryDisk())]);
  await fill(small, 30);
  await fill(large, 30);
  for (let at = 0; at <= 30; at += 1)
    assert.equal(small.checksumAt(position(at)), large.checksumAt(position(at)));
  await fill(small, 31, 'another');
  await fill(large, 31);
  assert.notEqual(small.durableChecksum, large.durableChecksum);
});

test('entries appended during a sync share the next one', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk);
  const witness = new Witness(journal);
  disk.holdSyncs();
  for (let at = 1; at <= 3; at += 1) journal.append(position(at), payload(at));
  await turn();
  for (let at = 4; at <= 9; at += 1) journal.append(position(at), payload(at));
  assert.deepEqual(witness.reports, []);
  assert.deepEqual(texts(journal), expected(9), 'what is not durable can be read');
  disk.letSyncsGo();
  await journal.whenDurable(position(9));
  assert.deepEqual(witness.reports, [3, 9]);
});

test('entries are contiguous, and neither empty nor too long', async () => {
  const journal = await openOn(new MemoryDisk());
  const broken = (name: string) => (error: unknown) =>
    error instanceof InvariantBroken && error.invariant === name;
  assert.throws(() => journal.append(position(2), payload(2)), broken('journal-is-contiguous'));
  assert.throws(() => journal.append(position(1), Buffer.alloc(0)), broken('limit-is-kept'));
  assert.throws(() => journal.append(position(1), Buffer.alloc(65_537)), broken('limit-is-kept'));
  assert.throws(() => journal.read(position(1), position(1), 1), broken('journal-is-contiguous'));
});

test('reading gives as many entries as fit, but at least one', async () => {
  const journal = await openOn(new MemoryDisk(), SMALL);
  await fill(journal, 30);
  for (const from of [1, 8, 25, 30]) {
    const read = (maxBytes: number) => journal.read(position(from), position(30), maxBytes).map(String);
    assert.deepEqual(read(0), expected(30).slice(from - 1, from));
    assert.deepEqual(read(1_000_000), expected(30).slice(from - 1));
    const some = read(40);
    assert.ok(some.join('').length <= 40);
    assert.deepEqual(some, expected(30).slice(from - 1, from - 1 + some.length));
  }
  assert.deepEqual(journal.read(position(31), position(30), 100), []);
  assert.equal(journal.readOne(position(3)).toString(), 'entry 3');
  assert.deepEqual(journal.readMany([3, 4, 5, 29, 2].map(position)).map(String), [
    'entry 3',
    'entry 4',
    'entry 5',
    'entry 29',
    'entry 2',
  ]);
});

test('a truncation takes effect at once, and durably', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk, SMALL);
  await fill(journal, 40);
  const checksum = journal.checksumAt(position(10));
  const truncated = journal.truncateAfter(position(10));
  assert.deepEqual([journal.last, journal.durable, journal.durableChecksum], [10, 10, checksum]);
  for (let at = 11; at <= 30; at += 1) journal.append(position(at), payload(at, 'other'));
  await truncated;
  await fill(journal, 35, 'other');
  const all = [...expected(10), ...expected(35, 'other').slice(10)];
  assert.deepEqual(texts(journal), all);
  disk.cutPower(nothing);
  const again = await openOn(disk, SMALL);
  assert.deepEqual(texts(again), all);
  assert.equal(again.cutTail, undefined);
});

test('a truncation is done before later appends are reported durable', async () => {
  const journal = await openOn(new MemoryDisk());
  const order: string[] = [];
  journal.listen({ durable: (at) => order.push(`durable ${at}`), failed: assert.fail });
  await fill(journal, 6);
  const truncated = journal.truncateAfter(position(4)).then(() => order.push('truncated'));
  journal.append(position(5), payload(5, 'other'));
  await journal.whenDurable(position(5));
  await truncated;
  assert.deepEqual(order.slice(order.indexOf('durable 6') + 1), ['truncated', 'durable 5']);
});

test('a truncation to the beginning leaves an empty journal', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk, SMALL);
  await fill(journal, 40);
  await journal.truncateAfter(NO_POSITION);
  disk.cutPower(nothing);
  const again = await openOn(disk, SMALL);
  assert.deepEqual([again.first, again.last, again.durableChecksum], [1, 0, 0]);
});

test('entries cut while they are written are never reported durable', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk);
  const witness = new Witness(journal);
  await fill(journal, 2);
  disk.holdSyncs();
  for (let at = 3; at <= 9; at += 1) journal.append(position(at), payload(at));
  await turn();
  const truncated = journal.truncateAfter(position(5));
  journal.append(position(6), payload(6, 'other'));
  disk.letSyncsGo();
  await truncated;
  await journal.whenDurable(position(6));
  assert.deepEqual(witness.reports.slice(-2), [5, 6]);
  assert.deepEqual(texts(journal), [...expected(5), 'other 6']);
});

test('after a failed sync nothing is reported durable any more', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk);
  const witness = new Witness(journal);
  await fill(journal, 3);
  failSync(disk, 'EIO: i/o error');
  journal.append(position(4), payload(4));
  const waiting = journal.whenDurable(position(4));
  await assert.rejects(
    waiting,
    (error) => error instanceof DualpingError && error.reason === 'storage-failed',
  );
  disk.before = () => {};
  journal.append(position(5), payload(5));
  await assert.rejects(journal.whenDurable(position(5)), /storage-failed/);
  await assert.rejects(journal.truncateAfter(position(2)), /storage-failed/);
  await turn();
  assert.deepEqual(witness.reports, [3]);
  assert.equal(witness.failures.length, 1);
  assert.match(witness.failures[0] ?? '', /journal-0000000000000001 failed: EIO/);
  assert.equal(journal.durable, 2);
  const late = new Witness(journal);
  await turn();
  assert.deepEqual(late.failures, witness.failures, 'who listens later hears it too');
  await journal.close();
});

test('content that a failed sync left in the page cache is written again before it counts', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk);
  await fill(journal, 3);
  failSync(disk, 'EIO: i/o error');
  journal.append(position(4), payload(4));
  await assert.rejects(journal.whenDurable(position(4)));
  disk.kill();

  const again = await openOn(disk);
  assert.deepEqual([again.last, again.durable], [4, 4], 'it reads well');
  disk.cutPower(nothing);
  assert.deepEqual(texts(await openOn(disk)), expected(4));
});

test('a full disk loses no durable entry, and the incomplete rest is cut', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk);
  await fill(journal, 3);
  disk.freeBytes = 10;
  journal.append(position(4), payload(4));
  await assert.rejects(journal.whenDurable(position(4)), /storage-failed: .*ENOSPC/);
  disk.kill();
  disk.freeBytes = Number.POSITIVE_INFINITY;
  const again = await openOn(disk);
  assert.deepEqual(texts(again), expected(3));
  assert.deepEqual(
    { ...again.cutTail, file: undefined },
    { file: undefined, offset: 99, bytes: 10, position: 4 },
  );
});

test('a snapshot is kept once the journal is durable up to it, and the newest counts', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk);
  assert.equal(journal.readSnapshot(), undefined);
  for (let at = 1; at <= 5; at += 1) journal.append(position(at), payload(at));
  for (const at of [2, 4, 5]) await journal.saveSnapshot(snapshotAt(journal, at, `state ${at}`, 'more'));
  assert.equal(disk.paths().filter((path) => path.includes('snapshot-')).length, 2);
  disk.cutPower(nothing);
  const again = await openOn(disk);
  assert.deepEqual(again.readSnapshot(), snapshotAt(again, 5, 'state 5', 'more'));
});

test('a damaged snapshot is replaced by the one before it', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk);
  await fill(journal, 5);
  for (const at of [4, 5]) await journal.saveSnapshot(snapshotAt(journal, at, `state ${at}`));
  disk.kill();
  const path = disk.paths().find((name) => name.endsWith('snapshot-0000000000000005')) ?? '';
  const whole = disk.content(path);
  for (let at = 0; at < whole.length; at += 1) {
    const bent = Buffer.from(whole);
    bent[at] = (bent[at] ?? 0) ^ 4;
    for (const content of [bent, whole.subarray(0, at)]) {
      const copy = disk.copy();
      copy.overwrite(path, content);
      const again = await openOn(copy);
      assert.equal(again.readSnapshot()?.position, 4);
      assert.match(again.snapshotProblems.join(), /snapshot-0000000000000005 is damaged/);
    }
  }
});

test('between two parts of a snapshot other work runs', async () => {
  const journal = await openOn(new MemoryDisk(), SMALL);
  await fill(journal, 8);
  let turns = 0;
  const turn = () => {
    turns += 1;
    next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  const turnsAtParts: number[] = [];
  function* parts() {
    for (const part of ['one', 'two', 'three']) {
      turnsAtParts.push(turns);
      yield Buffer.from(part);
    }
  }
  try {
    await journal.saveSnapshot({ ...snapshotAt(journal, 8), parts: parts() });
  } finally {
    clearImmediate(next);
  }
  const [first = 0, second = 0, third = 0] = turnsAtParts;
  assert.ok(first < second && second < third, `turns before each part: ${turnsAtParts}`);
  assert.deepEqual(journal.readSnapshot()?.parts.map(String), ['one', 'two', 'three']);
});

test('a copy of a journal from an older version takes the place of the journal, with posts from before its base', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk, SMALL);
  await fill(journal, 8);
  await journal.saveSnapshot(snapshotAt(journal, 8, 'old'));
  const info = { ...OLD_BASE, epoch: epoch(3) };
  const posts = Array.from({ length: 30 }, (_, index) => 3 * index + 2);
  await install(journal, oldCopy(['new', 'state'], posts));
  await fill(journal, 120);

  const check = (opened: typeof journal) => {
    assert.deepEqual([opened.first, opened.last, opened.durable], [101, 120, 120]);
    assert.equal(opened.checksumAt(position(100)), 77);
    assert.deepEqual(opened.readSnapshot(), { ...info, parts: [Buffer.from('new'), Buffer.from('state')] });
    assert.deepEqual(opened.readMany([...posts, 101, 120].map(position)).map(String), [
      ...posts.map((at) => `post ${at}`),
      'entry 101',
      'entry 120',
    ]);
    assert.throws(() => opened.readOne(position(3)), InvariantBroken);
  };
  check(journal);
  disk.cutPower(nothing);
  const again = await openOn(disk, SMALL);
  check(again);
  assert.equal(again.identity.journalId, 'journal-a');
  assert.ok(disk.paths().every((path) => !path.includes('generation-1')));
});

test('what is appended in one turn of the event loop is one write, also after a write has ended', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk);
  let groups = 0;
  disk.before = (operation, path) => {
    if (operation === 'write' && !path.endsWith(MARK_NAME)) groups += 1;
  };
  // Callbacks of one turn: all microtasks run between two of them.
  const appendInTurn = async (from: number, to: number): Promise<void> => {
    for (let at = from; at <= to; at += 1) {
      journal.append(position(at), payload(at));
      await new Promise<void>((resolve) => process.nextTick(resolve));
    }
  };
  await appendInTurn(1, 5);
  await journal.whenDurable(position(5));
  assert.equal(groups, 1);
  await appendInTurn(6, 9);
  await journal.whenDurable(position(9));
  assert.equal(groups, 2);
});

test('the mark of what is durable follows soon, one write for several groups, and survives the process', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk);
  let marks = 0;
  let groups = 0;
  disk.before = (operation, path) => {
    if (operation !== 'write') return;
    if (path.endsWith(MARK_NAME)) marks += 1;
    else groups += 1;
  };
  const began = performance.now();
  for (let at = 1; at <= 50; at += 1) await fill(journal, at);
  const passedMs = performance.now() - began;
  assert.equal(groups, 50);
  assert.ok(marks <= 1 + passedMs / NOTE_EVERY_MS, `${marks} marks in ${passedMs} ms`);
  await markArrives(disk, 50);
  disk.kill();
  const path = disk.paths().find((name) => name.includes('/journal-')) ?? '';
  const bent = disk.content(path);
  bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1;
  disk.overwrite(path, bent);
  await assert.rejects(openOn(disk), /was durable once \(up to position 50\)/);
});

test('a mark that waits to be written is not about entries that are cut meanwhile', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const disk = new MemoryDisk();
  const journal = await openOn(disk);
  await fill(journal, 50);
  await journal.truncateAfter(position(20));
  context.mock.timers.tick(NOTE_EVERY_MS);
  // What the timer began needs no disk, and has run by then.
  await new Promise((done) => setImmediate(done));
  disk.kill();
  assert.equal((await openOn(disk)).last, 20);
});

test('a known-committed mark counts only for the entries that it was written for', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk, SMALL);
  await fill(journal, 8);
  journal.noteKnown({ committed: position(8), epoch: epoch(2), revision: 5 });
  await journal.close();
  const again = await openOn(disk, SMALL);
  assert.deepEqual(again.known, { committed: 8, epoch: 2, revision: 5 });
  // An operator has promoted a server that had less. The process is killed before it notes anything anew.
  const other = await openOn(new MemoryDisk(), SMALL);
  await fill(other, 4, 'other');
  await install(again, copyFrom(other));
  await fill(again, 12, 'other');
  const replaced = await openOn(disk, SMALL);
  assert.deepEqual(replaced.known, { committed: 0, epoch: 2, revision: 5 });

  replaced.noteKnown({ committed: position(8), epoch: epoch(3), revision: 6 });
  await replaced.close();
  // What a server knows of entries that its journal does not have is not kept either.
  const last = await openOn(disk, SMALL);
  assert.deepEqual(last.known, { committed: 8, epoch: 3, revision: 6 });
  last.noteKnown({ committed: position(13), epoch: epoch(4), revision: 7 });
  await last.close();
  assert.deepEqual((await openOn(disk, SMALL)).known, { committed: 0, epoch: 4, revision: 7 });
});

test('a known mark from before checksums is read', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk, SMALL);
  await fill(journal, 8);
  await journal.close();
  const file = await disk.boot().create(join(FOLDER, 'known-mark'));
  await file.write(encodeNumbers([7, 2, 5]), 0);
  file.close();
  assert.deepEqual((await openOn(disk, SMALL)).known, { committed: 7, epoch: 2, revision: 5 });
});

test('a folder of another cluster or server is refused, and not changed', async () => {
  const disk = new MemoryDisk();
  await (await openOn(disk)).close();
  await assert.rejects(openOn(disk, { cluster: 2 }), /wrong-cluster: .*cluster 1, and not to cluster 2/);
  await assert.rejects(
    openOn(disk, { serverId: serverId(7) }),
    /duplicate-server: .*server s1, and not to s7/,
  );
  assert.equal((await openOn(disk)).identity.incarnation, 2);
});

test('a journal without its identity or its record of generations is not taken for a new one', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk);
  await fill(journal, 1);
  await journal.close();
  for (const lost of [['identity.json'], ['current.json'], ['identity.json', 'current.json']]) {
    const copy = disk.copy();
    for (const name of lost) copy.lose(join(FOLDER, name));
    await assert.rejects(openOn(copy), /storage-failed: .* gone/);
  }
});

test('on a real disk too: append, truncate, snapshot, install, reopen', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dualping-journal-'));
  try {
    const options = { cluster: 1, serverId: serverId(1), ...SMALL };
    const journal = await openJournal(join(folder, 'a/b'), options);
    await fill(journal, 40);
    await journal.truncateAfter(position(20));
    await fill(journal, 30, 'other');
    await journal.saveSnapshot(snapshotAt(journal, 25, 'state'));
    await journal.close();
    const again = await openJournal(join(folder, 'a/b'), options);
    assert.deepEqual(texts(again), [...expected(20), ...expected(30, 'other').slice(20)]);
    assert.deepEqual(again.readSnapshot(), snapshotAt(again, 25, 'state'));
    await install(again, oldCopy(['new'], [5, 50, 99]));
    await fill(again, 110);
    await again.close();
    const third = await openJournal(join(folder, 'a/b'), options);
    assert.deepEqual(third.readMany([5, 50, 99, 110].map(position)).map(String), [
      'post 5',
      'post 50',
      'post 99',
      'entry 110',
    ]);
    assert.equal(third.identity.incarnation, 3);
    await third.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** Lets everything run that can run without a disk. */
const turn = () => new Promise((done) => setImmediate(done));

function failSync(disk: MemoryDisk, message: string): void {
  disk.before = (operation, path) => {
    if (operation === 'sync' && path.includes('/journal-')) throw new Error(message);
  };
}
