/** Small files that are replaced as a whole: a crash at any moment leaves the old content or the new. */
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { type FileOperations, readWholeIfThere } from './file-operations.js';
import { damaged } from './storage-errors.js';

export const TEMPORARY = '.temporary';

export async function replaceFile(files: FileOperations, path: string, content: Buffer): Promise<void> {
  const temporary = `${path}${TEMPORARY}`;
  const file = await files.create(temporary);
  try {
    await file.write(content, 0);
    await file.sync();
  } finally {
    file.close();
  }
  await files.rename(temporary, path);
  await files.syncFolder(dirname(path));
}

/** JSON that people can read, with a checksum over it. */
export async function replaceJson(files: FileOperations, path: string, value: object): Promise<void> {
  const crc = crc32(JSON.stringify(value));
  await replaceFile(files, path, Buffer.from(`${JSON.stringify({ ...value, crc }, undefined, 2)}\n`));
}

/** What `replaceJson` wrote; undefined when there is no such file. Throws when it is damaged. */
export function readJson(files: FileOperations, path: string): unknown {
  const bytes = readWholeIfThere(files, path);
  if (bytes === undefined) return undefined;
  try {
    const { crc, ...value } = JSON.parse(bytes.toString('utf8'));
    if (crc === crc32(JSON.stringify(value))) return value;
  } catch {
    // Told below: whatever is wrong with it, it isn't what was written.
  }
  throw damaged(path, 0, undefined, 'its checksum does not match');
}
