import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DiskSpace } from '@dualping/core';
import { DiskRoomWatch, spaceOf } from './disk-room-watch.js';

function watchOf(minFreePercent: number) {
  const said: string[] = [];
  const disk = { space: Promise.resolve({ freeBytes: 100, sizeBytes: 1_000 }), looks: 0 };
  const watch = new DiskRoomWatch('/data', minFreePercent, {
    look: (folder) => {
      assert.equal(folder, '/data');
      disk.looks += 1;
      return disk.space;
    },
    changed: ({ freeBytes }, isLow) => said.push(`${freeBytes} ${isLow ? 'low' : 'has room'}`),
  });
  const free = async (freeBytes: number): Promise<void> => {
    disk.space = Promise.resolve({ freeBytes, sizeBytes: 1_000 });
    await watch.look();
  };
  return { watch, said, disk, free };
}

test('it reports when the disk becomes low, and when it has room again, and nothing else', async () => {
  const { watch, said, free } = watchOf(5);
  assert.equal(watch.stats, undefined);
  for (const freeBytes of [100, 50, 49, 3, 59, 60, 55]) await free(freeBytes);
  assert.deepEqual(said, ['49 low', '60 has room']);
  assert.deepEqual(watch.stats, { freeBytes: 55, sizeBytes: 1_000, isLow: false });
});

test("a disk that can't be asked, or does not answer, leaves the last known state", async () => {
  const { watch, disk, free, said } = watchOf(5);
  await free(40);
  disk.space = Promise.reject(new Error('EIO'));
  await watch.look();
  let answer: (space: DiskSpace) => void = () => {};
  disk.space = new Promise((resolve) => {
    answer = resolve;
  });
  const hangs = watch.look();
  const { looks } = disk;
  await watch.look();
  assert.equal(disk.looks, looks, 'it asks no second time');
  assert.equal(watch.stats?.isLow, true);
  answer({ freeBytes: 500, sizeBytes: 1_000 });
  await hangs;
  assert.deepEqual(said, ['40 low', '500 has room']);
});

test('it looks at the folder first, and asks nothing of a disk that can not say whether it is there', async () => {
  const asked: string[] = [];
  let failure: Error | undefined;
  const watch = new DiskRoomWatch('/data', 5, {
    lookAtFolder: async () => {
      asked.push('folder');
      if (failure !== undefined) throw failure;
    },
    look: async () => {
      asked.push('room');
      return { freeBytes: 100, sizeBytes: 1_000 };
    },
    changed: () => {},
  });
  await watch.look();
  failure = new Error('EIO');
  await watch.look();
  failure = undefined;
  await watch.look();
  assert.deepEqual(asked, ['folder', 'room', 'folder', 'folder', 'room']);
});

test('a real disk reports its room', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-room-'));
  try {
    const { freeBytes, sizeBytes } = await spaceOf(folder);
    assert.ok(freeBytes >= 0 && sizeBytes > 0 && freeBytes <= sizeBytes, `${freeBytes} of ${sizeBytes}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
