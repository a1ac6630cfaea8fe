import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DiskRoom, diskSpaceText, LARGEST_RESERVE_BYTES, parseMinDiskFree } from './disk-room.js';
import { DualpingError } from './reasons.js';

const MB = 1_000_000;
const TB = 1_000_000 * MB;

test('a disk is low below its share, and has room again a fifth above it', () => {
  const room = new DiskRoom(5);
  const free = (freeMb: number): boolean => room.seen({ freeBytes: freeMb * MB, sizeBytes: 1_000 * MB });
  assert.equal(new DiskRoom(5).stats, undefined);
  assert.equal(free(50), false);
  assert.equal(free(49), true);
  assert.deepEqual(room.stats, { freeBytes: 49 * MB, sizeBytes: 1_000 * MB, isLow: true });
  assert.equal(free(59), false, 'still low');
  assert.equal(free(60), true);
  assert.equal(room.stats?.isLow, false);
  assert.equal(free(51), false, 'still has room');
});

test('on a large disk the reserve is fixed', () => {
  const room = new DiskRoom(5);
  assert.equal(room.seen({ freeBytes: LARGEST_RESERVE_BYTES, sizeBytes: TB }), false);
  assert.equal(room.seen({ freeBytes: LARGEST_RESERVE_BYTES - 1, sizeBytes: TB }), true);
});

test('without a share no disk is low', () => {
  assert.equal(new DiskRoom(0).seen({ freeBytes: 0, sizeBytes: 1_000 * MB }), false);
});

test('the share is a percentage, and sizes are readable', () => {
  assert.equal(parseMinDiskFree(), 5);
  for (const wrong of [-1, 91, Number.NaN])
    assert.throws(
      () => parseMinDiskFree(wrong),
      (error) => error instanceof DualpingError && error.detail.includes(`"${wrong}"`),
    );
  assert.equal(
    diskSpaceText({ freeBytes: 12.4 * MB, sizeBytes: 300 * MB }),
    '4.1 % of its disk are free: 12 MB of 300 MB',
  );
  assert.match(diskSpaceText({ freeBytes: 0, sizeBytes: 2 * TB }), /^0\.0 % .*: 0 bytes of 2 TB$/);
});
