import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epoch, type Known, NO_POSITION, position } from '@dualping/core';
import { copyFrom, FOLDER, fill, install, openOn, payload, texts } from './journal.fixture.js';
import type { Journal } from './journal.js';
import { MemoryDisk, nothing } from './memory-disk.fixture.js';

const SMALL = { segmentBytes: 200 };
const ids = (journalId: string) => ({ ...SMALL, newJournalId: () => journalId });
const known = (committed: number, inEpoch = 2): Known => ({
  committed: position(committed),
  epoch: epoch(inEpoch),
  revision: 5,
});
const findings = ({ identity, last, olderThan, known: { committed } }: Journal) => ({
  journalId: identity.journalId,
  last,
  olderThan,
  committed,
});

/** A journal that is welcomed and known to be committed up to 8, all synced; and what its disk was at 4. */
async function lifeUpTo8(): Promise<{ disk: MemoryDisk; at4: MemoryDisk }> {
  const disk = new MemoryDisk();
  const journal = await openOn(disk, SMALL);
  await journal.noteWelcome('network-a', 'life-1');
  await fill(journal, 4);
  journal.noteKnown(known(4));
  await journal.close();
  const at4 = disk.copy();
  const again = await openOn(disk, SMALL);
  await fill(again, 8);
  again.noteKnown(known(8));
  await again.close();
  return { disk: disk.copy(), at4 };
}

/** Puts the files back whose path has that part; those of the newer disk are lost. */
function putBack(disk: MemoryDisk, older: MemoryDisk, part: string): void {
  for (const path of disk.paths()) if (path.includes(part)) disk.lose(path);
  for (const path of older.paths()) if (path.includes(part)) disk.overwriteOrMake(path, older.content(path));
}

test('an older generation under a newer mark goes on as another journal, and is not the old one again', async () => {
  const { disk, at4 } = await lifeUpTo8();
  putBack(disk, at4, '/generation-1/');
  const journal = await openOn(disk, ids('journal-b'));
  assert.deepEqual(findings(journal), { journalId: 'journal-b', last: 4, olderThan: 8, committed: 0 });
  assert.deepEqual(
    [journal.identity.networkId, journal.identity.welcomedLife, journal.known.epoch, journal.known.revision],
    ['network-a', '', 2, 5],
  );
  // An operator promotes it. The machine dies before it has written what is committed since.
  await fill(journal, 6, 'other');
  disk.cutPower(nothing);
  const again = await openOn(disk, ids('journal-c'));
  assert.deepEqual(findings(again), {
    journalId: 'journal-b',
    last: 6,
    olderThan: undefined,
    committed: 0,
  });
});

test('a journal that was cut at the end of a record is noticed too, even if its durable mark is gone', async () => {
  const { disk, at4 } = await lifeUpTo8();
  putBack(disk, at4, '/journal-');
  disk.lose(`${FOLDER}/generation-1/durable-mark`);
  const journal = await openOn(disk, ids('journal-b'));
  assert.deepEqual(findings(journal), { journalId: 'journal-b', last: 4, olderThan: 8, committed: 0 });
});

test('other entries in the place of committed ones are noticed, however many they are', async () => {
  const { disk } = await lifeUpTo8();
  const other = new MemoryDisk();
  await fill(await openOn(other, SMALL), 20, 'other');
  putBack(disk, other, '/generation-1/');
  const journal = await openOn(disk, ids('journal-b'));
  assert.deepEqual(findings(journal), { journalId: 'journal-b', last: 20, olderThan: 8, committed: 0 });
});

test('an earlier generation that was put back is noticed, and the later one is set aside', async () => {
  const { disk } = await lifeUpTo8();
  const before = disk.copy();
  const other = await openOn(new MemoryDisk(), SMALL);
  await fill(other, 5, 'other');
  const journal = await openOn(disk, SMALL);
  await install(journal, copyFrom(other));
  journal.noteKnown(known(5, 3));
  await journal.close();
  putBack(disk, before, 'current.json');
  await disk.boot().makeFolder(`${FOLDER}/generation-1`);
  putBack(disk, before, '/generation-1/');
  const older = await openOn(disk, ids('journal-b'));
  assert.deepEqual(findings(older), { journalId: 'journal-b', last: 8, olderThan: 5, committed: 0 });
  assert.deepEqual(await disk.boot().list(`${FOLDER}/set-aside`), ['generation-000001']);
});

test('when the process dies between the new id and the mark, the next start does both again', async () => {
  const { disk, at4 } = await lifeUpTo8();
  putBack(disk, at4, '/generation-1/');
  disk.before = (operation, path) => {
    if (operation === 'rename' && path.endsWith('known-mark')) throw new Error('it dies here');
  };
  await assert.rejects(openOn(disk, ids('journal-b')), /it dies here/);
  disk.cutPower(nothing);
  const journal = await openOn(disk, ids('journal-c'));
  assert.deepEqual(findings(journal), { journalId: 'journal-c', last: 4, olderThan: 8, committed: 0 });
});

test('no cut of uncommitted entries looks like an older copy, whenever the machine dies', async () => {
  const { disk } = await lifeUpTo8();
  const journal = await openOn(disk, SMALL);
  await fill(journal, 12);
  await journal.truncateAfter(position(8));
  const dead = disk.copy();
  dead.cutPower(nothing);
  assert.deepEqual(findings(await openOn(dead, SMALL)), {
    journalId: 'journal-a',
    last: 8,
    olderThan: undefined,
    committed: 8,
  });
  await fill(journal, 9, 'other');
  journal.noteKnown(known(9, 3));
  await journal.close();
  const again = await openOn(disk, SMALL);
  assert.deepEqual([again.known.committed, again.olderThan], [9, undefined]);
  assert.equal(texts(again)[8], payload(9, 'other').toString());
});

test('without the mark nothing shows that a journal is older', async () => {
  const { disk, at4 } = await lifeUpTo8();
  putBack(disk, at4, '/generation-1/');
  disk.lose(`${FOLDER}/known-mark`);
  const journal = await openOn(disk, ids('journal-b'));
  assert.deepEqual(findings(journal), {
    journalId: 'journal-a',
    last: 4,
    olderThan: undefined,
    committed: NO_POSITION,
  });
});
