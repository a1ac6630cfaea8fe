/** A folder that a later release has written is whole: it is named as such, not called damaged, and not cut. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { DualpingError } from '@dualping/core';
import { fill, openOn } from './journal.fixture.js';
import { MemoryDisk } from './memory-disk.fixture.js';
import { SEGMENT_HEADER_BYTES } from './segment.js';

const VERSION_AT = 9;
const CRC_AT = 20;

async function written(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const journal = await openOn(disk, { segmentBytes: 120 });
  await fill(journal, 9);
  await journal.close();
  return disk;
}

const pathsOf = (disk: MemoryDisk, part: string): string[] =>
  disk
    .paths()
    .filter((path) => path.includes(part))
    .sort();

function laterJson(content: Buffer): Buffer {
  const { crc: _, ...value } = JSON.parse(content.toString());
  const later = { ...value, format: 9 };
  return Buffer.from(JSON.stringify({ ...later, crc: crc32(JSON.stringify(later)) }));
}

function laterSegment(content: Buffer): Buffer {
  const bytes = Buffer.from(content);
  bytes.writeUInt8(9, VERSION_AT);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT);
  return bytes;
}

async function isRefused(disk: MemoryDisk, path: string, reads: string): Promise<void> {
  await assert.rejects(openOn(disk, { segmentBytes: 120 }), (error) => {
    assert.ok(error instanceof DualpingError, String(error));
    assert.equal(error.reason, 'invalid-argument', error.detail);
    const said = `${path} is of format 9, from a later release: dualping `;
    assert.ok(error.detail.startsWith(said), error.detail);
    assert.ok(error.detail.includes(` reads ${reads}. Start the later release again`), error.detail);
    return true;
  });
}

for (const [part, change, reads] of [
  ['identity.json', laterJson, 'format 2'],
  ['current.json', laterJson, 'format 1'],
  ['/journal-', laterSegment, 'format 1'],
] as const)
  test(`${part} of a later release is refused by name`, async () => {
    const disk = await written();
    const path = pathsOf(disk, part).at(-1) ?? assert.fail(part);
    disk.overwrite(path, change(disk.content(path)));
    await isRefused(disk, path, reads);
  });

test('a segment that a later release has only begun is not cut', async () => {
  const disk = await written();
  const path = pathsOf(disk, '/journal-').at(-1) ?? assert.fail();
  disk.overwrite(path, laterSegment(disk.content(path)).subarray(0, SEGMENT_HEADER_BYTES));
  await isRefused(disk, path, 'format 1');
});
