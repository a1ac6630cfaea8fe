import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { epoch, position, serverId } from '@dualping/core';
import { nodeFiles } from '@dualping/host';
import { copyFrom, FOLDER, fill, install, openOn, Witness } from './journal.fixture.js';
import type { Journal } from './journal.js';
import { MemoryDisk } from './memory-disk.fixture.js';
import { openJournal } from './open-journal.js';

/** A journal with some entries on a real disk. @param afterwards when it is closed */
async function onRealDisk(
  act: (folder: string, journal: Journal, witness: Witness) => Promise<void>,
  afterwards: (folder: string) => void = () => {},
): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'dualping-lost-'));
  const folder = join(parent, 's1');
  try {
    const journal = await openJournal(folder, { cluster: 1, serverId: serverId(1) });
    try {
      const witness = new Witness(journal);
      await fill(journal, 5);
      await journal.look();
      assert.deepEqual(witness.failures, []);
      await act(folder, journal, witness);
    } finally {
      await journal.close();
    }
    afterwards(folder);
  } finally {
    rmSync(parent, { recursive: true });
  }
}

const saysThatIsLost = (failures: readonly string[], path: string): void => {
  assert.equal(failures.length, 1);
  assert.match(failures[0] ?? '', /^storage-failed: .* is not there any more: it was removed or replaced/);
  assert.ok(failures[0]?.includes(path), failures[0]);
};

describe('a journal fails when it is not at its path any more', () => {
  for (const part of ['', 'generation-1', 'identity.json'])
    test(`${part || 'the folder'} is removed`, () =>
      onRealDisk(async (folder, journal, { failures, reports }) => {
        rmSync(join(folder, part), { recursive: true });
        await journal.look();
        saysThatIsLost(failures, join(folder, part));
        await journal.look();
        assert.equal(failures.length, 1);
        await fill(journal, 6);
        assert.equal(reports.at(-1), 5, 'nothing is reported durable any more');
      }));

  for (const part of ['', 'generation-1', 'identity.json'])
    test(`${part || 'the folder'} is replaced by an equal one, and nothing is written there`, () =>
      onRealDisk(
        async (folder, journal, { failures }) => {
          const path = join(folder, part);
          cpSync(path, `${folder}-copy`, { recursive: true });
          rmSync(path, { recursive: true });
          renameSync(`${folder}-copy`, path);
          await journal.look();
          saysThatIsLost(failures, path);
          journal.noteKnown({ committed: position(5), epoch: epoch(1), revision: 1 });
        },
        (folder) => assert.equal(existsSync(join(folder, 'known-mark')), false),
      ));
});

test('what the journal replaces itself is not lost', () =>
  onRealDisk(async (_, journal, { failures }) => {
    await journal.noteWelcome('network-a', 'life-1');
    await journal.look();
    await journal.renew();
    await journal.look();
    const other = await openOn(new MemoryDisk());
    await fill(other, 9, 'other');
    await install(journal, copyFrom(other));
    await journal.look();
    assert.deepEqual(failures, []);
  }));

test('a look in the middle of such a replacement reports nothing', async () => {
  const disk = new MemoryDisk();
  const journal = await openOn(disk);
  const { failures } = new Witness(journal);
  const other = await openOn(new MemoryDisk());
  await fill(other, 9, 'other');
  let looks = 0;
  disk.before = () => {
    looks += 1;
    void journal.look();
  };
  await journal.noteWelcome('network-a', 'life-1');
  await journal.renew();
  await install(journal, copyFrom(other));
  disk.before = () => {};
  await journal.look();
  assert.ok(looks > 10);
  assert.deepEqual(failures, []);
});

test("a disk that can't say whether the folder is there is no evidence", async () => {
  const disk = new MemoryDisk();
  const files = disk.boot();
  const failing = {
    ...files,
    hold: (path: string) => ({
      ...files.hold(path),
      isThere: () => Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })),
    }),
  };
  const journal = await openOn(disk, { files: failing });
  const { failures } = new Witness(journal);
  disk.lose(`${FOLDER}/identity.json`);
  await assert.rejects(journal.look(), /EIO/);
  assert.deepEqual(failures, []);
});

test('on a real disk only a path that leads nowhere, or elsewhere, says that something is gone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-held-'));
  const inside = join(folder, 'inside');
  await nodeFiles.makeFolder(inside);
  const place = nodeFiles.hold(inside);
  try {
    assert.equal(await place.isThere(), true);
    renameSync(inside, `${inside}-2`);
    assert.equal(await place.isThere(), false);
    (await nodeFiles.create(inside)).close();
    assert.equal(await place.isThere(), false, 'another thing is there');
    rmSync(inside);
    renameSync(`${inside}-2`, inside);
    assert.equal(await place.isThere(), true);
  } finally {
    place.close();
    rmSync(folder, { recursive: true });
  }
});
